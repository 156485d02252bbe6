"""Each endpoint's request line and body, byte for byte, and what is refused before it is sent."""

import enum
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from typing import Any, NamedTuple

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
    TransitionError,
    ValidationError,
)

KEY = "key-3f9a1c77e0d24b58"
BASE_URL = "https://shop.test/api/v1"
ORDER = 6110375248088

Call = Callable[[StatusProClient], Any]


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


@pytest.fixture
def service() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> StatusProClient:
    return StatusProClient(KEY, BASE_URL, max_retries=0, rate_limit=None)


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


def joined_meta(count: int, total: int) -> dict[str, Any]:
    """What the `meta` of a list says that was joined of pages."""
    numbers = {"current_page": 1, "last_page": 1, "per_page": count, "to": count, "total": total}
    return {**numbers, "from": 1 if count else None}


# One order


ORDER_CALLS: dict[str, tuple[Call, Sent]] = {
    "an order": (lambda c: c.get_order(ORDER), Sent("GET", "/orders/6110375248088")),
    "an order by its digits": (
        lambda c: c.get_order("6110375248088"),
        Sent("GET", "/orders/6110375248088"),
    ),
    "an order by an index": (lambda c: c.get_order(Index(7)), Sent("GET", "/orders/7")),  # type: ignore[arg-type]
    "an order by digits with zeros": (lambda c: c.get_order("007"), Sent("GET", "/orders/7")),
    "an id beyond 64 bits": (
        lambda c: c.get_order(2**70),
        Sent("GET", "/orders/1180591620717411303424"),
    ),
    "lookup": (
        lambda c: c.lookup_order(number="1188", email="ann@lee.test"),
        Sent("GET", "/orders/lookup?number=1188&email=ann%40lee.test"),
    ),
    "lookup by name": (
        lambda c: c.lookup_order(number="#1188", email="ann+shop@lee.test"),
        Sent("GET", "/orders/lookup?number=%231188&email=ann%2Bshop%40lee.test"),
    ),
    "lookup by a number": (
        lambda c: c.lookup_order(number=1188, email="ann@lee.test"),
        Sent("GET", "/orders/lookup?number=1188&email=ann%40lee.test"),
    ),
    "lookup in another script": (
        lambda c: c.lookup_order(number="№ 7", email="ännchen@lee.test"),
        Sent("GET", "/orders/lookup?number=%E2%84%96+7&email=%C3%A4nnchen%40lee.test"),
    ),
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
    "bulk": (
        lambda c: c.bulk_update_order_status([ORDER, "8", Index(9)], "st000003"),  # type: ignore[list-item]
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [6110375248088, 8, 9], "status_code": "st000003"}',
        ),
    ),
    "bulk with all": (
        lambda c: c.bulk_update_order_status(
            (7, 8),
            "st000003",
            comment="Für Ann",
            public=True,
            email_customer=False,
            email_additional=False,
            send_at=1770000000,
            due_date=date(2026, 2, 10),
        ),
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [7, 8], "status_code": "st000003", "comment": "F\\u00fcr Ann", '
            b'"public": true, "email_customer": false, "email_additional": false, '
            b'"send_at": 1770000000, "due_date": "2026-02-10"}',
        ),
    ),
    "bulk with nothing given": (
        lambda c: c.bulk_update_order_status(
            iter([7]),
            "st000003",
            comment=None,
            public=None,
            email_customer=None,
            email_additional=None,
            send_at=None,
            due_date=None,
        ),
        Sent("POST", "/orders/bulk-status", b'{"order_ids": [7], "status_code": "st000003"}'),
    ),
    "bulk at once": (
        lambda c: c.bulk_update_order_status(range(7, 9), "st000003", send_at=0),
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [7, 8], "status_code": "st000003", "send_at": 0}',
        ),
    ),
    "an id twice": (
        lambda c: c.bulk_update_order_status([7, 7], "st000003"),
        Sent("POST", "/orders/bulk-status", b'{"order_ids": [7, 7], "status_code": "st000003"}'),
    ),
}


