"""Orders as a test reads them: the API's JSON by item, the sandbox's own record by attribute."""

from __future__ import annotations

import copy
import pickle
from datetime import date
from typing import cast

import pytest

from statuspro import public_timeline
from statuspro.sandbox import OrderFields, OrderRecord, Sandbox
from statuspro.sandbox.data import FIRST_ID


@pytest.fixture
def shop() -> Sandbox:
    return Sandbox(orders=5)


def test_an_order_reads_like_the_apis(shop: Sandbox) -> None:
    client = shop.client(adapter=shop.adapter())
    for item in client.list_orders()["data"]:
        order = shop.order(item["id"])
        assert {**item, **client.get_order(item["id"])} == dict(order)
        assert order["status"].get("code") == order.status_code
        assert order["customer"]["email"] == order.customer.email


def test_an_order_is_a_mapping_and_a_record(shop: Sandbox) -> None:
    order_id = shop.add_order(status_code="st000002", due_date="2026-12-01", tags=["rush"])
    order = shop.order(order_id)
    assert isinstance(order, OrderRecord)
    assert (order["due_date"], order.due_date) == ("2026-12-01T00:00:00+00:00", "2026-12-01")
    assert "tags" not in order
    assert len(order) == len(dict(order))
    assert order.tags == ("rush",)
    assert order.get("no such key") is None
    with pytest.raises(KeyError, match="tags"):
        order["tags"]
    assert order == shop.order(order_id)
    assert dict(copy.copy(order)) == dict(pickle.loads(pickle.dumps(order))) == dict(order)


def test_an_order_is_a_copy_of_now(shop: Sandbox) -> None:
    before = shop.order(shop.add_order(status_code="st000002"))
    client = shop.client(adapter=shop.adapter())
    client.update_order_status(before.id, "st000003", comment="On its way", public=True)
    after = shop.order(before.id)
    assert (before["status"]["code"], after["status"]["code"]) == ("st000002", "st000003")
    assert after["history"][-1]["comment"] == "On its way"
    assert public_timeline(client.get_order(before.id))


def test_a_new_order_is_said_in_the_apis_words(shop: Sandbox) -> None:
    order = shop.order(
        shop.add_order(
            customer={"name": "Ada Byron", "email": "ada@example.com"},
            locale="de",
            status_code="st000002",
            due_date=date(2026, 12, 1),
            due_date_to="2026-12-03T00:00:00+00:00",
            additional_emails=["office@reseller.example"],
        )
    )
    expected = {"name": "Ada Byron", "email": "ada@example.com", "locale": "de"}
    assert order["customer"] == expected
    assert order["status"]["name"] == "In Production"
    assert (order.due_date, order.due_date_to) == ("2026-12-01", "2026-12-03")
    assert order.additional_emails == ("office@reseller.example",)


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"customer": {"mail": "a@b.test"}}, TypeError, "customer has no field named mail"),
        ({"due_date": "tomorrow"}, ValueError, "a due date must be a date or YYYY-MM-DD"),
        ({"tags": "rush"}, TypeError, "several texts, not 'rush'"),
        ({"status": "st000002"}, TypeError, "no field to set named status"),
        ({"status_code": "st999999"}, KeyError, "st999999"),
    ],
)
def test_a_new_order_that_makes_no_sense_is_refused(
    fields: dict[str, object], error: type[Exception], said: str, shop: Sandbox
) -> None:
    with pytest.raises(error, match=said):
        shop.add_order(**cast(OrderFields, fields))
    assert shop.client(adapter=shop.adapter()).list_orders()["meta"]["total"] == 5


def test_mails_say_whose_order_it_was(shop: Sandbox) -> None:
    order_id = shop.add_order(status_code="st000002", email="ada@example.com")
    shop.client(adapter=shop.adapter()).bulk_update_order_status([order_id], "st000003")
    shop.flush()
    (mail,) = shop.mails
    assert (mail.order_id, mail.to) == (order_id, ("ada@example.com",))
    assert mail.subject == f"Order {shop.order(order_id)['name']}: Shipped"
    assert shop.order(FIRST_ID)["id"] == FIRST_ID
