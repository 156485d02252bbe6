"""The writes of one order, byte for byte; `check`; and what is refused before it is sent."""

from __future__ import annotations

import importlib
import json
from datetime import date, datetime, timezone
from typing import Any

import pytest
import responses

from statuspro import NotFoundError, StatusProClient, TransitionError
from tests.support.wire import (
    BASE_URL,
    ORDER,
    Call,
    Code,
    Index,
    Refusal,
    Sent,
    answer_with,
    check_refused,
    check_request,
    sent,
)

# What is sent ---------------------------------------------------------------------------------


UPDATES: dict[str, tuple[Call, Sent]] = {
    "a status": (
        lambda c: c.update_order_status(ORDER, "st000003"),
        Sent("POST", "/orders/6110375248088/status", b'{"status_code": "st000003"}'),
    ),
    "a status with all": (
        lambda c: c.update_order_status(
            "7",
            "st000003",
            comment="Für Ann",
            public=True,
            email_customer=False,
            email_additional=True,
        ),
        Sent(
            "POST",
            "/orders/7/status",
            b'{"status_code": "st000003", "comment": "F\\u00fcr Ann", "public": true, '
            b'"email_customer": false, "email_additional": true}',
        ),
    ),
    "a status that says no": (
        lambda c: c.update_order_status(
            7, "st000003", public=False, email_customer=True, email_additional=False
        ),
        Sent(
            "POST",
            "/orders/7/status",
            b'{"status_code": "st000003", "public": false, "email_customer": true, '
            b'"email_additional": false}',
        ),
    ),
    "a status with nothing given": (
        lambda c: c.update_order_status(
            Index(7),  # type: ignore[arg-type]
            "st000003",
            comment=None,
            public=None,
            email_customer=None,
            email_additional=None,
            check=False,
            confirm=False,
        ),
        Sent("POST", "/orders/7/status", b'{"status_code": "st000003"}'),
    ),
    "a status that mails nobody": (
        lambda c: c.update_order_status(7, "st000003", comment="For Ann", notify=False),
        Sent(
            *("POST", "/orders/7/status"),
            b'{"status_code": "st000003", "comment": "For Ann", "email_customer": false, '
            b'"email_additional": false}',
        ),
    ),
    "a status that mails all": (
        lambda c: c.update_order_status(
            7, "st000003", notify=True, email_customer=None, email_additional=None
        ),
        Sent(
            *("POST", "/orders/7/status"),
            b'{"status_code": "st000003", "email_customer": true, "email_additional": true}',
        ),
    ),
    "a status that leaves the mails to the service": (
        lambda c: c.update_order_status(7, "st000003", notify=None, email_customer=False),
        Sent(
            *("POST", "/orders/7/status"),
            b'{"status_code": "st000003", "email_customer": false}',
        ),
    ),
    "a comment": (
        lambda c: c.add_order_comment(7, "For Ann"),
        Sent("POST", "/orders/7/comment", b'{"comment": "For Ann"}'),
    ),
    "a public comment": (
        lambda c: c.add_order_comment("7", "For Ann", public=True),
        Sent("POST", "/orders/7/comment", b'{"comment": "For Ann", "public": true}'),
    ),
    "a comment for the shop": (
        lambda c: c.add_order_comment(Index(7), "For Ann", public=False),  # type: ignore[arg-type]
        Sent("POST", "/orders/7/comment", b'{"comment": "For Ann", "public": false}'),
    ),
    "a due date": (
        lambda c: c.set_order_due_date(7, date(2026, 2, 10)),
        Sent("POST", "/orders/7/due-date", b'{"due_date": "2026-02-10"}'),
    ),
    "a due date as a string": (
        lambda c: c.set_order_due_date("7", "2026-02-10"),
        Sent("POST", "/orders/7/due-date", b'{"due_date": "2026-02-10"}'),
    ),
    "a due date as a time": (
        lambda c: c.set_order_due_date(7, datetime(2026, 2, 10, 23, tzinfo=timezone.utc)),
        Sent("POST", "/orders/7/due-date", b'{"due_date": "2026-02-10"}'),
    ),
    "a span of due dates": (
        lambda c: c.set_order_due_date(7, date(2026, 2, 10), due_date_to="2026-02-12"),
        Sent(
            *("POST", "/orders/7/due-date"),
            b'{"due_date": "2026-02-10", "due_date_to": "2026-02-12"}',
        ),
    ),
    "a span of one day": (
        lambda c: c.set_order_due_date(7, "2026-02-10", due_date_to=date(2026, 2, 10)),
        Sent(
            *("POST", "/orders/7/due-date"),
            b'{"due_date": "2026-02-10", "due_date_to": "2026-02-10"}',
        ),
    ),
    "no due date": (
        lambda c: c.set_order_due_date(7, None),
        Sent("POST", "/orders/7/due-date", b'{"due_date": null}'),
    ),
}


