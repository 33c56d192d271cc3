"""A destructive proposal without a question.

check: mypy
message: Missing named argument "question" for "Destructive"
"""

from hostup_mcp.hostup import requests
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.writes.proposal import Destructive, FollowUp
from hostup_mcp.wording.questions import Question


async def propose(reader: Reader, id: str, follow_up: FollowUp, question: Question) -> Destructive:
    request = requests.delete_backup(id, "bkp_1")
    return Destructive(vps_id=id, request=request, facts={}, follow_up=follow_up)  # FAULT
    # MENDED return Destructive(vps_id=id, request=request, facts={}, question=question, follow_up=follow_up)
