"""The sandbox as its users hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .access import DEFAULT_KEYS, Key
from .account import demo_account
from .app import App, AsgiApp
from .clock import Clock
from .faults import Faults
from .jobs import Durations
from .rates import DEFAULT_RATE_LIMIT, RateCounter, RateLimit
from .readings import DEFAULT_READINGS, Readings
from .recording import RecordedRequest
from .state import Account, State
from .world import World

if TYPE_CHECKING:
    from .transport import SandboxTransport

_DEFAULT_DURATIONS = Durations()


class Sandbox:
    """An embedded HostUp account behind the documented HTTP contract.

    `account` defaults to the demo account, `clock` to real time, `keys` to `DEFAULT_KEYS`;
    `rate_limit` None switches the limit off.
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        clock: Clock | None = None,
        keys: Mapping[str, Key] | None = None,
        readings: Readings = DEFAULT_READINGS,
        rate_limit: RateLimit | None = DEFAULT_RATE_LIMIT,
        durations: Durations = _DEFAULT_DURATIONS,
    ) -> None:
        ticking = Clock() if clock is None else clock
        beginning = demo_account(ticking.now()) if account is None else account
        self._world = World(
            clock=ticking,
            state=State(beginning, durations),
            keys=DEFAULT_KEYS if keys is None else keys,
            readings=readings,
            rates=None if rate_limit is None else RateCounter(rate_limit),
        )
        self.app: AsgiApp = App(self._world)

    @property
    def clock(self) -> Clock:
        """The clock by which everything happens."""
        return self._world.clock

    @property
    def state(self) -> State:
        """The account as it truly is at this moment."""
        self._world.settle()
        return self._world.state

    @property
    def faults(self) -> Faults:
        """The faults that are switched on."""
        return self._world.faults

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request so far, in the order of arrival, those that a fault befell included."""
        return self._world.requests

    @property
    def writes(self) -> list[RecordedRequest]:
        """The requests whose method may change something."""
        return [each for each in self._world.requests if each.is_write]

    @property
    def readings(self) -> Readings:
        """The readings in force; assign others to change them from the next request on."""
        return self._world.readings

    @readings.setter
    def readings(self, readings: Readings) -> None:
        self._world.readings = readings

    def transport(self) -> SandboxTransport:
        """An httpx transport into this sandbox that fails as a socket would. Needs httpx."""
        from .transport import SandboxTransport

        return SandboxTransport(self.app)
