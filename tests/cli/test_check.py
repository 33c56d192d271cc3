"""`hostup-mcp check` tells monitoring the truth, and never says OK without knowing it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.account import Upstream
from support.fleet import SIZE, healthy, mixed, sandbox_of, server
from support.product import environment

from hostup_mcp.cli import main
from hostup_mcp.cli.check import Fleet, read_all
from hostup_mcp.cli.check_output import Report, State, as_json, as_metrics, as_text
from hostup_mcp.cli.parser import duration
from hostup_mcp.config import load
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.problems import RateLimitedError, UnauthorizedError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.evidence import Observation
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.sandbox import (
    SANDBOX_API_KEY,
    Anomalies,
    Fault,
    Gate,
    ManualClock,
    RateLimit,
    Variants,
)
from hostup_mcp.sandbox.ids import make_id
from hostup_mcp.sandbox.models import Billing
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.connections import shared_throttle
from hostup_mcp.server.recoveries import KeptRecovery, Recovery, Restored, put
from hostup_mcp.server.services import Services
from hostup_mcp.state.folders import state_file
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.sqlite import SqliteState

SECRET = "hostup_live_SECRET"


class Monitoring:
    """Runs the command in this process, before an account behind an address."""

    def __init__(
        self,
        upstream: Upstream,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.upstream = upstream
        self.clock = ManualClock(datetime.now(UTC))
        self._capsys = capsys
        for name, value in {**upstream.variables, "HOSTUP_MCP_TIMEZONE": "UTC"}.items():
            monkeypatch.setenv(name, value)

    @property
    def start(self) -> datetime:
        return self.clock.now()

    def holds(self, *servers: Any, **others: Any) -> None:
        self.upstream.sandbox = sandbox_of(servers, self.clock, **others)

    def check(self, *words: str) -> tuple[int, str]:
        """The exit code and what is printed."""
        code = main(["check", *words])
        printed = self._capsys.readouterr()
        assert printed.err == ""
        assert "Traceback" not in printed.out
        assert SANDBOX_API_KEY not in printed.out
        return code, printed.out


@pytest.fixture
def monitoring(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Monitoring:
    return Monitoring(upstream, monkeypatch, capsys)


# Exit codes ---------------------------------------------------------------------------------------

MOVING = Gate(False, "Storage is being moved.", "moving")


def servers(start: datetime, kinds: str) -> list[Any]:
    """Servers by a letter each: fine, warning, critical or unknown."""
    made: dict[str, tuple[list[float | None], dict[str, Any]]] = {
        "f": ([8, 32], {}),
        "w": ([8], {"restore_gate": MOVING}),
        "c": ([100], {}),
        "u": ([None], {}),
    }
    return [
        server(start, number, *made[kind][0], **made[kind][1]) for number, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("kinds", "state", "summary"),
    [
        ("ff", State.OK, "2 servers: 2 healthy"),
        ("f", State.OK, "1 server: 1 healthy"),
        ("fw", State.WARNING, "2 servers: 1 warning, 1 healthy"),
        ("fc", State.CRITICAL, "2 servers: 1 critical, 1 healthy"),
        ("fu", State.UNKNOWN, "2 servers: 1 unknown, 1 healthy"),
        # What is not known is worse than a warning.
        ("wuw", State.UNKNOWN, "3 servers: 1 unknown, 2 warning, 0 healthy"),
        ("wuc", State.CRITICAL, "3 servers: 1 critical, 1 unknown, 1 warning, 0 healthy"),
    ],
)
def test_the_exit_code_is_the_worst_state(
    monitoring: Monitoring, kinds: str, state: State, summary: str
) -> None:
    monitoring.holds(*servers(monitoring.start, kinds))
    code, text = monitoring.check()
    first, *rest = text.splitlines()
    assert (code, first) == (state, f"BACKUPS {state.name} - {summary}")
    severities = {"c": "CRITICAL", "u": "UNKNOWN", "w": "WARNING"}
    expected = [severities[kind] for kind in "cuw" for _ in range(kinds.count(kind))]
    assert [line.split(":")[0] for line in rest] == expected


def test_each_problem_is_a_line(monitoring: Monitoring) -> None:
    monitoring.holds(*mixed(monitoring.start))
    code, text = monitoring.check("--schedules")
    first, *rest = text.splitlines()
    assert (code, first) == (
        2,
        "BACKUPS CRITICAL - 63 servers: 4 critical, 1 unknown, 4 warning, 54 healthy",
    )
    assert len(rest) == 9
    vps = monitoring.upstream.sandbox.state.by_name("web-05")
    made = f"{vps.backups[0].created_at:%a %Y-%m-%d %H:%M} UTC"
    assert (
        f"CRITICAL: web-05 (192.0.2.6, {vps.id}): The newest complete backup is older than 2 days. "
        f"Newest complete backup: {made}, 4 days 4 hours ago."
    ) in rest
    assert any("web-35" in line and "not known to have ever run" in line for line in rest)


@pytest.mark.parametrize(
    ("age", "code"), [("99h", 2), ("101h", 0), ("4d", 2), ("5d", 0), ("6001m", 0)]
)
def test_the_age_may_be_given(monitoring: Monitoring, age: str, code: int) -> None:
    monitoring.holds(server(monitoring.start, 1, 100))
    assert monitoring.check("--max-age", age)[0] == code


def test_a_bar_starts_no_performance_data(monitoring: Monitoring) -> None:
    monitoring.holds(server(monitoring.start, 1, name="a | b=1"))
    _, text = monitoring.check()
    assert "|" not in text
    assert "a ¦ b=1" in text


# Never OK without knowing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("status", status=401, times=None), "rejected the API key"),
        (Fault("status", status=404, times=None), "API was not found there"),
        (Fault("html", status=200, times=None), "Check HOSTUP_BASE_URL"),
        (Fault("status", "GET", "*/backups", status=401, times=None, skip=3), "not complete: "),
        (Fault("status", "GET", "*/backups", status=500, times=None), "3 servers: 3 unknown"),
        (Fault("status", "GET", "*/backups", status=404, times=1), "3 servers: 1 unknown"),
    ],
)
def test_a_failure_is_unknown(monitoring: Monitoring, fault: Fault, said: str) -> None:
    servers = [server(monitoring.start, number, 8) for number in range(9 if fault.skip else 3)]
    monitoring.holds(*servers)
    monitoring.upstream.sandbox.faults.add(fault)
    code, text = monitoring.check("--timeout", "1m")
    assert code == 3
    assert text.startswith("BACKUPS UNKNOWN - ")
    assert said in text.splitlines()[0]


def test_no_servers_are_unknown(monitoring: Monitoring) -> None:
    monitoring.holds()
    assert monitoring.check() == (
        3,
        "BACKUPS UNKNOWN - The account has no servers that this key can see.\n",
    )


@pytest.mark.parametrize(
    "anomalies", [Anomalies(cursor="missing"), Anomalies(odd_field="vps/data/1/id=7")]
)
def test_servers_that_are_not_listed_are_unknown(
    monitoring: Monitoring, anomalies: Anomalies
) -> None:
    monitoring.holds(*healthy(monitoring.start, 70), anomalies=anomalies)
    code, text = monitoring.check()
    assert code == 3
    assert "not complete: HostUp has servers that it does not list" in text


def test_nobody_at_the_address_is_unknown(monitoring: Monitoring, monkeypatch: Any) -> None:
    monkeypatch.setattr("hostup_mcp.server.fleet.SERVER_SECONDS", 1.0)
    monkeypatch.setenv("HOSTUP_BASE_URL", "http://127.0.0.1:9")
    code, text = monitoring.check()
    assert code == 3
    assert text.startswith("BACKUPS UNKNOWN - HostUp cannot be reached")


def test_a_bug_is_unknown(monitoring: Monitoring, monkeypatch: Any) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr("hostup_mcp.cli.check.check_server", broken)
    monitoring.holds(server(monitoring.start, 1, 8))
    code, text = monitoring.check()
    assert (code, text) == (3, "BACKUPS UNKNOWN - hostup-mcp failed: ZeroDivisionError.\n")


@pytest.mark.parametrize(
    "words",
    [
        *(["--max-age", SECRET], ["--max-age", "26"], ["--max-age", "0h"], ["--max-age", "4000d"]),
        *([f"--{SECRET}"], [SECRET], ["--json", "--prometheus"], ["--timeout", "soon"]),
    ],
)
def test_misuse_is_unknown(monitoring: Monitoring, words: list[str]) -> None:
    code, text = monitoring.check(*words)
    assert code == 3, "2 would be an alarm"
    assert text.startswith("BACKUPS UNKNOWN - The command line is wrong: ")
    assert len(text.splitlines()) == 1
    assert SECRET not in text
    assert monitoring.upstream.sandbox.requests == []


def test_a_wrong_setting_is_unknown(monitoring: Monitoring, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOSTUP_API_KEY", f"{SECRET} {SECRET}")
    for words in ([], ["--json"], ["--prometheus"]):
        code, text = monitoring.check(*words)
        assert code == 3
        assert SECRET not in text
    monkeypatch.delenv("HOSTUP_API_KEY")
    code, text = monitoring.check()
    assert text.startswith("BACKUPS UNKNOWN - HOSTUP_API_KEY is not set.")


def test_unusable_certificates_are_named(
    monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Loading them takes long, so whether a file can be loaded is seen only when it is needed."""
    file = tmp_path / "certificates.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("HOSTUP_BASE_URL", "https://127.0.0.1:9")
    code, text = monitoring.check()
    assert code == 3
    assert "The certificates of SSL_CERT_FILE cannot be loaded." in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full here")
