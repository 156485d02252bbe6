"""Orders as rows: what the columns hold of what the service sends, odd things too."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest

from statuspro.mirror.comparison import kept
from statuspro.sandbox import Sandbox
from tests.support.mirrors import DirectClient

ODD: dict[str, Any] = {
    "id": 7,
    "name": "NUL \0, half \ud83d, " + 300 * "ß",
    "order_number": 1188,
    "customer": {"name": ["x"], "email": None, "locale": True},
    "status": {"is_set": 1, "code": "", "color": "#AbC", "set_at": "yesterday"},
    "due_date": "2026-02-30T00:00:00+00:00",
    "due_date_to": 5,
    "history_count": 2**31,
    "number": 2**70,
    "score": 1.5,
}
ODD_HISTORY: list[Any] = [None, 3, {"status": "x", "comment": "\0\ud83d", "created_at": 5}]


def storage(using: str = "default") -> Any:
    from statuspro.contrib.django.storage import ORMStorage

    return ORMStorage(using)


def test_whatever_the_service_sends_is_kept(alias: str) -> None:
    from statuspro.contrib.django.models import HistoryEvent, Order

    storage(alias).store(7, kept(ODD, {**ODD, "history": ODD_HISTORY}, None))
    order = Order.objects.using(alias).get()
    assert order.payload() == {**ODD, "history": ODD_HISTORY}
    assert order.name == ("NUL \ufffd, half ?, " + 300 * "ß")[:255]
    assert (order.order_number, order.customer_name, order.customer_email) == ("1188", '["x"]', "")
    assert (order.status_color, order.status_set_at) == ("#aabbcc", None)
    assert (order.due_date, order.due_date_to, order.history_count) == (None, None, 3)
    assert list(Order.objects.using(alias).search("SSSS")) == [order]
    events = HistoryEvent.objects.using(alias).order_by("position")
    assert [event.payload() for event in events] == ODD_HISTORY
    assert events[2].comment == "\ufffd?"
    storage(alias).store(7, kept(ODD, None, None))
    order.refresh_from_db()
    assert (order.payload(), order.history_count, order.events.count()) == (ODD, None, 0)
    storage(alias).queue({7: ODD})
    storage(alias).attach(7, {"history": ODD_HISTORY})
    assert list(storage(alias).queued()) == [(7, (ODD, {"history": ODD_HISTORY}))]
    storage(alias).remove(7)
    assert not Order.objects.using(alias).exists()
    assert list(storage(alias).queued()) == []


@pytest.mark.usefixtures("database")
def test_columns_hold_what_an_order_shows() -> None:
    from statuspro.contrib.django.models import HistoryEvent, Order, Status
    from statuspro.contrib.django.storage import ORMStorage

    shop = Sandbox(orders=0)
    order_id = shop.add_order(status_code="st000002", due_date="2026-03-15")
    with shop.client(adapter=shop.adapter()) as client:
        client.add_order_comment(order_id, "Cut", public=True)
        detail: Any = client.get_order(order_id)
        item: Any = next(client.iter_orders())
        statuses = client.get_statuses()
    ORMStorage("default").store(order_id, kept(dict(item), detail, None))
    ORMStorage("default").keep_statuses(statuses)
    order, event = Order.objects.get(), HistoryEvent.objects.last()
    assert (order.id, order.name, order.order_number) == (
        order_id,
        item["name"],
        detail["order_number"],
    )
    assert order.customer_email == item["customer"]["email"]
    assert order.status_color == item["status"]["color"].lower()
    assert order.status_name == item["status"]["name"]
    assert order.status_set_at == datetime.fromisoformat(item["status"]["set_at"])
    assert order.due_date == date(2026, 3, 15)
    assert event is not None
    assert (event.event, event.comment, event.comment_is_public) == ("comment_added", "Cut", True)
    assert event.created_at == datetime.fromisoformat(detail["history"][-1]["created_at"])
    assert [status.payload() for status in Status.objects.all()] == statuses
    assert all(status.color.startswith("#") for status in Status.objects.all())


@pytest.mark.usefixtures("database")
def test_without_time_zones_moments_are_those_of_the_project_s_zone() -> None:
    from django.test import override_settings

    from statuspro.contrib.django.models import Order

    item = {"id": 7, "status": {"is_set": True, "set_at": "2026-03-15T23:30:00+00:00"}}
    storage().store(7, kept(item, None, None))
    assert Order.objects.get().status_set_at == datetime(2026, 3, 15, 23, 30, tzinfo=timezone.utc)
    with override_settings(USE_TZ=False, TIME_ZONE="Europe/Berlin"):
        storage().store(7, kept(item, None, None))
        assert Order.objects.get().status_set_at == datetime(2026, 3, 16, 0, 30)


@pytest.mark.usefixtures("database")
def test_a_catalogue_takes_the_place_of_the_one_before() -> None:
    from statuspro.contrib.django.models import Status

    first = [{"code": "a", "name": "A"}, {"code": "b"}, {"code": "b", "name": "again"}, {}]
    storage().keep_statuses(first)
    assert [status.payload() for status in Status.objects.all()] == [first[0], first[1], first[3]]
    storage().keep_statuses([{"code": "b", "color": "amber"}, {"code": "c"}])
    assert [(status.code, status.color) for status in Status.objects.all()] == [
        ("b", "#f59e0b"),
        ("c", ""),
    ]
    storage().keep_statuses([])
    assert not Status.objects.exists()


@pytest.mark.usefixtures("database")
def test_a_database_without_upserts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Oracle is: rows are updated or inserted one by one."""
    from django.db import connection

    from statuspro.contrib.django.mirror import DatabaseMirror

    monkeypatch.setattr(connection.features, "supports_update_conflicts", False)
    shop = Sandbox(orders=4, enforce_viable=False)
    client: Any = DirectClient(shop)
    assert len(list(DatabaseMirror().sync(client))) == 4
    shop.set_status(shop._store._ids[0], "st000002")
    storage().attach(shop._store._ids[0], {})
    assert len(list(DatabaseMirror().sync(client))) == 1
    assert list(DatabaseMirror().sync(client)) == []


def test_the_queue_keeps_what_was_fetched_before(alias: str) -> None:
    one = storage(alias)
    one.queue({1: {"id": 1}, 2: {"id": 2}})
    one.attach(1, {"id": 1, "history": []})
    one.begin_queue()
    assert list(one.queued()) == []
    one.queue({3: {"id": 3}})
    one.queue({1: {"id": 1, "name": "now"}})
    assert list(one.queued()) == [
        (3, ({"id": 3}, None)),
        (1, ({"id": 1, "name": "now"}, {"id": 1, "history": []})),
    ]
    one.end_queue()
    one.begin_queue()
    one.queue({2: {"id": 2}})
    assert list(one.queued()) == [(2, ({"id": 2}, None))]
