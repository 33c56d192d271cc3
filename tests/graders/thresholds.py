"""The exact result of each grader for the server with everything unlocked.

Each lost point is listed with the reason why it cannot be won. A rule that fails without being
listed fails the test, and so does a listed rule that passes.
"""

from dataclasses import dataclass

_SAME_LISTS = "the lists never change while the server runs, so there is nothing to notify"
_NO_NEWS = {
    "capability_tools_list_changed": _SAME_LISTS,
    "capability_prompts_list_changed": _SAME_LISTS,
    "capability_resources_list_changed": _SAME_LISTS,
}


@dataclass(frozen=True)
class Score:
    """Points of mcpscore; `newest_of` are those for the newest revision of the protocol."""

    won: int
    of: int
    newest_of: int
    lost: dict[str, str]


MCPSCORE = {
    "stdio": Score(192, 195, 33, _NO_NEWS),
    "streamable-http": Score(
        221,
        230,
        45,
        {
            **_NO_NEWS,
            "transport_invalid_request_error_code": (
                "the SDK refuses messages that are not JSON-RPC with its own code, before this "
                "server sees it"
            ),
            "security_tls_enabled": "TLS ends at the proxy in front; here it is the loopback",
        },
    ),
}

TDQS_FAILS_ON = "warning"

INSPECTOR_REMARKS = ""
"""The remarks of the Inspector in strict mode, in either revision: none."""

AMAGI_PASSED = 14
"""Of all tools; each with real arguments, and warnings count as failures."""

AMAGI_SKIPPED = {
    "end_rehearsal": "it needs a rehearsal of the same session; tests/e2e ends one",
    "restore_vps": "its planId must come from the same session; test_mcpdo.py calls it",
    "verify_recovery": "it needs a restore of the same session; test_mcpdo.py calls it",
    "get_job": "its jobId must come from the same session; test_mcpdo.py calls it",
}
