"""Random calls of every tool, over every transport, with an account that fails at random.

    python -m benchmarks.faults --calls 150              some seconds, as in CI
    python -m benchmarks.faults --calls 10000 --seed 1   the long run, with silences

Everything runs on the loopback interface and ends after `--calls` or `--minutes`. The exit code
is 1 if a promise was broken; the seed, the door and a transcript of the call are printed then.
`--list` prints the kinds of faults and of violations.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

import anyio
from support.product import ALL_DOORS, Door

from benchmarks.faults.kinds import KINDS
from benchmarks.faults.oracle import KINDS as VIOLATIONS
from benchmarks.faults.report import table, transcripts
from benchmarks.faults.run import History
from benchmarks.faults.tally import Options, Tally

LONG = 1_000
"""From this many calls on, a run includes silences; each takes as long as the client waits."""

SILENCE = 0.0006


def parser() -> argparse.ArgumentParser:
    """The parsed command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=(__doc__ or "").split("\n", 1)[0]
    )
    doors = [str(door) for door in ALL_DOORS]
    made.add_argument("--calls", type=int, default=150, help="in all, shared out to the doors")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--minutes", type=float, default=30.0, help="end of the run at the latest")
    made.add_argument("--rate", type=float, default=0.06, help="share of reads that get a fault")
    made.add_argument("--silence", type=float, help="share of requests that get no response")
    made.add_argument("--door", choices=doors, action="append", help="only this one")
    made.add_argument("--without", choices=sorted(KINDS), action="append", default=[])
    made.add_argument(
        "--show", action="append", default=[], help="print calls whose result is of this kind"
    )
    made.add_argument("--list", action="store_true", help="print the kinds, and end")
    return made


async def run(doors: list[Door], options: Options) -> list[Tally]:
    """Run all `doors` at the same time, each with an account of its own."""
    tallies: list[Tally] = []

    async def one(door: Door, folder: Path) -> None:
        tallies.append(await History(door, options, folder).run())

    with tempfile.TemporaryDirectory() as folder:
        async with anyio.create_task_group() as group:
            for door in doors:
                group.start_soon(one, door, Path(folder))
    return sorted(tallies, key=lambda tally: ALL_DOORS.index(tally.door))


def main() -> int:
    """Run, print, and return the exit code."""
    given = parser().parse_args()
    if given.list:
        for name, kind in KINDS.items():
            print(f"{name:24}{kind.what}")
        for name, what in VIOLATIONS.items():
            print(f"{name:24}{what}")
        return 0
    doors = [door for door in ALL_DOORS if not given.door or str(door) in given.door]
    silence = given.silence
    if silence is None:
        silence = SILENCE if given.calls >= LONG else 0.0
    options = Options(
        seed=given.seed,
        calls=-(-given.calls // len(doors)),
        seconds=given.minutes * 60,
        rate=given.rate,
        silence=silence,
        without=frozenset(given.without),
        show=frozenset(given.show),
    )
    # The client logs an error when the user's window fails, which is intended here.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    # So that the processes are stopped however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tallies = anyio.run(partial(run, doors, options))
    print(table(tallies))
    if shown := transcripts(tallies, options):
        print(f"\n{shown}")
    return 1 if any(tally.found or tally.gave_up for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
