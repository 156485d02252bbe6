"""Many orders by their numbers: found in the fewer requests, each once, or none is sent."""

from __future__ import annotations

import json
from unittest.mock import Mock, call

import pytest

from statuspro.cli.lookup import UnknownOrders, found_orders
from statuspro.cli.sheets import Reference
from statuspro.sandbox import Sandbox
from statuspro.sandbox.messages import Response


@pytest.fixture(scope="module")
def shop() -> Sandbox:
    """A shop of 450 orders, five pages of the list, that needs no server."""
    return Sandbox(450)


@pytest.fixture
def ids(shop: Sandbox) -> list[int]:
    """Of all orders, the newest first."""
    shop.requests.clear()
    with shop.client(adapter=shop.adapter()) as client:
        ids = [order["id"] for order in client.iter_orders()]
    shop.requests.clear()
    return ids


def find(shop: Sandbox, words: list[str]) -> tuple[dict[int, str], int]:
    """Finds the orders: them, and how many requests it took."""
    shop.requests.clear()
    with shop.client(adapter=shop.adapter()) as client:
        references = [Reference(word) for word in words]
        found = found_orders(client, references, lambda numbers, requests: None)
    return found, len(shop.requests)


def test_ids_take_no_request(shop: Sandbox) -> None:
    assert find(shop, ["6110375248088", "6110375248089"]) == (
        {6110375248088: "6110375248088", 6110375248089: "6110375248089"},
        0,
    )


@pytest.mark.parametrize(
    ("places", "requests"),
    [
        ([0, 449], 2),  # one by one
        ([0, 1, 2, 99], 1),  # all in the first page
        ([0, 1, 449], 2),  # the first page, then one by one
        (range(400, 450), 5),  # the list to its end
        (range(0, 450, 2), 5),
        (range(100, 200, 10), 2),  # the list until all are found
        ([0, 447, 448, 449], 4),
    ],
)
def test_numbers_take_the_fewer_requests(
    shop: Sandbox, ids: list[int], places: list[int], requests: int
) -> None:
    wanted = [ids[place] for place in places]
    words = [shop.order(order_id).name for order_id in wanted]
    assert find(shop, words) == (dict(zip(wanted, words, strict=True)), requests)


def test_each_order_is_found_once_whatever_it_is_called(shop: Sandbox, ids: list[int]) -> None:
    order = shop.order(ids[7])
    words = [f"#{order.number}", str(order.number), str(ids[7]), str(ids[8]), f"#{order.number}"]
    assert find(shop, words)[0] == {ids[7]: f"#{order.number}", ids[8]: str(ids[8])}


def test_numbers_that_no_order_has(shop: Sandbox, ids: list[int]) -> None:
    known = [shop.order(order_id).name for order_id in ids[:3]]
    references = [Reference(word, f"line {n}") for n, word in enumerate([*known, "77777"], 2)]
    references += [Reference(f"EX-{n}") for n in range(12)]
    with shop.client(adapter=shop.adapter()) as client, pytest.raises(UnknownOrders) as caught:
        found_orders(client, references, lambda numbers, requests: None)
    assert caught.value.exit_code == 4
    assert caught.value.message.startswith("No order is called 77777 (line 5), EX-0, EX-1, ")
    assert caught.value.message.endswith("EX-8 and 3 more. Nothing was sent.")


def test_it_tells_how_many_requests_are_left(shop: Sandbox, ids: list[int]) -> None:
    tell = Mock()
    words = [Reference(shop.order(each).name) for each in ids[::2]]
    with shop.client(adapter=shop.adapter()) as client:
        found_orders(client, words, tell)
    assert tell.mock_calls == [call(175, 4), call(125, 3), call(75, 2), call(25, 1)]


def test_an_order_with_the_name_goes_before_one_with_the_number() -> None:
    shop = Sandbox(0)
    orders = [
        {"id": 11, "name": "#7-A", "order_number": 1188},
        {"id": 12, "name": "#1188", "order_number": 5},
        {"id": 13, "name": "ex-7", "order_number": 6},
    ]
    meta = {"current_page": 1, "from": 1, "last_page": 1, "per_page": 100, "to": 3, "total": 3}
    page = json.dumps({"data": orders, "meta": meta}).encode()
    shop.inject(lambda answer, pause: Response(200, page, [("Content-Type", "application/json")]))
    found, requests = find(shop, ["1188", "#5", "EX-7"])
    assert found == {12: "1188", 13: "EX-7"}
    assert requests == 1
