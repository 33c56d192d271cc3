"""A new server's name, size and price, and everything that speaks against one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.hostup.models import Backup, Vps
from hostup_mcp.hostup.payg import PaygLimits, PaygPreflight, PaygSize
from hostup_mcp.recovery.account_reasons import (
    AboveLimit,
    AccountBlocked,
    AccountBlocker,
    AccountContradiction,
    NewDiskSmall,
    NewSizeUnknown,
    RegionUnknown,
    TooLarge,
    TooSmall,
)
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import Money, PricesDiffer, RehearsalPrice, ServerPrice
from hostup_mcp.recovery.modes.definition import Facts, Target
from hostup_mcp.recovery.modes.new_cloud_vps import NEW_CLOUD_VPS, new_server
from hostup_mcp.recovery.payg import choose_size, reasons_against, steps_for, unique_name
from hostup_mcp.recovery.prices import price_of
from hostup_mcp.recovery.reasons import GateClosed
from hostup_mcp.recovery.verdicts import Verdict

from .listings import NOW, OPEN, backup, closed, listed

RATES = {
    "currencyCode": "SEK",
    "cpuPerCoreHour": 0.12,
    "memoryPerGbHour": 0.04,
    "storagePerGbHour": 0.003,
    "bandwidthPerGb": 0.1,
    "ipPerHour": 0.02,
}
SIZE = PaygSize(cpu_cores=2, memory_gb=4, storage_gb=80)
OPTIONS: dict[str, Any] = {"name": "a-1", "cpuCores": 2, "memoryGb": 4, "storageGb": 80}
SUFFIX = "0123456789abc"


def preflight(gate: dict[str, Any] | None = OPEN, **fields: Any) -> PaygPreflight:
    actions = {} if gate is None else {"canDeploy": gate}
    return PaygPreflight.model_validate({"actions": actions, "pricing": RATES, **fields})


def limits(**fields: Any) -> PaygLimits:
    return PaygLimits.model_validate(fields)


def vps(**resources: Any) -> Vps:
    return Vps.model_validate({"id": "vps_1", "name": "web-01", "resources": resources})


def of(size_gb: float | None = 12.4) -> Backup:
    return Backup.model_validate(backup(size=size_gb))


# Price --------------------------------------------------------------------------------------------


def sek(amount: str) -> Money:
    return Money(Decimal(amount), "SEK")


def test_the_price_is_exact() -> None:
    """2 x 0.12 + 4 x 0.04 + 80 x 0.003 + 0.02, and 720 hours of it; traffic is not in it."""
    assert price_of(SIZE, preflight(), None) == ServerPrice(sek("0.66"), sek("475.20"))
    cents = preflight(pricing=RATES | dict.fromkeys([*RATES][1:], 0.1))
    assert price_of(SIZE, cents, None) == ServerPrice(sek("8.7"), sek("6264"))


def test_the_highest_price_that_is_believed() -> None:
    only_address = dict.fromkeys([*RATES][1:], 0) | {"ipPerHour": 1_000_000}
    found = price_of(SIZE, preflight(pricing=RATES | only_address), None)
    assert found == ServerPrice(sek("1000000"), sek("720000000"))


def test_the_limits_may_state_the_price() -> None:
    other = limits(billing=RATES)
    known = ServerPrice(sek("0.66"), sek("475.20"))
    assert price_of(SIZE, None, other) == known
    assert price_of(SIZE, preflight(), other) == known
    assert price_of(SIZE, preflight(pricing=None), other) == known


def test_two_prices_are_no_price() -> None:
    dearer = limits(billing=RATES | {"ipPerHour": 0.03})
    assert price_of(SIZE, preflight(), dearer) == PricesDiffer(sek("0.66"), sek("0.67"))
    euros = limits(billing=RATES | {"currencyCode": "EUR"})
    both = PricesDiffer(sek("0.66"), Money(Decimal("0.66"), "EUR"))
    assert price_of(SIZE, preflight(), euros) == both
    traffic = limits(billing=RATES | {"bandwidthPerGb": 9})
    assert isinstance(price_of(SIZE, preflight(), traffic), ServerPrice)


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        (SIZE, None),
        (SIZE, preflight(pricing=None)),
        *((SIZE, preflight(pricing=RATES | {name: None})) for name in RATES if name[0] != "b"),
        (SIZE, preflight(pricing=RATES | {"currencyCode": "kr"})),
        (SIZE, preflight(pricing=RATES | {"currencyCode": "SEK. Free"})),
        (SIZE, preflight(pricing=RATES | dict.fromkeys([*RATES][1:], 0))),
        (SIZE, preflight(pricing=RATES | {"cpuPerCoreHour": 10**9})),
        (PaygSize(cpu_cores=2, memory_gb=4), preflight()),
    ],
)
def test_what_is_not_told_is_not_known(size: PaygSize, seen: PaygPreflight | None) -> None:
    assert price_of(size, seen, None) is Code.PRICE_UNKNOWN


# Name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "source", "name"),
    [
        ("Shop2", "web-01", f"Shop2-{SUFFIX}"),
        (None, "web-01", f"restore-web-01-{SUFFIX}"),
        (None, None, f"restore-{SUFFIX}"),
        (None, "Åsas server!", f"restore-sas-server-{SUFFIX}"),
        (None, "---", f"restore-{SUFFIX}"),
        ("a" * 49, None, f"{'a' * 49}-{SUFFIX}"),
        (None, "b" * 90, f"restore-{'b' * 41}-{SUFFIX}"),
        (None, "c" * 40 + " d", f"restore-{'c' * 40}-{SUFFIX}"),
    ],
)
def test_a_name_ends_in_random(wanted: str | None, source: str | None, name: str) -> None:
    assert unique_name(wanted, source, "restore", SUFFIX) == name


@given(st.none() | st.from_regex(r"\A[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?\Z"), st.text())
def test_a_name_is_a_hostname(wanted: str | None, source: str) -> None:
    name = unique_name(wanted, source, "restore", SUFFIX)
    assert 3 <= len(name) <= 63
    assert name.isascii()
    assert set(name) <= set("-" + "".join(c for c in name if c.isalnum()))
    assert name[0] != "-"
    assert name.endswith(f"-{SUFFIX}")


# Size ---------------------------------------------------------------------------------------------

DEFAULTS = preflight(defaults={"resources": {"cpuCores": 1, "memoryGb": 2, "storageGb": 60}})


@pytest.mark.parametrize(
    ("asked", "source", "stored", "seen", "size"),
    [
        ({}, vps(cpuCores=2, memoryGb=4, storageGb=80), 12, None, (2, 4, 80)),
        ({"memoryGb": 16}, vps(cpuCores=2, memoryGb=4, storageGb=80), 12, DEFAULTS, (2, 16, 80)),
        # At least what HostUp builds, and what the backup needs.
        ({}, vps(cpuCores=1, memoryGb=0.5, storageGb=20), 12, None, (1, 1, 50)),
        ({}, vps(cpuCores=1, memoryGb=1, storageGb=20), 70.2, None, (1, 1, 71)),
        (
            {},
            vps(cpuCores=1, memoryGb=1, storageGb=20),
            12,
            preflight(limits={"min": {"cpuCores": 2, "storageGb": 10}}),
            (2, 1, 20),
        ),
        # A size may be large; only an absurd one is not believed.
        ({}, vps(cpuCores=1, memoryGb=1, storageGb=10**6), 12, DEFAULTS, (1, 1, 10**6)),
        ({}, vps(cpuCores=1, memoryGb=1, storageGb=10**6 + 1), 12, DEFAULTS, (1, 1, 60)),
        # What is asked for is sent as it is.
        ({"storageGb": 10}, vps(cpuCores=1, memoryGb=1, storageGb=20), 70.2, None, (1, 1, 10)),
        # HostUp's defaults, where the source's size is unknown.
        ({}, vps(), 12, DEFAULTS, (1, 2, 60)),
        ({}, vps(cpuCores=10**25, memoryGb=0, storageGb=90), None, DEFAULTS, (1, 2, 90)),
        ({}, vps(memoryGb=4), None, preflight(), (None, 4, None)),
        ({}, vps(), None, None, (None, None, None)),
    ],
)
def test_a_size_is_chosen(
    asked: dict[str, Any], source: Vps, stored: float | None, seen: Any, size: tuple[Any, ...]
) -> None:
    chosen = choose_size(asked, source, of(stored), seen)
    assert tuple(chosen.get(name) for name in ("cpuCores", "memoryGb", "storageGb")) == size


def test_a_server_without_resources_has_no_size() -> None:
    assert choose_size({}, Vps.model_validate({"id": "vps_1"}), None, None) == {}


# What speaks against it ---------------------------------------------------------------------------

WORDS = {
    "not_verified": (Code.ACCOUNT_NOT_VERIFIED, Code.VERIFY_ACCOUNT),
    "no_cloud_access": (Code.NO_CLOUD_ACCESS, Code.ENABLE_CLOUD),
    "no_card_on_file": (Code.NO_CARD, Code.ADD_CARD),
    "cpu_limit_exceeded": (Code.CPU_LIMIT, Code.RAISE_LIMIT),
    "memory_limit_exceeded": (Code.MEMORY_LIMIT, Code.RAISE_LIMIT),
    "storage_limit_exceeded": (Code.STORAGE_LIMIT, Code.RAISE_LIMIT),
    "instance_limit_exceeded": (Code.SERVER_LIMIT, Code.RAISE_SERVER_LIMIT),
    "HAS_unpaid_invoice": (Code.UNPAID_INVOICE, Code.PAY_INVOICE),
    "full_moon": (Code.OTHER_BLOCKER, Code.ASK_ABOUT_BLOCKER),
}


@pytest.mark.parametrize("word", WORDS)
def test_each_blocker_blocks_with_a_step(word: str) -> None:
    code, step = WORDS[word]
    seen = preflight(closed("Not yet."), access={"blockerReasons": [word, word, ""]})
    found = reasons_against(OPTIONS, of(), seen, None)
    assert found == (GateClosed("Not yet.", None), AccountBlocker(word, is_gate_open=False))
    assert found[1].code is code
    assert {reason.weight for reason in found} == {Verdict.BLOCKED}
    assert steps_for(found, seen) == (step,)


def test_a_closed_gate_alone_blocks() -> None:
    seen = preflight(closed("Not yet."), available=False)
    found = reasons_against(OPTIONS, of(), seen, None)
    assert found == (GateClosed("Not yet.", None),)
    assert steps_for(found, seen) == (Code.EXPLAIN_REASON,)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"available": False, "reason": "No."}, "No."),
        ({"available": False, "access": {"reason": "Not you."}}, "Not you."),
        ({"access": {"available": False}}, None),
    ],
)
def test_without_a_gate_a_no_is_a_no(fields: dict[str, Any], said: str | None) -> None:
    found = reasons_against(OPTIONS, of(), preflight(None, **fields), None)
    assert found == (AccountBlocked(said),)
    assert found[0].weight is Verdict.BLOCKED
    assert found[0].code is (Code.ACCOUNT_BLOCKED_REASON if said else Code.ACCOUNT_BLOCKED)
    assert steps_for(found, preflight(None)) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"available": False},
        {"access": {"available": False}},
        {"access": {"blockerReasons": ["not_verified"]}},
    ],
)
def test_a_contradiction_is_a_doubt(fields: dict[str, Any]) -> None:
    found = reasons_against(OPTIONS, of(), preflight(**fields), None)
    assert found[0] == AccountContradiction()
    assert {reason.weight for reason in found} == {Verdict.UNKNOWN}


@pytest.mark.parametrize("seen", [None, preflight(), preflight(None), preflight(available=True)])
def test_silence_is_no_reason(seen: PaygPreflight | None) -> None:
    assert reasons_against(OPTIONS, of(None), seen, None) == ()
    assert reasons_against(OPTIONS, None, seen, limits()) == ()


def test_limits_count_against_it() -> None:
    left = {"cpuCores": 2, "memoryGb": 3, "storageGb": 79, "instanceCount": 0}
    found = reasons_against(OPTIONS, of(), preflight(), limits(remaining=left))
    assert found == (
        AboveLimit(1, 0, Code.CLOUD_SERVERS),
        AboveLimit(4, 3, Code.GB_OF_MEMORY),
        AboveLimit(80, 79, Code.GB_OF_STORAGE),
    )
    assert steps_for(found, preflight()) == (Code.RAISE_SERVER_LIMIT, Code.RAISE_LIMIT)
    enough = {"cpuCores": 2, "memoryGb": 4, "storageGb": 80, "instanceCount": 1}
    assert reasons_against(OPTIONS, of(), preflight(), limits(remaining=enough)) == ()


@pytest.mark.parametrize("shape", ["by bound", "by resource"])
def test_hostups_sizes_are_bounds(shape: str) -> None:
    least = {"cpuCores": 3, "memoryGb": 4, "storageGb": 10}
    most = {"cpuCores": 8, "memoryGb": 4, "storageGb": 79}
    by_resource = {name: {"min": least[name], "max": most[name]} for name in least}
    seen = preflight(limits={"min": least, "max": most} if shape == "by bound" else by_resource)
    found = reasons_against(OPTIONS, of(), seen, None)
    assert found == (TooSmall(2, 3, Code.CPU_CORES), TooLarge(80, 79, Code.GB_OF_STORAGE))
    assert steps_for(found, seen) == (Code.CHOOSE_SIZE,)


def test_a_size_that_is_open_hides_no_other_limit() -> None:
    asked = {"name": "a-1", "memoryGb": 4}
    found = reasons_against(asked, of(), preflight(), limits(remaining={"memoryGb": 3}))
    assert found == (
        AboveLimit(4, 3, Code.GB_OF_MEMORY),
        NewSizeUnknown("cpuCores, storageGb"),
    )


def test_a_region_must_be_listed() -> None:
    seen = preflight(regions=["stockholm", {"id": "malmo"}])
    for region in ("stockholm", "malmo"):
        assert reasons_against({**OPTIONS, "region": region}, of(), seen, None) == ()
    found = reasons_against({**OPTIONS, "region": "oslo"}, of(), seen, None)
    assert found == (RegionUnknown("oslo", "stockholm, malmo"),)
    assert steps_for(found, seen) == (Code.CHOOSE_REGION,)
    assert reasons_against({**OPTIONS, "region": "oslo"}, of(), preflight(), None) == ()


def test_an_open_size_is_asked_for() -> None:
    found = reasons_against({"name": "a-1", "memoryGb": 4}, of(), preflight(), None)
    assert found == (NewSizeUnknown("cpuCores, storageGb"),)
    assert steps_for(found, preflight()) == (Code.CHOOSE_SIZE,)
    assert found[0].weight is Verdict.UNKNOWN


@pytest.mark.parametrize(("size_gb", "disk"), [(80, 80), (0, 0), (None, 0)])
def test_a_disk_of_the_backups_size_is_enough(size_gb: float | None, disk: int) -> None:
    assert reasons_against({**OPTIONS, "storageGb": disk}, of(size_gb), preflight(), None) == ()


def test_a_backup_may_be_too_large() -> None:
    found = reasons_against(OPTIONS, of(80.5), preflight(), None)
    assert found == (NewDiskSmall(80.5, 80),)
    assert steps_for(found, None) == (Code.CHOOSE_SIZE,)


# The mode -----------------------------------------------------------------------------------------


def test_what_is_left_open_is_chosen_once() -> None:
    facts = Facts(
        vps(cpuCores=2, memoryGb=4, storageGb=80), listed(backup()), preflight=preflight()
    )
    settled = NEW_CLOUD_VPS.settle(facts, Target("vps_1", "bkp_1", options={}), SUFFIX)
    name = f"restore-web-01-{SUFFIX}"
    assert settled.options == OPTIONS | {"name": name}
    request = NEW_CLOUD_VPS.request(settled)
    assert request.body == OPTIONS | {"name": name}
    plan = NEW_CLOUD_VPS.plan(facts, settled, NOW)
    assert plan.verdict is Verdict.POSSIBLE
    assert plan.cost == ServerPrice(sek("0.66"), sek("475.20"))
    assert plan.side_effects == (plan.cost, Code.TWIN_STARTS, Code.NEW_ADDRESS)
    asked = Target("vps_1", "bkp_1", options={"name": "again", "region": "stockholm"})
    assert NEW_CLOUD_VPS.settle(facts, asked, SUFFIX).options == OPTIONS | {
        "name": f"again-{SUFFIX}",
        "region": "stockholm",
    }


@pytest.mark.parametrize(
    ("stored", "seen", "storage"),
    [
        # The backup needs more than its server has.
        (90.5, preflight(), 91),
        # HostUp builds no smaller one.
        (12, preflight(limits={"min": {"storageGb": 100}}), 100),
    ],
)
def test_a_new_server_is_settled_large_enough(
    stored: float, seen: PaygPreflight, storage: int
) -> None:
    source = vps(cpuCores=2, memoryGb=4, storageGb=80)
    facts = Facts(source, listed(backup(size=stored)), preflight=seen)
    settled = NEW_CLOUD_VPS.settle(facts, Target("vps_1", "bkp_1", options={}), SUFFIX)
    assert settled.options["storageGb"] == storage
    assert NEW_CLOUD_VPS.plan(facts, settled, NOW).verdict is Verdict.POSSIBLE


NOT_VERIFIED = {"access": {"blockerReasons": ["not_verified"]}}


@pytest.mark.parametrize(
    ("stored", "seen", "left", "reasons", "steps"),
    [
        (80.5, preflight(), {}, (NewDiskSmall(80.5, 80),), (Code.CHOOSE_SIZE,)),
        (
            12,
            preflight(closed("Not yet."), **NOT_VERIFIED),
            {},
            (GateClosed("Not yet.", None), AccountBlocker("not_verified", is_gate_open=False)),
            (Code.VERIFY_ACCOUNT,),
        ),
        # Nothing explains the gate, so its own words have to do.
        (
            12,
            preflight(closed("Not yet.")),
            {},
            (GateClosed("Not yet.", None),),
            (Code.EXPLAIN_REASON,),
        ),
        (
            12,
            preflight(),
            {"instanceCount": 0},
            (AboveLimit(1, 0, Code.CLOUD_SERVERS),),
            (Code.RAISE_SERVER_LIMIT,),
        ),
    ],
)
def test_a_plan_says_what_speaks_against_a_new_server(
    stored: float, seen: PaygPreflight, left: dict[str, Any], reasons: Any, steps: Any
) -> None:
    facts = Facts(
        vps(),
        listed(backup(size=stored)),
        preflight=seen,
        limits=limits(remaining=left),
    )
    plan = NEW_CLOUD_VPS.plan(facts, Target("vps_1", "bkp_1", options=OPTIONS), NOW)
    assert plan.verdict is not Verdict.POSSIBLE
    assert plan.reasons == reasons
    assert plan.steps == steps


def test_a_plan_tells_both_prices_that_hostup_states() -> None:
    dearer = limits(billing=RATES | {"ipPerHour": 0.03})
    facts = Facts(vps(), listed(backup()), preflight=preflight(), limits=dearer)
    plan = NEW_CLOUD_VPS.plan(facts, Target("vps_1", "bkp_1", options=OPTIONS), NOW)
    assert plan.cost == PricesDiffer(sek("0.66"), sek("0.67"))
    assert plan.side_effects[0] == plan.cost


@pytest.mark.parametrize("left_out", OPTIONS)
def test_an_open_server_is_not_built(left_out: str) -> None:
    options = {name: value for name, value in OPTIONS.items() if name != left_out}
    with pytest.raises(ValueError, match=Code.NEW_SIZE_UNKNOWN):
        new_server(options)
    assert new_server({**OPTIONS, "region": "stockholm"}).region == "stockholm"


def test_a_rehearsal_is_named_and_priced_as_one() -> None:
    source = vps(cpuCores=2, memoryGb=4, storageGb=80)
    facts = Facts(source, listed(backup()), preflight=preflight())
    settled = NEW_CLOUD_VPS.settle(facts, Target("vps_1", "bkp_1", is_rehearsal=True), SUFFIX)
    assert settled.options["name"] == f"rehearsal-web-01-{SUFFIX}"
    plan = NEW_CLOUD_VPS.plan(facts, settled, NOW)
    assert plan.cost == RehearsalPrice(sek("0.66"), sek("1.32"))
    assert plan.side_effects == (
        plan.cost,
        Code.REHEARSAL_STAYS,
        Code.TWIN_STARTS,
        Code.NEW_ADDRESS,
    )
