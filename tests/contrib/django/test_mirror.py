"""The mirror in the database: what it finds, one order fetched, and how many queries it costs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from statuspro import NotFoundError, ServerError
from statuspro.contrib.notebook import history_frame, orders_frame
from statuspro.contrib.notebook import sync as notebook_sync
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox
from statuspro.sandbox.render import detail
from statuspro.sandbox.store import StatusChange
from tests.support.mirrors import DirectClient
from tests.support.rows import fill


def mirror_of(using: str | None = None) -> Any:
    from statuspro.contrib.django.mirror import DatabaseMirror

    return DatabaseMirror(using)


@pytest.fixture
def shop() -> Sandbox:
    return Sandbox(orders=5, enforce_viable=False)


@pytest.fixture
def client(shop: Sandbox) -> Any:
    return DirectClient(shop)


def test_its_database_is_the_router_s_or_the_one_that_is_named(project: None) -> None:
    assert repr(mirror_of()) == "DatabaseMirror('default')"
    assert mirror_of("other").using == "other"


@pytest.mark.usefixtures("database")
def test_it_is_in_use_when_a_sync_has_run_through(shop: Sandbox, client: Any) -> None:
    mirror = mirror_of()
    assert not mirror.is_in_use
    next(mirror.sync(client))
    assert not mirror.is_in_use
    fill(shop)
    assert mirror.is_in_use
    assert shop.requests


def test_statuses_and_summary(alias: str, shop: Sandbox, client: Any) -> None:
    fill(shop, alias, exclude_cancelled=True)
    with shop.client(adapter=shop.adapter()) as other:
        expected = other.summarize_orders()
        assert mirror_of(alias).statuses() == other.get_statuses()
    counted = {**expected, "by_financial_status": {}, "by_fulfillment_status": {}}
    assert mirror_of(alias).summary() == counted


# A customer's order


def test_number_and_address_together_find_an_order(alias: str, shop: Sandbox) -> None:
    fill(shop, alias)
    order_id = shop._store._ids[0]
    order: Any = detail(shop.order(order_id))
    number, email = order["order_number"], order["customer"]["email"]
    mirror = mirror_of(alias)
    for given in (number, int(number), f" #{number} ", order["name"]):
        assert mirror.lookup(given, f" {email.upper()}\t") == order
    for given, address in (
        (number[:-1], email),
        (number, f"x{email}"),
        (number, "%"),
        ("1\0", email),
    ):
        assert mirror.lookup(given, address) is None
    with pytest.raises(ValueError, match="email"):
        mirror.lookup(number, " ")


@pytest.mark.usefixtures("database")
def test_of_several_orders_of_one_number_the_customer_s_own_is_found() -> None:
    from statuspro.contrib.django.storage import ORMStorage
    from statuspro.mirror.comparison import kept

    for order_id, email in (
        (1, "ann@shop.test"),
        (2, "bob@shop.test"),
        (3, None),
        (4, "ann@shop.test"),
    ):
        item = {"id": order_id, "name": "#7", "order_number": "7", "customer": {"email": email}}
        ORMStorage("default").store(order_id, kept(item, None, None))
    ORMStorage("default").store(5, kept({"id": 5, "name": "#7", "customer": None}, None, None))
    found = mirror_of().lookup("7", "Ann@Shop.Test")
    assert found is not None
    assert found["id"] == 4
    assert mirror_of().lookup("7", "None") is None


def test_a_wrong_number_and_a_wrong_address_cost_the_same(alias: str, shop: Sandbox) -> None:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    fill(shop, alias)
    order: Any = detail(shop.order(shop._store._ids[0]))
    number, email = order["order_number"], order["customer"]["email"]
    asked = []
    for given, address in (
        (number, email),
        ("1", email),
        (number, "bob@x.test"),
        ("1", "x@y.test"),
    ):
        with CaptureQueriesContext(connections[alias]) as queries:
            mirror_of(alias).lookup(given, address)
        asked.append([re.sub(r"'[^']*'|\b[0-9]+\b", "?", query["sql"]) for query in queries])
    assert len(asked[0]) == 2
    assert asked == [asked[0]] * 4


# One order, now


@pytest.mark.usefixtures("database")
def test_an_order_is_fetched_and_the_change_is_told(shop: Sandbox, client: Any) -> None:
    fill(shop)
    mirror, order_id = mirror_of(), shop._store._ids[0]
    assert mirror.fetch(client, order_id) is None
    shop._store.update_status(order_id, StatusChange("st000004"))
    change = mirror.fetch(client, str(order_id))
    assert (change["kind"], change["order"]["status"]["code"]) == ("changed", "st000004")
    assert "status" in change["fields"]
    assert len(change["events"]) == 1
    assert mirror.order(order_id) == detail(shop.order(order_id))
    shop.requests.clear()
    assert list(mirror.sync(client)) == []  # the list shows what was fetched
    assert len(shop.requests) == 1


@pytest.mark.usefixtures("database")
def test_an_order_that_is_not_there_yet_is_fetched_as_the_list_will_show_it(
    shop: Sandbox, client: Any
) -> None:
    fill(shop)
    order_id = shop.add_order(status_code="st000002", due_date="2026-03-15")
    change = mirror_of().fetch(client, order_id)
    assert (change["kind"], change["before"]) == ("new", None)
    assert order_id in [order["id"] for order in mirror_of().orders()]
    shop.requests.clear()
    assert list(mirror_of().sync(client)) == []
    assert len(shop.requests) == 1


@pytest.mark.usefixtures("database")
def test_an_order_that_the_service_does_not_have_any_more(shop: Sandbox, client: Any) -> None:
    fill(shop)
    order_id = shop._store._ids[0]
    shop.remove_order(order_id)
    assert mirror_of().fetch(client, order_id)["kind"] == "gone"
    assert mirror_of().order(order_id) is None
    with pytest.raises(NotFoundError):
        mirror_of().fetch(client, order_id)


@pytest.mark.usefixtures("database")
def test_a_fetch_that_fails_changes_nothing(shop: Sandbox, client: Any) -> None:
    fill(shop)
    order_id = shop._store._ids[0]
    before = mirror_of().order(order_id)
    shop.set_status(order_id, "st000004")
    shop.fail(500)
    with pytest.raises(ServerError):
        mirror_of().fetch(client, order_id)
    assert mirror_of().order(order_id) == before


@pytest.mark.usefixtures("database")
def test_an_order_out_of_the_filters_stays_out_when_it_is_fetched(
    shop: Sandbox, client: Any
) -> None:
    order_id = shop._store._ids[0]
    shop.set_status(order_id, "st000002")
    fill(shop, status_code="st000002")
    shop.set_status(order_id, "st000003")
    fill(shop, status_code="st000002")
    assert mirror_of().fetch(client, order_id) is None
    assert order_id not in [order["id"] for order in mirror_of().orders()]


# Costs


def queries(using: str, run: Any) -> list[str]:
    """The statements of a call, but for those that begin and end transactions."""
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connections[using]) as captured:
        run()
    statements = [query["sql"] for query in captured.captured_queries]
    return [one for one in statements if one.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]


def test_queries_of_a_sync_are_few(alias: str) -> None:
    shop = Sandbox(orders=300, enforce_viable=False)
    client: Any = DirectClient(shop)
    mirror = mirror_of(alias)
    first = queries(alias, lambda: list(mirror.sync(client, history=False)))
    # Of each order: read, stored, out of the queue, its events out. A page: looked up, queued.
    assert len(first) < 300 * 4.2
    pages = len(shop.requests)
    shop.requests.clear()
    quiet = queries(alias, lambda: list(mirror.sync(client, history=False)))
    assert len(shop.requests) < pages
    assert len(quiet) <= len(shop.requests) + 9


def test_many_orders_are_read_in_chunks(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Sandbox(orders=23)
    fill(shop, alias, history=False)
    monkeypatch.setattr("statuspro.contrib.django.mirror._AT_ONCE", 10)
    read: list[Any] = []
    statements = queries(alias, lambda: read.extend(mirror_of(alias).orders()))
    assert [order["id"] for order in read] == sorted(shop._store._ids, reverse=True)
    assert len(statements) == 4
    assert all("LIMIT 10" in statement for statement in statements)


# Notebooks


def test_a_notebook_reads_it_as_it_reads_a_file(
    alias: str, shop: Sandbox, client: Any, tmp_path: Path
) -> None:
    with Mirror(tmp_path / "orders.db") as in_a_file:
        list(in_a_file.sync(client))
        list(mirror_of(alias).sync(client))
        asked = len(shop.requests)
        for read in (orders_frame, history_frame):
            expected = read(in_a_file, progress=False)
            assert len(expected)
            assert_frame_equal(read(mirror_of(alias), progress=False), expected)
    assert len(shop.requests) == asked


@pytest.mark.usefixtures("database")
def test_a_notebook_synchronises_it(shop: Sandbox, client: Any) -> None:
    changes = notebook_sync(mirror_of(), client, progress=False)
    assert list(changes["kind"]) == ["new"] * 5
