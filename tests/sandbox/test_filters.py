"""The filters of the list of orders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from statuspro.sandbox.filters import EVERYTHING, Filters
from statuspro.sandbox.orders import Customer, Order

ORDER = Order(
    id=6110375248088,
    number=1188,
    customer=Customer("Łukasz Wójcik", "Lukasz.W@example.com", "pl"),
    created_at=0,
    status_code="st000002",
    due_date="2026-03-15",
    tags=("gift", "rush"),
    financial_status="pending",
    fulfillment_status="partial",
)


@pytest.mark.parametrize(
    "filters",
    [
        EVERYTHING,
        Filters(search="1188"),
        Filters(search="#118"),
        Filters(search="wójc"),
        Filters(search="ŁUKASZ w"),
        Filters(search="lukasz.w@EXAMPLE"),
        Filters(status_code="st000002"),
        Filters(tags=frozenset({"gift"})),
        Filters(tags=frozenset({"gift", "rush"})),
        Filters(tags_any=frozenset({"rush", "b2b"})),
        Filters(financial_status=frozenset({"paid", "pending"})),
        Filters(fulfillment_status=frozenset({"partial"})),
        Filters(exclude_cancelled=True),
        Filters(due_date_from="2026-03-15"),
        Filters(due_date_to="2026-03-15"),
        Filters(due_date_from="2026-03-01", due_date_to="2026-03-31"),
        Filters(search="wójcik", status_code="st000002", tags=frozenset({"gift"})),
    ],
)
def test_matches(filters: Filters) -> None:
    assert filters.match(ORDER)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(search="1189"),
        Filters(search="partial"),
        Filters(status_code="st000003"),
        Filters(tags=frozenset({"gift", "b2b"})),
        Filters(tags_any=frozenset({"vip", "b2b"})),
        Filters(financial_status=frozenset({"paid"})),
        Filters(fulfillment_status=frozenset({"fulfilled"})),
        Filters(due_date_from="2026-03-16"),
        Filters(due_date_to="2026-03-14"),
        Filters(search="wójcik", status_code="st000003"),
    ],
)
def test_does_not_match(filters: Filters) -> None:
    assert not filters.match(ORDER)


def test_cancelled_order() -> None:
    cancelled = replace(ORDER, cancelled_at=1)
    assert EVERYTHING.match(cancelled)
    assert not Filters(exclude_cancelled=True).match(cancelled)


def test_order_without_due_date_is_in_no_range() -> None:
    undated = replace(ORDER, due_date=None)
    assert not Filters(due_date_from="2000-01-01").match(undated)
    assert not Filters(due_date_to="2100-01-01").match(undated)
