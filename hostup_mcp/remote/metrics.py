"""Prometheus metrics. Labels are closed sets: no ids, no callers, no keys."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from hostup_mcp.server.metrics import MetricsObserver

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


class Metrics(MetricsObserver):
    """The metrics of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "hostup_mcp_tool_calls", "Tool calls", ["tool", "outcome"], registry=self.registry
        )
        self._tool_seconds = Histogram(
            "hostup_mcp_tool_seconds",
            "Seconds that a tool call took, including the time the user took to answer",
            ["tool"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._requests = Counter(
            "hostup_mcp_hostup_requests",
            "Requests to HostUp",
            ["method", "outcome"],
            registry=self.registry,
        )
        self._hostup_seconds = Histogram(
            "hostup_mcp_hostup_seconds",
            "Seconds until HostUp responded",
            ["method"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._refused = Counter(
            "hostup_mcp_refused_calls",
            "Calls refused because of a limit",
            ["limit"],
            registry=self.registry,
        )
        self._ready = Gauge(
            "hostup_mcp_ready",
            "1 while this replica accepts every kind of call",
            registry=self.registry,
        )
        self._problems = Gauge(
            "hostup_mcp_problems",
            "Problems that /readyz lists, although calls are served",
            registry=self.registry,
        )

    def tool_called(self, tool: str, outcome: str, seconds: float) -> None:
        self._calls.labels(tool, outcome).inc()
        self._tool_seconds.labels(tool).observe(seconds)

    def hostup_requested(self, method: str, outcome: str, seconds: float) -> None:
        self._requests.labels(method, outcome).inc()
        self._hostup_seconds.labels(method).observe(seconds)

    def refused(self, limit: str) -> None:
        """Count a call that was refused because of `limit`."""
        self._refused.labels(limit).inc()

    def set_ready(self, is_ready: bool) -> None:
        """Record whether this replica is ready."""
        self._ready.set(int(is_ready))

    def set_problems(self, count: int) -> None:
        """Record how many problems /readyz lists."""
        self._problems.set(count)

    def serve(self, host: str, port: int) -> None:
        """Serve /metrics on a separate port, from a separate thread."""
        start_http_server(port, addr=host, registry=self.registry)
