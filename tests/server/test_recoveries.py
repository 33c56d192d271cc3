"""Records of restores: a caller finds their own ones, by server and by id, and nobody else's."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hostup_mcp.recovery.evidence import Answer, Observation, Port, SeenDisk
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.server import recoveries
from hostup_mcp.server.recoveries import KeptRecovery, LastVerdict, Recovery, Restored
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

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


async def test_what_another_call_changed_stays() -> None:
    """Two calls read a record, and each changes something else in it."""
    services = Services(settings())
    kept = await put(services, "rec_1", recovery(mode=Mode.NEW_CLOUD_VPS))
    last = LastVerdict(at=NOW, verdict="back", items=[], to_check=[])
    await recoveries.update(services, kept, last_verdict=last)
    both = await recoveries.update(services, kept, new_vps_id=NEW)
    assert both.recovery.last_verdict == last
    assert await recoveries.own(services, "ann", "rec_1") == both
    assert await recoveries.last_own(services, "ann", NEW) == both


async def test_the_running_rehearsals_are_found() -> None:
    services = Services(settings())
    rehearsal = Restored(mode=Mode.NEW_CLOUD_VPS, point="bkp_1", kind="rehearsal", new_name="try-1")
    await put(services, "rec_1", recovery())
    first = await put(services, "rec_2", recovery(restored=rehearsal))
    second = await put(services, "rec_3", recovery(restored=rehearsal, new_vps_id=NEW))
    assert await recoveries.running(services, "ann") == [first, second]
    assert await recoveries.running(services, "bob") == []
    await recoveries.update(services, first, over_at=NOW)
    assert await recoveries.running(services, "ann") == [second]
    # It was over before its entry in the index said so.
    over = second.recovery.model_copy(update={"over_at": NOW}).model_dump_json()
    await services.state.put_recovery(second.subject, "rec_3", over)
    assert await recoveries.running(services, "ann") == []


async def test_restores_are_not_read_for_a_mention() -> None:
    """There are more of them with each year; only a rehearsal that runs is read."""

    class Counting(InMemoryState):
        reads = 0

        async def recoveries(self, subject: str) -> Mapping[str, str]:
            self.reads += 1
            return await super().recoveries(subject)

    state = Counting()
    services = Services(settings(), state=state)
    for number in range(20):
        await put(services, f"rec_{number}", recovery())
    assert await recoveries.running(services, "ann") == []
    assert state.reads == 1


async def test_another_caller_has_none_of_them() -> None:
    services = Services(settings())
    kept = await put(services, "rec_1", recovery())
    assert await recoveries.own(services, "bob", "rec_1") is None
    assert await recoveries.last_own(services, "bob", VPS) is None
    # Nor where an index names a record that is not theirs.
    index = services.recovery_index("bob")
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
    index = services.recovery_index("ann")
    await services.state.put_recovery(index, "rec_4", '{"of": "another version"}')
    assert await recoveries.last_own(services, "ann", VPS) == kept


def test_it_was_sent_by_hostups_clock() -> None:
    made = recovery(ahead=90.0)
    assert made.sent_at_hostup == NOW + timedelta(seconds=90)
