"""Over a real socket, faults look as they do in process."""

import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from support.waiting import PATIENCE, wait_until

from hostup_mcp.sandbox import SANDBOX_API_KEY, Clock, Fault, Sandbox

HEADERS = {"Authorization": f"Bearer {SANDBOX_API_KEY}"}


@pytest.fixture
def served() -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox(clock=Clock())
    config = uvicorn.Config(sandbox.app, port=0, log_level="critical", ws="none", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "it listens")
    port = server.servers[0].sockets[0].getsockname()[1]
    yield sandbox, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def test_it_serves(served: tuple[Sandbox, str]) -> None:
    sandbox, base = served
    with httpx.Client(base_url=base, headers=HEADERS, trust_env=False) as client:
        assert len(client.get("/api/v2/vps").json()["data"]) == len(sandbox.state.owned("main"))
        path = f"/api/v2/vps/{sandbox.state.by_name('web-01').id}/backups"
        assert client.post(path, json={"note": "over the wire"}).status_code == 202
        assert client.delete(f"{path}/{sandbox.state.by_name('mail').id}").status_code == 404


@pytest.mark.parametrize(("kind", "changed"), [("drop_before", False), ("drop_after", True)])
def test_dropped_connection(served: tuple[Sandbox, str], kind: str, changed: bool) -> None:
    sandbox, base = served
    web = sandbox.state.by_name("web-01")
    sandbox.faults.add(Fault(kind))  # type: ignore[arg-type]
    with httpx.Client(base_url=base, headers=HEADERS, trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            client.post(f"/api/v2/vps/{web.id}/backups")
        assert (sandbox.state.busy(web.id, sandbox.clock.now()) is not None) is changed
        assert client.get("/api/v2/vps").status_code == 200


def test_late_response(served: tuple[Sandbox, str]) -> None:
    sandbox, base = served
    web = sandbox.state.by_name("web-01")
    sandbox.faults.add(Fault("slow_after", seconds=0.5))
    timeout = httpx.Timeout(PATIENCE, read=0.1)
    with (
        httpx.Client(base_url=base, headers=HEADERS, trust_env=False, timeout=timeout) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.post(f"/api/v2/vps/{web.id}/backups")
    wait_until(lambda: sandbox.state.busy(web.id, sandbox.clock.now()), "it has begun")
