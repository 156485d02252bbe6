"""Labels: what the service only filters by, also of lists that move; and what they cost."""

from __future__ import annotations

import random
from typing import Any, get_args

import pandas as pd
import pytest

from statuspro import StatusProClient
from statuspro.contrib.notebook import orders_frame
from statuspro.contrib.notebook.labels import VALUES, Label
from statuspro.mirror import Mirror
from statuspro.sandbox import Record, Sandbox
from statuspro.sandbox.store import StatusChange
from statuspro.types import FinancialStatus, FulfillmentStatus

ALL: tuple[Label, ...] = get_args(Label)


def truth(shop: Sandbox, order_id: int) -> dict[str, Any]:
    """The labels that an order has now."""
    order = shop.order(order_id)
    return {
        "fulfillment_status": order.fulfillment_status,
        "financial_status": order.financial_status,
        "cancelled": order.cancelled_at is not None,
    }


def assert_true(frame: pd.DataFrame, shop: Sandbox) -> None:
    labels: Any = frame[list(ALL)]
    assert labels.to_dict("index") == {order_id: truth(shop, order_id) for order_id in frame.index}


def test_the_values_are_the_services() -> None:
    assert set(VALUES["fulfillment_status"]) == set(get_args(FulfillmentStatus))
    assert set(VALUES["financial_status"]) == set(get_args(FinancialStatus))


def test_each_order_gets_its_labels(client: StatusProClient, shop: Sandbox) -> None:
    frame = orders_frame(client, labels=ALL)
    assert len(frame) == 60
    assert list(frame.columns[-3:]) == list(ALL)
    assert_true(frame, shop)
    assert {str(frame[label].dtype) for label in ALL} == {"category", "boolean"}
    assert 0 < frame["cancelled"].sum() < 60


FILTERS: list[dict[str, Any]] = [
    {"status_code": "st000002"},
    {"fulfillment_status": ["fulfilled", "partial"]},
    {"fulfillment_status": ["fulfilled"]},
    {"financial_status": ("paid",)},
    {"exclude_cancelled": True},
    {"exclude_cancelled": False},
    {"has_status": True},
    {"max_items": 7},
    {"max_items": 7, "has_status": False},
    {"max_items": 0},
    {"tags": ["rush"], "max_pages": 1},
]


@pytest.mark.parametrize("given", FILTERS, ids=str)
def test_filters_and_labels_go_together(
    given: dict[str, Any], client: StatusProClient, shop: Sandbox
) -> None:
    frame = orders_frame(client, labels=ALL, **given)
    assert list(frame.index) == list(orders_frame(client, **given).index)
    assert_true(frame, shop)


def test_an_empty_frame_has_the_dtypes_of_its_labels(client: StatusProClient) -> None:
    full = orders_frame(client, labels=ALL)
    empty = orders_frame(client, labels=ALL, search="no order has this")
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)


# What it costs


def cost(client: StatusProClient, shop: Sandbox, *labels: Label, **filters: Any) -> int:
    """How many requests the labels cost."""
    shop.requests.clear()
    orders_frame(client, **filters)
    without = len(shop.requests)
    shop.requests.clear()
    orders_frame(client, labels=labels, **filters)
    return len(shop.requests) - without


def test_what_labels_cost() -> None:
    shop = Sandbox(orders=1000)
    client = shop.client(adapter=shop.adapter())
    assert cost(client, shop, "fulfillment_status") <= 10 + len(VALUES["fulfillment_status"])
    assert cost(client, shop, "financial_status") <= 10 + len(VALUES["financial_status"])
    assert cost(client, shop, "cancelled") <= 10 + 3
    assert cost(client, shop, *ALL, max_items=100) <= 4 + 8 + 4
    paid: Any = ["paid"]
    assert cost(client, shop, "financial_status", financial_status=paid) == 0
    assert cost(client, shop, "cancelled", exclude_cancelled=True) == 0


# On a list that moves


