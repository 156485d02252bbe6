"""The orders that a seed gives."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timezone
from itertools import pairwise

import pytest

from statuspro.sandbox.catalogue import WAY_TO
from statuspro.sandbox.data import (
    DAY,
    FIRST_ID,
    FIRST_NUMBER,
    arrival,
    id_at,
    index_of,
    midnight,
    seeded_order,
    subject_of,
)
from statuspro.sandbox.orders import Order

TOTAL = 600
TODAY = midnight(1_800_000_000.5)


def seeded(seed: int, index: int, total: int, today: int = TODAY) -> Order:
    return seeded_order(seed, index, arrival(index, total, today), today)


def day_of(time: float) -> str:
    return datetime.fromtimestamp(time, timezone.utc).date().isoformat()


@pytest.fixture(scope="module")
def orders() -> list[Order]:
    return [seeded(1, index, TOTAL) for index in range(TOTAL)]


def test_same_seed_same_order() -> None:
    assert seeded(7, 3, 100) == seeded(7, 3, 100)


def test_midnight_is_the_beginning_of_the_day() -> None:
    assert TODAY <= 1_800_000_000.5 < TODAY + DAY
    assert (midnight(TODAY), midnight(TODAY - 1), midnight(TODAY + DAY - 1)) == (
        *(TODAY, TODAY - DAY, TODAY),
    )


def test_dates_lie_around_today(orders: list[Order]) -> None:
    today = day_of(TODAY)
    due = [order.due_date for order in orders if order.due_date is not None]
    assert sum(day >= today for day in due) > len(due) / 10
    assert sum(day < today for day in due) > len(due) / 10
    assert max(due) < day_of(TODAY + 60 * DAY)
    assert min(due) > day_of(TODAY - 90 * DAY)


@pytest.mark.parametrize("total", [1, 7, TOTAL, 10**6])
def test_what_has_happened_lies_before_today(total: int) -> None:
    for index in {0, total // 2, *range(max(0, total - 300), total)}:
        order = seeded(1, index, total)
        times = [event.time for event in order.history]
        assert order.created_at < TODAY
        assert all(order.created_at <= time <= TODAY for time in times)
        assert order.created_at <= (order.cancelled_at or TODAY) <= TODAY
        assert order.status_set_at is None or order.status_set_at in times


def test_on_another_day_all_dates_have_moved_with_it() -> None:
    before, after = (seeded(1, 400, TOTAL, today) for today in (TODAY, TODAY + 3 * DAY))
    assert after.created_at == before.created_at + 3 * DAY
    assert [event.time for event in after.history] == [
        event.time + 3 * DAY for event in before.history
    ]
    assert (after.customer, after.status_code) == (before.customer, before.status_code)


def test_another_seed_makes_other_orders() -> None:
    first = [seeded(1, index, 50).customer for index in range(50)]
    second = [seeded(2, index, 50).customer for index in range(50)]
    assert first != second


def test_ids_grow_exceed_32_bits_and_have_gaps() -> None:
    ids = [id_at(index) for index in range(50_000)]
    assert ids[0] == FIRST_ID > 2**32
    steps = {after - before for before, after in pairwise(ids)}
    assert min(steps) > 0
    assert len(steps) > 1


@pytest.mark.parametrize("index", [0, 1, 2, 999, 123_456])
def test_index_of_is_the_way_back_from_id_at(index: int) -> None:
    assert index_of(id_at(index)) == index


@pytest.mark.parametrize("order_id", [0, -5, FIRST_ID - 1, FIRST_ID + 1, id_at(5) + 1])
def test_index_of_an_id_that_no_order_has(order_id: int) -> None:
    assert index_of(order_id) is None


def test_numbers_and_names(orders: list[Order]) -> None:
    assert [order.number for order in orders] == list(range(FIRST_NUMBER, FIRST_NUMBER + TOTAL))
    assert orders[0].name == f"#{FIRST_NUMBER}"


def test_names_in_several_scripts(orders: list[Order]) -> None:
    scripts = {
        unicodedata.name(letter).split()[0] for order in orders for letter in order.customer.name
    }
    assert {"LATIN", "CYRILLIC", "GREEK", "CJK", "HANGUL", "ARABIC", "HEBREW"} <= scripts
    assert any("WITH" in unicodedata.name(letter) for o in orders for letter in o.customer.name)


def test_addresses_are_ascii_and_lead_nowhere(orders: list[Order]) -> None:
    for order in orders:
        local, _, domain = order.customer.email.partition("@")
        assert local.isascii()
        assert " " not in local
        assert domain.startswith("example.") or domain.endswith(".example")


def test_about_a_third_have_no_status(orders: list[Order]) -> None:
    without = sum(order.status_code is None for order in orders)
    assert 0.25 < without / TOTAL < 0.42
    assert {order.status_code for order in orders} == {None, *WAY_TO}


def test_some_are_cancelled_tagged_and_due(orders: list[Order]) -> None:
    assert 0 < sum(order.cancelled_at is not None for order in orders) < TOTAL / 4
    assert {len(order.tags) for order in orders} == {0, 1, 2}
    assert any(order.due_date is None for order in orders)
    assert any(order.due_date_to is None and order.due_date for order in orders)
    for order in orders:
        if order.due_date_to is not None:
            assert order.due_date is not None
            assert day_of(order.created_at) < order.due_date < order.due_date_to


def test_history_leads_to_the_status_in_order_of_time(orders: list[Order]) -> None:
    for order in orders:
        times = [event.time for event in order.history]
        assert times == sorted(times)
        codes = tuple(event.status_code for event in order.history if event.status_code)
        assert codes == (WAY_TO[order.status_code] if order.status_code else ())


def test_every_financial_and_fulfillment_status_occurs(orders: list[Order]) -> None:
    assert len({order.financial_status for order in orders}) == 8
    assert len({order.fulfillment_status for order in orders}) == 4


def test_past_mails_tell_the_status_by_name(orders: list[Order]) -> None:
    subjects = {event.mail.subject for order in orders for event in order.history if event.mail}
    assert subject_of(f"#{FIRST_NUMBER}", "Order Received") in subjects
