"""The reads of orders, byte for byte; their filters; and what is refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import responses

from statuspro import StatusProClient
from tests.support.wire import (
    BASE_URL,
    ORDER,
    SECRET,
    Call,
    Code,
    Index,
    Refusal,
    Sent,
    answer_with,
    check_refused,
    check_request,
    page_of,
    sent,
)

# One order --------------------------------------------------------------------------------------


READS: dict[str, tuple[Call, Sent]] = {
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
}


@pytest.mark.parametrize("name", READS)
def test_the_request_is_this_and_no_other(
    name: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    check_request(client, service, *READS[name])


def test_viable_statuses(client: StatusProClient, service: responses.RequestsMock) -> None:
    answer_with(service, [{"code": "st000002"}])
    assert client.get_viable_statuses(ORDER) == [{"code": "st000002"}]
    assert client.get_viable_statuses("7") == [{"code": "st000002"}]
    assert sent(service) == [
        Sent("GET", "/orders/6110375248088/viable-statuses"),
        Sent("GET", "/orders/7/viable-statuses"),
    ]


# Lists ------------------------------------------------------------------------------------------


def joined_meta(count: int, total: int) -> dict[str, Any]:
    """What the `meta` of a list says that was joined of pages."""
    numbers = {"current_page": 1, "last_page": 1, "per_page": count, "to": count, "total": total}
    return {**numbers, "from": 1 if count else None}


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


def test_a_page_that_is_too_long_is_shortened_with_a_warning(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, page_of(7))
    with pytest.warns(UserWarning, match="per_page=250 .* 100 is used"):
        client.list_orders(page=1, per_page=250)
    with pytest.warns(UserWarning, match="per_page=101 .* 100 is used"):
        list(client.iter_orders(per_page=101))
    assert [request.path for request in sent(service)] == ["/orders?page=1&per_page=100"] * 2


def test_an_enum_of_strings_counts_by_its_value_in_any_list(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, page_of())
    list(client.paginate("/orders", {"status_code": Code.SHIPPED, "tags[]": [Code.VIP]}))
    assert sent(service) == [
        Sent("GET", "/orders?status_code=st000003&tags%5B%5D=vip&page=1&per_page=100")
    ]


# What is refused before anything is sent ------------------------------------------------------


REFUSED: list[Refusal] = [
    (lambda c: c.lookup_order(number="", email=SECRET), ValueError, "number must not be blank"),
    (lambda c: c.lookup_order(number="7", email=" "), ValueError, "email must not be blank"),
    (lambda c: c.lookup_order(number=0, email=SECRET), ValueError, "number must be at least 1"),
    (lambda c: c.lookup_order(number=1.5, email=SECRET), TypeError, "number .* not float"),  # type: ignore[arg-type]
    (lambda c: c.lookup_order(number=True, email=SECRET), TypeError, "number .* not bool"),
    (lambda c: c.lookup_order(number="7", email=None), TypeError, "email .* not NoneType"),  # type: ignore[arg-type]
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
    check_refused(client, service, call, kind, said)


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
    ({"status": "st000002"}, TypeError, "unexpected keyword argument 'status'"),
    ({"Search": None}, TypeError, "unexpected keyword argument 'Search'"),
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
