"""The run of one door: random calls, sequential or concurrent, each judged when it ends."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from mcp.client import Client
from mcp.types import InputRequiredResult
from support.product import MODERN, Door

from benchmarks.faults.account import Account
from benchmarks.faults.calls import Known, Maker, Offered, offered
from benchmarks.faults.claims import note_exception, note_result
from benchmarks.faults.doors import Product
from benchmarks.faults.history import Call, Claim, Episode
from benchmarks.faults.kinds import SILENT, Chooser
from benchmarks.faults.oracle import violations
from benchmarks.faults.tally import Options, Tally
from benchmarks.faults.user import User

HANG_SECONDS = 150.0
"""When the harness gives up on a call; longer than every time limit of the product."""

BASE_SECONDS = 10.0
SECONDS_PER_SILENCE = 22.0
SECONDS_PER_FAULT = 5.0
SECOND_IDS = frozenset({"backupId", "sourceVpsId", "snapshotName", "planId"})
"""Arguments that require reading the server first."""

MOST_WRITES = 12
"""Calls that change one server before it is replaced."""


class BrokenSessionError(Exception):
    """The session can no longer be used."""


class History:
    """All calls of one door."""

    def __init__(self, door: Door, options: Options, folder: Path) -> None:
        self._options = options
        self._key = f"hostup_fault_{options.seed}_0123456789abcdef"
        chooser = Chooser(
            options.rate,
            without=options.without,
            silence=options.silence,
        )
        self._chooser = chooser
        self.account = Account(self._key, chooser, f"{options.seed}/{door}")
        command = list(options.command) if options.command is not None else None
        self._product = Product(door, self.account.url, self._key, folder, command)
        self._user = User()
        self._known = Known()
        self._tools: list[Offered] = []
        self._seen = 0
        self._episodes = 0
        self._written: Counter[str] = Counter()
        self._open: dict[str, Episode] = {}
        self._reported: set[tuple[int, str]] = set()
        self._random = random.Random(0)
        self.tally = Tally(door)

    async def run(self) -> Tally:
        """Make the calls, within the limits."""
        began = time.monotonic()
        await self.account.open()
        try:
            await self._product.open()
            deadline = began + self._options.seconds
            while not self._is_over(deadline) and self.tally.gave_up is None:
                await self._session(deadline)
        finally:
            with anyio.CancelScope(shield=True):
                self._product.close()
                await self.account.close()
        self.tally.seconds = time.monotonic() - began
        self.tally.injected = self._chooser.injected
        return self.tally

    def _is_over(self, deadline: float) -> bool:
        return self.tally.calls >= self._options.calls or time.monotonic() > deadline

    async def _session(self, deadline: float) -> None:
        """Make calls in one session until all are made or it breaks."""
        self.tally.sessions += 1
        if self.tally.sessions > 3 + self.tally.calls // 20:
            self.tally.gave_up = "sessions keep breaking"
            return
        self._known = Known()
        # Outside of the client, whose task groups would wrap it.
        with suppress(BrokenSessionError):
            failed: BaseException | None = None
            async with self._product.session(self._user) as client:
                try:
                    self._chooser.begin("tools")
                    self._tools = offered((await client.list_tools()).tools)
                    while not self._is_over(deadline):
                        await self._next(client)
                except (BrokenSessionError, AssertionError) as error:
                    failed = error
            if failed is not None:
                raise failed

    # Choosing

    async def _next(self, client: Client) -> None:
        """Run the next episode, with the reads that it needs first."""
        self._begin()
        pick = self._random
        if len(self._known.vps) < 2:
            listing = [t for t in self._tools if t.read_only and not t.required]
            await self._single(client, listing[0], {})
            self._begin()
            if not self._known.vps:
                return
        vps = pick.choice(self._known.vps)
        if pick.random() < 0.06:
            tool = pick.choice(self._tools)
            strange = Maker(pick, Known()).arguments(tool, None)
            await self._single(client, tool, strange)
            return
        tool = pick.choices(self._tools, [1 if t.read_only else 3 for t in self._tools])[0]
        if SECOND_IDS & set(tool.properties):
            await self._look_around(client, vps)
        arguments = await self._prepared(client, tool, vps)
        if tool.read_only:
            await self._single(client, tool, arguments)
            return
        shape = pick.random()
        if shape < 0.08:
            await self._together(client, [(tool, arguments), (tool, arguments)])
        elif shape < 0.14 and (others := [v for v in self._known.vps if v != vps]):
            other_vps = pick.choice(others)
            other = pick.choice([t for t in self._tools if not t.read_only])
            if SECOND_IDS & set(other.properties):
                await self._look_around(client, other_vps)
            prepared = await self._prepared(client, other, other_vps)
            # The reads may have retired one of the two servers.
            if vps in self._known.vps and other_vps in self._known.vps:
                await self._together(client, [(tool, arguments), (other, prepared)])
        elif shape < 0.26 and self.tally.door.revision == MODERN:
            await self._sent_again(client, tool, arguments)
        elif shape < 0.32:
            await self._single(client, tool, arguments, cancel_after=pick.random() * 0.1)
        else:
            await self._single(client, tool, arguments)

    async def _look_around(self, client: Client, vps: str) -> None:
        """Read a server before the first call that uses it, and occasionally later."""
        if vps in self._known.looked and self._random.random() > 0.15:
            return
        self._known.looked.add(vps)
        for tool in [tool for tool in self._tools if tool.looks]:
            await self._single(client, tool, {"id": vps})
            self._begin()

    async def _prepared(self, client: Client, tool: Offered, vps: str) -> dict[str, Any]:
        """Arguments for `tool`; makes a plan first if it carries one out."""
        planner = next((t for t in self._tools if t.plans), None)
        wants_plan = "planId" in tool.required and self._random.random() < 0.9
        if planner is not None and wants_plan:
            await self._single(
                client, planner, Maker(self._random, self._known).arguments(planner, vps)
            )
            self._begin()
        return Maker(self._random, self._known).arguments(tool, vps)

    # Calling

    def _begin(self) -> None:
        """Seed the next episode, so that it can be repeated alone."""
        seed = f"{self._options.seed}/{self.tally.door}/{self._episodes}"
        self._random = random.Random(seed)
        self._chooser.begin(f"{seed}/faults")
        self._user.begin(f"{seed}/user")

    def _call(self, tool: Offered, arguments: dict[str, Any]) -> Call:
        planned = self._known.plans.get(str(arguments.get("planId")), {})
        vps = arguments.get("id", planned.get("id"))
        known = isinstance(vps, str) and vps in self.account.estate.servers
        return Call(
            tool.name,
            arguments,
            tool.read_only,
            tool.may_destroy,
            planned=planned,
            vps=vps if known else None,
        )

    async def _single(
        self,
        client: Client,
        tool: Offered,
        arguments: dict[str, Any],
        *,
        cancel_after: float | None = None,
    ) -> None:
        call = self._call(tool, arguments)
        episode = self._episode([call])
        if call.vps is not None:
            self._user.meanwhile = partial(self.account.estate.rename, call.vps)
        with anyio.move_on_after(cancel_after) as scope:
            await self._send(call, lambda: client.call_tool(tool.name, arguments))
        call.cancelled = scope.cancelled_caught
        if call.cancelled:
            call.kind = "cancelled"
        await self._end(episode)

    async def _together(self, client: Client, pairs: list[tuple[Offered, dict[str, Any]]]) -> None:
        calls = [self._call(tool, arguments) for tool, arguments in pairs]
        episode = self._episode(calls)
        async with anyio.create_task_group() as group:
            for call in calls:
                group.start_soon(self._send, call, _calling(client, call))
        await self._end(episode)

    async def _sent_again(self, client: Client, tool: Offered, arguments: dict[str, Any]) -> None:
        """Reply to a question of the stateless revision, and send the reply twice."""
        first = self._call(tool, arguments)
        episode = self._episode([first])
        questions: list[InputRequiredResult] = []

        async def ask() -> Any:
            result = await client.session.call_tool(tool.name, arguments, allow_input_required=True)
            if isinstance(result, InputRequiredResult):
                questions.append(result)
            return result

        await self._send(first, ask)
        if questions:
            requests = questions[0].input_requests or {}
            try:
                replies: dict[str, Any] = {
                    key: await self._user(None, each.params) for key, each in requests.items()
                }
            except Exception as error:
                note_exception(first, error)
            else:
                episode.single_yes = True
                first.claim, first.kind = Claim.NOTHING, "no result"
                again = self._call(tool, arguments)
                episode.calls.append(again)

                async def send_reply() -> Any:
                    return await client.session.call_tool(
                        tool.name,
                        arguments,
                        input_responses=replies,
                        request_state=questions[0].request_state,
                        allow_input_required=True,
                    )

                if self._random.random() < 0.5:
                    await self._send(first, send_reply)
                    await self._send(again, send_reply)
                else:
                    async with anyio.create_task_group() as group:
                        group.start_soon(self._send, first, send_reply)
                        group.start_soon(self._send, again, send_reply)
        await self._end(episode)

    async def _send(self, call: Call, request: Callable[[], Awaitable[Any]]) -> None:
        began = time.monotonic()
        try:
            with anyio.fail_after(HANG_SECONDS):
                result = await request()
            note_result(call, result)
            self._known.learn(call.arguments, getattr(result, "structured_content", None))
        except Exception as error:
            note_exception(call, error)
        finally:
            call.seconds = time.monotonic() - began

    def _episode(self, calls: list[Call]) -> Episode:
        self._episodes += 1
        # What was received since the last episode belongs to no call.
        episode = Episode(str(self.tally.door), self._episodes, calls)
        self._pause_before = self.account.pause_asked
        return episode

    # Judging

    async def _end(self, episode: Episode) -> None:
        await self._settle(episode)
        fresh = self.account.received[self._seen :]
        self._seen += len(fresh)
        own = {call.vps for call in episode.calls}
        for entry in fresh:
            earlier = self._open.get(entry.vps or "")
            if entry.is_write and earlier is not None and entry.vps not in own:
                earlier.late.append(entry)
                self._judge(earlier)
            else:
                episode.received.append(entry)
        episode.questions = list(self._user.questions)
        episode.stderr = self._product.new_stderr()
        faults = [entry.fault for entry in fresh if entry.fault]
        silences = sum(fault in SILENT for fault in faults)
        waits = sum(call.arguments.get("waitSeconds", 0) for call in episode.calls)
        episode.seconds_allowed = (
            BASE_SECONDS
            + SECONDS_PER_SILENCE * silences
            + SECONDS_PER_FAULT * len(faults)
            + (self.account.pause_asked - self._pause_before)
            + waits
        )
        self._judge(episode)
        self._count(episode)
        self._retire(episode)
        if self._product.is_dead:
            self.tally.gave_up = "the server process ended"
            raise BrokenSessionError
        if any(_is_broken(call) for call in episode.calls):
            raise BrokenSessionError

    async def _settle(self, episode: Episode) -> None:
        """Wait until the account has handled everything that these calls sent."""
        if any(call.claim is Claim.NOTHING for call in episode.calls):
            await anyio.sleep(0.1)
        await anyio.sleep(0.002)
        with anyio.move_on_after(5):
            while not self.account.is_idle:  # noqa: ASYNC110 - it has no event to wait for
                await anyio.sleep(0.005)

    def _judge(self, episode: Episode) -> None:
        for violation in violations(episode, self._key):
            if (episode.number, violation.kind) not in self._reported:
                self._reported.add((episode.number, violation.kind))
                self.tally.found.append((episode, violation))

    def _count(self, episode: Episode) -> None:
        tally = self.tally
        tally.calls += len(episode.calls)
        tally.questions += len(episode.questions)
        tally.yeses += sum(question.is_yes for question in episode.questions)
        tally.repeated_questions += len(episode.calls) == 1 and len(episode.questions) > 1
        tally.write_requests += len(episode.writes)
        tally.applied += sum(write.applied for write in episode.writes)
        for call in episode.calls:
            tally.write_calls += not call.read_only
            tally.used[call.tool] += 1
            tally.results[call.kind] += 1
            if call.kind in self._options.show and episode not in tally.shown:
                tally.shown.append(episode)

    def _retire(self, episode: Episode) -> None:
        """Replace servers whose writes may still arrive, so that each write has one owner."""
        for call in episode.calls:
            if call.vps is None or call.read_only:
                continue
            self._written[call.vps] += 1
            is_open = call.claim in (Claim.UNKNOWN, Claim.NOTHING)
            is_held = call.kind == "write_in_flight" and len(episode.calls) == 1
            if is_open or is_held or self._written[call.vps] >= MOST_WRITES:
                self._open[call.vps] = episode
                self.account.estate.retire(call.vps)
                self._known.forget(call.vps)


def _calling(client: Client, call: Call) -> Callable[[], Awaitable[Any]]:
    return lambda: client.call_tool(call.tool, call.arguments)


def _is_broken(call: Call) -> bool:
    broken = ("ClosedResource", "BrokenResource", "EndOfStream", "Connection closed")
    return call.kind.startswith("no result") and any(
        word in call.kind or word in call.output for word in broken
    )