@pytest.mark.parametrize("name", ORDER_CALLS)
def test_the_request_is_this_and_no_other(
    name: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    call, wanted = ORDER_CALLS[name]
    answer_with(service, {"message": "What the service says.", "id": 7})
    assert call(client) == {"message": "What the service says.", "id": 7}
    assert sent(service) == [wanted]


def test_viable_statuses(client: StatusProClient, service: responses.RequestsMock) -> None:
    answer_with(service, [{"code": "st000002"}])
    assert client.get_viable_statuses(ORDER) == [{"code": "st000002"}]
    assert client.get_viable_statuses("7") == [{"code": "st000002"}]
    assert sent(service) == [
        Sent("GET", "/orders/6110375248088/viable-statuses"),
        Sent("GET", "/orders/7/viable-statuses"),
    ]


@pytest.mark.parametrize("count", [1, 50])
def test_a_bulk_call_takes_up_to_50_ids(
    count: int, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, {"message": "Queued.", "count": count, "limit": 50}, 202)
    update = client.bulk_update_order_status({*range(1, count + 1)}, "st000003")
    assert update == {"message": "Queued.", "count": count, "limit": 50}
    (request,) = sent(service)
    assert len(json.loads(request.body or b"")["order_ids"]) == count


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


# Lists


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"search": "Ann & Lée"}, "search=Ann+%26+L%C3%A9e&"),
    ({"search": "#1188"}, "search=%231188&"),
    ({"status_code": "st000002"}, "status_code=st000002&"),
    ({"tags": ["a", "b c"]}, "tags%5B%5D=a&tags%5B%5D=b+c&"),
    ({"tags": ("a",)}, "tags%5B%5D=a&"),
    ({"tags_any": ["a", "b"]}, "tags_any%5B%5D=a&tags_any%5B%5D=b&"),
    (
        {"financial_status": ["paid", "unpaid"]},
        "financial_status%5B%5D=paid&financial_status%5B%5D=unpaid&",
    ),
    ({"fulfillment_status": ("partial",)}, "fulfillment_status%5B%5D=partial&"),
    ({"exclude_cancelled": True}, "exclude_cancelled=true&"),
    ({"exclude_cancelled": False}, "exclude_cancelled=false&"),
    ({"due_date_from": "2026-02-10"}, "due_date_from=2026-02-10&"),
    ({"due_date_to": date(2026, 2, 12)}, "due_date_to=2026-02-12&"),
    (
        {
            "due_date_to": datetime(2026, 2, 12, 23),
            "due_date_from": date(2026, 2, 10),
            "exclude_cancelled": True,
            "fulfillment_status": ["fulfilled"],
            "financial_status": ["voided"],
            "tags_any": ["c"],
            "tags": ["a", "b"],
            "status_code": "st000002",
            "search": "Ann",
        },
        "search=Ann&status_code=st000002&tags%5B%5D=a&tags%5B%5D=b&tags_any%5B%5D=c&"
        "financial_status%5B%5D=voided&fulfillment_status%5B%5D=fulfilled&exclude_cancelled=true&"
        "due_date_from=2026-02-10&due_date_to=2026-02-12&",
    ),
    (
        {
            "search": Code.WORDS,
            "status_code": Code.SHIPPED,
            "tags": [Code.VIP],
            "financial_status": (Code.PAID,),
            "due_date_from": Code.DAY,
        },
        "search=For+Ann&status_code=st000003&tags%5B%5D=vip&financial_status%5B%5D=paid&"
        "due_date_from=2026-02-10&",
    ),
    (
        dict.fromkeys(
            [
                *("search", "status_code", "tags", "tags_any", "financial_status"),
                *("fulfillment_status", "exclude_cancelled", "due_date_from", "due_date_to"),
            ]
        ),
        "",
    ),
]

every_filter = pytest.mark.parametrize(("filters", "query"), FILTERS, ids=repr)


