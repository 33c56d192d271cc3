"""What a server reports to whoever records metrics."""

from __future__ import annotations


class MetricsObserver:
    """No-op metrics observer; subclass it to record events."""

    def tool_called(self, tool: str, outcome: str, seconds: float) -> None:
        """A tool returned a result."""

    def hostup_requested(self, method: str, outcome: str, seconds: float) -> None:
        """Record a request to HostUp that has finished."""
