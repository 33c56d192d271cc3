"""What the recovery panel is told about the user's language, in the `_meta` of results.

The panel is in the language that was chosen for the user (credentials file, HOSTUP_MCP_LANGUAGE);
if none was, in that of the app which shows it, else in that of this process. So its question has to
be there in each language that it may be in.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mcp.server.apps import client_supports_apps
from mcp.types import CallToolResult

from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.wording.questions import Question, last_line, question_text
from hostup_mcp.wording.viewer import Language, Viewer

LANGUAGE_META = "hostup-mcp/language"
"""Key under which a result tells the panel the user's language, and whether it was chosen."""


def tell_language(ctx: Ctx, result: CallToolResult) -> CallToolResult:
    """Return `result` with the user's language, if the client can show the panel."""
    if client_supports_apps(ctx):
        with suppress(RefusalError):
            viewer = services(ctx).viewer
            told = {"language": viewer.language, "isChosen": viewer.is_language_chosen}
            result.meta = {**(result.meta or {}), LANGUAGE_META: told}
    return result


def questions_for_panel(question: Question, viewer: Viewer) -> dict[str, Any]:
    """Return `question` with its last line, by each language that the panel may be in."""
    languages = [viewer.language] if viewer.is_language_chosen else list(Language)
    told = {language: Viewer(viewer.zone, language) for language in languages}
    return {
        language: {"text": question_text(question, user), "lastLine": last_line(question, user)}
        for language, user in told.items()
    }