class Bustle:
    """Lets orders arrive, leave, be cancelled and move on before each request of a sandbox."""

    def __init__(self, shop: Sandbox, seed: int, filters: dict[str, Any]) -> None:
        self._rng = random.Random(seed)
        self._shop = shop
        self._store = shop._store
        #: Each state that an order has had since it was first listed.
        self.had: dict[int, list[dict[str, Any]]] = {}
        self._note()
        shop.on_request = self._before_request

    def _before_request(self, record: object) -> None:
        for _ in range(self._rng.randint(0, 3)):
            self._move()
        self._note()

    def _note(self) -> None:
        for order_id in self._store._ids:
            states = self.had.setdefault(order_id, [])
            now = truth(self._shop, order_id)
            if not states or states[-1] != now:
                states.append(now)

    def _move(self) -> None:
        rng, store = self._rng, self._store
        if rng.random() < 0.3:
            store.add(status_code=rng.choice([None, "st000002"]))
            return
        order_id = rng.choice(list(store._ids))
        order = store.get(order_id)
        assert order is not None
        what = rng.randrange(4)
        if what == 0:
            store.remove(order_id)
        elif what == 1:
            store.change(order_id, cancelled_at=None if order.cancelled_at else 1)
        else:
            name = rng.choice(list(VALUES))
            store.change(order_id, **{name: rng.choice(VALUES[name])})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("filters", [{}, {"status_code": "st000002"}], ids=str)
def test_a_label_is_one_that_the_order_had_or_missing(seed: int, filters: dict[str, Any]) -> None:
    shop = Sandbox(orders=220, seed=seed, enforce_viable=False)
    client = shop.client(adapter=shop.adapter())
    bustle = Bustle(shop, seed, filters)
    frame = orders_frame(client, labels=ALL, **filters)
    known = 0
    rows: dict[int, dict[str, Any]] = frame.to_dict("index")
    for order_id, row in rows.items():
        states = bustle.had[order_id]
        for label in ALL:
            if not pd.isna(row[label]):
                known += 1
                assert row[label] in [state[label] for state in states]
    assert known > 0.85 * len(ALL) * len(frame)


def test_an_order_that_has_left_is_not_taken_for_cancelled() -> None:
    shop = Sandbox(orders=150, seed=3)
    client = shop.client(adapter=shop.adapter())
    left = next(o for o in reversed(shop._store._ids) if not truth(shop, o)["cancelled"])

    def leave(record: Any) -> None:
        if len(shop.requests) == 3:  # the catalogue and the list have been read
            shop._store.remove(left)

    shop.on_request = leave
    frame = orders_frame(client, labels=["cancelled"])
    assert pd.isna(frame.loc[left, "cancelled"])
    others = frame["cancelled"].drop(left)
    assert list(others) == [truth(shop, order_id)["cancelled"] for order_id in others.index]


def test_an_order_in_whose_stead_another_came_is_not_taken_for_cancelled() -> None:
    shop = Sandbox(orders=0, enforce_viable=False)
    client = shop.client(adapter=shop.adapter())
    comes = shop.add_order(status_code="st000003")
    leaves = shop.add_order(status_code="st000002")
    for _ in range(100):  # a page
        shop.add_order(status_code="st000002")
    walks: list[bool] = []

    def swap(record: Record) -> None:
        if record.path.endswith("/orders"):
            walks.append("exclude_cancelled" in record.query)
            if walks == [False, False, True]:
                shop._store.update_status(leaves, StatusChange("st000004"))
            if walks[-2:] == [True, False]:
                shop._store.update_status(comes, StatusChange("st000002"))

    shop.on_request = swap
    frame = orders_frame(client, labels=["cancelled"], status_code="st000002")
    assert walks[-2:] == [False, False]
    assert pd.isna(frame.loc[leaves, "cancelled"])
    assert list(frame["cancelled"].drop(leaves)) == 100 * [False]


# What is no label


def test_only_the_service_knows_labels(mirror: Mirror, client: StatusProClient) -> None:
    for source in (mirror, list(client.iter_orders())):
        with pytest.raises(ValueError, match="labels need a client: only the service knows them"):
            orders_frame(source, labels=["cancelled"])


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        (["tags"], "labels are fulfillment_status, financial_status, cancelled"),
        ("cancelled", "labels must be a list or tuple of strings, not str"),
        ([7], "each of labels must be a string, not int"),
    ],
)
def test_what_is_no_label_is_refused(
    labels: Any, error: str, client: StatusProClient, shop: Sandbox
) -> None:
    with pytest.raises((TypeError, ValueError), match=error):
        orders_frame(client, labels=labels)
    assert not shop.requests
