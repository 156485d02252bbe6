"""An order is found by exactly its number or name, in a few requests, and is told of nowhere."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from statuspro import APIError, RateLimitError, StatusProClient, StatusProError, find_order
from statuspro.sandbox import Sandbox
from tests.support.wire import BASE_URL, Code, Index, answer_with, page_of


class Listed(NamedTuple):
    """An order as the service finds it: newest first, by a part of any of these."""

    id: int
    name: str
    order_number: str
    customer: str = "Ann Lee"
    email: str = "ann@lee.test"

    def matches(self, text: str) -> bool:
        return any(text.casefold() in field.casefold() for field in self[1:])

    def shown(self) -> dict[str, Any]:
        customer = {"name": self.customer, "email": self.email, "locale": "en"}
        head = {"id": self.id, "name": self.name, "order_number": self.order_number}
        return {**head, "customer": customer, "status": {"is_set": False}}


def numbered(numbers: Iterable[int], form: str = "#{}") -> list[Listed]:
    """Orders with these numbers, the highest first."""
    return [Listed(n, form.format(n), str(n)) for n in sorted(numbers, reverse=True)]


#: What a shop has before each read, of which it gets the number.
Orders = Callable[[int], list[Listed]]


def serve(service: responses.RequestsMock, orders: list[Listed] | Orders) -> list[int]:
    """Lets the service search these orders; the pages that it is asked for come to be listed."""
    reads: list[int] = []

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = {
            name: values[-1] for name, values in parse_qs(urlsplit(str(request.url)).query).items()
        }
        assert set(query) == {"search", "page", "per_page"}
        reads.append(int(query["page"]))
        there = orders(len(reads)) if callable(orders) else orders
        hits = [order.shown() for order in there if order.matches(str(query["search"]))]
        size = int(query["per_page"])
        page = page_of(last_page=max(math.ceil(len(hits) / size), 1), total=len(hits))
        page["data"] = hits[(reads[-1] - 1) * size : reads[-1] * size]
        return 200, {}, json.dumps(page)

    service.add_callback("GET", re.compile(f"{BASE_URL}/orders\\?.*"), answer)
    return reads


SHOP = [
    Listed(11, "#11880", "11880"),
    Listed(10, "#21188", "21188"),
    Listed(9, "#1190", "1190", customer="Flat 1188"),
    Listed(8, "#1189", "1189", email="ann1188@lee.test"),
    Listed(7, "#1188", "1188"),
    Listed(6, "EX-1187", "1187"),
    Listed(5, "1186-B", "1186"),
    Listed(4, "#EU1185", "1185"),
    Listed(3, "# 1184", "1184"),
]

FOUND: list[tuple[Any, int | None]] = [
    ("1188", 7),
    ("#1188", 7),
    (" 1188\n", 7),
    ("\ufeff#1188\u200b", 7),
    (1188, 7),
    (Index(1188), 7),
    (Code.NUMBER, 7),
    ("EX-1187", 6),
    ("ex-1187", 6),
    ("1187", 6),
    ("#1187", 6),
    (1187, 6),
    ("1186-B", 5),
    ("1186", 5),
    ("#EU1185", 4),
    ("EU1185", 4),
    ("# 1184", 3),
    (11880, 11),
    ("11880", 11),
    ("118", None),
    ("188", None),
    ("01188", None),
    ("1188 ", 7),
    ("EX-118", None),
    ("X-1187", None),
    ("Flat 1188", None),
    ("ann1188@lee.test", None),
    ("Ann Lee", None),
    ("None", None),
    ("11.8", None),
]


@pytest.mark.parametrize(("number", "order_id"), FOUND)
def test_only_exactly_this_number_or_name_is_found(
    number: Any, order_id: int | None, client: StatusProClient, service: responses.RequestsMock
) -> None:
    reads = serve(service, SHOP)
    found = client.find_order(number)
    assert (found and found["id"]) == order_id
    assert reads == [1]
    assert find_order(client, number) == found


def test_it_comes_as_lists_have_it(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    serve(service, SHOP)
    assert client.find_order(1188) == SHOP[4].shown()


def test_numpy_s_numbers_are_numbers(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    numpy = pytest.importorskip("numpy")
    serve(service, SHOP)
    found = client.find_order(numpy.int64(1188))
    assert found
    assert found["id"] == 7


def test_the_search_is_without_the_sign(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    serve(service, SHOP)
    client.find_order("#EX-1188 & more")
    (call,) = service.calls
    wanted = "/api/v1/orders?search=EX-1188+%26+more&page=1&per_page=100"
    assert call.request.path_url == wanted


def test_a_name_goes_before_a_number_and_the_newest_first(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    shop = [
        Listed(5, "EX-1188", "1188"),
        Listed(4, "#1188", "77"),
        Listed(3, "#1188", "1188"),
        Listed(2, "1188", "1188"),
        Listed(1, "EU-1188", "1188"),
    ]
    serve(service, lambda _: shop)
    assert found_id(client, "1188") == 4
    del shop[1:4]
    assert found_id(client, "1188") == 5


def found_id(client: StatusProClient, number: str) -> int | None:
    order = client.find_order(number)
    return None if order is None else order["id"]


def test_the_oldest_hits_are_read_next(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    reads = serve(service, numbered(range(1, 2000)))
    assert found_id(client, "1") == 1
    assert reads == [1, 13]
    reads.clear()
    assert found_id(client, "12") == 12
    assert reads == [1, 2]


def test_a_number_of_another_name_is_looked_for_to_the_end(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    reads = serve(service, numbered(range(1, 2000), "EX-{}"))
    assert found_id(client, "12") == 12
    assert reads == [1, 2]


def test_what_is_not_among_many_hits_is_not_there(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    reads = serve(service, numbered(n for n in range(1000, 1400)))
    assert found_id(client, "1") is None
    assert reads == [1, 4, 3, 2]


def test_a_search_that_is_too_wide_is_no_answer(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    reads = serve(service, numbered(n for n in range(1000, 1401)))
    with pytest.raises(StatusProError, match="4 requests did not show whether") as caught:
        client.find_order("1")
    assert not isinstance(caught.value, APIError)
    assert reads == [1, 5, 4, 3]


def test_a_number_that_was_read_is_given_though_the_search_is_wide(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    shop = [*numbered(range(1000, 1600)), Listed(7, "EX-1", "1")]
    reads = serve(service, shop)
    assert found_id(client, "1") == 7
    assert reads == [1, 7, 6, 5]


def test_of_two_on_different_pages_the_newest_is_given(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    shop = numbered(range(1000, 1298))
    shop[150:150] = [Listed(8, "EX-1", "1")]
    reads = serve(service, [*shop, Listed(7, "EU-1", "1")])
    assert found_id(client, "1") == 8
    assert reads == [1, 3, 2]


def test_odd_fields_are_no_number_and_no_name(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    page = page_of(1, 2, 3)
    page["data"][1] |= {"name": None, "order_number": None}
    page["data"][2] |= {"name": ["7"], "order_number": 7}
    answer_with(service, page)
    assert client.find_order("None") is None
    assert client.find_order("['7']") is None
    assert found_id(client, "#7") == 3


def test_hits_that_move_meanwhile_are_no_answer(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    shop = numbered([*range(1000, 1199), 1])  # two pages, and the oldest is the one

    def moving(read: int) -> list[Listed]:
        return shop if read == 1 else shop[50:150]

    reads = serve(service, moving)
    with pytest.raises(StatusProError, match="moved meanwhile"):
        client.find_order("1")
    assert reads == [1, 2]


def test_a_hit_that_was_moved_onto_another_page_is_read_there(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    shop = numbered([*range(1000, 1199), 1])

    def arriving(read: int) -> list[Listed]:
        return [*numbered(range(2010, 2010 + (read > 1))), *shop]

    reads = serve(service, arriving)
    assert found_id(client, "1") == 1
    assert reads == [1, 2, 3]


# Arguments --------------------------------------------------------------------------------------


REFUSED: list[tuple[Any, type[Exception], str]] = [
    ("", ValueError, "number must not be blank"),
    (" \ufeff", ValueError, "number must not be blank"),
    ("#", ValueError, "number must hold more than #"),
    (" ## ", ValueError, "number must hold more than #"),
    (0, ValueError, "number must be at least 1"),
    (-7, ValueError, "number must be at least 1"),
    (1.5, TypeError, "number must be a whole number, not float"),
    (True, TypeError, "number must be a whole number, not bool"),
    (None, TypeError, "number must be a whole number, not NoneType"),
    (b"1188", TypeError, "number must be a whole number, not bytes"),
    (["1188"], TypeError, "number must be a whole number, not list"),
]


@pytest.mark.parametrize(("number", "kind", "said"), REFUSED)
def test_what_is_no_number_is_refused_before_it_is_sent(
    number: Any,
    kind: type[Exception],
    said: str,
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    with pytest.raises(kind, match=said):
        client.find_order(number)
    assert len(service.calls) == 0


# What is told -----------------------------------------------------------------------------------


def test_the_number_is_in_no_record_and_no_error(
    client: StatusProClient, service: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    serve(service, [Listed(n, f"#{n}", str(n), email="secret77@x.test") for n in range(500)])
    with pytest.raises(StatusProError) as caught:
        client.find_order("secret77")
    told = [str(caught.value), repr(caught.value), *map(str, caught.value.args), caplog.text]
    assert caplog.records
    assert [text for text in told if "secret77" in text] == []


# Against a server -------------------------------------------------------------------------------


def test_an_order_of_the_sandbox_is_found_by_each_of_its_names(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        for order in client.iter_orders(max_items=5):
            sandbox.requests.clear()
            assert client.find_order(order["name"]) == order
            assert client.find_order(order["order_number"]) == order
            assert client.find_order(int(order["order_number"])) == order
            assert client.find_order(order["customer"]["email"]) is None
            assert [request.method for request in sandbox.requests] == ["GET"] * 4
            assert {request.path for request in sandbox.requests} == {"/api/v1/orders"}


def test_all_its_requests_are_one_call(waits: list[float]) -> None:
    with Sandbox(orders=500) as sandbox:

        def fail_next(*_: object, **__: object) -> None:
            sandbox.fail(429, retry_after=40)

        fail_next()
        client = sandbox.client(max_wait=100.0, hooks={"response": fail_next})
        with client, pytest.raises(RateLimitError):
            client.find_order("1")
    assert len(waits) == 2
    assert 80 <= sum(waits) <= 100
