"""An order as one flat row."""

from statuspro.cli.flat import COLUMNS, flat, shown
from statuspro.sandbox import Sandbox


def test_a_row_has_every_column_and_days(sandbox: Sandbox) -> None:
    sandbox.add_order(due_date="2026-03-15", status_code="st000002", email="ann@lee.test")
    with sandbox.client() as client:
        order = next(client.iter_orders(max_items=1))
    row = flat(order)
    assert list(row) == list(COLUMNS)
    assert row["due_date"] == "2026-03-15"
    assert row["status_code"] == "st000002"
    assert row["customer_email"] == "ann@lee.test"
    assert row["due_date_to"] is None


def test_what_is_not_there_is_none() -> None:
    assert shown({"a": {"b": 1}}, "a.b") == 1
    assert shown({"a": {"b": 1}}, "a.b.c") is None
    assert shown({}, "due_date") is None
