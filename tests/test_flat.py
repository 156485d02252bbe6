"""An order as one flat row."""

from statuspro._flat import COLUMNS, flat, shown
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


def test_a_detail_counts_its_history(sandbox: Sandbox) -> None:
    order_id = sandbox.add_order(status_code="st000002")
    with sandbox.client() as client:
        client.add_order_comment(order_id, "Waits for the oak")
        detail, item = client.get_order(order_id), next(client.iter_orders(max_items=1))
    assert "history_count" not in detail
    assert flat(detail) == flat(item)
    assert flat(detail)["history_count"] == len(detail["history"])


def test_a_date_in_another_form_is_left_as_it_is() -> None:
    assert shown({"due_date": "soon, in spring"}, "due_date") == "soon, in spring"