@pytest.mark.parametrize("is_full", [True, False])
def test_lost_output_is_unknown(is_full: bool) -> None:
    """On a full disk, or where nobody reads it."""
    command = [sys.executable, "-m", "hostup_mcp", "check", "--sandbox"]
    with (
        Path("/dev/full").open("w") as full,
        subprocess.Popen(
            command,
            stdout=full if is_full else subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
        ) as process,
    ):
        if process.stdout is not None:
            process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 3


# Limits -------------------------------------------------------------------------------------------


class Slept:
    """Waiting moves the clock instead."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._clock.advance(seconds)


def read(
    upstream: Upstream, clock: ManualClock, seconds: float = 600.0, *, schedules: bool = False
) -> tuple[Fleet, Slept]:
    slept = Slept(clock)

    async def main() -> Fleet:
        throttle = shared_throttle(
            InMemoryState(clock=lambda: clock.now().timestamp()), SANDBOX_API_KEY
        )
        http = Http(upstream.url, SANDBOX_API_KEY, now=clock.now, throttle=throttle)
        client = ReadingClient(http)
        try:
            return await read_all(client.within(seconds), schedules=schedules, sleep=slept)
        finally:
            await client.close()

    return anyio.run(main), slept


@pytest.mark.parametrize("schedules", [False, True])
def test_rate_limits_are_waited_out(monitoring: Monitoring, schedules: bool) -> None:
    clock = monitoring.clock
    monitoring.holds(*healthy(clock.now()), rate_limit=RateLimit(60, 60))
    fleet, slept = read(monitoring.upstream, clock, schedules=schedules)
    assert len(fleet.servers) == SIZE
    assert (fleet.is_complete, fleet.stopped) == (True, None)
    assert slept.seconds == [60.0] * (2 if schedules else 1)
    refused = [r for r in monitoring.upstream.sandbox.requests if r.status == 429]
    assert len(refused) <= 5 * len(slept.seconds)


def test_a_wait_beyond_the_time_is_not_begun(monitoring: Monitoring) -> None:
    clock = monitoring.clock
    monitoring.holds(*healthy(clock.now()), rate_limit=RateLimit(30, 60))
    fleet, slept = read(monitoring.upstream, clock, seconds=60.0)
    assert slept.seconds == []
    assert 20 < len(fleet.servers) < 30
    assert not fleet.is_complete
    assert isinstance(fleet.stopped, RateLimitedError)


def test_a_limit_without_a_time_is_waited_out(monitoring: Monitoring) -> None:
    clock = monitoring.clock
    monitoring.holds(*healthy(clock.now()))
    bare = Fault("status", path="*/backups", times=5, skip=20, status=429, headers={})
    monitoring.upstream.sandbox.faults.add(bare)
    fleet, slept = read(monitoring.upstream, clock)
    assert len(fleet.servers) == SIZE
    assert set(slept.seconds) == {30.0}


def test_a_refused_key_is_not_waited_for(monitoring: Monitoring) -> None:
    clock = monitoring.clock
    monitoring.holds(*healthy(clock.now()))
    monitoring.upstream.sandbox.faults.add(Fault("status", status=401, times=None, skip=11))
    fleet, slept = read(monitoring.upstream, clock)
    assert slept.seconds == []
    assert isinstance(fleet.stopped, UnauthorizedError)
    assert len(fleet.servers) == 10


def test_all_pages_are_read(monitoring: Monitoring) -> None:
    clock = monitoring.clock
    monitoring.holds(*healthy(clock.now(), 150))
    fleet, _ = read(monitoring.upstream, clock)
    assert len(fleet.servers) == 150
    assert fleet.is_complete


# Output -------------------------------------------------------------------------------------------


def test_json_has_the_same_facts(monitoring: Monitoring) -> None:
    monitoring.holds(*mixed(monitoring.start))
    code, text = monitoring.check("--json", "--max-age", "26h")
    document = json.loads(text)
    assert (document["exitCode"], document["state"]) == (code, "critical")
    assert (document["checked"], document["healthy"], document["complete"]) == (SIZE, 55, True)
    assert document["maxAgeSeconds"] == 26 * 3600
    assert document["problem"] is None
    old = next(item for item in document["servers"] if item["name"] == "web-05")
    assert old["severity"] == "critical"
    assert old["findings"] == [{"code": "newest_old", "limit": 26 * 3600}]
    assert {item["severity"] for item in document["servers"]} == {
        *("critical", "unknown", "warning", "notice")
    }


def metrics(text: str) -> dict[tuple[str, ...], float]:
    """Each sample, by its name and the values of its labels."""
    return {
        (sample.name.removeprefix("hostup_mcp_check_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_have_the_same_facts(monitoring: Monitoring) -> None:
    monitoring.holds(*mixed(monitoring.start), server(monitoring.start, 99, 8, name='a"b\\'))
    code, text = monitoring.check("--prometheus")
    found = metrics(text)
    state = monitoring.upstream.sandbox.state
    assert (found["state",], found["complete",]) == (code, 1)
    assert found["servers", "critical"] == 4
    assert sum(value for name, value in found.items() if name[0] == "servers") == SIZE + 1
    old, odd = state.by_name("web-05"), state.by_name('a"b\\')
    made = old.backups[0].created_at
    assert made is not None
    assert found["newest_backup_timestamp_seconds", old.id, "web-05"] == pytest.approx(
        made.timestamp(), abs=0.01
    )
    assert found["backups", odd.id, 'a"b\\'] == 1
    assert found["finding", "newest_old", old.id, "web-05", "critical"] == 1
    assert abs(found["timestamp_seconds",] - monitoring.start.timestamp()) < 600


def test_the_check_speaks_swedish(monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the setting or else the locale says; states and codes stay what monitoring expects."""
    monitoring.holds(*servers(monitoring.start, "fwc"))
    monkeypatch.setenv("LC_ALL", "sv_SE.UTF-8")
    code, text = monitoring.check()
    first, *rest = text.splitlines()
    assert code == 2
    told = "3 servrar: 1 kritisk, 1 med varning, 1 utan problem"
    assert first == f"BACKUPS CRITICAL - {told}"
    assert rest[0].startswith("CRITICAL: ")
    assert "Den nyaste fullständiga backupen är äldre än 2 dygn." in rest[0]
    assert "Ingen backup kan återställas nu. HostUp uppger: ”Storage is being moved.”" in rest[1]
    assert '"newest_old"' in monitoring.check("--json")[1]
    monkeypatch.setenv("HOSTUP_MCP_LANGUAGE", "en")
    assert "3 servers: 1 critical" in monitoring.check()[1]


