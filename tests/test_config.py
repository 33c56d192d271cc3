"""Settings are checked once, each mistake gets a line of its own, and no secret shows anywhere."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.config import (
    DEFAULT_BASE_URL,
    Confirm,
    Group,
    Misconfigured,
    Remote,
    Settings,
    load,
)
from hostup_mcp.hostup.address import KEYS_PAGE, Host

ROOT = Path(__file__).parents[1]
SECRET = "5ecret-that-must-not-show"
KEY = {"HOSTUP_API_KEY": "hu_live_key"}
EVERY = frozenset(Group)


def loaded(flags: dict[str, str | None] | None = None, **environ: str) -> Settings:
    settings = load(flags or {}, KEY | environ)
    assert isinstance(settings, Settings), settings
    return settings


def problems(flags: dict[str, str | None] | None = None, **environ: str) -> tuple[str, ...]:
    found = load(flags or {}, environ)
    assert isinstance(found, Misconfigured), found
    return found.problems


def test_a_key_is_all_that_is_needed() -> None:
    assert load({}, KEY) == Settings(
        api_key="hu_live_key",
        base_url="https://cloud.hostup.se",
        sandbox=False,
        allow=frozenset(),
        confirm=Confirm.PERSON,
        audit_log=None,
    )


def test_every_variable_is_read(tmp_path: Path) -> None:
    settings = loaded(
        HOSTUP_BASE_URL="http://127.0.0.1:8080",
        HOSTUP_SANDBOX="0",
        HOSTUP_MCP_ALLOW="create,restore",
        HOSTUP_MCP_CONFIRM="client",
        HOSTUP_MCP_AUDIT_LOG=str(tmp_path / "audit.jsonl"),
        HOSTUP_MCP_TIMEZONE="Europe/Stockholm",
        HOSTUP_MCP_LANGUAGE="SV",
        HOSTUP_MCP_PROBE="1",
    )
    assert settings.api_key == "hu_live_key"
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.allow == {Group.CREATE, Group.RESTORE}
    assert settings.confirm is Confirm.CLIENT
    assert settings.audit_log == tmp_path / "audit.jsonl"
    assert settings.zone == ZoneInfo("Europe/Stockholm")
    assert settings.language == "sv"
    assert settings.probe is True


def test_every_flag_is_read(tmp_path: Path) -> None:
    settings = loaded({"sandbox": "1", "allow": "spend", "audit-log": str(tmp_path / "log")})
    assert settings.sandbox is True
    assert settings.allow == {Group.SPEND}
    assert settings.audit_log == tmp_path / "log"


def test_a_flag_wins_over_its_variable(tmp_path: Path) -> None:
    settings = loaded(
        {"sandbox": "1", "allow": "delete", "audit-log": str(tmp_path / "flag")},
        HOSTUP_SANDBOX="0",
        HOSTUP_MCP_ALLOW="all",
        HOSTUP_MCP_AUDIT_LOG=str(tmp_path / "variable"),
    )
    assert settings.sandbox is True
    assert settings.allow == {Group.DELETE}
    assert settings.audit_log == tmp_path / "flag"


def test_an_empty_flag_locks_again() -> None:
    assert loaded({"allow": ""}, HOSTUP_MCP_ALLOW="all").allow == frozenset()


def test_without_a_flag_the_variable_counts() -> None:
    flags = {"sandbox": None, "allow": None, "audit-log": None}
    settings = loaded(flags, HOSTUP_SANDBOX="1", HOSTUP_MCP_ALLOW="all")
    assert settings.sandbox is True
    assert settings.allow == EVERY


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_variable_is_not_set(blank: str) -> None:
    names = ("HOSTUP_BASE_URL", "HOSTUP_SANDBOX", "HOSTUP_MCP_ALLOW", "HOSTUP_MCP_CONFIRM")
    blanks = dict.fromkeys(
        (*names, "HOSTUP_MCP_AUDIT_LOG", "HOSTUP_MCP_TIMEZONE", "HOSTUP_MCP_LANGUAGE"), blank
    )
    assert loaded(None, **blanks) == loaded()


def test_blanks_around_values_are_cut() -> None:
    settings = load({}, {"HOSTUP_API_KEY": " hu_live_key\n", "HOSTUP_MCP_CONFIRM": " client "})
    assert settings == Settings(api_key="hu_live_key", confirm=Confirm.CLIENT)


# The sandbox.


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "Yes", "on", " 1 "])
def test_the_sandbox_needs_no_key(value: str) -> None:
    settings = load({}, {"HOSTUP_SANDBOX": value})
    assert isinstance(settings, Settings)
    assert settings.sandbox is True


@pytest.mark.parametrize("value", ["", "0", "false", "False", "NO", "off", " 0 "])
def test_the_sandbox_is_switched_off(value: str) -> None:
    assert loaded(HOSTUP_SANDBOX=value).sandbox is False


@pytest.mark.parametrize("value", ["2", "maybe", "sandbox", SECRET])
def test_a_bad_switch_is_never_the_account(value: str) -> None:
    assert problems(None, HOSTUP_SANDBOX=value) == ("HOSTUP_SANDBOX must be 1 or 0.",)
    assert problems(None, HOSTUP_SANDBOX=value, **KEY) == ("HOSTUP_SANDBOX must be 1 or 0.",)


def test_the_sandbox_ignores_key_and_url() -> None:
    settings = load({"sandbox": "1"}, {"HOSTUP_API_KEY": "a b", "HOSTUP_BASE_URL": "nonsense"})
    assert isinstance(settings, Settings)


# Groups of writing tools.


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("", set()),
        (" , ", set()),
        ("create", {Group.CREATE}),
        ("create,restore,delete,schedule,spend,power", EVERY),
        (" Create , RESTORE ,", {Group.CREATE, Group.RESTORE}),
        ("delete,delete", {Group.DELETE}),
        ("all", EVERY),
        (" ALL ", EVERY),
    ],
)
def test_only_named_groups_are_unlocked(value: str, groups: set[Group]) -> None:
    assert loaded({"allow": value}).allow == groups
    assert loaded(HOSTUP_MCP_ALLOW=value).allow == groups


@pytest.mark.parametrize(
    ("value", "count"),
    [("write", 1), ("create,backup", 1), ("create;restore", 1), ("x,y,create", 2), ("*", 1)],
)
def test_an_unknown_group_unlocks_nothing(value: str, count: int) -> None:
    (problem,) = problems({"allow": value}, **KEY)
    assert "--allow" in problem
    assert "HOSTUP_MCP_ALLOW" in problem
    assert f"{count} unknown" in problem
    assert all(group in problem for group in Group)


def test_the_groups_are_fixed() -> None:
    assert [*Group] == ["create", "restore", "delete", "schedule", "spend", "power"]
    assert [*Confirm] == ["person", "client"]


# Mistakes.


def test_a_missing_key_says_what_to_do() -> None:
    (problem,) = problems()
    assert problem.startswith("HOSTUP_API_KEY is not set.")
    assert KEYS_PAGE in problem
    assert "read:vm" in problem
    assert "HOSTUP_SANDBOX=1" in problem


@pytest.mark.parametrize(
    "key", ["Bearer hu_live", "hu live", "hu\tlive", "hu\nlive", "hu\x00live", "nyckelå", "“hu”"]
)
def test_an_unsendable_key_is_rejected(key: str) -> None:
    (problem,) = problems(None, HOSTUP_API_KEY=key)
    assert problem.startswith("HOSTUP_API_KEY contains")
    assert key not in problem


@pytest.mark.parametrize(
    "address",
    [
        "http://cloud.hostup.se",
        "cloud.hostup.se",
        "https://user:word@cloud.hostup.se",
        "https://cloud.hostup.se?x=y",
        "https://cloud.hostup.se:port",
        "https://",
    ],
)
def test_an_unsafe_base_url_is_rejected(address: str) -> None:
    (problem,) = problems(None, HOSTUP_BASE_URL=address, **KEY)
    assert problem.startswith("HOSTUP_BASE_URL must be an https address")
    assert DEFAULT_BASE_URL in problem


@pytest.mark.parametrize("value", ["nobody", "person,client", "1"])
def test_unknown_confirm_is_rejected(value: str) -> None:
    assert problems(None, HOSTUP_MCP_CONFIRM=value, **KEY) == (
        "HOSTUP_MCP_CONFIRM must be person or client.",
    )


@pytest.mark.parametrize("value", ["Stockholm", "Europe", "../etc/passwd", "/etc/passwd", "CET\0"])
def test_unknown_time_zone_is_rejected(value: str) -> None:
    assert problems(None, HOSTUP_MCP_TIMEZONE=value, **KEY) == (
        "HOSTUP_MCP_TIMEZONE must be an IANA name such as Europe/Stockholm.",
    )


@pytest.mark.parametrize("value", ["Swedish", "sv_SE", "se", "en,sv"])
def test_unknown_language_is_rejected(value: str) -> None:
    assert problems(None, HOSTUP_MCP_LANGUAGE=value, **KEY) == (
        "HOSTUP_MCP_LANGUAGE must be en or sv.",
    )


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("{here}/missing/audit.jsonl", id="folder missing"),
        pytest.param("{here}/file/audit.jsonl", id="folder is a file"),
        pytest.param("{here}", id="a folder itself"),
        pytest.param("~nobody-has-this-name/audit.jsonl", id="home of nobody"),
        pytest.param("x" * 300, id="name too long"),
        pytest.param("x" * 300 + "/audit.jsonl", id="name of the folder too long"),
    ],
)
def test_a_bad_audit_log_is_rejected(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    (problem,) = problems({"audit-log": path.format(here=tmp_path)}, **KEY)
    assert "HOSTUP_MCP_AUDIT_LOG" in problem
    assert str(tmp_path) not in problem


@pytest.mark.parametrize("path", ["${HOME}/audit.jsonl", "$HOME/x", "%APPDATA%\\audit.jsonl"])
def test_a_placeholder_in_a_path_was_not_filled_in(path: str) -> None:
    wanted = (
        "HOSTUP_MCP_AUDIT_LOG was not filled in by the client: it still has a placeholder. Put the "
        "value itself in its place in the client's configuration.",
    )
    assert problems(HOSTUP_MCP_AUDIT_LOG=path, **KEY) == wanted
    assert problems({"audit-log": path}, **KEY) == wanted


@pytest.mark.parametrize(("mark", "name"), [('"', "quotes"), ("'", "quotes"), ("`", "backticks")])
def test_marks_around_an_address_are_named(mark: str, name: str) -> None:
    for variable in ("HOSTUP_BASE_URL", "HOSTUP_MCP_PUBLIC_URL"):
        (problem,) = problems(None, **KEY, **{variable: f"{mark}https://example.net{mark}"})
        assert problem == (
            f"{variable} has {name} around it that are not part of the address; remove them."
        )


def test_the_audit_log_may_be_in_home() -> None:
    assert loaded({"audit-log": "~/audit.jsonl"}).audit_log == Path.home() / "audit.jsonl"


def test_an_unfilled_key_does_not_matter_to_the_sandbox() -> None:
    assert load(
        {}, {"HOSTUP_SANDBOX": "1", "HOSTUP_API_KEY": "${user_config.api_key}"}
    ) == Settings(api_key="", sandbox=True)
    (problem,) = problems(HOSTUP_SANDBOX="1", HOSTUP_MCP_TIMEZONE="${user_config.timezone}")
    assert problem.startswith("HOSTUP_MCP_TIMEZONE was not filled in by the client")


def test_all_problems_come_at_once() -> None:
    found = problems(
        {"allow": "x"},
        HOSTUP_BASE_URL="http://cloud.hostup.se",
        HOSTUP_MCP_CONFIRM="x",
        HOSTUP_MCP_AUDIT_LOG="/nowhere/at/all",
    )
    assert len(found) == 5
    assert not any("\n" in problem for problem in found)


# Secrets.

VARIABLES = [
    "HOSTUP_API_KEY",
    "HOSTUP_BASE_URL",
    "HOSTUP_SANDBOX",
    "HOSTUP_MCP_ALLOW",
    "HOSTUP_MCP_CONFIRM",
    "HOSTUP_MCP_AUDIT_LOG",
    "HOSTUP_MCP_TIMEZONE",
    "HOSTUP_MCP_LANGUAGE",
]


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    "value", [SECRET, f"x {SECRET}", f"https://x:{SECRET}@host", f"/nowhere/{SECRET}/x"]
)
def test_misplaced_secrets_do_not_show(variable: str, value: str) -> None:
    found = load({}, KEY | {variable: value})
    if isinstance(found, Misconfigured) or variable == "HOSTUP_API_KEY":
        assert SECRET not in repr(found)
    else:
        # Only a plain file name is a value that may be shown.
        assert variable == "HOSTUP_MCP_AUDIT_LOG"


@pytest.mark.parametrize("flag", ["sandbox", "allow", "audit-log"])
def test_secrets_in_flags_do_not_show(flag: str) -> None:
    assert SECRET not in repr(problems({flag: f"/nowhere/{SECRET}/x"}, **KEY))


def test_no_repr_shows_the_key() -> None:
    settings = load({}, {"HOSTUP_API_KEY": SECRET})
    assert isinstance(settings, Settings)
    assert settings.api_key == SECRET
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert SECRET not in f"{[settings]}"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        loaded().sandbox = True  # type: ignore[misc]


# Serving others.

RING = "k" * 64
OAUTH = {
    "HOSTUP_MCP_OAUTH_ISSUER": "https://login.example",
    "HOSTUP_MCP_OAUTH_AUDIENCE": "hostup-mcp",
    "HOSTUP_MCP_OAUTH_JWKS": "https://login.example/keys",
    "HOSTUP_MCP_PUBLIC_URL": "https://mcp.example/mcp",
}


def test_by_default_nobody_else_is_served() -> None:
    remote = loaded().remote
    assert remote == Remote()
    assert remote.authenticates is False
    assert loaded().secrets == ()


def test_every_remote_variable_is_read(tmp_path: Path) -> None:
    (tmp_path / "credentials").touch()
    settings = loaded(
        None,
        **OAUTH,
        HOSTUP_MCP_OAUTH_SCOPE="backups",
        HOSTUP_MCP_CREDENTIALS=str(tmp_path / "credentials"),
        HOSTUP_MCP_STATE="redis://127.0.0.1/0",
        HOSTUP_MCP_SECRET=f"{RING}, {'j' * 64}",
        HOSTUP_MCP_CALLS_PER_MINUTE="7",
        HOSTUP_MCP_CALLS_AT_ONCE="2",
        HOSTUP_MCP_METRICS_PORT="9100",
        HOSTUP_MCP_ALLOWED_HOSTS=" MCP.example , hostup-mcp:8000,[::1]:*,x:443,",
        HOSTUP_MCP_ALLOWED_ORIGINS="HTTP://Localhost:6274, https://a.example:443",
    )
    assert settings.remote == Remote(
        allowed_hosts=(
            Host("mcp.example", ""),
            Host("hostup-mcp", "8000"),
            Host("[::1]", "*"),
            Host("x", ""),
        ),
        allowed_origins=("http://localhost:6274", "https://a.example"),
        issuer="https://login.example",
        audience="hostup-mcp",
        jwks_url="https://login.example/keys",
        public_url="https://mcp.example/mcp",
        scope="backups",
        credentials=tmp_path / "credentials",
        state="redis://127.0.0.1/0",
        calls_per_minute=7,
        calls_at_once=2,
        metrics_port=9100,
    )
    assert settings.remote.authenticates is True
    assert settings.secrets == (RING, "j" * 64)


def test_remote_flags_win_over_variables(tmp_path: Path) -> None:
    for name in ("flag", "variable"):
        (tmp_path / name).touch()
    settings = loaded(
        {"tokens": str(tmp_path / "flag"), "state": "redis://flag"},
        HOSTUP_MCP_TOKENS=str(tmp_path / "variable"),
        HOSTUP_MCP_STATE="redis://variable",
        HOSTUP_MCP_SECRET=RING,
    )
    assert settings.remote.tokens == tmp_path / "flag"
    assert settings.remote.state == "redis://flag"
    assert settings.remote.authenticates is True


def test_with_credentials_no_key_is_needed(tmp_path: Path) -> None:
    (tmp_path / "credentials").touch()
    environ = {"HOSTUP_MCP_CREDENTIALS": str(tmp_path / "credentials")}
    assert isinstance(load({}, environ), Settings)
    (problem,) = problems(None, **environ, HOSTUP_API_KEY="a b")
    assert problem.startswith("HOSTUP_API_KEY contains")


@pytest.mark.parametrize("variable", ["HOSTUP_MCP_TOKENS", "HOSTUP_MCP_CREDENTIALS"])
@pytest.mark.parametrize(
    "path", ["/nowhere/at/all", "/", "~nobody-has-this-name/tokens", "x" * 300]
)
def test_a_missing_file_is_rejected(variable: str, path: str) -> None:
    (problem,) = problems(None, **KEY, **{variable: path})
    assert variable in problem
    assert path not in problem or path == "/"


@pytest.mark.parametrize("missing", list(OAUTH)[1:])
def test_an_incomplete_issuer_is_rejected(missing: str) -> None:
    environ = {name: value for name, value in OAUTH.items() if name != missing}
    (problem,) = problems(None, **KEY, **environ)
    assert missing in problem


@pytest.mark.parametrize("variable", [name for name in OAUTH if "https" in OAUTH[name]])
@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://login.example", " must be https (plain http only to a loopback address)."),
        ("https://xn--a.example", " is not an address that can be used."),
    ],
)
def test_an_unusable_address_is_rejected(variable: str, address: str, problem: str) -> None:
    assert problems(None, **KEY, **(OAUTH | {variable: address})) == (variable + problem,)


@pytest.mark.parametrize(
    "host",
    ["*", "https://a.example", "a.example/mcp", "a b", "*.a.example", "a:99999999", "ö.example"],
)
def test_an_invalid_host_is_rejected(host: str) -> None:
    (problem,) = problems(None, **KEY, HOSTUP_MCP_ALLOWED_HOSTS=f"mcp.example, {host}")
    assert problem.startswith("HOSTUP_MCP_ALLOWED_HOSTS must be hosts such as")


@pytest.mark.parametrize(
    "origin", ["*", "null", "a.example", "https://a.example/", "https://*.a.example", "https://a:*"]
)
def test_an_invalid_origin_is_rejected(origin: str) -> None:
    (problem,) = problems(None, **KEY, HOSTUP_MCP_ALLOWED_ORIGINS=f"https://b.example,{origin}")
    assert problem.startswith("HOSTUP_MCP_ALLOWED_ORIGINS must be origins such as")


@pytest.mark.parametrize("scope", ["two scopes", 'quo"te', "back\\slash", "å", "a\nb"])
def test_an_invalid_scope_is_rejected(scope: str) -> None:
    (problem,) = problems(None, **KEY, **OAUTH, HOSTUP_MCP_OAUTH_SCOPE=scope)
    assert "HOSTUP_MCP_OAUTH_SCOPE" in problem
    assert scope not in problem


def test_tokens_exclude_an_issuer(tmp_path: Path) -> None:
    (tmp_path / "tokens").touch()
    (problem,) = problems(None, **KEY, **OAUTH, HOSTUP_MCP_TOKENS=str(tmp_path / "tokens"))
    assert "not both" in problem


@pytest.mark.parametrize("number", ["0", "-1", "65536", "1.5", "many", "9" * 5000])
@pytest.mark.parametrize(
    "variable",
    ["HOSTUP_MCP_CALLS_PER_MINUTE", "HOSTUP_MCP_CALLS_AT_ONCE", "HOSTUP_MCP_METRICS_PORT"],
)
def test_numbers_out_of_range_are_rejected(variable: str, number: str) -> None:
    (problem,) = problems(None, **KEY, **{variable: number})
    assert problem == f"{variable} must be a number from 1 to 65535."


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"HOSTUP_MCP_SECRET": "short"}, "Each key of HOSTUP_MCP_SECRET"),
        ({"HOSTUP_MCP_SECRET": f"{RING},short"}, "Each key of HOSTUP_MCP_SECRET"),
        ({"HOSTUP_MCP_SECRET": f"{RING},{RING}"}, "names a key twice"),
        ({"HOSTUP_MCP_STATE": "redis://127.0.0.1"}, "needs HOSTUP_MCP_SECRET"),
        ({"HOSTUP_MCP_STATE": "http://x", "HOSTUP_MCP_SECRET": RING}, "must be a redis:// address"),
    ],
)
def test_an_unusable_ring_is_rejected(environ: dict[str, str], told: str) -> None:
    (problem,) = problems(None, **KEY, **environ)
    assert told in problem


def test_no_repr_shows_ring_or_state() -> None:
    settings = loaded(
        HOSTUP_MCP_SECRET=SECRET * 4, HOSTUP_MCP_STATE=f"redis://:{SECRET}@127.0.0.1/0"
    )
    assert SECRET not in repr(settings)
    found = problems(None, HOSTUP_MCP_SECRET=SECRET, HOSTUP_MCP_STATE=f"http://:{SECRET}@x")
    assert SECRET not in repr(found)


# Whatever is set ----------------------------------------------------------------------------------

VARIABLES = re.findall(
    r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.M
)
OTHERS = ["HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"]
ODD = [
    "",
    " ",
    "1",
    "~",
    "~x/y",
    "/",
    ".",
    "${X}",
    "https://xn--",
    "https://[::1]",
    "http://127.0.0.1:9",
]
ODD += ["redis://h", "\udcff", "\x01", "socks://x", "[", "%", "create", "x" * 300]
values = st.sampled_from(ODD) | st.text(st.characters(exclude_characters="\0"), max_size=20)


@given(st.dictionaries(st.sampled_from([*VARIABLES, *OTHERS]), values))
@settings(max_examples=200)
def test_no_environment_is_an_exception(environ: dict[str, str]) -> None:
    """Each is a configuration, or problems on one line each."""
    found = load({}, environ)
    if isinstance(found, Misconfigured):
        assert found.problems
        assert not any("\n" in problem for problem in found.problems)
