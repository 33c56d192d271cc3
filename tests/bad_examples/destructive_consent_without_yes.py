"""A step of the pipeline that takes a destructive proposal for a harmless one.

check: mypy
message: Argument 1 to "consent_to_harmless" has incompatible type "Destructive"; expected "Harmless"
"""

from hostup_mcp.server.writes.consent import (
    Consent,
    Yes,
    consent_to_destructive,
    consent_to_harmless,
)
from hostup_mcp.server.writes.proposal import Destructive, Harmless


def agree(proposal: Destructive, yes: Yes, other: Harmless) -> list[Consent]:
    harmless = consent_to_harmless(other)
    return [harmless, consent_to_harmless(proposal)]  # FAULT
    # MENDED return [harmless, consent_to_destructive(proposal, yes)]
