"""What an operator expects: metrics, traces, JSON logs, and a clean stop."""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from support.account import Upstream
from support.product import ServerProcess
from support.redis_server import RedisServer
from support.sockets import free_port
from support.waiting import until

from hostup_mcp.remote import serve
from hostup_mcp.remote.serve import DRAIN_SECONDS_WITH_CALLERS
from hostup_mcp.sandbox import SANDBOX_API_KEY

from .wiring import (
    PATIENCE,
    SECRET,
    Caller,
    Result,
    calling,
    headers_for,
    hold_responses,
    message,
    replicas,
    serving,
    threads,
    token_file,
)


class Collector:
    """Receives the spans of an exporter."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.bodies.append(body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def spans(self) -> list[Any]:
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


async def read_metrics(client: httpx.AsyncClient, port: int) -> tuple[str, dict[str, float]]:
    """The metrics as text, and the sum of the values of each name."""
    text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0) + sample.value
    return text, sums


async def test_metrics_logs_and_traces(
    upstream: Upstream, collector: Collector, tmp_path: Path
) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    port = free_port()
    env = serving(
        upstream,
        HOSTUP_MCP_TOKENS=str(path),
        HOSTUP_MCP_ALLOW="all",
        HOSTUP_MCP_CALLS_PER_MINUTE="12",
        HOSTUP_MCP_METRICS_PORT=str(port),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100",
        # Nothing for this machine goes through it.
        HTTP_PROXY=f"http://127.0.0.1:{free_port()}",
    )
    with replicas(tmp_path, env) as [server]:
        async with calling() as client:
            caller = Caller(client, server.url, tokens["web-team"])
            assert (await client.get(f"{server.base}/readyz")).status_code == 200
            _, before = await read_metrics(client, port)
            vps, plan = await caller.plan()
            await caller.call("restore_vps", planId=plan)
            await caller.call("list_vps_backups", id="vps_00000000")
            for _ in range(12):
                await caller.post("tools/list")
            text, after = await read_metrics(client, port)
            assert (await client.get(f"{server.base}/metrics")).status_code == 404

            # Metrics
            moved = {name for name in after if after[name] > before.get(name, 0)}
            assert moved >= {
                "hostup_mcp_tool_calls_total",
                "hostup_mcp_tool_seconds_count",
                "hostup_mcp_hostup_requests_total",
                "hostup_mcp_hostup_seconds_count",
                "hostup_mcp_refused_calls_total",
            }
            assert after["hostup_mcp_ready"] == 1
            assert 'outcome="asked"' in text
            assert 'outcome="error"' in text
            secrets = (vps, plan, "web-team", tokens["web-team"], SANDBOX_API_KEY)
            assert not [secret for secret in secrets if secret in text]
            assert not re.search(r"(vps|bkp|job|req)_[0-9a-z]{12}", text), "no ids"

            # Traces
            def first_trace() -> list[Any]:
                spans = collector.spans()
                calls = [s for s in spans if s.name.startswith("tools/call list_vps")]
                return [s for s in spans if calls and s.trace_id == calls[0].trace_id]

            await until(lambda: len(first_trace()) >= 2, "both spans arrive")
            trace = first_trace()
            hex_id = trace[0].trace_id.hex()
            request = upstream.sandbox.requests[0]
            assert request.headers["traceparent"].split("-")[1] == hex_id
            sent = [
                s for s in trace if s.span_id.hex() == request.headers["traceparent"].split("-")[2]
            ]
            assert sent, "the request to HostUp is one of the spans"
            assert sent[0].parent_span_id in {s.span_id for s in trace}, "within the MCP call"
        raw = b"".join(collector.bodies)
        assert tokens["web-team"].encode() not in raw
        assert SANDBOX_API_KEY.encode() not in raw
        assert server.close() == 0
        # Logs
        assert server.stdout.read_text() == ""
        lines = [json.loads(line) for line in server.stderr.read_text().splitlines()]
        assert server.url in lines[0]["message"]
        for line in lines:
            assert {"time", "level", "logger", "message"} <= set(line)
        assert any(line["logger"] == "hostup_mcp.audit" for line in lines)


@pytest.mark.redis
async def test_ready_metric_follows_state(
    upstream: Upstream, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if nobody requests /readyz."""
    monkeypatch.setattr(serve, "READY_SECONDS", 0.1)
    env = serving(upstream, HOSTUP_MCP_STATE=own_redis.url, HOSTUP_MCP_SECRET=SECRET)
    with threads(env) as [server]:

        def is_ready() -> bool:
            return server.service.metrics.registry.get_sample_value("hostup_mcp_ready") == 1

        await until(is_ready)
        own_redis.kill()
        await until(lambda: not is_ready())
        own_redis.start()
        await until(is_ready)