def test_a_refused_key_is_told_in_swedish(
    monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTUP_MCP_LANGUAGE", "sv")
    monkeypatch.setenv("HOSTUP_API_KEY", SECRET)
    code, text = monitoring.check()
    assert code == 3
    assert text.startswith("BACKUPS UNKNOWN - HostUp godtog inte API-nyckeln. Kontrollera ")
    assert "status 401" in text
    assert SECRET not in text


def test_metrics_of_a_failure_say_so() -> None:
    at = datetime(2026, 4, 27, tzinfo=UTC)
    found = metrics(as_metrics(Report(at, problem="HostUp cannot be reached.")))
    assert (found["state",], found["complete",]) == (3, 0)
    assert found["timestamp_seconds",] == at.timestamp()
    assert json.loads(as_json(Report(at, problem="no")))["exitCode"] == 3
    assert as_text(Report(at, problem="No.")) == "BACKUPS UNKNOWN - No."


def test_unknown_counts_have_no_metric(monitoring: Monitoring) -> None:
    monitoring.holds(server(monitoring.start, 1, 8), variants=Variants())
    monitoring.upstream.sandbox.faults.add(
        Fault("status", path="*/backups", status=404, times=None)
    )
    _, text = monitoring.check("--prometheus")
    assert {name[0] for name in metrics(text)} == {
        *("state", "complete", "timestamp_seconds", "servers", "finding", "rehearsals")
    }


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("55s", timedelta(seconds=55)),
        ("1m", timedelta(minutes=1)),
        ("26h", timedelta(hours=26)),
        ("7d", timedelta(days=7)),
    ],
)
def test_durations_have_a_unit(text: str, span: timedelta) -> None:
    assert duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "7", "d", "s", "0d", "-1d", "1.5h", "1w", "3651d", "\u0661d", "7 d"]
)
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|ten years"):
        duration(text)


