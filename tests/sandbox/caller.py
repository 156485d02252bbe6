"""Requests to a sandbox by http.client alone, over one kept connection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email.message import Message
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlencode

from statuspro.sandbox import Sandbox


class Reply(NamedTuple):
    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[int]:
        """The ids on a page of the list."""
        return [order["id"] for order in self.json["data"]]


class Caller:
    def __init__(self, sandbox: Sandbox, timeout: float = 10.0) -> None:
        self.connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=timeout)
        self.headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {sandbox.api_key}",
        }

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.connection.close()

    def request(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> Reply:
        """One request; a header given as None is left out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {
            name: value for name, value in {**self.headers, **named}.items() if value is not None
        }
        self.connection.request(method, f"/api/v1{path}", body, merged)
        response = self.connection.getresponse()
        return Reply(response.status, response.headers, response.read())

    def get(self, path: str, query: Mapping[str, Any] | Sequence[tuple[str, Any]] = ()) -> Reply:
        """A GET; the query is a mapping or a list of pairs, lists meaning repeated parameters."""
        encoded = urlencode(query, doseq=True)
        return self.request("GET", f"{path}?{encoded}" if encoded else path)

    def post(self, path: str, **values: Any) -> Reply:
        body = json.dumps(values).encode()
        return self.request("POST", path, body, Content_Type="application/json")
