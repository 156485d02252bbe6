"""The day of the project's time zone, in every question of the app that compares with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from django.test import override_settings

from statuspro.sandbox import Sandbox
from tests.support.staff import MAY, ORDERS, catalogue, member, stored, text_of

# It is never one day in both.
ZONES = "Pacific/Kiritimati", "Pacific/Pago_Pago"


@pytest.mark.parametrize("use_tz", [True, False])
def test_today_is_the_day_of_the_project_s_zone(use_tz: bool) -> None:
    from statuspro.contrib.django import clock

    days = []
    for zone in ZONES:
        with override_settings(USE_TZ=use_tz, TIME_ZONE=zone):
            days.append(clock.today())
    assert (days[0] - days[1]).days in (1, 2)
    assert days[1] <= datetime.now(tz=timezone.utc).date() <= days[0]


@pytest.fixture
def without_zones(of_sandbox: object, database: None) -> Iterator[None]:
    """A project that keeps its times without a zone."""
    with override_settings(USE_TZ=False, TIME_ZONE="America/Chicago"):
        yield


@pytest.mark.parametrize("query", ["", "?due=overdue", "?due=today", "?due=week", "?q=Ada"])
def test_the_admin_s_list_is_shown_without_time_zones(without_zones: None, query: str) -> None:
    assert member(*MAY).get(ORDERS + query).status_code == 200


def test_the_orders_that_are_overdue_are_found_without_time_zones(without_zones: None) -> None:
    from statuspro.contrib.django.models import Order

    assert list(Order.objects.overdue()) == []


def test_staff_move_an_order_without_time_zones(without_zones: None, sandbox: Sandbox) -> None:
    order, staff = stored(sandbox, status_code="st000002", due_date="2001-03-04"), member(*MAY)
    catalogue(sandbox)
    assert "overdue by" in text_of(staff.get(ORDERS))
    assert staff.get(f"{ORDERS}{order.pk}/change/").status_code == 200
    filled_in = {"status": "st000003", "mail": "none"}
    asked = staff.post(f"{ORDERS}{order.pk}/move/", filled_in)["Location"]
    assert staff.get(asked).status_code == 200
    sent = staff.post(asked, {"send": "x"})
    assert staff.get(sent["Location"]).status_code == 200
    assert sandbox.order(order.pk).status_code == "st000003"
    assert staff.get(f"{ORDERS}{order.pk}/history/").status_code == 200