@every_filter
def test_filters_are_query_parameters(
    filters: dict[str, Any], query: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, page_of(7, 8))
    page = client.list_orders(page=3, per_page=15, **filters)
    assert page == page_of(7, 8)  # as the service sent it
    client.list_orders(**filters)
    list(client.iter_orders(per_page=7, **filters))
    list(client.iter_order_pages(start_page=1, **filters))
    assert sent(service) == [
        Sent("GET", f"/orders?{query}page=3&per_page=15"),
        Sent("GET", f"/orders?{query}page=1&per_page=100"),
        Sent("GET", f"/orders?{query}page=1&per_page=7"),
        Sent("GET", f"/orders?{query}page=1&per_page=100"),
    ]


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({"page": 1}, "page=1&per_page=100"),
        ({"page": 7, "per_page": 1}, "page=7&per_page=1"),
        ({"page": Index(7), "per_page": Index(100)}, "page=7&per_page=100"),
    ],
)
def test_one_page_is_as_the_service_sent_it(
    arguments: dict[str, Any],
    query: str,
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    given = {**page_of(7, last_page=9, total=801), "more": True}
    answer_with(service, given)
    assert client.list_orders(**arguments) == given
    assert sent(service) == [Sent("GET", f"/orders?{query}")]


def test_without_a_page_all_pages_are_joined(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    for number, ids in enumerate([(9, 8), (7, 6), (5,)], 1):
        page = page_of(*ids, last_page=3, total=5)
        page["meta"] |= {"current_page": number, "per_page": 2}
        service.get(
            f"{BASE_URL}/orders",
            json=page,
            match=[responses.matchers.query_param_matcher({"page": number, "per_page": 2})],
        )
    joined: dict[str, Any] = {
        "data": [{"id": number} for number in (9, 8, 7, 6, 5)],
        "meta": joined_meta(5, 5),
    }
    assert client.list_orders(per_page=2) == joined
    shortened = client.list_orders(per_page=2, max_items=3)
    assert [order["id"] for order in shortened["data"]] == [9, 8, 7]
    assert shortened["meta"] == joined_meta(3, 5)


def test_a_list_without_orders(client: StatusProClient, service: responses.RequestsMock) -> None:
    answer_with(service, page_of())
    orders = client.list_orders()
    assert orders["data"] == []
    assert orders["meta"] == joined_meta(0, 0)


def test_a_list_of_no_items_sends_nothing(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    orders = client.list_orders(max_items=0)
    assert orders["data"] == []
    assert orders["meta"] == joined_meta(0, 0)
    assert len(service.calls) == 0


def test_iterating_is_lazy(client: StatusProClient, service: responses.RequestsMock) -> None:
    answer_with(service, page_of(7, 8))
    orders, pages = client.iter_orders(), client.iter_order_pages()
    assert len(service.calls) == 0
    assert next(orders)["id"] == 7
    assert next(orders)["id"] == 8
    assert len(service.calls) == 1
    assert [order["id"] for order in next(pages)["data"]] == [7, 8]
    assert len(service.calls) == 2


@pytest.mark.parametrize(
    ("has_status", "ids"), [(True, [1]), (False, [2, 3, 4]), (None, [1, 2, 3, 4])]
)
def test_orders_with_or_without_a_status(
    has_status: bool | None,
    ids: list[int],
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    page = page_of(1, 2, 3, 4)
    page["data"][0]["status"] = {"is_set": True, "code": "st000002"}
    page["data"][1]["status"] = {"is_set": False}
    page["data"][2]["status"] = None
    answer_with(service, page)
    assert [order["id"] for order in client.iter_orders(has_status=has_status)] == ids
    pages = list(client.iter_order_pages(has_status=has_status))
    assert [order["id"] for order in pages[0]["data"]] == ids
    assert [request.path for request in sent(service)] == ["/orders?page=1&per_page=100"] * 2


# check


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


# What is refused before anything is sent


SECRET = "ann@lee.test"

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


REFUSED: list[tuple[Call, type[Exception], str]] = [
    (lambda c: c.lookup_order(number="", email=SECRET), ValueError, "number must not be blank"),
    (lambda c: c.lookup_order(number="7", email=" "), ValueError, "email must not be blank"),
    (lambda c: c.lookup_order(number=0, email=SECRET), ValueError, "number must be at least 1"),
    (lambda c: c.lookup_order(number=1.5, email=SECRET), TypeError, "number .* not float"),  # type: ignore[arg-type]
    (lambda c: c.lookup_order(number=True, email=SECRET), TypeError, "number .* not bool"),
    (lambda c: c.lookup_order(number="7", email=None), TypeError, "email .* not NoneType"),  # type: ignore[arg-type]
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
    (lambda c: c.bulk_update_order_status([], "st000003"), ValueError, "1 to 50 ids, not 0"),
    (lambda c: c.bulk_update_order_status(iter(()), "st000003"), ValueError, "1 to 50 ids, not 0"),
    (
        lambda c: c.bulk_update_order_status(range(1, 52), "st000003"),
        ValueError,
        "1 to 50 ids, not 51",
    ),
    (lambda c: c.bulk_update_order_status("778", "st000003"), TypeError, "order_ids .* not str"),
    (lambda c: c.bulk_update_order_status(7, "st000003"), TypeError, "order_ids .* not int"),  # type: ignore[arg-type]
    (
        lambda c: c.bulk_update_order_status({7: "st000003"}, "st000003"),
        TypeError,
        "order_ids .* not dict",
    ),
    (lambda c: c.bulk_update_order_status([7], ""), ValueError, "status_code must not be blank"),
    (lambda c: c.bulk_update_order_status([7], "st000003", send_at=-1), ValueError, "send_at"),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", send_at=1.5),  # type: ignore[arg-type]
        TypeError,
        "send_at .* not float",
    ),
    (lambda c: c.bulk_update_order_status([7], "st000003", due_date="x"), ValueError, "due_date"),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", public="no"),  # type: ignore[arg-type]
        TypeError,
        "public .* not str",
    ),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", coment="x"),  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
        TypeError,
        "unexpected keyword argument 'coment'",
    ),
    (lambda c: c.list_orders(tags=[]), ValueError, "tags must not be empty"),
    (lambda c: c.list_orders(tags_any=[]), ValueError, "tags_any must not be empty"),
    (lambda c: c.list_orders(financial_status=[]), ValueError, "financial_status must not be e"),
    (lambda c: c.list_orders(fulfillment_status=[]), ValueError, "fulfillment_status must not be"),
    (lambda c: list(c.iter_orders(tags_any=())), ValueError, "tags_any must not be empty"),
    (lambda c: c.list_orders(page=0), ValueError, "page must be at least 1"),
    (lambda c: c.list_orders(page="1"), TypeError, "page .* not str"),  # type: ignore[arg-type]
    (lambda c: c.list_orders(page=True), TypeError, "page .* not bool"),
    (lambda c: c.list_orders(page=1, per_page=0), ValueError, "per_page must be at least 1"),
    (lambda c: c.list_orders(per_page=0), ValueError, "per_page must be at least 1"),
    (lambda c: c.list_orders(per_page=1.5), TypeError, "per_page .* not float"),  # type: ignore[arg-type]
    (lambda c: c.list_orders(page=1, max_items=5), ValueError, "max_items and max_pages"),
    (lambda c: c.list_orders(page=1, max_pages=5), ValueError, "max_items and max_pages"),
    (lambda c: c.list_orders(max_items=-1), ValueError, "max_items must be at least 0"),
    (lambda c: c.list_orders(max_pages=0), ValueError, "max_pages must be at least 1"),
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
    with pytest.raises(kind, match=said) as caught:
        call(client)
    assert not isinstance(caught.value, APIError)
    assert SECRET not in str(caught.value)
    assert len(service.calls) == 0


BAD_FILTERS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"search": 7}, TypeError, "search must be a string, not int"),
    ({"search": ""}, ValueError, "search must not be blank"),
    ({"status_code": ["st000002"]}, TypeError, "status_code must be a string, not list"),
    ({"tags": "vip"}, TypeError, "tags must be a list or tuple of strings, not str"),
    ({"tags": [7]}, TypeError, "each of tags must be a string, not int"),
    ({"tags_any": {"vip"}}, TypeError, "tags_any must be a list or tuple of strings, not set"),
    ({"financial_status": "paid"}, TypeError, "financial_status .* not str"),
    ({"fulfillment_status": [None]}, TypeError, "each of fulfillment_status .* not NoneType"),
    ({"exclude_cancelled": 1}, TypeError, "exclude_cancelled must be True or False, not int"),
    ({"exclude_cancelled": "true"}, TypeError, "exclude_cancelled must be True or False, not str"),
    ({"due_date_from": "today"}, ValueError, "due_date_from must be a day"),
    ({"due_date_to": 20260210}, TypeError, "due_date_to .* not int"),
    ({"status": "st000002"}, TypeError, "there is no filter 'status'; there are: search, "),
    ({"Search": None}, TypeError, "there is no filter 'Search'"),
]

