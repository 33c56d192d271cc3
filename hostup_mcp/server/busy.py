"""The error for a request that is refused because others are still running."""

BUSY_CODE = -32010
"""A JSON-RPC error code of this server's own; the refused request had no effect."""
