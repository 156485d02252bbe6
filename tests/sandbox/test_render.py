"""How orders and statuses are written as JSON."""

from __future__ import annotations

from statuspro.sandbox import render
from statuspro.sandbox.orders import Customer, Event, Mail, Order

ORDER = Order(6110375248088, 1188, Customer("Ada", "ada@example.com", "en"), created_at=0)


def test_json_is_compact_and_ascii() -> None:
    assert render.to_json({"a": ["é", None, True]}) == b'{"a":["\\u00e9",null,true]}'


def test_times_are_utc_to_the_second() -> None:
    assert render.iso_time(1_773_310_440.9) == "2026-03-12T10:14:00+00:00"
    assert render.iso_time(None) is None


def test_a_fresh_order() -> None:
    assert render.detail(ORDER) == {
        "id": 6110375248088,
        "name": "#1188",
        "order_number": "1188",
        "customer": {"name": "Ada", "email": "ada@example.com", "locale": "en"},
        "status": {"is_set": False},
        "due_date": None,
        "due_date_to": None,
        "history": [],
        "public_progress_timeline": [],
    }


def test_history_and_timeline() -> None:
    mail = Mail(ORDER.id, ("ada@example.com",), "Hello", "st000001", None, 5.0, None)
    order = Order(
        ORDER.id,
        ORDER.number,
        ORDER.customer,
        created_at=0,
        status_code="st000002",
        status_set_at=20,
        history=[
            Event("status_updated", 10, "st000001", mail=mail),
            Event("comment_added", 15, None, "Looks good", True),
            Event("status_updated", 20, "st000002"),
        ],
    )
    shown = render.detail(order)
    assert [item["created_at"][-14:-6] for item in shown["history"]] == [
        "00:00:10",
        "00:00:15",
        "00:00:20",
    ]
    assert shown["history"][0]["mail_log"] == {
        "from": render.SENDER,
        "to": "ada@example.com",
        "subject": "Hello",
        "delivery_status": "sent",
    }
    assert shown["history"][1]["comment"] == "Looks good"
    assert [step["progress"] for step in shown["public_progress_timeline"]] == [
        "complete",
        "current",
    ]
    assert render.list_item(order)["history_count"] == 3
