"""A tool that writes through the connection of its services.

check: ruff
message: SLF001
"""

from hostup_mcp.hostup.http import Http
from hostup_mcp.server.services import Services


def connection(services: Services) -> Http:
    return services._connection()  # FAULT
    # MENDED return Http(services.base_url, services.account.api_key)
