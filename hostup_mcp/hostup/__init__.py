"""The HostUp API over HTTP: reads, writes, typed responses and failures. Knows nothing of MCP."""
