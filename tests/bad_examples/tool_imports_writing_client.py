"""A tool that imports the writing client.

check: ruff
message: TID251
"""

from hostup_mcp.hostup.writing import WritingClient  # FAULT
# MENDED from hostup_mcp.hostup.reading import ReadingClient as WritingClient

CLIENT = WritingClient