def test_the_sandbox_can_be_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HOSTUP_API_KEY", raising=False)
    assert main(["check", "--sandbox"]) == 2
    assert "CRITICAL: staging (192.0.2.11, vps_" in capsys.readouterr().out


# Rehearsals ---------------------------------------------------------------------------------------


def made(kind: str, number: int) -> str:
    return make_id(kind, f"fleet-{number}")


def recorded(base_url: str, **changes: Any) -> None:
    """A rehearsal that a stdio session of this user left running, three hours ago."""
    began = datetime.now(UTC) - timedelta(hours=3, minutes=1, seconds=30)
    recovery = Recovery(
        caller=LOCAL,
        plan_id="plan_1",
        path="/",
        sent_at=began,
        vps_id=made("vps", 1),
        restored=Restored(
            mode=Mode.NEW_CLOUD_VPS, point="bkp_1", kind="rehearsal", new_name="try-1"
        ),
        write_id="0",
        consent={},
        price={"perHour": "0.66", "currencyCode": "SEK"},
        before=Observation(at=began),
        new_vps_id=made("vps", 2),
        **changes,
    )
    settings = load({}, {**os.environ, "HOSTUP_BASE_URL": base_url})
    services = Services(settings, state=SqliteState(state_file()))
    kept = KeptRecovery(f"{base_url}/{recovery.vps_id}", "rec_1", recovery)
    anyio.run(put, services, kept)


