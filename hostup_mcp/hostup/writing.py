"""Sends the requests that change something at HostUp."""

from __future__ import annotations

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import Document, Started, started
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.requests import WriteRequest


class WritingClient:
    """Changes what one account has. Its connections are `http`'s, which whoever made it closes."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def send(self, request: WriteRequest) -> Started:
        """Send `request` once, on a connection of its own, and say what HostUp began.

        Raises:
            HostUpError: see `problems`; where `outcome_unknown` is true, the change may have been
                made all the same.
        """
        response = await self._http.write(request)
        if response.status == 204:
            return Started()
        try:
            return started(
                responses.parse(Document, response.status, response.headers, response.body)
            )
        except HostUpError as error:
            error.scopes = request.scopes
            raise
