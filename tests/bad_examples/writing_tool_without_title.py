"""A tool without a title.

check: mypy
message: Missing named argument "title" for "WritingTool"
"""

from hostup_mcp.config import Group
from hostup_mcp.server.definition import Propose, WritingTool
from hostup_mcp.server.writes.proposal import Harmless


def define(propose: Propose) -> WritingTool:
    may = frozenset({Harmless})
    return WritingTool(name="x", group=Group.CREATE, scope="backup:vm", may_propose=may, is_idempotent=False, propose=propose)  # FAULT
    # MENDED return WritingTool(name="x", title="X", group=Group.CREATE, scope="backup:vm", may_propose=may, is_idempotent=False, propose=propose)
