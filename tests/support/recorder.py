"""An adapter that notes what it is given, and answers 200."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter


class Recorder(BaseAdapter):
    """Takes the transport's place.

    Attributes:
        requests: what was sent.
        settings: `stream`, `timeout`, `verify`, `cert` and `proxies` of each.
        is_closed: whether it was closed.
    """

    def __init__(self, body: bytes = b"{}") -> None:
        super().__init__()
        self.requests: list[requests.PreparedRequest] = []
        self.settings: list[dict[str, Any]] = []
        self.is_closed = False
        self._body = body

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # type: ignore[override] # as requests calls it
        self.requests.append(request)
        self.settings.append(settings)
        response = requests.Response()
        response.request = request
        response.url = request.url or ""
        response.status_code = 200
        vars(response).update(_content=self._body, _content_consumed=True)
        return response

    def close(self) -> None:
        self.is_closed = True

    @property
    def urls(self) -> list[str | None]:
        """Where the requests went."""
        return [request.url for request in self.requests]
