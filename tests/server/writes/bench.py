"""The real pipeline, with a tool, a client and a HostUp whose behaviour each test chooses."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import anyio.lowlevel
import httpx
from mcp.types import (
    CallToolResult,
    ClientCapabilities,
    ElicitationCapability,
    ElicitResult,
    InputRequiredResult,
)

from hostup_mcp.config import Confirm, Group
from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.effects import BackupDeleted
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import write_texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.plans import Plans, StoredPlan, milliseconds
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.services import Ctx, Services
from hostup_mcp.server.writes.audit_log import AuditLog
from hostup_mcp.server.writes.pipeline import write
from hostup_mcp.server.writes.proposal import (
    Destructive,
    FollowUp,
    Harmless,
    Proposal,
)
from hostup_mcp.state.store import RecordKey, RecordKind, StateStore
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Question, Server, say

from ..wiring import PATIENCE, SlowState, error_of, settings
from .words import REFUSALS

VPS, OTHER_VPS = "vps_abcdef12", "vps_another1"
NAME = "web-01"
NOW = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
HANDSHAKE, STATELESS = "2025-11-25", "2026-07-28"
REVISIONS = (HANDSHAKE, STATELESS)
WHERE = "Call list_vps_backups in a minute."
TYPED = ElicitResult(action="accept", content={"serverName": NAME})
DECLINED = ElicitResult(action="decline")
ACCEPTED = {"operation": {"jobId": "job_1", "status": "queued"}}

Respond = Callable[[httpx.Request], Awaitable[httpx.Response]]
Step = Callable[[], Awaitable[None]]


def request(path: str = f"/api/v2/vps/{VPS}/backups") -> WriteRequest:
    return WriteRequest("POST", path, {"note": "x"}, scopes=("backup:vm",))


LISTED = {"backups": [{"id": "bkp_1"}]}
"""What the read after a lost response shows: the backup that was to be deleted."""
GONE: dict[str, Any] = {"backups": []}
STILL_LISTED = "The backup bkp_1 is still listed."

FOLLOW_UP = FollowUp("Changing it", BackupDeleted("bkp_1"), WHERE)

QUESTION = Question(what=say(Words.SET_RETENTION), server=Server(VPS, NAME, None), to_type=NAME)

DESTRUCTIVE = Destructive(
    vps_id=VPS,
    request=request(),
    facts={"name": NAME},
    question=QUESTION,
    follow_up=FOLLOW_UP,
)
HARMLESS = Harmless(
    vps_id=VPS, request=request(), facts={"name": NAME}, reason="a slot", follow_up=FOLLOW_UP
)


def tool(
    may: frozenset[type[Destructive] | type[Harmless]] = frozenset({Destructive}),
    propose: Callable[..., Awaitable[Proposal]] | None = None,
    *,
    confirmed_in_panel: bool = False,
    is_recovery: bool = False,
) -> WritingTool:
    async def nothing(reader: Reader) -> Destructive:
        raise NotImplementedError

    return WritingTool(
        name="change_vps",
        title="Change",
        group=Group.CREATE,
        scope="backup:vm",
        may_propose=may,
        is_idempotent=False,
        propose=propose or nothing,
        confirmed_in_panel=confirmed_in_panel,
        is_recovery=is_recovery,
    )


class RecordingLog(AuditLog):
    """An audit log that writes into a list, and into the list of events."""

    def __init__(self, events: list[str]) -> None:
        super().__init__()
        self.events = events
        self.entries: list[Mapping[str, Json]] = []
        self.is_full = False

    def append(self, now: datetime, entry: Mapping[str, Json]) -> None:
        if self.is_full:
            raise refuse(write_texts.AUDIT_LOG_UNAVAILABLE)
        self.entries.append(json.loads(json.dumps({**entry})))
        self.events.append(f"log: {entry['outcome']}")


class Call:
    """The context of one call, with a client that answers as the bench says."""

    request_id = 1

    def __init__(self, bench: "Bench", state: str | None, answers: dict[str, Any] | None) -> None:
        self.request_context = SimpleNamespace(lifespan_context=bench.services)
        self.client_capabilities = bench.capabilities
        self.protocol_version = bench.revision
        self.request_state = state
        self.input_responses = answers
        self.session = SimpleNamespace(
            elicit_form=bench.show, client_capabilities=bench.capabilities
        )
        self.notify_resource_updated = self.report_progress = bench.notify


class Bench:
    """One server with its tool, client and HostUp; `events` records what happens."""

    def __init__(
        self,
        revision: str | None = HANDSHAKE,
        *,
        state: StateStore | None = None,
        confirm: Confirm = Confirm.PERSON,
        log: Path | None = None,
        **others: Any,
    ) -> None:
        self.revision = revision
        self.events: list[str] = []
        self.services = Services(
            settings(confirm=confirm, audit_log=log, **others),
            httpx.MockTransport(self._respond),
            now=lambda: NOW,
            state=state or SlowState(),
        )
        self.log = RecordingLog(self.events)
        if log is None:
            self.services.audit_log = self.log
        self.capabilities: Any = ClientCapabilities(elicitation=ElicitationCapability())
        self.proposals: list[Proposal | Exception] = [DESTRUCTIVE]
        self.before_propose: Step | None = None
        self.may_propose: frozenset[type[Destructive] | type[Harmless]] = frozenset({Destructive})
        self.in_panel = False
        self.is_recovery = False
        self.looked_at: Respond | None = None
        """What responds when a server is looked at before its restore; None for 404."""
        self.answer: Any = TYPED
        self.while_asking: Step | None = None
        self.response: httpx.Response | Exception | Respond = httpx.Response(202, json=ACCEPTED)
        self.seen: dict[str, Any] | Exception = LISTED
        self.proposed = 0
        self.as_of: list[datetime] = []
        """The times that the tool counted ages from."""
        self.given: list[Mapping[str, str]] = []
        """The arguments that the tool proposed for."""
        self.shown: list[tuple[object, ...]] = []

    # The tool

    async def propose(self, reader: Reader, **arguments: str) -> Proposal:
        proposal = self.proposals[min(self.proposed, len(self.proposals) - 1)]
        self.proposed += 1
        self.given.append(arguments)
        self.as_of.append(reader.now)
        self.events.append("propose")
        await anyio.lowlevel.checkpoint()
        if self.before_propose is not None:
            await self.before_propose()
        if "planId" in arguments:
            await reader.plans.open(arguments["planId"])
        if isinstance(proposal, Exception):
            raise proposal
        return proposal

    # HostUp

    async def _respond(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            if request.url.path.endswith("/backups"):
                return await self._list_backups()
            self.events.append(f"look: {request.url.path}")
            missing = httpx.Response(404, json={})
            return missing if self.looked_at is None else await self.looked_at(request)
        self.events.append("request")
        if isinstance(self.response, Exception):
            raise self.response
        if isinstance(self.response, httpx.Response):
            return self.response
        return await self.response(request)

    async def _list_backups(self) -> httpx.Response:
        self.events.append("read state")
        await anyio.lowlevel.checkpoint()
        if isinstance(self.seen, Exception):
            raise self.seen
        return httpx.Response(200, json=self.seen)

    # The client

    async def show(self, *question: object) -> ElicitResult:
        self.events.append("asked")
        self.shown.append(question)
        await anyio.lowlevel.checkpoint()
        if self.while_asking is not None:
            await self.while_asking()
        if isinstance(self.answer, Exception):
            raise self.answer
        return cast("ElicitResult", self.answer)

    async def notify(self, uri: str) -> None:
        """Nobody listens."""

    # Calls

    def definition(self) -> WritingTool:
        return tool(
            self.may_propose,
            self.propose,
            confirmed_in_panel=self.in_panel,
            is_recovery=self.is_recovery,
        )

    def context(self, state: str | None = None, answers: dict[str, Any] | None = None) -> Ctx:
        return cast("Ctx", Call(self, state, answers))

    async def call(
        self,
        arguments: Mapping[str, str] | None = None,
        state: str | None = None,
        answers: dict[str, Any] | None = None,
    ) -> CallToolResult | InputRequiredResult:
        """One call; in the stateless revision it may end with a question."""
        given = {"id": VPS} if arguments is None else arguments
        if "id" in given:
            await self.services.state.remember_ids(LOCAL, {given["id"]: ""})
        with anyio.fail_after(PATIENCE):
            return await write(self.definition(), given, self.context(state, answers))

    async def run(self, arguments: Mapping[str, str] | None = None) -> CallToolResult:
        """A whole write: the call, and where the revision needs it the one with the answer."""
        result = await self.call(arguments)
        if isinstance(result, InputRequiredResult):
            result = await self.reply(result, arguments)
        assert isinstance(result, CallToolResult)
        return result

    async def reply(
        self, question: InputRequiredResult, arguments: Mapping[str, str] | None = None
    ) -> CallToolResult:
        """The call that brings the answer to `question`."""
        assert question.input_requests is not None
        (key,) = question.input_requests
        result = await self.call(arguments, question.request_state, {key: self.answer})
        assert isinstance(result, CallToolResult)
        return result

    async def ask(self, arguments: Mapping[str, str] | None = None) -> InputRequiredResult:
        """The first call of the stateless revision."""
        result = await self.call(arguments)
        assert isinstance(result, InputRequiredResult)
        return result

    # What is left behind

    async def is_locked(self, vps_id: str = VPS) -> bool:
        name = f"write/{self.services.base_url}/{vps_id}"
        return await self.services.state.seconds_locked(name) > 0

    async def plan(self, caller: str = LOCAL) -> str:
        """The id of a new plan."""
        now = self.services.now()
        plan = StoredPlan(
            vps_id=VPS, mode=Mode.IN_PLACE, point="bkp_abcdef12", issued=milliseconds(now)
        )
        return await Plans(self.services.state, caller, now).store(plan)

    async def is_consumed(self, plan_id: str) -> bool:
        key = RecordKey(RecordKind.PLAN, plan_id)
        record = await self.services.state.get_record(LOCAL, key)
        assert record is not None
        return record.is_consumed

    @property
    def outcomes(self) -> list[str]:
        """How the calls ended, in the audit log."""
        return [str(e["outcome"]) for e in self.log.entries if e["outcome"] != "sent"]


async def happens(event: anyio.Event) -> None:
    with anyio.fail_after(PATIENCE):
        await event.wait()


def refused(result: object, what: str) -> None:
    """The call was refused: with the words that REFUSALS has for `what`, or else with this kind."""
    assert isinstance(result, CallToolResult)
    error = error_of(result)
    if (words := REFUSALS.get(what)) is not None:
        assert (error["kind"], error["message"], error["nextStep"]) == words
    else:
        assert error["kind"] == what, error
        assert "othing was changed" in error["message"]
