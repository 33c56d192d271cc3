"""A tool that does not say which scope the API key needs.

check: mypy
message: Missing named argument "scope" for "ReadingTool"
"""

from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.tools.list_vps import VpsListing, list_vps

TOOL = ReadingTool(name="list_vps", title="List servers", read=list_vps, result=VpsListing)  # FAULT
# MENDED TOOL = ReadingTool(name="list_vps", title="List servers", scope="read:vm", read=list_vps, result=VpsListing)
