"""The HostUp API over HTTP: requests, typed answers, typed failures. Knows nothing of MCP."""
