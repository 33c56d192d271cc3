"""A question that a tool writes itself, outside the form.

check: mypy
message: Argument "what" to "Question" has incompatible type "str"; expected "Say"
"""

from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Question, Server, say


def ask(server: Server, note: str) -> Question:
    return Question(what=f"Delete it? {note}", server=server, to_type=server.id)  # FAULT
    # MENDED return Question(what=say(Words.DELETE_BACKUP), server=server, to_type=server.id)
