"""The only way to change anything at HostUp.

A writing tool (`server.definition.WritingTool`) has a `propose()`, which returns the request, the
facts behind it and the question to the user. `pipeline` does the rest, in one order: it asks, locks
the server, calls `propose()` again, consumes the plan and the yes, writes the audit log, and sends
once.
"""
