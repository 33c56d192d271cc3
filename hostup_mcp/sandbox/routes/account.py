"""Who the key belongs to."""

from ..answers import Answer, Json, json_answer
from ..calls import Call
from ..ids import make_id
from ..problems import not_found


def who_am_i(call: Call) -> Answer:
    """`GET /api/v2/me`, of which the documentation shows no more than the path."""
    call.query()
    if call.readings.me == "absent":
        raise not_found("resource")
    shown: dict[str, Json] = {
        "id": make_id("usr", call.key.owner),
        "authType": "api_key",
        "scopes": sorted(call.key.scopes),
    }
    return json_answer(200, {"data": shown} if call.readings.me == "data" else shown)
