"""How long requests may take, and what ends them sooner."""

from __future__ import annotations

from dataclasses import dataclass

import anyio


@dataclass(frozen=True, slots=True)
class Budget:
    """The seconds that a request, or several together, may take, until `deadline`.

    `deadline` is on the clock of the event loop.
    """

    seconds: float
    deadline: float
    stops_at_limit: bool = False
    """Whether a 429 that does not say how long to wait is raised at once, instead of retried."""

    @staticmethod
    def starting_now(seconds: float, *, stops_at_limit: bool = False) -> Budget:
        """Return a budget of `seconds` from now on."""
        return Budget(seconds, anyio.current_time() + seconds, stops_at_limit)

    @property
    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.deadline - anyio.current_time())