LISTS: dict[str, Callable[..., Any]] = {
    "a page": lambda client, **filters: client.list_orders(page=1, **filters),
    "all": lambda client, **filters: client.list_orders(**filters),
    "iter_orders": lambda client, **filters: client.iter_orders(**filters),
    "iter_order_pages": lambda client, **filters: client.iter_order_pages(**filters),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("filters", "kind", "said"), BAD_FILTERS, ids=repr)
def test_a_filter_that_makes_no_sense_is_refused_at_once(
    name: str,
    filters: dict[str, Any],
    kind: type[Exception],
    said: str,
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    with pytest.raises(kind, match=said):
        LISTS[name](client, **filters)  # also where nothing is iterated over yet
    assert len(service.calls) == 0


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        *(({"per_page": 0}, ValueError), ({"max_items": -1}, ValueError)),
        *(({"max_pages": 0}, ValueError), ({"start_page": 0}, ValueError)),
        *(({"prefetch": -1}, ValueError), ({"prefetch": True}, TypeError)),
        *(({"has_status": 1}, TypeError), ({"per_page": "7"}, TypeError)),
        ({"page": 1}, TypeError),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["iter_orders", "iter_order_pages"])
def test_an_option_that_makes_no_sense_is_refused_at_once(
    name: str,
    options: dict[str, Any],
    kind: type[Exception],
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    with pytest.raises(kind, match=next(iter(options))):
        LISTS[name](client, **options)
    assert len(service.calls) == 0


def test_a_page_that_is_too_long_is_shortened_with_a_warning(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, page_of(7))
    with pytest.warns(UserWarning, match="per_page=250 .* 100 is used"):
        client.list_orders(page=1, per_page=250)
    with pytest.warns(UserWarning, match="per_page=101 .* 100 is used"):
        list(client.iter_orders(per_page=101))
    assert [request.path for request in sent(service)] == ["/orders?page=1&per_page=100"] * 2


# Answers


CALLS: dict[str, Call] = {
    "list_orders": lambda c: c.list_orders(page=1),
    "all of list_orders": lambda c: c.list_orders(),
    "iter_orders": lambda c: list(c.iter_orders()),
    "iter_order_pages": lambda c: list(c.iter_order_pages()),
    "get_order": lambda c: c.get_order(7),
    "lookup_order": lambda c: c.lookup_order(number="7", email=SECRET),
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
    assert "html" not in str(caught.value)


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


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_is_a_success(
    status: int, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, {"message": "Done."}, status)
    assert client.update_order_status(7, "st000003") == {"message": "Done."}


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


def test_an_enum_of_strings_is_shown_by_its_value(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, [{"code": "st000002"}])
    with pytest.raises(TransitionError, match="cannot move to st000003 now") as caught:
        client.update_order_status(7, Code.SHIPPED, check=True)
    assert type(caught.value.status_code_wanted) is str


def test_an_enum_of_strings_counts_by_its_value_in_any_list(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, page_of())
    list(client.paginate("/orders", {"status_code": Code.SHIPPED, "tags[]": [Code.VIP]}))
    assert sent(service) == [
        Sent("GET", "/orders?status_code=st000003&tags%5B%5D=vip&page=1&per_page=100")
    ]
