"""`hostup-mcp doctor` for a team: each part is checked, or doctor says that it was not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.account import Upstream
from support.product import environment
from support.redis_server import RedisServer

from hostup_mcp.remote.token_file import new_token
from hostup_mcp.sandbox import SANDBOX_API_KEY

SECRET = "a-secret-of-the-tests-that-is-long-enough"
WRONG_KEY = "a-key-that-hostup-does-not-know"


def doctor(**variables: str) -> tuple[int, list[str]]:
    ended = subprocess.run(
        [sys.executable, "-m", "hostup_mcp", "doctor"],
        env=environment(PYTHONIOENCODING="utf-8", **variables),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    output = ended.stdout + ended.stderr
    assert not [secret for secret in (SANDBOX_API_KEY, WRONG_KEY, SECRET) if secret in output]
    return ended.returncode, ended.stdout.splitlines()


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.json"
    for name in ("web-team", "auditor"):
        new_token(path, name)
    return path


def accounts(folder: Path, **keys: str) -> str:
    path = folder / "callers.json"
    callers = {name.replace("_", "-"): {"key": {"value": key}} for name, key in keys.items()}
    path.write_text(json.dumps({"callers": callers}))
    return str(path)


def test_each_account_is_read(upstream: Upstream, tokens: Path) -> None:
    """No key of the server's own is needed for it."""
    good = {"HOSTUP_BASE_URL": upstream.url, "HOSTUP_MCP_TOKENS": str(tokens)}
    both = accounts(tokens.parent, web_team=SANDBOX_API_KEY, auditor=SANDBOX_API_KEY)
    code, lines = doctor(**good, HOSTUP_MCP_CREDENTIALS=both)
    assert code == 0
    assert lines == [
        '✓ The token file has tokens of "web-team", "auditor".',
        '✓ HostUp accepts the key of caller "web-team" and lets it list servers.',
        '✓ HostUp accepts the key of caller "auditor" and lets it list servers.',
    ]
    some = accounts(tokens.parent, web_team=WRONG_KEY, former=SANDBOX_API_KEY)
    code, lines = doctor(**good, HOSTUP_MCP_CREDENTIALS=some)
    assert code == 1
    assert lines[1].startswith('✗ The key of caller "web-team": HostUp rejected the API key')
    assert lines[2] == '✓ HostUp accepts the key of caller "former" and lets it list servers.'
    assert lines[3].startswith('✗ "auditor": a token but no account')
    assert lines[4:] == ['- "former": an account, but no token.']


def test_broken_files_are_problems(upstream: Upstream, tokens: Path) -> None:
    tokens.write_text(tokens.read_text().replace('"\n  }', '",\n  }'))
    broken = tokens.parent / "callers.json"
    broken.write_text("{}")
    code, lines = doctor(
        **upstream.variables,
        HOSTUP_MCP_TOKENS=str(tokens),
        HOSTUP_MCP_CREDENTIALS=str(broken),
    )
    assert code == 1
    assert lines[0].startswith("✓ ")
    assert lines[1].startswith("✗ HOSTUP_MCP_TOKENS: the token file is not valid JSON")
    assert lines[2].startswith("✗ HOSTUP_MCP_CREDENTIALS: the credentials file is invalid")


def test_what_is_not_checked_is_said(upstream: Upstream) -> None:
    code, lines = doctor(
        **upstream.variables,
        HOSTUP_MCP_OAUTH_ISSUER="https://issuer.example.com",
        HOSTUP_MCP_OAUTH_AUDIENCE="hostup",
        HOSTUP_MCP_OAUTH_JWKS="https://issuer.example.com/jwks",
        HOSTUP_MCP_PUBLIC_URL="https://mcp.example.com",
    )
    assert code == 0
    assert lines[1:] == ["- The authorization server (HOSTUP_MCP_OAUTH_ISSUER) was not checked."]


@pytest.mark.redis
def test_shared_state_is_checked(upstream: Upstream, own_redis: RedisServer) -> None:
    env = {**upstream.variables, "HOSTUP_MCP_STATE": own_redis.url, "HOSTUP_MCP_SECRET": SECRET}
    code, lines = doctor(**env)
    assert code == 0
    assert lines[1:] == ["✓ The shared state (HOSTUP_MCP_STATE) can be read and written."]
    own_redis.kill()
    code, lines = doctor(**env)
    assert code == 1
    assert lines[1].startswith("✗ The shared state (HOSTUP_MCP_STATE) is unavailable")
