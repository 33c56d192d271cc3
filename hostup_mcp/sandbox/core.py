"""The sandbox as tests and the server hold it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING

from .access import DEFAULT_KEYS, Key
from .account import demo_account
from .app import App
from .clock import Clock
from .faults import Faults
from .jobs import Durations
from .power import is_up
from .rates import DEFAULT_RATE_LIMIT, RateCounter, RateLimit
from .state import Account, State
from .variants import DEFAULT_VARIANTS, NO_ANOMALIES, Anomalies, Variants

if TYPE_CHECKING:
    from .calls import RecordedRequest
    from .transport import SandboxTransport

MOST_REQUESTS = 10_000
"""How many requests are kept: a sandbox may be served for weeks."""

_DEFAULT_DURATIONS = Durations()


class Sandbox:
    """A sandbox account behind the documented HTTP contract.

    `account` defaults to the demo account, `clock` to real time, `keys` to `DEFAULT_KEYS`;
    `rate_limit` None switches the limit off. `variants` and `anomalies` may be replaced while it
    runs and apply from the next request on.
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        clock: Clock | None = None,
        keys: Mapping[str, Key] | None = None,
        variants: Variants = DEFAULT_VARIANTS,
        anomalies: Anomalies = NO_ANOMALIES,
        rate_limit: RateLimit | None = DEFAULT_RATE_LIMIT,
        durations: Durations = _DEFAULT_DURATIONS,
    ) -> None:
        self.clock = clock or Clock()
        self.keys = DEFAULT_KEYS if keys is None else keys
        self.variants = variants
        self.anomalies = anomalies
        self.rates = None if rate_limit is None else RateCounter(rate_limit)
        self.faults = Faults()
        self.requests: list[RecordedRequest] = []
        """The latest requests, in the order of arrival, including those that met a fault."""
        self._numbers = count()
        beginning = account or demo_account(self.now(), variants.ids)
        self._state = State(beginning, durations, variants.ids)
        self.app = App(self)

    def now(self) -> datetime:
        """Return HostUp's time: the clock's, unless an anomaly changes it."""
        return self.clock.now() + self.anomalies.clock_offset

    def next_number(self) -> int:
        """Return the number of the next request."""
        return next(self._numbers)

    def record(self, request: RecordedRequest) -> None:
        """Add a request to those that are kept."""
        self.requests.append(request)
        del self.requests[:-MOST_REQUESTS]

    @property
    def state(self) -> State:
        """The account as it is at this moment."""
        self._state.schedules_run = not self.anomalies.schedules_abandoned
        self._state.settle(self.now())
        return self._state

    def is_up(self, server_id: str) -> bool:
        """Return whether the guest agent and the ports of this server would answer now.

        They do some time after a boot, unless what is on the disk does not start.
        """
        state = self.state
        return is_up(state.servers[server_id], self.now(), state.durations.boot)

    @property
    def writes(self) -> list[RecordedRequest]:
        """The requests whose method may change something."""
        return [each for each in self.requests if each.is_write]

    def transport(self) -> SandboxTransport:
        """Return an httpx transport into this sandbox that fails as a socket would. Needs httpx."""
        from .transport import SandboxTransport

        return SandboxTransport(self.app)
