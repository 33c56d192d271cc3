"""What backups, quota and gates mean for a user who wants their server back.

Pure functions from HostUp's responses to findings, each a stable code and its facts. There is no
I/O, no clock but the `now` passed in, and no sentence: `hostup_mcp.wording` has the words.
"""