async def test_stop_lets_calls_finish(upstream: Upstream, tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_ALLOW="all")
    with replicas(tmp_path, env) as [server]:
        async with calling() as client:
            caller = Caller(client, server.url, tokens["web-team"])
            _, plan = await caller.plan()
            asked = await caller.call("restore_vps", planId=plan)
            released = hold_responses(upstream, "POST")
            done: list[Result] = []

            async def restore() -> None:
                done.append(await caller.call("restore_vps", asked.accept(), planId=plan))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(restore)
                await until(lambda: len(upstream.sandbox.writes) == 1)
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                await until(lambda: is_closed_to_requests(server), "new requests are refused")
                assert not done, "the call is still running"
                released.set()
            assert done[0].kind is None, done[0].text
            code = await anyio.to_thread.run_sync(lambda: server.process.wait(PATIENCE))
            assert code == 0
            assert time.monotonic() - began < DRAIN_SECONDS_WITH_CALLERS
        assert len(upstream.sandbox.writes) == 1
        assert "Traceback" not in server.output()


async def test_stop_ends_a_wait_for_a_job(upstream: Upstream, tmp_path: Path) -> None:
    """With what is known of the job: a client that gets no result takes it for a failure."""
    path, tokens = token_file(tmp_path, "web-team")
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_ALLOW="all")
    with replicas(tmp_path, env) as [server]:
        async with calling() as client:
            caller = Caller(client, server.url, tokens["web-team"])
            vps = await caller.find("web-01")
            job = (await caller.ok("create_vps_snapshot", id=vps, name="before"))["jobId"]
            seen: list[dict[str, Any]] = []

            async def wait() -> None:
                seen.append(await caller.ok("get_job", jobId=job, waitSeconds=300))

            def is_waiting() -> bool:
                return any("/jobs/" in request.path for request in upstream.sandbox.requests)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await until(is_waiting)
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
            assert time.monotonic() - began < DRAIN_SECONDS_WITH_CALLERS
        assert seen[0]["state"] in ("waiting", "running")
        assert "not a failure" in seen[0]["message"]


def is_closed_to_requests(server: ServerProcess) -> bool:
    """Whether a new request gets 503 or no connection."""
    try:
        with httpx.Client(trust_env=False, timeout=5) as client:
            return client.get(f"{server.base}/readyz").status_code == 503
    except httpx.HTTPError:
        return True


async def test_open_stream_does_not_block_stop(upstream: Upstream, tmp_path: Path) -> None:
    """Nor does an exporter without a collector, nor a client that stays connected."""
    env = serving(upstream, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    with replicas(tmp_path, env) as [server]:
        idle = socket.create_connection(("127.0.0.1", server.port))
        async with calling() as client:
            body = message("subscriptions/listen", notifications={"toolsListChanged": True})
            async with client.stream(
                "POST", server.url, json=body, headers=headers_for(body)
            ) as stream:
                lines = stream.aiter_lines()
                await anext(lines)
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                code = await anyio.to_thread.run_sync(lambda: server.process.wait(PATIENCE))
        idle.close()
        assert code == 0
        assert time.monotonic() - began < DRAIN_SECONDS_WITH_CALLERS + 5
