"""What holds of every endpoint function: ids, errors, what was not promised, enums."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses

import statuspro
from statuspro import (
    APIError,
    AuthenticatedClient,
    AuthenticationError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProClient,
    ValidationError,
)
from tests.support.wire import BASE_URL, KEY, SECRET, Call, Code, answer_with, sent


def test_the_functions_are_the_methods(service: responses.RequestsMock) -> None:
    answer_with(service, {"message": "Done.", "id": 7})
    plain = AuthenticatedClient(BASE_URL, KEY)
    assert statuspro.get_order(plain, 7)["id"] == 7
    assert statuspro.lookup_order(plain, number="7", email="ann@lee.test")["id"] == 7
    assert statuspro.update_order_status(plain, 7, "st000003") == {"message": "Done.", "id": 7}
    assert statuspro.add_order_comment(plain, 7, "For Ann")["message"] == "Done."
    assert statuspro.set_order_due_date(plain, 7, None)["message"] == "Done."
    assert statuspro.bulk_update_order_status(plain, [7], "st000003")["message"] == "Done."
    assert [request.path for request in sent(service)] == [
        *("/orders/7", "/orders/lookup?number=7&email=ann%40lee.test", "/orders/7/status"),
        *("/orders/7/comment", "/orders/7/due-date", "/orders/bulk-status"),
    ]


# Ids --------------------------------------------------------------------------------------------


NO_IDS: list[Any] = [True, False, 1.5, None, b"7", [7], {}]

BAD_IDS: list[tuple[Any, type[Exception], str]] = [
    *((value, TypeError, type(value).__name__) for value in NO_IDS),
    *((value, ValueError, "at least 1") for value in (0, -7, "0")),
    *(
        (value, ValueError, "str")
        for value in ("", "..", "../statuses", "7/status", "7?x=1", "%37", "#7", "7.0", "٧", SECRET)
    ),
]

WITH_AN_ID: dict[str, Callable[[StatusProClient, Any], Any]] = {
    "get_order": lambda c, value: c.get_order(value),
    "get_viable_statuses": lambda c, value: c.get_viable_statuses(value),
    "update_order_status": lambda c, value: c.update_order_status(value, "st000003"),
    "add_order_comment": lambda c, value: c.add_order_comment(value, "For Ann"),
    "set_order_due_date": lambda c, value: c.set_order_due_date(value, None),
    "bulk_update_order_status": lambda c, value: c.bulk_update_order_status([7, value], "st000003"),
}


@pytest.mark.parametrize("name", WITH_AN_ID)
@pytest.mark.parametrize(("value", "kind", "said"), BAD_IDS, ids=repr)
def test_an_order_id_is_a_positive_whole_number(
    name: str,
    value: Any,
    kind: type[Exception],
    said: str,
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    with pytest.raises(kind, match=said) as caught:
        WITH_AN_ID[name](client, value)
    assert not isinstance(caught.value, APIError)
    assert SECRET not in str(caught.value)
    assert len(service.calls) == 0


# Answers ----------------------------------------------------------------------------------------


CALLS: dict[str, Call] = {
    "list_orders": lambda c: c.list_orders(page=1),
    "all of list_orders": lambda c: c.list_orders(),
    "iter_orders": lambda c: list(c.iter_orders()),
    "iter_order_pages": lambda c: list(c.iter_order_pages()),
    "get_order": lambda c: c.get_order(7),
    "lookup_order": lambda c: c.lookup_order(number="7", email=SECRET),
    "find_order": lambda c: c.find_order(SECRET),
    "get_viable_statuses": lambda c: c.get_viable_statuses(7),
    "update_order_status": lambda c: c.update_order_status(7, "st000003"),
    "add_order_comment": lambda c: c.add_order_comment(7, "For Ann"),
    "set_order_due_date": lambda c: c.set_order_due_date(7, None),
    "bulk_update_order_status": lambda c: c.bulk_update_order_status([7], "st000003"),
}
WRITES = [name for name in CALLS if name.endswith(("status", "comment", "due_date"))]

ERRORS: dict[int, type[APIError]] = {
    302: RedirectError,
    400: APIError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: APIError,
    409: APIError,
    422: ValidationError,
    429: RateLimitError,
    500: ServerError,
    503: ServerError,
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", ERRORS)
def test_every_endpoint_raises_the_error_of_the_status(
    name: str, status: int, client: StatusProClient, service: responses.RequestsMock
) -> None:
    body = {"message": "It says why.", "errors": {"comment": ["Too short."]}}
    answer_with(service, body, status)
    with pytest.raises(ERRORS[status], match=r"It says why\.") as caught:
        CALLS[name](client)
    error = caught.value
    assert type(error) is ERRORS[status]
    assert error.status_code == status
    assert error.error_response == body
    assert error.maybe_applied is (name in WRITES and status >= 500)
    assert error.request_line.startswith("POST /" if name in WRITES else "GET /")
    assert "?" not in error.request_line
    if isinstance(error, ValidationError):
        assert error.validation_errors == {"comment": ["Too short."]}
    assert len(service.calls) == 1


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("body", ["", "null", "<html>", "7", '"text"', "[7]", "[null]", "{", "NaN"])
def test_every_endpoint_refuses_what_it_does_not_promise(
    name: str, body: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, body=body)
    with pytest.raises(InvalidResponseError) as caught:
        CALLS[name](client)
    assert caught.value.status_code == 200
    assert caught.value.maybe_applied is (name in WRITES)
    assert "<html" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in CALLS if name != "get_viable_statuses"])
def test_an_array_is_no_object(
    name: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, [])
    with pytest.raises(InvalidResponseError, match="an object was promised, not an array"):
        CALLS[name](client)


def test_an_object_is_no_array(client: StatusProClient, service: responses.RequestsMock) -> None:
    answer_with(service, {"data": []})
    with pytest.raises(InvalidResponseError, match="an array was promised, not an object"):
        client.get_viable_statuses(7)


# Enums ------------------------------------------------------------------------------------------


def test_an_enum_of_strings_counts_by_its_value(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, {"message": "Done.", "count": 1, "limit": 50})
    client.update_order_status(7, Code.SHIPPED, comment=Code.WORDS)
    client.add_order_comment(7, Code.WORDS)
    client.set_order_due_date(7, Code.DAY, due_date_to=Code.DAY)
    client.bulk_update_order_status([7], Code.SHIPPED, comment=Code.WORDS, due_date=Code.DAY)
    client.lookup_order(number=Code.NUMBER, email=Code.WORDS)
    list(client.iter_bulk_update_order_status([7], Code.SHIPPED))
    bodies = [json.loads(one.body) if one.body else one.path for one in sent(service)]
    assert bodies == [
        {"status_code": "st000003", "comment": "For Ann"},
        {"comment": "For Ann"},
        {"due_date": "2026-02-10", "due_date_to": "2026-02-10"},
        {
            "order_ids": [7],
            "status_code": "st000003",
            "comment": "For Ann",
            "due_date": "2026-02-10",
        },
        "/orders/lookup?number=%231188&email=For+Ann",
        {"order_ids": [7], "status_code": "st000003"},
    ]
