"""Draw the picture of the rooms in docs/architecture.md from the imports.

    .venv/bin/python scripts/architecture.py [--check]

With --check it changes nothing and fails if the picture is stale. The picture is Mermaid text:
GitHub renders it, and its diffs are readable.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "hostup_mcp"
PAGE = ROOT / "docs" / "architecture.md"
MARKS = re.compile(
    r"(<!-- rooms: [^>]*-->\n).*(<!-- /rooms -->)",
    re.DOTALL,
)
# Folders drawn as a box inside their room.
INNER = {"server.tools", "server.writes", "recovery.modes"}

Graph = dict[str, set[str]]


def room_of(module: str) -> str:
    """The room of a module: `server` for `server.tools.list_vps`."""
    return module.split(".")[0]


def box_of(module: str) -> str:
    """The box of a module: `server.tools` for `server.tools.list_vps`."""
    inner = ".".join(module.split(".")[:2])
    return inner if inner in INNER else room_of(module)


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name and name != "__main__":
            found[name] = path
    return found


def imported(path: Path) -> Iterator[str]:
    """The names that a file imports from the package, anywhere in the file."""
    package = ["hostup_mcp", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        yield from (n.removeprefix("hostup_mcp.") for n in names if n.startswith("hostup_mcp."))


def arrows() -> Graph:
    """For each box, the boxes that its modules import."""
    known = modules()
    found: Graph = {box_of(name): set() for name in known}
    for name, path in known.items():
        for target in imported(path):
            # The last part may be a name inside a module.
            module = target if target in known else target.rpartition(".")[0]
            if module in known and box_of(module) != box_of(name):
                found[box_of(name)].add(box_of(module))
    return found


def between_rooms(graph: Graph) -> Graph:
    """The arrows between rooms, without those that a longer path already shows."""
    rooms: Graph = {room_of(box): set() for box in graph}
    for box, targets in graph.items():
        rooms[room_of(box)] |= {room_of(target) for target in targets} - {room_of(box)}

    def below(room: str, seen: frozenset[str]) -> set[str]:
        nearer = rooms[room] - seen
        return nearer.union(*(below(one, seen | {one}) for one in nearer))

    return {
        room: {t for t in targets if not any(t in below(o, frozenset({o})) for o in targets - {t})}
        for room, targets in rooms.items()
    }


def picture() -> str:
    graph = arrows()
    lines = ["```mermaid", "graph TD"]
    for room in sorted({room_of(box) for box in graph}):
        inner = sorted(box for box in graph if room_of(box) == room and box != room)
        if not inner:
            lines.append(f'  {room}["{title(room)}"]')
            continue
        lines += [f'  subgraph {room}["{title(room)}"]', f'    {room}_own["its own modules"]']
        lines += [f'    {label(box)}["{title(box)}"]' for box in inner]
        lines += [
            f"    {label(box, room)} --> {label(target, room)}"
            for box in [room, *inner]
            for target in sorted(graph[box])
            if room_of(target) == room
        ]
        lines.append("  end")
    lines += [
        f"  {room} --> {target}"
        for room, targets in sorted(between_rooms(graph).items())
        for target in sorted(targets)
    ]
    return "\n".join([*lines, "```", ""])


def label(box: str, room: str = "") -> str:
    return f"{box}_own" if box == room else box.replace(".", "_")


def title(box: str) -> str:
    path = PACKAGE / box.replace(".", "/")
    return f"{box.replace('.', '/')}/" if path.is_dir() else f"{box}.py"


def main() -> int:
    text = PAGE.read_text(encoding="utf-8")
    wanted = MARKS.sub(lambda found: found[1] + picture() + found[2], text)
    if "--check" in sys.argv:
        stale = text != wanted or MARKS.search(text) is None
        return print("docs/architecture.md: run scripts/architecture.py") or 1 if stale else 0
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
