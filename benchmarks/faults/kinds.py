"""The kinds of faults, and the seeded choice of one for each request."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A fault: what happens, how often (a weight), and to which requests."""

    what: str
    weight: float = 1.0
    reads: bool = True
    writes: bool = True


KINDS: dict[str, Kind] = {
    # Nothing is applied.
    "refused": Kind("connections are refused for a moment after this response", 0.5),
    "closed_at_accept": Kind("the next connections are accepted and closed at once"),
    "closed_before_reading": Kind("closed once a request arrives, its body unread"),
    "closed_unapplied": Kind("read whole, then closed, not applied"),
    "fault_before": Kind("5xx problem, not applied", 2),
    "problem": Kind("4xx problem, not applied", 2),
    "edge_page": Kind("403 with a web page, not applied"),
    "rate_limited": Kind("429 with Retry-After, not applied", 0.7),
    "redirect": Kind("a redirect, not applied"),
    "garbage_unapplied": Kind("200 with bytes that are not JSON, not applied"),
    "success_false": Kind("200 with success false, not applied", reads=False),
    "silent_unapplied": Kind("read, not applied, then silence", 0),
    # Applied, and then the response is lost or broken.
    "closed_applied": Kind("applied, then closed without a byte", 2),
    "cut_in_head": Kind("applied, then cut in the middle of the head"),
    "cut_in_body": Kind("applied, then cut in the middle of the body"),
    "fault_after": Kind("applied, then 5xx", 2),
    "empty_object": Kind("applied, then {} with status 200", reads=False),
    "garbage": Kind("applied, then a body that is not JSON"),
    "page": Kind("applied, then a web page with status 200"),
    "short_length": Kind("applied; Content-Length is smaller than the body"),
    "bad_chunk": Kind("applied; chunked, with a size that is no number"),
    "empty": Kind("applied; a body is due and none comes"),
    "silent": Kind("applied, then silence", 0),
    # Applied, with the correct response.
    "drip": Kind("the response arrives in small pieces"),
    "closed_after": Kind("the kept-alive connection is closed just after the response"),
    "leftover": Kind("a second response follows on the kept-alive connection", 2),
    "other_server": Kind("GET /vps/{id} returns the document of another server", 3, writes=False),
}

SILENT = frozenset({"silent", "silent_unapplied"})
"""Kinds that take as long as the client waits."""


LASTING = {"leftover": 0.3, "other_server": 0.8, "closed_after": 0.5, "drip": 0.5}
"""Kinds that may last for all requests of a call, and the share of requests that get them then.

The second read mostly reveals a fault that comes once, but not one that lasts.
"""

LASTING_SHARE = 0.12


class Chooser:
    """Chooses faults, reproducibly: each call of a tool begins its own sequence."""

    def __init__(
        self,
        rate: float,
        *,
        without: Iterable[str] = (),
        silence: float = 0.0,
    ) -> None:
        """`rate` is the share of reads that get a fault; `silence` that of requests
        that get no response."""
        excluded = set(without)
        self._kinds = {name: kind for name, kind in KINDS.items() if name not in excluded}
        self._rate = rate
        self._silence = silence
        self._random = random.Random(0)
        self._lasting: str | None = None
        self.injected: Counter[str] = Counter()

    def begin(self, seed: str) -> None:
        """Start the sequence of one call."""
        self._random = random.Random(seed)
        lasting = sorted(LASTING.keys() & self._kinds.keys()) if self._rate > 0 else []
        is_lasting = bool(lasting) and self._random.random() < LASTING_SHARE
        self._lasting = self._random.choice(lasting) if is_lasting else None

    def choose(self, method: str, path: str) -> str | None:
        """The fault for one request, or none. Writes get five times as many as reads."""
        write = method != "GET"
        silent = sorted(SILENT & set(self._kinds))
        if silent and self._random.random() < self._silence * (6 if write else 1):
            return self._count(self._random.choice(silent))
        one_server = method == "GET" and path.count("/") == 4
        fits = self._lasting != "other_server" or one_server
        if self._lasting and fits and self._random.random() < LASTING[self._lasting]:
            return self._count(self._lasting)
        if self._random.random() >= min(0.9, self._rate * (5 if write else 1)):
            return None
        names = [
            name
            for name, kind in self._kinds.items()
            if (kind.writes if write else kind.reads)
            and kind.weight > 0
            and (name != "other_server" or one_server)
        ]
        if not names:
            return None
        weights = [self._kinds[name].weight for name in names]
        return self._count(self._random.choices(names, weights)[0])

    def random(self) -> random.Random:
        """The random generator of the current call."""
        return self._random

    def _count(self, name: str) -> str:
        self.injected[name] += 1
        return name
