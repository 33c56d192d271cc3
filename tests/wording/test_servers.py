"""Servers as lines: complete, and what most have in common is said once."""

from typing import Any

import pytest

from hostup_mcp.hostup.models import Vps
from hostup_mcp.wording.servers import describe_servers

ALL = {
    "name": "web",
    "primaryIp": "192.0.2.1",
    "serviceStatus": "active",
    "powerState": "running",
    "operatingSystem": {"displayName": "Debian 12"},
    "billing": {"isPayg": False},
    "resources": {"cpuCores": 2, "memoryGb": 4, "storageGb": 80},
}
COMMON = 'service active, power running, OS "Debian 12", 2 cores, 4 GB memory, 80 GB disk'


def described(*changes: dict[str, Any], notes: tuple[str, ...] = ()) -> tuple[str, list[str]]:
    servers = [
        Vps.model_validate(ALL | {"id": f"vps_{n}"} | change) for n, change in enumerate(changes)
    ]
    return describe_servers(servers, notes or [""] * len(servers))


def test_few_are_described_in_full() -> None:
    line = COMMON.replace(", ", " · ")
    assert described({}, {"billing": {"isPayg": True}}) == (
        "",
        [
            f'vps_0 · "web" · 192.0.2.1 · {line}',
            f'vps_1 · "web" · 192.0.2.1 · {line} · pay-as-you-go',
        ],
    )


def test_what_most_share_is_said_once() -> None:
    usual, lines = described({}, {}, {"powerState": "stopped"}, notes=("", "same name", ""))
    assert usual == COMMON
    assert [line.removeprefix('vps_0 · "web" · 192.0.2.1') for line in lines] == [
        "",
        'vps_1 · "web" · 192.0.2.1 · same name',
        'vps_2 · "web" · 192.0.2.1 · power stopped',
    ]


@pytest.mark.parametrize(
    ("changes", "usual", "last"),
    [
        # Unknown is said of the one that it is unknown of.
        (
            [{}, {}, {"resources": None, "operatingSystem": None}],
            COMMON,
            ["OS unknown", "cores unknown", "memory unknown", "disk unknown"],
        ),
        (
            [{}, {}, {"billing": None, "serviceStatus": None}],
            COMMON,
            ["service unknown", "billing unknown"],
        ),
        # The usual way to pay goes without saying, unless most are paid otherwise.
        (
            [{"billing": {"isPayg": True}}, {"billing": {"isPayg": True}}, {}],
            f"{COMMON}, pay-as-you-go",
            ["not pay-as-you-go"],
        ),
        (
            [{"billing": None}, {"billing": None}, {}],
            f"{COMMON}, billing unknown",
            ["not pay-as-you-go"],
        ),
        # No value holds for more than half.
        (
            [{"powerState": "stopped"}, {"powerState": None}, {}],
            COMMON.replace("power running, ", ""),
            ["power running"],
        ),
    ],
)
def test_differences_are_always_said(
    changes: list[dict[str, Any]], usual: str, last: list[str]
) -> None:
    said, lines = described(*changes)
    assert said == usual
    assert lines[-1] == " · ".join(['vps_2 · "web" · 192.0.2.1', *last])


def test_names_and_systems_are_quoted() -> None:
    hostile = {"name": 'a" b', "primaryIp": None, "operatingSystem": {"family": "x\ny · z"}}
    _, [line] = described(hostile)
    assert line.startswith('vps_0 · "a\\" b" · no IP · service active · power running · OS "x')
    _, [line] = described({"name": None})
    assert line.startswith("vps_0 · no name · ")
