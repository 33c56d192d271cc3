"""The rules of the design that a program can check."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hostup_mcp"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 350

# Where each room may import from, itself aside. Arrows run downwards only.
ROOMS: dict[str, set[str]] = {
    "hostup": set(),
    "recovery": {"hostup"},
    "wording": {"hostup", "recovery"},
    "sandbox": set(),
    "state": set(),
    "server": {"config", "hostup", "recovery", "sandbox", "state", "wording"},
    "stdio": {"config", "server", "state"},
    "remote": {"config", "hostup", "recovery", "sandbox", "server", "state"},
    "cli": {
        *("config", "hostup", "recovery", "remote", "sandbox"),
        *("server", "state", "stdio", "wording"),
    },
    "config": {"hostup"},
}
OPENING = {"stdio.opening", "stdio.early"}


def module_of(path: Path) -> str:
    """`hostup_mcp/server/app.py` as `server.app`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The full names that a file imports, wherever in it."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = ["hostup_mcp", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def inner(path: Path) -> set[str]:
    """The rooms and modules of the product that a file imports, without the package's name."""
    prefix = "hostup_mcp."
    return {n.removeprefix(prefix) for n in imports(path) if n.startswith(prefix)} - {"__version__"}


def public(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    """Names and annotations of what a module lets others see."""
    bodies: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    for prefix, body in bodies:
        for node in body:
            name = getattr(node, "name", None) or getattr(getattr(node, "target", None), "id", "")
            if name.startswith("_") and not name.startswith("__"):
                continue
            if isinstance(node, ast.ClassDef):
                bodies.append((f"{prefix}{name}.", node.body))
            elif isinstance(node, ast.AnnAssign):
                yield f"{prefix}{name}", node.annotation
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = node.args
                every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
                for argument in [*every, given.vararg, given.kwarg]:
                    if argument is not None:
                        yield f"{prefix}{name}({argument.arg})", argument.annotation
                yield f"{prefix}{name}", node.returns


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_downwards_only(room: str) -> None:
    wrong = [
        f"{module_of(path)} imports {name}"
        for path in FILES
        if module_of(path).split(".")[0] == room
        for name in inner(path)
        if name.split(".")[0] not in ROOMS[room] | {room}
    ]
    assert wrong == []


def test_every_room_is_known() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= set(ROOMS)


def test_the_sandbox_is_independent() -> None:
    for path in FILES:
        if module_of(path).split(".")[0] in {"hostup", "recovery"}:
            assert not any("sandbox" in name for name in inner(path)), path
        if module_of(path).split(".")[0] == "sandbox":
            assert all(name.startswith("sandbox") for name in inner(path)), path


def test_recovery_has_no_io_and_no_clock() -> None:
    for path in FILES:
        if not module_of(path).startswith("recovery"):
            continue
        roots = {name.split(".")[0] for name in imports(path)}
        assert roots <= {
            *("__future__", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum"),
            *("math", "re", "typing"),
            "hostup_mcp",
        }
        given = {name for name in inner(path) if not name.startswith("recovery")}
        modules = ("audit", "endpoints", "jobs", "live", "models", "payg", "requests")
        seen = tuple(f"hostup.{module}" for module in modules)
        assert all(name.startswith(seen) for name in given), path
        assert not re.search(r"\b(now|today|utcnow)\(\)", path.read_text(encoding="utf-8")), path


def test_recovery_has_no_sentences() -> None:
    for path in (PACKAGE / "recovery").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                is_sentence = " " in node.value and node.value != ", "
                assert id(node) in documentation or not is_sentence, (path, node.value)
            assert not isinstance(node, ast.JoinedStr), path


def test_no_match_over_mode_elsewhere() -> None:
    for path in FILES:
        if "recovery/modes" not in path.as_posix():
            assert not re.search(r"\bMode\.[A-Z]", path.read_text(encoding="utf-8")), path


def test_the_client_knows_nothing_of_mcp() -> None:
    for path in FILES:
        if module_of(path).startswith(("hostup", "recovery", "sandbox", "wording")):
            roots = {name.split(".")[0] for name in imports(path)}
            assert not roots & {"mcp", "mcp_types", "rich"}, path


@pytest.mark.parametrize("module", sorted(OPENING))
def test_the_opening_imports_light_modules(module: str) -> None:
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    light = {"__future__", "collections", "contextlib", "json", "os", "queue", "signal", "sys"}
    light |= {"threading", "time", "typing"}
    for name in imports(path):
        if name.startswith("hostup_mcp"):
            assert name.removeprefix("hostup_mcp.").startswith(tuple(OPENING)), name
        else:
            assert name.split(".")[0] in light, name


def test_test_folders_share_only_support() -> None:
    tests = ROOT / "tests"
    folders = {path.parent.name for path in tests.glob("*/*.py")} - {"support"}
    sources = [*tests.rglob("*.py"), *ROOT.glob("benchmarks/**/*.py"), *ROOT.glob("scripts/*.py")]
    for path in [*sources, ROOT / "panel" / "screenshots"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            elif isinstance(node, ast.ImportFrom) and tests in path.parents:
                leaves_folder = node.level >= len(path.relative_to(tests).parts)
                names = ["tests"] if leaves_folder else []
            else:
                continue
            assert not {name.split(".")[0] for name in names} & {*folders, "tests"}, path


@pytest.mark.parametrize("package", ["hostup_mcp", "hostup_mcp.stdio"])
def test_packages_of_the_opening_are_empty(package: str) -> None:
    path = ROOT / package.replace(".", "/") / "__init__.py"
    assert set(imports(path)) == set()


@pytest.mark.parametrize("module", ["hostup_mcp.cli", "hostup_mcp.stdio.opening"])
def test_the_command_starts_light(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    heavy = {"mcp", "mcp_types", "pydantic", "pydantic_core", "httpx", "rich", "asyncio", "anyio"}
    heavy |= {"starlette", "uvicorn", "tenacity"}
    assert heavy & set(run.stdout.split()) == set()


# Dependencies -------------------------------------------------------------------------------------


def project() -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        about: dict[str, object] = tomllib.load(file)["project"]
    return about


def dependencies() -> list[str]:
    listed = project()["dependencies"]
    assert isinstance(listed, list)
    return listed


@pytest.mark.parametrize("dependency", dependencies())
def test_dependencies_are_bounded_and_used(dependency: str) -> None:
    named = re.match(r"[A-Za-z0-9_.-]+", dependency)
    assert named is not None
    assert re.search(r">=[\d.]+", dependency), "no lower bound"
    assert re.search(r"<\d", dependency), "no upper bound"
    if named[0] in LIMITED_FOR_WHEELS:
        return
    used = {name.split(".")[0] for path in FILES for name in imports(path)}
    assert named[0].lower().replace("-", "_") in used | {_IMPORTED_AS.get(n, n) for n in used}


# Not imported: named only to stay below versions without wheels for some machines.
LIMITED_FOR_WHEELS = {"cryptography"}

# What is imported, and the distribution that it comes from where the names differ.
_IMPORTED_AS = {
    "jwt": "pyjwt",
    "prometheus_client": "prometheus_client",
    # It reads tzdata where the system has no time zones.
    "zoneinfo": "tzdata",
}


def test_each_import_is_a_dependency() -> None:
    extras = project()["optional-dependencies"]
    assert isinstance(extras, dict)
    offered = [
        d for extra, listed in extras.items() if extra not in {"test", "dev"} for d in listed
    ]
    named = {
        re.split(r"[^A-Za-z0-9_.-]", d)[0].lower().replace("-", "_")
        for d in (*dependencies(), *offered)
    }
    # The SDK, pydantic, httpx, aiohttp and the exporter of traces bring these and show them in
    # their own interfaces.
    given = named | {"mcp_types", "pydantic_core", "hostup_mcp", "httpcore", "yarl", "requests"}
    given |= {name.split("_")[0] for name in named if name.startswith("opentelemetry")}
    for path in FILES:
        for name in imports(path):
            root = name.split(".")[0]
            if root not in sys.stdlib_module_names:
                assert _IMPORTED_AS.get(root, root) in given, f"{module_of(path)} imports {root}"


def test_extras_are_bounded() -> None:
    extras = project()["optional-dependencies"]
    assert isinstance(extras, dict)
    for extra in extras.values():
        for dependency in extra:
            assert dependency.startswith("hostup-mcp[") or re.search(r"<\d", dependency)


# Encodings ----------------------------------------------------------------------------------------

OPENERS = {"open", "fdopen", "read_text", "write_text", "NamedTemporaryFile"}
# Methods of ours that are called like those of files.
OURS = {"reader.plans", "self", "self.account", "self._product", "Image", "os"}
PROGRAMS = [
    *FILES,
    *(ROOT / "scripts").glob("*.py"),
    *(ROOT / "packaging").glob("*.py"),
    *(ROOT / "benchmarks").rglob("*.py"),
    *(ROOT / "docs").rglob("*.py"),
    ROOT / "panel" / "words.py",
    ROOT / "packaging" / "bundle",
    ROOT / "panel" / "screenshots",
]


def _has_encoding(call: ast.Call, name: str) -> bool:
    """Whether a call that opens a file names its encoding, or is for bytes."""
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    named = any(keyword.arg == "encoding" for keyword in call.keywords)
    is_binary = any(re.fullmatch("[rwxa+]*b[rwxa+]*", text) for text in texts)
    return named or is_binary or (name == "read_text" and bool(call.args))


def test_text_files_are_utf_8_in_every_locale() -> None:
    found = []
    for path in PROGRAMS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            of = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
            is_ours = of in OURS and name == "open"
            if name in OPENERS and not is_ours and not _has_encoding(node, name):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


# Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_each_file_is_short_and_documented(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)


# The contract leaves these open: a shape that is not documented, and any JSON object at all.
OPEN = {"VpsStatus.pending_tasks", "Document.get"}


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if module_of(path).startswith(("hostup", "recovery"))],
    ids=module_of,
)
def test_what_others_see_has_a_type(path: Path) -> None:
    for name, annotation in public(ast.parse(path.read_text(encoding="utf-8"))):
        if annotation is None:
            assert name.endswith(("(self)", "(cls)")), f"{name} has no type"
        elif name not in OPEN:
            used = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
            assert "Any" not in used, name
