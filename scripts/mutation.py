"""Mutation testing of the rooms where a mistake costs data: does a test notice every change?

    .venv/bin/python scripts/mutation.py [ROOM ...] [--jobs N] [--minutes M] [--fresh] [--list]

Rooms: recovery, writes, state; the default is all. Each is mutated against the tests that mirror
it, in a copy below .cache/mutation. A run that was stopped goes on where it was; after a change of
the tests, only what survived is tried again; --fresh forgets everything. At the end the survivors
are compared with tests/mutants.toml: one that is not explained there fails, and so does an entry
that no survivor matches. --list prints the survivors as entries for that file.

mutmut leaves decorated functions and code outside functions alone, and runs on Linux and macOS.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "mutation"
EXPLAINED = ROOT / "tests" / "mutants.toml"
MOST_EXPLAINED = 10
MUTMUT = [sys.executable, "-m", "mutmut"]
ESCAPED = {"survived", "no tests", "suspicious"}
UNFINISHED = {"not checked", "check was interrupted by user"}


@dataclass(frozen=True)
class Room:
    """What is mutated, and the tests that have to notice."""

    name: str
    folder: str
    tests: tuple[str, ...]

    @property
    def copy(self) -> Path:
        return CACHE / self.name


ROOMS = {
    room.name: room
    for room in (
        Room("recovery", "hostup_mcp/recovery", ("tests/recovery",)),
        Room(
            "writes",
            "hostup_mcp/server/writes",
            ("tests/server/writes", "tests/server/test_plans.py"),
        ),
        Room("state", "hostup_mcp/state", ("tests/state",)),
    )
}


@dataclass(frozen=True)
class Survivor:
    """One change that no test noticed, named by what it changes: numbers move with the code."""

    file: str
    function: str
    before: str
    after: str

    def entry(self) -> str:
        """As tests/mutants.toml has it, without a reason."""
        values = (json.dumps(value, ensure_ascii=False) for value in self.key())
        lines = [
            f"{name} = {value}"
            for name, value in zip(("file", "function", "before", "after"), values, strict=True)
        ]
        return "\n".join(["[[mutant]]", *lines, 'reason = ""', ""])

    def key(self) -> tuple[str, str, str, str]:
        return self.file, self.function, self.before, self.after


# The copy -----------------------------------------------------------------------------------------

# Not the project's own settings: what mutmut adds to a file has no types that a strict check takes.
MYPY = "[mypy]\nplugins = pydantic.mypy\npython_version = 3.11\nfollow_imports = silent\n"


def configuration(room: Room) -> str:
    # mutmut keeps every version of a method in its class, so an annotated attribute that it sets is
    # defined several times: no fault of the change, which a test has to notice.
    checked = ["mypy", "--config-file", "mypy.ini", "--disable-error-code", "no-redef"]
    checked += ["--output", "json", room.folder]
    settings: dict[str, object] = {
        "source_paths": ["hostup_mcp"],
        "only_mutate": [f"{room.folder}/*"],
        "also_copy": ["mypy.ini"],
        # A change that does not type-check is noticed before a test runs.
        "type_check_command": checked,
        # The same examples in every run, or a survivor would depend on luck.
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--hypothesis-seed=0"],
        "pytest_add_cli_args_test_selection": [*room.tests],
        "use_git_change_detection": False,
        "timeout_multiplier": 6.0,
        "timeout_constant": 3.0,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join(["", "[tool.mutmut]", *lines, ""])


def refresh(room: Room) -> bool:
    """Bring the copy up to date; whether its tests have changed since the last run."""
    room.copy.mkdir(parents=True, exist_ok=True)
    wanted = {
        path.relative_to(ROOT): path.read_bytes()
        for folder in ("hostup_mcp", "tests")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8") + configuration(room)
    wanted[Path("pyproject.toml")] = project.encode()
    wanted[Path("mypy.ini")] = MYPY.encode()
    # Both trees: mutmut never renews the tests in its own.
    for tree in (room.copy, room.copy / "mutants"):
        for name in ("hostup_mcp", "tests"):
            for path in sorted((tree / name).rglob("*.py")):
                if path.relative_to(tree) not in wanted:
                    path.unlink()
    for relative, data in wanted.items():
        trees = [room.copy]
        if relative.parts[0] == "tests" and (room.copy / "mutants" / "tests").is_dir():
            trees.append(room.copy / "mutants")
        for tree in trees:
            target = tree / relative
            if not target.is_file() or target.read_bytes() != data:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
    digest = hashlib.sha256()
    for relative, data in wanted.items():
        if relative.parts[0] == "tests":
            digest.update(str(relative).encode() + data)
    mark = room.copy / "tests.sha256"
    before = mark.read_text(encoding="utf-8") if mark.is_file() else ""
    mark.write_text(digest.hexdigest(), encoding="utf-8")
    return before not in ("", digest.hexdigest())


# The run ------------------------------------------------------------------------------------------


def mutmut(room: Room, *words: str) -> str:
    """What a mutmut command prints that only looks."""
    done = subprocess.run(
        [*MUTMUT, *words], cwd=room.copy, capture_output=True, text=True, check=False, env=env()
    )
    return done.stdout


def env() -> dict[str, str]:
    # mutmut starts mypy by its name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("HOSTUP_", "OTEL_"))}
    return {**plain, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def statuses(room: Room) -> dict[str, str]:
    """Each mutant of the room, and what became of it."""
    found = re.findall(
        r"^ *(\S+__mutmut_\d+): (.+)$", mutmut(room, "results", "--all", "true"), re.M
    )
    prefix = room.folder.replace("/", ".") + "."
    return {name: status.strip() for name, status in found if name.startswith(prefix)}


def run(room: Room, jobs: int, seconds: float) -> str | None:
    """Try every mutant that has no result yet. What kept it from its end, if anything did."""
    again: list[str] = []
    if refresh(room):
        again = [name for name, status in statuses(room).items() if status in ESCAPED]
    begun = time.monotonic()
    for names in ([], again) if again else ([],):
        problem = once(room, jobs, seconds - (time.monotonic() - begun), names)
        if problem is not None:
            return problem
    return None


def once(room: Room, jobs: int, seconds: float, names: list[str]) -> str | None:
    log = room.copy / "mutmut.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*MUTMUT, "run", "--max-children", str(jobs), *names],
            cwd=room.copy,
            env=env(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=max(seconds, 1))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            stop(process)
            return "stopped before its end; the same command goes on from there"
    if code:
        tail = log.read_text("utf-8", "replace").replace("\r", "\n").splitlines()[-25:]
        return f"mutmut ended with {code} (are the room's tests green?):\n" + "\n".join(tail)
    return None


def stop(process: subprocess.Popen[bytes]) -> None:
    """End mutmut and the tests that it runs."""
    for number in (2, 9):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue


# The survivors ------------------------------------------------------------------------------------


def survivor(room: Room, name: str) -> Survivor:
    shown = mutmut(room, "show", name).splitlines()
    start = next((n for n, line in enumerate(shown) if line.startswith("@@")), 0)
    removed = [line[1:].strip() for line in shown[start:] if line.startswith("-")]
    added = [line[1:].strip() for line in shown[start:] if line.startswith("+")]
    module, _, mangled = name.rpartition(".")
    function = re.sub(r"__mutmut_\d+$", "", mangled).removeprefix("x_")
    function = re.sub(r"^xǁ", "", function).replace("ǁ", ".")
    return Survivor(
        module.replace(".", "/") + ".py", function, "\n".join(removed), "\n".join(added)
    )


SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE|ON CONFLICT|PRAGMA)\b")
CAST = re.compile(r"\bcast\((\w+|\"[^\"]*\"), ")


def is_the_same(one: Survivor) -> bool:
    """Whether the change is none: SQL knows no case, and `cast` does nothing when it runs."""
    if SQL.search(one.before) and one.before.lower() == one.after.lower():
        return True
    return bool(CAST.search(one.before)) and CAST.sub("(", one.before) == CAST.sub("(", one.after)


def survivors(room: Room, names: list[str]) -> Iterator[Survivor]:
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(lambda name: survivor(room, name), names)


def explained() -> dict[tuple[str, str, str, str], str]:
    """The survivors that tests/mutants.toml knows, and why no input tells each apart."""
    if not EXPLAINED.is_file():
        return {}
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get("mutant", [])
    return {(e["file"], e["function"], e["before"], e["after"]): e["reason"] for e in entries}


def compare(found: list[Survivor], finished: list[Room]) -> list[str]:
    """What is wrong: survivors without a reason, reasons without a survivor, too many of them."""
    known = explained()
    keys = {one.key() for one in found}
    ended = tuple(f"{room.folder}/" for room in finished)
    wrong = [
        f"survived: {file}, {function}\n    - {before}\n    + {after}"
        for file, function, before, after in sorted(keys - known.keys())
    ]
    wrong += [
        f"stale entry: {file}, {function}: {after}"
        for file, function, _, after in sorted(known.keys() - keys)
        if file.startswith(ended)
    ]
    wrong += [f"no reason: {key[0]}, {key[1]}" for key, why in known.items() if not why.strip()]
    if len(known) > MOST_EXPLAINED:
        wrong.append(f"{len(known)} entries; at most {MOST_EXPLAINED} may be explained away")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=90.0, help="for each room; default 90")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--list", action="store_true", help="print survivors as entries")
    given = parser.parse_args()
    if unknown := set(given.rooms) - set(ROOMS):
        parser.error(f"no such room: {', '.join(sorted(unknown))}; there are {', '.join(ROOMS)}")
    rooms = [ROOMS[name] for name in given.rooms or ROOMS]
    found: list[Survivor] = []
    finished: list[Room] = []
    for room in rooms:
        if given.fresh:
            shutil.rmtree(room.copy, ignore_errors=True)
        print(f"{room.folder} against {' and '.join(room.tests)}", flush=True)
        problem = run(room, given.jobs, given.minutes * 60)
        results = statuses(room)
        counted = Counter(results.values())
        print(
            "  " + (", ".join(f"{n} {what}" for what, n in counted.most_common()) or "no mutants")
        )
        if problem is None and (not results or UNFINISHED & set(counted)):
            problem = "not every mutant has a result; the same command goes on from there"
        if problem is None:
            finished.append(room)
        else:
            print(f"  {problem}")
        escaped = [name for name, status in results.items() if status in ESCAPED]
        here = list(survivors(room, escaped))
        found += (different := [one for one in here if not is_the_same(one)])
        print(
            f"  {len(here) - len(different)} that are no change at all, {len(different)} survivors"
        )
    if given.list:
        print("\n".join(one.entry() for one in found))
        return 0
    wrong = compare(found, finished)
    print("\n".join(wrong) or "Every survivor is explained in tests/mutants.toml.")
    return 1 if wrong or finished != rooms else 0


if __name__ == "__main__":
    raise SystemExit(main())
