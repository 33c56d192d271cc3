"""What each grader must say of the server with everything unlocked. Less fails, and so does more.

A point that is lost is written down here with the reason why it is not ours to win. A rule that
fails without standing here fails the test, and so does one that stands here and passes.
"""

from dataclasses import dataclass

_SAME_LISTS = "the lists stay the same for as long as the server runs: there is no change to tell"
_NO_NEWS = {
    "capability_tools_list_changed": _SAME_LISTS,
    "capability_prompts_list_changed": _SAME_LISTS,
    "capability_resources_list_changed": _SAME_LISTS,
}


@dataclass(frozen=True)
class Score:
    """Points of mcpscore, and of those the ones for the newest revision of the protocol."""

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
                "the SDK refuses what is no JSON-RPC message, with a code of its own, before this "
                "server sees it"
            ),
            "security_tls_enabled": "TLS ends at the proxy in front; here it is the loopback",
        },
    ),
}

TDQS_FAILS_ON = "warning"

INSPECTOR_REMARKS = ""
"""What the Inspector's strict look at all schemas may have to say, in either era: nothing."""

AMAGI_PASSED = 12
"""Of the 14 tools; each with real arguments, and warnings count as failures."""

AMAGI_SKIPPED = {
    "restore_vps": "its planId has to come from the same session: the shell's test calls it",
    "get_job": "its jobId has to come from the same session: the shell's test calls it",
}
