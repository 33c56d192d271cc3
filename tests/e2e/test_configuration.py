"""A configuration that cannot work is said in words, and never leaves a client without any."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from mcp.client.stdio import StdioServerParameters, stdio_client
from support.product import LEGACY, MODERN, REVISIONS, command, environment
from support.waiting import PATIENCE

from hostup_mcp.cli import main
from hostup_mcp.config import load
from hostup_mcp.server.app import build_server

from .harness import connected

SECRET = "hostup_live_0123456789abcdef_never_to_be_seen"
URL = "http://127.0.0.1:9"

# What is wrong, the flags and variables that make it so, and what the answer has to name.
WRONG: dict[str, tuple[list[str], dict[str, str | None], str]] = {
    "no key": ([], {"HOSTUP_API_KEY": None}, "HOSTUP_API_KEY"),
    "an empty key": ([], {"HOSTUP_API_KEY": "  "}, "HOSTUP_API_KEY"),
    "a key with spaces": ([], {"HOSTUP_API_KEY": f"{SECRET} {SECRET}"}, "HOSTUP_API_KEY"),
    "a key with a line break": ([], {"HOSTUP_API_KEY": f"{SECRET}\n{SECRET}"}, "HOSTUP_API_KEY"),
    "no URL": ([], {"HOSTUP_BASE_URL": f"not a url {SECRET}"}, "HOSTUP_BASE_URL"),
    "plain http": ([], {"HOSTUP_BASE_URL": "http://cloud.hostup.se"}, "HOSTUP_BASE_URL"),
    "a password in the URL": (
        [],
        {"HOSTUP_BASE_URL": f"https://me:{SECRET}@cloud.hostup.se"},
        "HOSTUP_BASE_URL",
    ),
    "an unknown group": (["--allow", f"restore,{SECRET}"], {}, "--allow"),
    "an unknown group in the environment": ([], {"HOSTUP_MCP_ALLOW": SECRET}, "HOSTUP_MCP_ALLOW"),
    "an unknown way to confirm": ([], {"HOSTUP_MCP_CONFIRM": SECRET}, "HOSTUP_MCP_CONFIRM"),
    "an audit log nowhere": (["--audit-log", "/no/such/folder/x"], {}, "HOSTUP_MCP_AUDIT_LOG"),
    "an unknown switch": ([], {"HOSTUP_SANDBOX": SECRET}, "HOSTUP_SANDBOX"),
    "an unknown flag": ([f"--{SECRET}", "all"], {}, "unrecognized arguments"),
    "a flag without a value": (["--allow"], {}, "--allow"),
    "a port that is no number": (["--port", "many"], {}, "--port"),
}


def made(env: dict[str, str | None]) -> dict[str, str]:
    given: dict[str, str | None] = {
        **environment(),
        "HOSTUP_BASE_URL": URL,
        "HOSTUP_API_KEY": SECRET,
        **env,
    }
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("case", "mode"),
    [
        ("no key", LEGACY),
        ("plain http", MODERN),
        ("an unknown group", LEGACY),
        ("an unknown flag", MODERN),
    ],
)
async def test_over_stdio_every_tool_says_what_to_set(case: str, mode: str, tmp_path: Path) -> None:
    flags, env, named = WRONG[case]
    words = command(*flags)
    parameters = StdioServerParameters(command=words[0], args=words[1:], env=made(env))
    log = tmp_path / "err"
    with log.open("w") as errors:
        async with connected(stdio_client(parameters, errlog=errors), None, mode) as assistant:
            names = await assistant.tools()
            assert names
            for tool in [*sorted(names), "restore_vps", "delete_vps_backup"]:
                result = await assistant.no(tool)
                told = result.kind in ("not_configured", "not_allowed", "invalid_arguments")
                assert told, result.text
                if tool == "list_vps":
                    assert result.kind == "not_configured"
                    assert named in result.text
                    assert result.next_step
                assert SECRET not in result.text
                assert SECRET not in str(result.data)
                assert "Traceback" not in result.text
    assert SECRET not in log.read_text()


@pytest.mark.parametrize(("flags", "env", "named"), WRONG.values(), ids=WRONG)
def test_http_does_not_start_and_says_why(
    flags: list[str],
    env: dict[str, str | None],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = "sse" if len(named) % 2 else "streamable-http"
    for name, value in made(env).items():
        monkeypatch.setenv(name, value)
    if env.get("HOSTUP_API_KEY", "") is None:
        monkeypatch.delenv("HOSTUP_API_KEY", raising=False)
    assert main(["serve", "--transport", transport, "--port", "0", *flags]) not in (0, None)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1, printed.err
    assert printed.err.startswith("hostup-mcp: ")
    assert named in printed.err
    assert SECRET not in printed.err


@pytest.mark.parametrize("transport", ["carrier-pigeon", SECRET])
def test_an_unknown_transport_ends_cleanly(transport: str) -> None:
    ended = run("--transport", transport, env=made({}))
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.endswith("must be stdio, streamable-http or sse.\n")
    assert SECRET not in ended.stderr


@pytest.mark.parametrize("mode", REVISIONS)
async def test_valid_calls_say_what_to_set(mode: str) -> None:
    arguments = {
        "list_vps": {},
        "list_vps_backups": {"id": "vps_01hxa3b4c5d6e7f8g9h0j1k2m3"},
        "plan_restore": {
            "id": "vps_01hxa3b4c5d6e7f8g9h0j1k2m3",
            "mode": "in_place",
            "backupId": "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3",
        },
        "list_restore_sources": {"id": "vps_01hxa3b4c5d6e7f8g9h0j1k2m3"},
        "list_vps_snapshots": {"id": "vps_01hxa3b4c5d6e7f8g9h0j1k2m3"},
        "list_backup_schedules": {"id": "vps_01hxa3b4c5d6e7f8g9h0j1k2m3"},
        "check_backups": {"schedules": True},
        "verify_recovery": {"id": "vps_01hxa3b4c5d6e7f8g9h0j1k2m3"},
        "get_job": {"jobId": "job_01hxa3b4c5d6e7f8g9h0j1k2m3"},
    }
    async with connected(build_server(load({}, {})), None, mode) as assistant:
        for tool in sorted(await assistant.tools()):
            result = await assistant.no(tool, **arguments[tool])
            assert result.kind == "not_configured", (tool, result.text)
            assert "HOSTUP_API_KEY" in result.text
            assert "HOSTUP_SANDBOX" in result.text, "it can be tried without a key"


def run(*flags: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*flags),
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
