"""hostup-mcp: an MCP server for the backups of a user's HostUp servers."""

__version__ = "0.1.0"
