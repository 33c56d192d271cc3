"""The table of a run, and each violation with its transcript and the command that repeats it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from benchmarks.faults.history import Episode
from benchmarks.faults.oracle import KINDS, Violation
from benchmarks.faults.tally import Options, Tally

MOST_SHOWN = 12
LONGEST_OUTPUT = 1500


def table(tallies: list[Tally]) -> str:
    """The counts of a run as a table."""
    columns = ("calls", "write_calls", "questions", "yeses", "write_requests", "applied")
    lines = [
        f"{'door':28}{'calls':>8}{'writing':>9}{'questions':>11}{'yes':>8}"
        f"{'writes':>8}{'applied':>9}{'sessions':>10}{'seconds':>9}{'violations':>12}"
    ]
    lines += [
        f"{tally.door!s:28}{tally.calls:>8}{tally.write_calls:>9}{tally.questions:>11}"
        f"{tally.yeses:>8}{tally.write_requests:>8}{tally.applied:>9}{tally.sessions:>10}"
        f"{tally.seconds:>9.1f}{len(tally.found):>12}"
        for tally in tallies
    ]
    totals = [sum(getattr(tally, column) for tally in tallies) for column in columns]
    found = sum(len(tally.found) for tally in tallies)
    lines.append(
        f"{'all':28}{totals[0]:>8}{totals[1]:>9}{totals[2]:>11}{totals[3]:>8}{totals[4]:>8}"
        f"{totals[5]:>9}{'':>19}{found:>12}"
    )
    twice = sum(tally.repeated_questions for tally in tallies)
    lines += ["", f"calls with more than one question: {twice}"]
    lines += _counted("faults injected", (tally.injected for tally in tallies))
    lines += _counted("results", (tally.results for tally in tallies))
    lines += _counted("calls of tools", (tally.used for tally in tallies))
    kinds = Counter(violation.kind for tally in tallies for _, violation in tally.found)
    lines += _counted("violations", [kinds])
    lines += [f"{tally.door}: gave up: {tally.gave_up}" for tally in tallies if tally.gave_up]
    return "\n".join(lines)


def _counted(title: str, counters: Iterable[Counter[str]]) -> list[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    lines = ["", f"{title}: {total.total()}"]
    return lines + [f"  {name:40}{count:>7}" for name, count in total.most_common()]


def transcripts(tallies: list[Tally], options: Options) -> str:
    """The first violations, one of each kind first."""
    found = [(tally, *pair) for tally in tallies for pair in tally.found]
    firsts: list[tuple[Tally, Episode, Violation]] = []
    rest: list[tuple[Tally, Episode, Violation]] = []
    kinds: set[str] = set()
    for item in found:
        (rest if item[2].kind in kinds else firsts).append(item)
        kinds.add(item[2].kind)
    shown = (firsts + rest)[:MOST_SHOWN]
    texts = [
        f"VIOLATION {violation.kind}: {KINDS[violation.kind]}\n  {violation.detail}\n"
        f"{transcript(episode)}\n  again: {again(tally, options)}"
        for tally, episode, violation in shown
    ]
    wanted = [episode for tally in tallies for episode in tally.shown]
    return "\n\n".join([*texts, *(f"SHOWN\n{transcript(e)}" for e in wanted[:MOST_SHOWN])])


def transcript(episode: Episode) -> str:
    """What happened in one episode, what matters most first."""
    lines = [f"  door {episode.door}, episode {episode.number}"]
    for call in episode.calls:
        planned = f" (plan of {call.planned})" if call.planned else ""
        lines.append(f"  call {call.tool} {call.arguments}{planned}")
    lines += [
        f"  question: {question.text}\n    user: {question.reply}, {question.is_yes=}"
        for question in episode.questions
    ]
    for entry in (*episode.received, *episode.late):
        done = "applied" if entry.applied else "not applied" if entry.is_write else "read"
        lines.append(f"  {entry.method} {entry.path} {entry.body} -> {entry.fault} ({done})")
    for call in episode.calls:
        output = call.output[:LONGEST_OUTPUT].replace("\n", "\n    ")
        lines.append(f"  result {call.kind} after {call.seconds:.2f} s: {output}")
    if episode.stderr.strip():
        lines.append(f"  stderr: {episode.stderr[-LONGEST_OUTPUT:]}")
    return "\n".join(lines)


def again(tally: Tally, options: Options) -> str:
    """The command that repeats the calls at the same door."""
    words = [
        "python -m benchmarks.faults",
        f"--seed {options.seed} --door {tally.door} --calls {tally.calls}",
        f"--rate {options.rate:g} --silence {options.silence:g}",
    ]
    words += [f"--without {kind}" for kind in sorted(options.without)]
    return " ".join(words)