def test_a_forgotten_rehearsal_is_mentioned(monitoring: Monitoring) -> None:
    monitoring.holds(*healthy(monitoring.start, 3))
    recorded(monitoring.upstream.url)
    code, text = monitoring.check()
    assert code == State.OK
    assert text.splitlines()[1] == (
        "REHEARSAL: A rehearsal is running: “try-1”, for 3 hours 1 minute, about SEK 2.00 so far "
        "(SEK 0.66 per hour, without traffic and VAT). To end it, ask the assistant for "
        "end_rehearsal, or cancel its server in HostUp's panel."
    )
    [told] = json.loads(monitoring.check("--json")[1])["rehearsals"]
    assert (told["code"], told["vpsId"]) == ("rehearsal_runs", made("vps", 2))
    assert "hostup_mcp_check_rehearsals 1.0" in monitoring.check("--prometheus")[1]


TRY = {"name": "try-1", "billing": Billing(66, is_payg=True)}


def test_the_server_of_a_rehearsal_needs_no_backups(monitoring: Monitoring) -> None:
    monitoring.holds(*healthy(monitoring.start, 2), server(monitoring.start, 2, **TRY))
    assert monitoring.check()[0] == State.CRITICAL, "its name alone says nothing"
    recorded(monitoring.upstream.url)
    code, text = monitoring.check()
    assert code == State.OK
    assert text.splitlines()[0] == (
        "BACKUPS OK - 3 servers: 2 healthy, 1 rehearsal that was not checked"
    )
    document = json.loads(monitoring.check("--json")[1])
    assert (document["checked"], document["healthy"], document["servers"]) == (2, 2, [])
    assert document["notChecked"] == [made("vps", 2)]
    found = metrics(monitoring.check("--prometheus")[1])
    assert sum(value for name, value in found.items() if name[0] == "servers") == 2
    monitoring.holds(
        *healthy(monitoring.start, 2), server(monitoring.start, 2, **{**TRY, "name": "in-use"})
    )
    assert monitoring.check()[0] == State.CRITICAL, "renamed, it may be in use"


