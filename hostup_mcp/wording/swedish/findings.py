"""What a user reads of each finding, in Swedish. `catalog` has the English texts.

`{name}` and `{name:format}` stand for the same facts in the same formats as there.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.codes import Code

FINDINGS: Mapping[Code, str] = {}
