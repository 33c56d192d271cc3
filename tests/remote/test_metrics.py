"""Prometheus metrics count what happens."""

from __future__ import annotations

import urllib.request

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from support.sockets import free_port

from hostup_mcp.remote import metrics as metrics_module
from hostup_mcp.remote.metrics import Metrics


def read(metrics: Metrics) -> dict[tuple[str, frozenset[str]], float]:
    text = generate_latest(metrics.registry).decode()
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_event_is_counted() -> None:
    metrics = Metrics()
    metrics.tool_called("list_vps", "ok", 0.02)
    metrics.tool_called("list_vps", "ok", 0.02)
    metrics.tool_called("restore_vps", "asked", 40)
    metrics.hostup_requested("GET", "200", 0.2)
    metrics.hostup_requested("POST", "TimedOutError", 20)
    metrics.refused("calls_per_minute")
    metrics.set_ready(True)
    seen = read(metrics)
    assert seen["hostup_mcp_tool_calls_total", frozenset({"list_vps", "ok"})] == 2
    assert seen["hostup_mcp_tool_calls_total", frozenset({"restore_vps", "asked"})] == 1
    assert seen["hostup_mcp_tool_seconds_count", frozenset({"list_vps"})] == 2
    assert seen["hostup_mcp_tool_seconds_sum", frozenset({"restore_vps"})] == 40
    assert seen["hostup_mcp_hostup_requests_total", frozenset({"GET", "200"})] == 1
    assert seen["hostup_mcp_hostup_requests_total", frozenset({"POST", "TimedOutError"})] == 1
    assert seen["hostup_mcp_hostup_seconds_count", frozenset({"GET"})] == 1
    assert seen["hostup_mcp_refused_calls_total", frozenset({"calls_per_minute"})] == 1
    assert seen["hostup_mcp_ready", frozenset()] == 1
    metrics.set_ready(False)
    assert read(metrics)["hostup_mcp_ready", frozenset()] == 0


def test_services_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.tool_called("list_vps", "ok", 1)
    assert ("hostup_mcp_tool_calls_total", frozenset({"list_vps", "ok"})) not in read(other)


def test_metrics_have_their_own_port(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = metrics_module.start_http_server
    monkeypatch.setattr(
        metrics_module, "start_http_server", lambda *a, **k: started.append(start(*a, **k))
    )
    metrics, port = Metrics(), free_port()
    metrics.serve("127.0.0.1", port)
    [(server, thread)] = started
    try:
        metrics.refused("calls_at_once")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
            text = response.read()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
    assert b'hostup_mcp_refused_calls_total{limit="calls_at_once"} 1.0' in text
