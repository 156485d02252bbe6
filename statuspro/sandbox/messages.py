"""A request as it arrived, and a response as it will be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.headers import Headers as CaseInsensitiveHeaders

from .render import to_json

Headers = list[tuple[str, str]]

API_ROOT = "/api/v1"


@dataclass
class Record:
    """One request that arrived.

    Attributes:
        time: when the request arrived, in seconds since 1970 by the sandbox's clock.
        method: the method, such as `GET`.
        path: the path, percent-decoded, with `/api/v1`.
        query: the decoded values of each query parameter, in the order of the query.
        headers: the headers. A lookup ignores the case of their names.
        body: the body's bytes.
        status: the status of the response; None while there is no response.
    """

    time: float
    method: str
    path: str
    query: dict[str, list[str]]
    headers: CaseInsensitiveHeaders
    body: bytes
    status: int | None = None

    def json(self) -> Any:
        """Parses the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """A response.

    Attributes:
        status: the HTTP status.
        body: the body's bytes.
        headers: the headers, as pairs of name and value.
        chunks: the parts of the body that are really sent; None sends the whole body.
    """

    status: int
    body: bytes
    headers: Headers = field(default_factory=list[tuple[str, str]])
    chunks: Iterable[bytes] | None = None

    @classmethod
    def of_json(
        cls, status: int, value: object, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """Makes a response with `value` as its JSON body."""
        return cls.of_bytes(status, to_json(value), headers)

    @classmethod
    def of_bytes(
        cls, status: int, body: bytes, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """Makes a response with `body`, which is JSON already."""
        return cls(status, body, [*headers, ("Content-Type", "application/json")])
