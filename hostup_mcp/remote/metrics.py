"""What an operator counts, for Prometheus. Labels are closed sets: no ids, no callers, no keys."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from hostup_mcp.server.services import MetricsObserver

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


class Metrics(MetricsObserver):
    """The counters, and the registry that they are read from."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "hostup_mcp_tool_calls", "Tool calls", ["tool", "outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "hostup_mcp_tool_seconds",
            "Seconds a tool took, the user's thinking included",
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
        self._waits = Histogram(
            "hostup_mcp_hostup_seconds",
            "Seconds HostUp took",
            ["method"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._refused = Counter(
            "hostup_mcp_refused_calls", "Calls over a limit", ["limit"], registry=self.registry
        )
        self._ready = Gauge(
            "hostup_mcp_ready",
            "1 while this replica takes every kind of call",
            registry=self.registry,
        )

    def tool_called(self, tool: str, outcome: str, seconds: float) -> None:
        self._calls.labels(tool, outcome).inc()
        self._seconds.labels(tool).observe(seconds)

    def hostup_requested(self, method: str, outcome: str, seconds: float) -> None:
        self._requests.labels(method, outcome).inc()
        self._waits.labels(method).observe(seconds)

    def refused(self, limit: str) -> None:
        """A call was over `limit`."""
        self._refused.labels(limit).inc()

    def ready(self, yes: bool) -> None:
        """This replica is (not) ready."""
        self._ready.set(int(yes))

    def serve(self, host: str, port: int) -> None:
        """Answer /metrics on a port of its own, in a thread of its own."""
        start_http_server(port, addr=host, registry=self.registry)
