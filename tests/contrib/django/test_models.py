"""The tables: what they are made of, and what their rows say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.contrib.django.conftest import Manage


def order_of(**columns: Any) -> Any:
    from statuspro.contrib.django.models import Order

    given = {"id": 7, "item": '{"id": 7, "name": "#1188"}', **columns}
    return Order(**given)


def test_the_migrations_make_what_the_models_say(manage: Manage) -> None:
    ran = manage("makemigrations", "--check", "--dry-run", "statuspro")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_tables_come_and_go(manage: Manage) -> None:
    for target in ("statuspro", "statuspro zero", "statuspro"):
        ran = manage("migrate", *target.split())
        assert ran.returncode == 0, ran.stderr


def test_a_payload_is_the_detail_where_there_is_one() -> None:
    assert order_of().payload() == {"id": 7, "name": "#1188"}
    detailed = order_of(detail='{"history": []}')
    assert detailed.payload() == {"id": 7, "name": "#1188", "history": []}


def test_a_payload_is_the_callers_own() -> None:
    order = order_of()
    order.payload()["name"] = "changed"
    assert order.payload()["name"] == "#1188"


def test_rows_say_what_they_are() -> None:
    from statuspro.contrib.django.models import HistoryEvent, QueuedOrder, Status, SyncState

    assert str(order_of(name="#1188")) == "#1188"
    assert str(order_of()) == "order 7"
    assert str(Status(code="st000002", name="In production")) == "In production"
    assert str(Status(code="st000002")) == "st000002"
    assert str(HistoryEvent(position=3)) == "event 3"
    assert str(QueuedOrder(id=7)) == "order 7 to be stored"
    assert str(SyncState(name="synced_at")) == "synced_at"


@pytest.mark.parametrize("model", ["Order", "HistoryEvent", "Status", "QueuedOrder", "SyncState"])
def test_nobody_may_change_a_copy_by_hand(model: str) -> None:
    from django.apps import apps

    allowed = apps.get_model("statuspro", model)._meta.default_permissions
    assert set(allowed) <= {"view"}


def test_an_order_is_overdue_after_its_last_day() -> None:
    from statuspro.contrib.django.models import Order

    sql = str(Order.objects.listed().overdue(date(2026, 3, 15)).query)
    assert "COALESCE" in sql
    assert "< 2026-03-15" in sql
