"""The server's prompts and resources."""

from __future__ import annotations

import json
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from pydantic import Field

from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.server.caller import caller
from hostup_mcp.server.errors import write_texts
from hostup_mcp.server.errors.failure import RefusalError, refuse
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.evidence import RECOVERY_URI, evidence_of
from hostup_mcp.server.recoveries import own
from hostup_mcp.server.services import Services
from hostup_mcp.server.tools.list_vps import confusable, page_data, read_page
from hostup_mcp.server.tools.list_vps_backups import list_vps_backups
from hostup_mcp.state.store import StateUnavailableError


def add_guidance(server: MCPServer[Services], services: Services) -> None:
    """Give `server` its prompts and resources."""
    server.prompt(title="Recover a server", description="Find the safest way to recover a server.")(
        recover_server
    )
    server.prompt(
        title="Rehearse a recovery", description="Find out whether a server's backup works."
    )(rehearse_recovery)
    server.prompt(
        title="Check all backups", description="See which servers have no recent backup."
    )(check_backups)

    @server.resource(
        "hostup://vps",
        name="servers",
        title="Servers",
        description="The first 100 servers of the account, as list_vps returns them.",
        mime_type="application/json",
    )
    async def servers() -> str:
        try:
            page, elsewhere = await read_page(services, 100)
            data = page_data(page, confusable(page, elsewhere))
            return json.dumps(data, ensure_ascii=False)
        except (HostUpError, RefusalError) as error:
            raise _to_resource_error(error) from None

    server.resource(
        "hostup://vps/{id}/backups",
        name="backups",
        title="Backups of a server",
        description="The first 20 backups, quota, gates and what they mean, as list_vps_backups "
        "returns them.",
        mime_type="application/json",
    )(backups)

    @server.resource(
        RECOVERY_URI,
        name="recovery",
        title="Record of a recovery",
        description="What was restored, when, who agreed and how, the price, and the last verdict "
        "of verify_recovery with its evidence.",
        mime_type="application/json",
    )
    async def recovery(recoveryId: str) -> str:
        try:
            kept = await own(services, caller(), recoveryId)
        except StateUnavailableError:
            raise _to_resource_error(refuse(write_texts.RECOVERIES_UNAVAILABLE)) from None
        if kept is None:
            raise ResourceNotFoundError("This caller has no recovery with this id.")
        return json.dumps(evidence_of(kept), ensure_ascii=False)


def recover_server(
    id: Annotated[
        str, Field(description="Id of the server, from list_vps; leave empty to be asked.")
    ] = "",
    trouble: Annotated[str, Field(description="What happened, in your words.")] = "",
) -> str:
    """Return the prompt for a recovery that changes nothing without the user's decision."""
    what = f" What happened: {trouble}" if trouble else ""
    return (
        f"Help me recover {_which(id)}.{what}\n"
        "1. Call list_vps, then list_vps_backups of that server.\n"
        "2. Tell me in plain words whether a restore is possible at HostUp and from here (here), "
        "and if not, why and what would unblock it.\n"
        "3. Call list_vps_snapshots too: a snapshot newer than the newest backup loses less.\n"
        "4. Call plan_restore for the option that loses the least data. Tell me what would be "
        "lost, the side effects, the less risky options, and for a new server its price. A "
        "rehearsal (plan_restore with rehearsal) tries the backup first, on a temporary server.\n"
        "5. Then stop and wait for my decision. Change nothing without it.\n"
        "6. When a restore that I decided for has finished, call verify_recovery, and tell me its "
        "verdict and what shows it. That HostUp reports success does not show that the server is "
        "back."
    )


def rehearse_recovery(
    id: Annotated[
        str, Field(description="Id of the server, from list_vps; leave empty to be asked.")
    ] = "",
) -> str:
    """Return the prompt for a rehearsal, which ends only when the user says so."""
    return (
        f"Help me find out whether the backup of {_which(id)} works.\n"
        "1. Call list_vps, then list_vps_backups of that server.\n"
        "2. Call plan_restore with mode new_cloud_vps, rehearsal and the newest backup that looks "
        "complete. Tell me its price for two hours and per hour, and that a twin of a live server "
        "will boot: its scheduled jobs, mail queue and payment runs may start.\n"
        "3. Then stop and wait for my decision. Change nothing without it.\n"
        "4. If I agree, carry the plan out, follow the job with get_job, then call verify_recovery "
        "with the id of the new server. Tell me its verdict and what shows it.\n"
        "5. Ask me to look at the new server myself. It costs money until it is ended: when I say "
        "that I am done, end the rehearsal and tell me about what it has cost. Where you have no "
        "tool for that, I do it in HostUp's panel."
    )


def check_backups(
    days: Annotated[
        str, Field(description="Backups older than this many days count as too old.")
    ] = "2",
) -> str:
    """Return the prompt for a report on the backups of all servers."""
    return (
        "Give me an overview of my backups.\n"
        f"1. Call check_backups with maxAgeDays {days}. While its result has a nextCursor, call it "
        "again with that cursor, after the wait that it asks for.\n"
        "2. Tell me what is wrong, the worst first, with each server's name, IP and newest backup, "
        "and how many servers are healthy. Say so if not all could be checked.\n"
        "3. Only report; change nothing."
    )


async def backups(id: str, ctx: Context[Any, Any]) -> str:
    """Return the structured content of `list_vps_backups` as a resource."""
    try:
        result = await list_vps_backups(ctx, id)
    except RefusalError as error:
        if error.failure.kind == "unknown_id":
            raise ResourceNotFoundError(
                f"{error.failure.message} {error.failure.next_step}"
            ) from None
        raise _to_resource_error(error) from None
    except HostUpError as error:
        raise _to_resource_error(error) from None
    return json.dumps(result.structured_content, ensure_ascii=False)


def _to_resource_error(error: HostUpError | RefusalError) -> ResourceError:
    failure = error.failure if isinstance(error, RefusalError) else from_hostup(error)
    return ResourceError(f"{failure.message} {failure.next_step}")


def _which(id: str) -> str:
    return f"the server {id}" if id else "a server; ask me which one from list_vps it is"
