"""The only way by which anything is changed at HostUp.

A writing tool (`definition.WritingTool`) supplies `propose()`: what it would send, what that rests
on, and the question to the user. `pipeline` does the rest, in one order: it asks, locks the server,
has the tool propose again, consumes the plan and the yes, writes the audit log, and sends once.
"""
