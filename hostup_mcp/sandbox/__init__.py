"""An embedded HostUp account: the other side of the wire, for demonstrations and for tests.

It knows HostUp's HTTP contract and nothing of this product's client. Everything that happens
follows from the clock and the requests; there are no background tasks and no network.
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
from .account import HOSTILE_NAME, RETAINED_NAME, RUNNING_JOB_ID, demo_account
from .clock import STORY_START, Clock, ManualClock
from .facts import Backup, Gate, Retained, Schedule, Server, Snapshot
from .faults import ConnectionDroppedError, Fault, FaultKind, Faults
from .jobs import IN_A_HURRY, Durations, Job
from .rates import RateLimit
from .readings import Readings
from .recording import RecordedRequest
from .sandbox import Sandbox
from .state import Account, State

__all__ = [
    "ALL_SCOPES",
    "DEFAULT_KEYS",
    "HOSTILE_NAME",
    "IN_A_HURRY",
    "MAIN_OWNER",
    "OTHER_OWNER",
    "RETAINED_NAME",
    "RUNNING_JOB_ID",
    "SANDBOX_API_KEY",
    "SANDBOX_OTHER_KEY",
    "SANDBOX_READ_ONLY_KEY",
    "STORY_START",
    "Account",
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
    "Readings",
    "RecordedRequest",
    "Retained",
    "Sandbox",
    "Schedule",
    "Server",
    "Snapshot",
    "State",
    "demo_account",
]
