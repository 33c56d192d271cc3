"""A question in which a text that somebody else chose is one of the facts.

check: mypy
message: Argument "made" to "say" has incompatible type "str"
"""

from hostup_mcp.hostup.models import Backup
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Say, say


def ask(backup: Backup) -> Say:
    return say(Words.DELETE_BACKUP, made=backup.note or "")  # FAULT
    # MENDED return say(Words.DELETE_BACKUP, made=backup.created)
