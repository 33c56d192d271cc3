"""A tool that makes a consent of its own.

check: ruff
message: TID251
"""

from hostup_mcp.server.writes.consent import Consent  # FAULT
# MENDED from hostup_mcp.server.writes.proposal import Question as Consent

MADE = Consent
