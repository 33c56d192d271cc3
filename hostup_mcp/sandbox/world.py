"""Everything that one sandbox is made of, held together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .access import Key
from .clock import Clock
from .faults import Faults
from .rates import RateCounter
from .readings import Readings
from .recording import RecordedRequest
from .state import State


@dataclass(slots=True)
class World:
    """The live parts of a sandbox; `readings` may be exchanged while it runs."""

    clock: Clock
    state: State
    keys: Mapping[str, Key]
    readings: Readings
    rates: RateCounter | None
    faults: Faults = field(default_factory=Faults)
    requests: list[RecordedRequest] = field(default_factory=list[RecordedRequest])

    def settle(self) -> None:
        """Bring the account up to the clock."""
        self.state.settle(self.clock.now())