@pytest.mark.parametrize("name", UPDATES)
def test_the_request_is_this_and_no_other(
    name: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    check_request(client, service, *UPDATES[name])


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_is_a_success(
    status: int, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, {"message": "Done."}, status)
    assert client.update_order_status(7, "st000003") == {"message": "Done."}


# check ----------------------------------------------------------------------------------------


def test_a_checked_change_asks_first(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    service.get(f"{BASE_URL}/orders/7/viable-statuses", json=[{"code": "st000003"}])
    service.post(f"{BASE_URL}/orders/7/status", json={"message": "Done."})
    assert client.update_order_status(7, "st000003", check=True) == {"message": "Done."}
    assert sent(service) == [
        Sent("GET", "/orders/7/viable-statuses"),
        Sent("POST", "/orders/7/status", b'{"status_code": "st000003"}'),
    ]


@pytest.mark.parametrize(
    ("viable", "named"), [(["st000003", "st000004"], "st000003, st000004"), ([], "none")]
)
def test_a_change_that_is_not_possible_is_not_sent(
    viable: list[str], named: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, [{"code": code} for code in viable])
    with pytest.raises(TransitionError, match=f"Possible: {named}") as caught:
        client.update_order_status(7, "st000009", check=True)
    assert caught.value.status_code_wanted == "st000009"
    assert caught.value.viable == viable
    assert isinstance(caught.value, ValueError)
    assert "Order 7 cannot move to st000009" in str(caught.value)
    assert sent(service) == [Sent("GET", "/orders/7/viable-statuses")]


def test_a_check_that_fails_sends_nothing(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, {"message": "No such order."}, 404)
    with pytest.raises(NotFoundError, match="No such order"):
        client.update_order_status(7, "st000003", check=True)
    assert len(service.calls) == 1


def test_an_enum_of_strings_is_shown_by_its_value(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, [{"code": "st000002"}])
    with pytest.raises(TransitionError, match="cannot move to st000003 now") as caught:
        client.update_order_status(7, Code.SHIPPED, check=True)
    assert type(caught.value.status_code_wanted) is str


# What is refused before anything is sent ------------------------------------------------------

REFUSED: list[Refusal] = [
    (lambda c: c.update_order_status(7, ""), ValueError, "status_code must not be blank"),
    (lambda c: c.update_order_status(7, 3), TypeError, "status_code must be a string, not int"),  # type: ignore[arg-type]
    (lambda c: c.update_order_status(7, "st000003", comment=""), ValueError, "comment"),
    (lambda c: c.update_order_status(7, "st000003", comment=7), TypeError, "comment .* not int"),  # type: ignore[arg-type]
    (lambda c: c.update_order_status(7, "st000003", public=1), TypeError, "public .* not int"),  # type: ignore[arg-type]
    (
        lambda c: c.update_order_status(7, "st000003", email_customer="no"),  # type: ignore[arg-type]
        TypeError,
        "email_customer must be True or False, not str",
    ),
    (
        lambda c: c.update_order_status(7, "st000003", email_additional=0),  # type: ignore[arg-type]
        TypeError,
        "email_additional must be True or False, not int",
    ),
    (lambda c: c.update_order_status(7, "st000003", notify=0), TypeError, "notify .* not int"),  # type: ignore[arg-type]
    (lambda c: c.update_order_status(7, "st000003", notify="no"), TypeError, "notify .* not str"),  # type: ignore[arg-type]
    (lambda c: c.update_order_status(7, "st000003", check=1), TypeError, "check .* not int"),  # type: ignore[arg-type]
    (lambda c: c.update_order_status(7, "st000003", confirm=None), TypeError, "confirm"),  # type: ignore[arg-type]
    (
        lambda c: c.update_order_status(7, "st000003", check=True, confirm="yes"),  # type: ignore[arg-type]
        TypeError,
        "confirm must be True or False, not str",
    ),
    (lambda c: c.add_order_comment(7, " "), ValueError, "comment must not be blank"),
    (lambda c: c.add_order_comment(7, None), TypeError, "comment .* not NoneType"),  # type: ignore[arg-type]
    (lambda c: c.add_order_comment(7, "For Ann", public="no"), TypeError, "public .* not str"),  # type: ignore[arg-type]
    (lambda c: c.add_order_comment(7, "For Ann", confirm=1), TypeError, "confirm .* not int"),  # type: ignore[arg-type]
    (lambda c: c.set_order_due_date(7, "10.2.2026"), ValueError, "due_date must be a day"),
    (lambda c: c.set_order_due_date(7, "2026-02-30"), ValueError, "due_date must be a day"),
    (lambda c: c.set_order_due_date(7, 20260210), TypeError, "due_date .* not int"),  # type: ignore[arg-type]
    (
        lambda c: c.set_order_due_date(7, "2026-02-10", due_date_to="soon"),
        ValueError,
        "due_date_to must be a day",
    ),
    (
        lambda c: c.set_order_due_date(7, "2026-02-10", due_date_to=True),  # type: ignore[arg-type]
        TypeError,
        "due_date_to .* not bool",
    ),
    (
        lambda c: c.set_order_due_date(7, "2026-02-10", due_date_to=date(2026, 2, 9)),
        ValueError,
        "due_date_to must not be before due_date",
    ),
    (lambda c: c.set_order_due_date(7, None, confirm="no"), TypeError, "confirm .* not str"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(
    ("call", "kind", "said"), REFUSED, ids=[f"{n}-{said}" for n, (_, _, said) in enumerate(REFUSED)]
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(
    call: Call,
    kind: type[Exception],
    said: str,
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    check_refused(client, service, call, kind, said)


@pytest.mark.parametrize("notify", [False, True])
@pytest.mark.parametrize("value", [False, True])
@pytest.mark.parametrize("name", ["email_customer", "email_additional"])
def test_notify_goes_with_neither_of_the_fields_that_it_sets(
    notify: bool, name: str, value: bool, client: StatusProClient, service: responses.RequestsMock
) -> None:
    keywords: dict[str, Any] = {"notify": notify, name: value}

    def call(client: StatusProClient) -> object:
        return client.update_order_status(7, "st000003", check=True, confirm=True, **keywords)

    check_refused(client, service, call, ValueError, f"give notify or {name}, not both")


def test_notify_may_be_numpys(client: StatusProClient, service: responses.RequestsMock) -> None:
    numpy: Any = importlib.import_module("numpy")
    answer_with(service, {"message": "Done."})
    client.update_order_status(7, "st000003", notify=numpy.False_)
    (request,) = sent(service)
    assert json.loads(request.body or b"") == {
        "status_code": "st000003",
        "email_customer": False,
        "email_additional": False,
    }