def test_rehearsals_alone_are_not_ok(monitoring: Monitoring) -> None:
    monitoring.holds(server(monitoring.start, 2, **TRY))
    recorded(monitoring.upstream.url)
    code, text = monitoring.check()
    assert code == State.UNKNOWN
    assert text.splitlines()[0] == (
        "BACKUPS UNKNOWN - 1 server: 0 healthy, 1 rehearsal that was not checked, not complete: "
        "The only servers that this key can see are of rehearsals."
    )


def test_one_that_ends_already_needs_no_advice(monitoring: Monitoring) -> None:
    monitoring.holds(*healthy(monitoring.start, 2), server(monitoring.start, 2, **TRY))
    recorded(monitoring.upstream.url, end_requested_at=datetime.now(UTC))
    [_, told] = monitoring.check()[1].splitlines()
    assert told.startswith("REHEARSAL: A rehearsal is being ended")
    assert told.endswith("still lists it.")


def test_the_sandbox_and_others_have_none(monitoring: Monitoring) -> None:
    """A rehearsal at another HostUp is none of this account's."""
    monitoring.holds(*healthy(monitoring.start, 3))
    recorded("https://elsewhere.example")
    assert "REHEARSAL" not in monitoring.check()[1]
    assert "REHEARSAL" not in monitoring.check("--sandbox")[1]


def test_a_rehearsal_that_is_gone_is_not_mentioned(monitoring: Monitoring) -> None:
    monitoring.holds(*healthy(monitoring.start, 2))
    recorded(monitoring.upstream.url, seen_at=datetime.now(UTC))
    for _ in range(2):
        assert "REHEARSAL" not in monitoring.check()[1]
    assert json.loads(monitoring.check("--json")[1])["rehearsals"] == []
