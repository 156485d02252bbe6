"""A request as it arrived and an answer as it will be sent."""

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
        time: When it arrived, in seconds since 1970 on the sandbox's clock.
        path: The path, percent-decoded, ``/api/v1`` included.
        query: The decoded values of each query parameter, in the order they came in.
        headers: The headers, by name in any case.
        status: The status it was answered with; None if it was not (yet).
    """

    time: float
    method: str
    path: str
    query: dict[str, list[str]]
    headers: CaseInsensitiveHeaders
    body: bytes
    status: int | None = None

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """An answer. ``chunks`` is what is really sent of the body, where that is not all of it."""

    status: int
    body: bytes
    headers: Headers = field(default_factory=list[tuple[str, str]])
    chunks: Iterable[bytes] | None = None

    @classmethod
    def of_json(
        cls, status: int, value: object, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """An answer with ``value`` as its JSON body."""
        return cls.of_bytes(status, to_json(value), headers)

    @classmethod
    def of_bytes(
        cls, status: int, body: bytes, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """An answer with ``body``, which is JSON already."""
        return cls(status, body, [*headers, ("Content-Type", "application/json")])
