"""A tool that sends with what it was given for reading.

check: mypy
message: "ReadingClient" has no attribute "send"
"""

from hostup_mcp.hostup import requests
from hostup_mcp.server.reader import Reader


async def propose(reader: Reader, id: str) -> object:
    request = requests.delete_backup(id, "bkp_1")
    return await reader.hostup.send(request)  # FAULT
    # MENDED return await reader.hostup.list_backups(id), request
