"""A key that nobody filled in, or that is in quotes, is told before it is sent."""

import pytest

from hostup_mcp.hostup.keys import SHORTEST_KEY, is_unfilled, key_problem


@pytest.mark.parametrize(
    "value",
    [
        "${HOSTUP_API_KEY}",
        '"${HOSTUP_API_KEY}"',
        "${input:hostup}",
        "${env:HOSTUP_API_KEY}",
        "${user_config.api_key}",
        "$HOSTUP_API_KEY",
        "$env:HOSTUP_API_KEY",
        "%HOSTUP_API_KEY%",
        "{{HOSTUP_API_KEY}}",
        " ${HOSTUP_API_KEY} ",
        "`${HOSTUP_API_KEY}`",
        "${HOME}/audit.jsonl",
        "/home/${USER}/audit.jsonl",
        "$HOME/audit.jsonl",
        "%USERPROFILE%\\audit.jsonl",
    ],
)
def test_what_a_client_left_is_seen(value: str) -> None:
    assert is_unfilled(value)


@pytest.mark.parametrize(
    "value",
    [
        "your key",
        "your-key",
        "YOUR_API_KEY",
        "<your key>",
        "<key>",
        "[key]",
        "hostup_api_key",
        "your key here",
        "...",
        "xxxx",
        '"your key"',
        "`your key`",
    ],
)
def test_the_text_of_an_example_is_seen(value: str) -> None:
    assert "no key was filled in" in (key_problem(value) or "")


@pytest.mark.parametrize("value", ['"hu_live_1"', "'hu_live_1'", '"hu_live_1', "hu_live_1'"])
def test_quotes_are_told(value: str) -> None:
    problem = key_problem(value)
    assert (
        problem == "HOSTUP_API_KEY has quotes around it that are not part of the key; remove them."
    )


@pytest.mark.parametrize("value", ["`hu_live_1`", "`hu_live_1", "hu_live_1`"])
def test_backticks_are_told(value: str) -> None:
    problem = key_problem(value)
    assert (
        problem
        == "HOSTUP_API_KEY has backticks around it that are not part of the key; remove them."
    )


@pytest.mark.parametrize("value", ["k", "key", "hu_live", "a" * (SHORTEST_KEY - 1)])
def test_what_could_not_be_kept_out_of_output_is_no_key(value: str) -> None:
    assert key_problem(value) == (
        "HOSTUP_API_KEY is too short for a key (fewer than 8 characters); copy all of it."
    )


@pytest.mark.parametrize(
    "value",
    ["hu_live_1", "a" * SHORTEST_KEY, "a" * 64, "hu-live$%{}<>", "$2b$10$abc/def", "100%-keyring"],
)
def test_keys_are_left_alone(value: str) -> None:
    assert not is_unfilled(value)
    assert key_problem(value) is None
