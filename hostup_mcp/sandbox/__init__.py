"""A sandbox account that speaks HostUp's HTTP contract, for demos and for tests.

It shares no code with this product's client. Everything that happens follows from the clock and
the requests; there are no background tasks and no network.
"""

from .access import (
    ALL_SCOPES,
    DEFAULT_KEYS,
    MAIN_OWNER,
    OTHER_OWNER,
    SANDBOX_API_KEY,
    SANDBOX_OTHER_KEY,
    SANDBOX_READ_ONLY_KEY,
    Key,
)
from .account import (
    HOSTILE_NAME,
    RETAINED_NAME,
    RUNNING_JOB_ID,
    UNBOOTABLE_NOTE,
    demo_account,
)
from .calls import RecordedRequest
from .clock import DEFAULT_START, Clock, ManualClock
from .core import Sandbox
from .faults import ConnectionDroppedError, Fault, FaultKind, Faults
from .jobs import FAST_DURATIONS, Durations, Job
from .models import Backup, Gate, Retained, Schedule, Server, Snapshot
from .payg import Rates, Resources
from .rates import RateLimit
from .state import Account, State
from .variants import Anomalies, Variants

__all__ = [
    "ALL_SCOPES",
    "DEFAULT_KEYS",
    "DEFAULT_START",
    "FAST_DURATIONS",
    "HOSTILE_NAME",
    "MAIN_OWNER",
    "OTHER_OWNER",
    "RETAINED_NAME",
    "RUNNING_JOB_ID",
    "SANDBOX_API_KEY",
    "SANDBOX_OTHER_KEY",
    "SANDBOX_READ_ONLY_KEY",
    "UNBOOTABLE_NOTE",
    "Account",
    "Anomalies",
    "Backup",
    "Clock",
    "ConnectionDroppedError",
    "Durations",
    "Fault",
    "FaultKind",
    "Faults",
    "Gate",
    "Job",
    "Key",
    "ManualClock",
    "RateLimit",
    "Rates",
    "RecordedRequest",
    "Resources",
    "Retained",
    "Sandbox",
    "Schedule",
    "Server",
    "Snapshot",
    "State",
    "Variants",
    "demo_account",
]
