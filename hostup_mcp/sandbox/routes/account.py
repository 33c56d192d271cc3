"""Who the key belongs to."""

from ..calls import Call
from ..ids import make_id
from ..problems import not_found
from ..responses import Json, Response, json_response


def who_am_i(call: Call) -> Response:
    """Handle `GET /api/v2/me`, of which the documentation shows no more than the path."""
    call.query()
    if call.variants.me == "absent":
        raise not_found("resource")
    body: dict[str, Json] = {
        "id": make_id("usr", call.key.owner),
        "authType": "api_key",
        "scopes": sorted(call.key.scopes),
    }
    return json_response(200, {"data": body} if call.variants.me == "data" else body)
