"""A service that `responses` stands in for: what it answers, what arrived, what never does."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import responses

from statuspro import APIError, StatusProClient

KEY = "key-3f9a1c77e0d24b58"
BASE_URL = "https://shop.test/api/v1"
ORDER = 6110375248088
SECRET = "ann@lee.test"

Call = Callable[[StatusProClient], Any]

#: A call, the kind of exception that it raises, and what that says.
Refusal = tuple[Call, type[Exception], str]


class Index:
    """A whole number as numpy has them."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Code(str, enum.Enum):
    """As users write down their codes; `str()` of a member is its name."""

    SHIPPED = "st000003"
    VIP = "vip"
    PAID = "paid"
    NUMBER = "#1188"
    WORDS = "For Ann"
    DAY = "2026-02-10T00:00:00+00:00"


class Sent(NamedTuple):
    method: str
    path: str
    body: bytes | None = None


def answer_with(
    service: responses.RequestsMock, value: Any = None, status: int = 200, **answer: Any
) -> None:
    """Lets the service answer every request so."""
    body = answer.pop("body", json.dumps(value))
    for method in ("GET", "POST"):
        service.add(method, re.compile(".*"), body=body, status=status, **answer)


def sent(service: responses.RequestsMock) -> list[Sent]:
    """What arrived."""
    lines = []
    for call in service.calls:
        request = call.request
        assert str(request.url).startswith(BASE_URL)
        assert request.headers["Accept"] == "application/json"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        if request.body is not None:
            assert request.headers["Content-Type"] == "application/json"
        path = request.path_url.removeprefix("/api/v1")
        lines.append(Sent(str(request.method), path, request.body))  # type: ignore[arg-type]
    return lines


def page_of(*ids: int, last_page: int = 1, total: int | None = None) -> dict[str, Any]:
    meta = {"current_page": 1, "last_page": last_page, "per_page": 100}
    return {
        "data": [{"id": number} for number in ids],
        "meta": {**meta, "from": 1, "to": 1, "total": len(ids) if total is None else total},
    }


def check_request(
    client: StatusProClient, service: responses.RequestsMock, call: Call, wanted: Sent
) -> None:
    """The call sends this request and no other, and gives what comes."""
    answer_with(service, {"message": "What the service says.", "id": 7})
    assert call(client) == {"message": "What the service says.", "id": 7}
    assert sent(service) == [wanted]


def check_refused(
    client: StatusProClient,
    service: responses.RequestsMock,
    call: Call,
    kind: type[Exception],
    said: str,
) -> None:
    """The call sends nothing, and what it raises does not show the customer's address."""
    with pytest.raises(kind, match=said) as caught:
        call(client)
    assert not isinstance(caught.value, APIError)
    assert SECRET not in str(caught.value)
    assert len(service.calls) == 0
