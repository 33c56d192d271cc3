"""Why an action cannot be carried out from here, in Swedish. `wording.here` has the English."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.codes import Code

_TRUST = "HOSTUP_MCP_CONFIRM=client där hostup-mcp är konfigurerat"

HERE: Mapping[Code, str] = {
    Code.LOCKED: "Det är låst i den här assistentens åtkomst till HostUp. {how:finding}",
    Code.UNLOCK_BY_SETTING: "Den som har konfigurerat den kan låsa upp det: --allow eller "
    "HOSTUP_MCP_ALLOW satt till {allow}, plus grupper som har lagts till under tiden, och en "
    "omstart.",
    Code.UNLOCK_FOR_CALLER: "Den som driver den kan låsa upp det åt dig: allow {allow}, plus "
    "grupper som har lagts till under tiden, i credentials-filen, följt av en omstart.",
    Code.CLIENT_CANNOT_ASK: "Det kräver ditt ja, som den här appen inte kan be om: för det behövs "
    "{how:finding}.",
    Code.USE_ASKING_CLIENT: f"MCP-elicitation, eller {_TRUST}",
    Code.USE_NEWER_CLIENT: f"MCP-elicitation i revision 2026-07-28, eller {_TRUST}",
    Code.KEY_REFUSED: "HostUp nekade API-nyckeln {at:moment}: den saknar troligen en behörighet "
    "(scope {scope}), som du kan lägga till på HostUps sida för API-nycklar. {lasts:finding}",
    Code.CHECKED_AGAIN: "Den nekades fortfarande vid en kontroll alldeles nyss.",
    Code.REMEMBERED_UNTIL: "Om nyckeln har ändrats sedan dess, försök igen efter {until:moment}.",
    Code.STORE_UNAVAILABLE: "Inget kan ändras härifrån nu. Försök igen om en minut; om det inte "
    "går över behöver den som driver den här assistentens åtkomst till HostUp se över den.",
    Code.JOB_RUNNING: "En annan ändring av den här servern pågår, eller så är utgången av den "
    "okänd. Tills den är klar, som längst till {until:moment}, skickas ingen annan.",
    Code.USE_PANEL: "Du kan göra det själv i HostUps panel.",
}
