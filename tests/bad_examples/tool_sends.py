"""A tool that sends past the pipeline.

check: ruff
message: TID251
"""

from hostup_mcp.server.writes.sending import send  # FAULT
# MENDED from hostup_mcp.server.writes.proposal import fingerprint as send

SEND = send
