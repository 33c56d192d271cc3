"""A step of the pipeline that sends without a consent.

check: mypy
message: Missing positional argument "consent" in call to "send"
"""

from hostup_mcp.hostup.jobs import Started
from hostup_mcp.server.services import Ctx
from hostup_mcp.server.writes.consent import Consent
from hostup_mcp.server.writes.context import WriteContext
from hostup_mcp.server.writes.sending import send


async def carry_out(ctx: Ctx, w: WriteContext, consent: Consent) -> Started:
    return await send(ctx, w)  # FAULT
    # MENDED return await send(ctx, w, consent)
