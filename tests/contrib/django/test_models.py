"""The tables: what they are made of, and what their rows say."""

from __future__ import annotations

from datetime import date, datetime
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
    from statuspro.contrib.django.models import (
        HistoryEvent,
        QueuedOrder,
        StaffTask,
        Status,
        SyncState,
        UnsentChange,
    )

    assert str(order_of(name="#1188")) == "#1188"
    assert str(order_of()) == "order 7"
    assert str(Status(code="st000002", name="In production")) == "In production"
    assert str(Status(code="st000002")) == "st000002"
    assert str(HistoryEvent(position=3)) == "event 3"
    assert str(QueuedOrder(id=7)) == "order 7 to be stored"
    assert str(SyncState(name="synced_at")) == "synced_at"
    assert str(UnsentChange(pk=3)) == "change 3 to be told"
    assert str(StaffTask(kind="move", created_at=datetime(2026, 3, 15, 9))) == (
        "move of 2026-03-15 09:00"
    )


@pytest.mark.parametrize(
    "model", ["Order", "HistoryEvent", "Status", "QueuedOrder", "SyncState", "UnsentChange"]
)
def test_nobody_may_change_a_copy_by_hand(model: str) -> None:
    from django.apps import apps

    allowed = apps.get_model("statuspro", model)._meta.default_permissions
    assert set(allowed) <= {"view"}


def test_an_order_is_overdue_after_its_last_day() -> None:
    from statuspro.contrib.django.models import Order

    sql = str(Order.objects.listed().overdue(date(2026, 3, 15)).query)
    assert "COALESCE" in sql
    assert "< 2026-03-15" in sql


def kept(order_id: int, **columns: Any) -> None:
    """An order's row."""
    flags = {"status_is_set": False, "listed": True, "has_detail": False}
    order_of(id=order_id, **{**flags, **columns}).save()


@pytest.mark.usefixtures("database")
def test_the_orders_whose_last_day_has_passed() -> None:
    from statuspro.contrib.django.models import Order

    kept(1, due_date=date(2026, 3, 10), due_date_to=date(2026, 3, 15))
    kept(2, due_date=date(2026, 3, 14))
    kept(3, due_date=date(2026, 3, 10), listed=False)
    kept(4)
    assert [order.id for order in Order.objects.overdue(date(2026, 3, 15))] == [3, 2]
    assert [order.id for order in Order.objects.listed().overdue(date(2026, 3, 16))] == [2, 1]


@pytest.mark.parametrize("_", range(2))
@pytest.mark.parametrize("fixture", ["database", "committing_database"])
def test_no_test_finds_the_rows_of_another(
    fixture: str, _: int, request: pytest.FixtureRequest
) -> None:
    from django.contrib.auth.models import Permission

    from statuspro.contrib.django.models import Order

    request.getfixturevalue(fixture)
    assert not Order.objects.exists()
    assert Permission.objects.filter(codename="move_order").exists()
    kept(1)


def test_postgresql_has_the_tables_too(alias: str) -> None:
    from django.db import connections

    from statuspro.contrib.django.models import Order

    assert connections[alias].vendor == {"default": "sqlite", "postgres": "postgresql"}[alias]
    order_of(id=2**62, status_is_set=False, listed=True, has_detail=False).save(using=alias)
    assert [order.id for order in Order.objects.using(alias)] == [2**62]


def test_a_text_is_found_in_any_case_and_alphabet(alias: str) -> None:
    from statuspro.contrib.django.models import Order, folded

    names = ["ANN-MARIE STRAẞE", "Zoë Ünal", "100% Wool", "ὈΔΥΣΣΕΎΣ", "half \ud83d, \0"]
    for position, name in enumerate(names):
        columns = {"status_is_set": False, "listed": True, "has_detail": False}
        order_of(id=position, searched=folded("#1188", name), **columns).save(using=alias)
    questions = {
        "strasse": [0],
        "ÜNAL": [1],
        "0%": [2],
        "%": [2],
        "_": [],
        "ὀδυσσεύς": [3],
        "\ud83d": [4],
        "\0": [4],
        "#1188": [4, 3, 2, 1, 0],
    }
    for text, found in questions.items():
        assert [order.id for order in Order.objects.using(alias).search(text)] == found, text
