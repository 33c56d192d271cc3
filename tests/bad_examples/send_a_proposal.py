"""A step of the pipeline that sends a proposal that nobody has agreed to.

check: mypy
message: Argument 3 to "send" has incompatible type "Destructive"; expected "Consent"
"""

from hostup_mcp.hostup.jobs import Started
from hostup_mcp.server.services import Ctx
from hostup_mcp.server.writes.consent import Yes, consent_to_destructive
from hostup_mcp.server.writes.context import WriteContext
from hostup_mcp.server.writes.proposal import Destructive
from hostup_mcp.server.writes.sending import send


async def carry_out(ctx: Ctx, w: WriteContext, proposal: Destructive, yes: Yes) -> Started:
    return await send(ctx, w, proposal)  # FAULT
    # MENDED return await send(ctx, w, consent_to_destructive(proposal, yes))
