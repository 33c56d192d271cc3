"""Whatever is requested, in whatever order: a write succeeds exactly when its gate is open."""

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.sandbox import ManualClock, Sandbox

from . import contract
from .wiring import Api, forward

ACTIONS = ("start", "shutdown", "stop", "restart", "reset")
NAMES = ("web-01", "shop-prod", "mail", "staging", "files", "build-01", "dev-01", "crm")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("create", "restore", "delete", "wait", "shrink", "power", "cancel")),
        st.sampled_from(NAMES),
        st.integers(1, 60),
    ),
    max_size=12,
)


async def _play(steps: list[tuple[str, str, int]]) -> None:
    api = Api(Sandbox(clock=ManualClock(), rate_limit=None))
    for step, name, number in steps:
        path = api.vps(name, "/backups")
        shown = await api.json(path)
        contract.BACKUPS(shown, "")
        ids = [each["id"] for each in shown["backups"]]
        assert shown["quotaInfo"]["used"] == len(ids)
        gates = shown["actions"]
        if step == "wait":
            forward(api, number)
        elif step == "shrink":
            body = {"maxTotalBackups": 1 + number % 2, "autoDeleteOldest": True}
            await api.call("PATCH", api.vps(name, "/backup-schedules"), json=body)
        elif step == "power":
            action = ACTIONS[number % len(ACTIONS)]
            gate = (await api.json(api.vps(name, "/details")))["actions"][f"can{action.title()}"]
            accepted = (await api.call("POST", api.vps(name, f"/actions/{action}"))).status_code
            assert (accepted == 202) == gate["allowed"]
        elif step == "cancel":
            body = {"reason": "x", "cancelType": "immediate"}
            open_before = (await api.json(api.vps(name, "/cancellation")))["status"] == "none"
            response = await api.call("POST", api.vps(name, "/actions/cancel"), json=body)
            assert (response.status_code == 200) == open_before
        elif step == "create":
            accepted = (await api.call("POST", path)).status_code == 202
            assert accepted == gates["canCreateBackup"]["allowed"]
        elif ids and step == "restore":
            target = f"{path}/{ids[number % len(ids)]}/actions/restore"
            accepted = (await api.call("POST", target)).status_code == 202
            assert accepted == gates["canRestore"]["allowed"]
        elif ids and step == "delete":
            target = f"{path}/{ids[number % len(ids)]}"
            assert (await api.call("DELETE", target)).status_code in {204, 409}
    assert {each.status for each in api.sandbox.requests} <= {200, 202, 204, 409}


@given(STEPS)
@settings(max_examples=40, database=None)
def test_writes_agree_with_gates(steps: list[tuple[str, str, int]]) -> None:
    anyio.run(_play, steps)
