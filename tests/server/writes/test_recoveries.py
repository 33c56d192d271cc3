"""What was carried out is kept per server, for every caller and session to know of."""

import json
import re
from typing import Any

import httpx

from hostup_mcp.state.store import StateUnavailableError

from ..wiring import SlowState, error_of
from .bench import OTHER_VPS, VPS, Bench, refused

SUBJECT = f"sandbox/{VPS}"


async def kept(bench: Bench) -> list[dict[str, Any]]:
    recoveries = await bench.services.state.recoveries(SUBJECT)
    return [json.loads(body) for body in recoveries.values()]


async def test_a_restore_is_recorded_with_its_job() -> None:
    bench = Bench()
    plan = await bench.plan()
    assert not (await bench.run({"planId": plan})).is_error
    [recovery] = await kept(bench)
    [id_] = await bench.services.state.recoveries(SUBJECT)
    assert re.fullmatch("rec_[0-9a-z]{16}", id_)
    assert recovery["plan_id"] == plan
    assert (recovery["outcome"], recovery["job_id"]) == ("accepted", "job_1")
    assert await bench.services.state.recoveries(f"sandbox/{OTHER_VPS}") == {}


async def test_a_change_without_a_plan() -> None:
    bench = Bench()
    assert not (await bench.run()).is_error
    assert await kept(bench) == []


async def test_it_is_recorded_before_it_is_sent() -> None:
    bench = Bench()
    seen: list[dict[str, Any]] = []

    async def respond(_: httpx.Request) -> httpx.Response:
        seen.extend(await kept(bench))
        return httpx.Response(204)

    bench.response = respond
    await bench.run({"planId": await bench.plan()})
    assert [recovery["outcome"] for recovery in seen] == ["sent"]


async def test_a_lost_response_is_recorded() -> None:
    bench = Bench()
    bench.response = httpx.ReadError("cut")
    await bench.run({"planId": await bench.plan()})
    assert [recovery["outcome"] for recovery in await kept(bench)] == ["unknown"]


async def test_what_was_not_sent_is_forgotten() -> None:
    for response in (httpx.ConnectError("refused"), httpx.Response(409, json={})):
        bench = Bench()
        bench.response = response
        assert (await bench.run({"planId": await bench.plan()})).is_error
        assert await kept(bench) == []


async def test_what_cannot_be_recorded_is_not_sent() -> None:
    class Full(SlowState):
        async def put_recovery(self, subject: str, id_: str, body: str) -> None:
            raise StateUnavailableError

    bench = Bench(state=Full())
    plan = await bench.plan()
    assert error_of(await bench.run({"planId": plan}))["kind"] == "state_unavailable"
    assert "request" not in bench.events
    assert not await bench.is_consumed(plan)
    assert not await bench.is_locked()


async def test_a_refusal_names_the_last_restore() -> None:
    bench = Bench()
    bench.response = httpx.ReadError("cut")
    await bench.run({"planId": await bench.plan()})
    refused(await bench.run(), "in progress after a restore")


async def test_a_store_that_fails_afterwards() -> None:
    class Failing(SlowState):
        is_over = False

        async def put_recovery(self, subject: str, id_: str, body: str) -> None:
            if self.is_over:
                raise StateUnavailableError
            await super().put_recovery(subject, id_, body)

        async def delete_recovery(self, subject: str, id_: str) -> None:
            raise StateUnavailableError

    state = Failing()
    for response, kind in ((httpx.Response(204), None), (httpx.Response(409, json={}), "conflict")):
        bench = Bench(state=state)
        state.is_over = False

        async def respond(_: httpx.Request, response: httpx.Response = response) -> httpx.Response:
            state.is_over = True
            return response

        bench.response = respond
        result = await bench.run({"planId": await bench.plan()})
        assert (error_of(result)["kind"] if result.is_error else None) == kind
