"""A proposal that asks nobody and does not say why.

check: mypy
message: Missing named argument "reason" for "Harmless"
"""

from hostup_mcp.hostup import requests
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.writes.proposal import FollowUp, Harmless


async def propose(reader: Reader, id: str, follow_up: FollowUp) -> Harmless:
    request = requests.create_backup(id, None)
    return Harmless(vps_id=id, request=request, facts={}, follow_up=follow_up)  # FAULT
    # MENDED return Harmless(vps_id=id, request=request, facts={}, reason="a slot is free", follow_up=follow_up)
