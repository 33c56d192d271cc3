"""Records of restores: a caller finds their own ones, by server and by id, and nobody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hostup_mcp.recovery.evidence import Answer, Observation, Port, SeenDisk
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.server import recoveries
from hostup_mcp.server.recoveries import KeptRecovery, LastVerdict, Recovery, Restored
from hostup_mcp.server.services import Services

from .wiring import settings

NOW = datetime(2026, 4, 27, 10, tzinfo=UTC)
VPS, NEW = "vps_abcdef12", "vps_another1"
SEEN = Observation(NOW, "running", 90.5, True, (SeenDisk("scsi0", None),), "192.0.2.1", ())
PORTS = (Port(80, Answer.HTTP, 301),)


def recovery(caller: str = "ann", mode: Mode = Mode.IN_PLACE, **others: Any) -> Recovery:
    return Recovery(
        **{
            "caller": caller,
            "plan_id": "plan_1",
            "path": "/api/v2/restore",
            "sent_at": NOW,
            "vps_id": VPS,
            "restored": Restored(mode=mode, point="bkp_1"),
            "write_id": "0123456789abcdef",
            "consent": {"by": "user", "how": "typed the server's name"},
            "before": SEEN,
            **others,
        }
    )


async def put(services: Services, id_: str, made: Recovery) -> KeptRecovery:
    kept = KeptRecovery(recoveries.subject_of(services, VPS), id_, made)
    await recoveries.put(services, kept)
    return kept


async def test_a_record_comes_back_as_it_was() -> None:
    services = Services(settings())
    last = LastVerdict(at=NOW, verdict="back", items=[{"finding": "x"}], to_check=["Look."])
    before = Observation(NOW, ports=PORTS)
    made = await put(services, "rec_1", recovery(before=before, last_verdict=last))
    assert await recoveries.own(services, "ann", "rec_1") == made
    assert await recoveries.last_own(services, "ann", VPS) == made
    assert await recoveries.last_of(services, made.subject) == made.recovery


async def test_the_last_of_a_server_is_found() -> None:
    services = Services(settings())
    for number in (1, 2, 3):
        await put(services, f"rec_{number}", recovery(plan_id=f"plan_{number}"))
    last = await recoveries.last_own(services, "ann", VPS)
    assert last is not None
    assert last.id == "rec_3"
    # A change is no new restore.
    first = await recoveries.own(services, "ann", "rec_1")
    assert first is not None
    await recoveries.update(services, first, outcome="accepted")
    assert await recoveries.last_own(services, "ann", VPS) == last
    changed = await recoveries.own(services, "ann", "rec_1")
    assert changed is not None
    assert changed.recovery.outcome == "accepted"


async def test_another_caller_has_none_of_them() -> None:
    services = Services(settings())
    kept = await put(services, "rec_1", recovery())
    assert await recoveries.own(services, "bob", "rec_1") is None
    assert await recoveries.last_own(services, "bob", VPS) is None
    # Nor where an index names a record that is not theirs.
    index = recoveries._index(services, "bob")
    entry = f'{{"subject": "{kept.subject}", "vps_id": "{VPS}"}}'
    await services.state.put_recovery(index, "rec_1", entry)
    assert await recoveries.own(services, "bob", "rec_1") is None
    assert await recoveries.last_own(services, "bob", VPS) is None
    # But that the server was restored is for everybody to know.
    assert await recoveries.last_of(services, kept.subject) == kept.recovery


async def test_a_new_server_is_found_once_it_is_known() -> None:
    services = Services(settings())
    made = recovery(mode=Mode.NEW_CLOUD_VPS)
    await put(services, "rec_1", made)
    assert await recoveries.last_own(services, "ann", VPS) is None
    await put(services, "rec_1", made.model_copy(update={"new_vps_id": NEW}))
    found = await recoveries.last_own(services, "ann", NEW)
    assert found is not None
    assert (found.id, found.recovery.vps_id, found.recovery.holder) == ("rec_1", VPS, NEW)
    assert await recoveries.last_own(services, "ann", VPS) is None


async def test_a_deleted_record_is_gone() -> None:
    services = Services(settings())
    kept = await put(services, "rec_1", recovery())
    await recoveries.delete(services, kept)
    assert await recoveries.own(services, "ann", "rec_1") is None
    assert await recoveries.last_of(services, kept.subject) is None


async def test_what_cannot_be_read_is_skipped() -> None:
    services = Services(settings())
    kept = await put(services, "rec_1", recovery())
    newer = await put(services, "rec_2", recovery())
    await services.state.put_recovery(newer.subject, "rec_2", '{"of": "another version"}')
    missing = await put(services, "rec_3", recovery())
    await services.state.delete_recovery(missing.subject, "rec_3")
    assert await recoveries.last_own(services, "ann", VPS) == kept
    assert await recoveries.last_of(services, kept.subject) == kept.recovery
    assert await recoveries.own(services, "ann", "rec_2") is None


def test_it_was_sent_by_hostups_clock() -> None:
    made = recovery(ahead=90.0)
    assert made.sent_at_hostup == NOW + timedelta(seconds=90)
