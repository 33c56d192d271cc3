"""hostup-mcp: an assistant's careful hands near a person's HostUp backups."""

__version__ = "0.1.0"
