"""Signals: what they tell, when, and that neither a receiver that fails nor a kill loses one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.support.mirrors import DirectClient
from tests.support.rows import fill


class Receiver:
    """Takes all signals in."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, str]] = []
        self.last: dict[str, Any] = {}
        self.before: Any = None

    def __call__(self, signal: Any, sender: Any, **told: Any) -> None:
        if self.before is not None:
            self.before(told)
        self.told.append((told["change"]["kind"], told["order"]["id"], told["using"]))
        self.last = {"sender": sender, **told}


@pytest.fixture
def receiver(project: None) -> Iterator[Receiver]:
    from statuspro.contrib.django import signals

    receiver = Receiver()
    all_signals = (signals.order_new, signals.order_changed, signals.order_gone)
    for signal in all_signals:
        signal.connect(receiver)
    yield receiver
    for signal in all_signals:
        assert signal.disconnect(receiver)


@pytest.fixture
def shop() -> Sandbox:
    return Sandbox(orders=3, enforce_viable=False)


@pytest.fixture
def ids(shop: Sandbox) -> list[int]:
    return sorted(shop._store._ids, reverse=True)


def mirror_of(using: str) -> Any:
    from statuspro.contrib.django.mirror import DatabaseMirror

    return DatabaseMirror(using)


def unsent(using: str) -> int:
    from statuspro.contrib.django.models import UnsentChange

    count: int = UnsentChange.objects.using(using).count()
    return count


def test_a_sync_tells_of_each_change_once_it_is_stored(
    alias: str, shop: Sandbox, ids: list[int], receiver: Receiver
) -> None:
    from django.db import connections

    from statuspro.contrib.django.models import Order

    def look(told: Any) -> None:
        assert not connections[alias].in_atomic_block
        stored = Order.objects.using(alias).filter(pk=told["order"]["id"]).first()
        if told["change"]["kind"] == "gone":
            assert stored is None
        else:
            assert stored is not None
            assert stored.payload() == told["order"]

    receiver.before = look
    fill(shop, alias)
    assert receiver.told == [("new", order_id, alias) for order_id in ids]
    receiver.told.clear()
    shop.set_status(ids[0], "st000004")
    shop.remove_order(ids[1])
    fill(shop, alias)
    assert receiver.told == [("changed", ids[0], alias), ("gone", ids[1], alias)]
    assert receiver.last["sender"] is Order
    assert receiver.last["change"]["before"]["id"] == ids[1]
    fill(shop, alias)
    assert len(receiver.told) == 2
    assert unsent(alias) == 0


def test_a_change_that_the_loop_was_told_and_that_is_not_stored_yet_is_not_told(
    alias: str, shop: Sandbox, ids: list[int], receiver: Receiver
) -> None:
    sync = mirror_of(alias).sync(DirectClient(shop))
    next(sync)
    assert receiver.told == []
    change = next(sync)
    change["order"].clear()  # what a loop does to a change, no receiver sees
    sync.close()
    assert receiver.told == [("new", ids[0], alias)]
    fill(shop, alias)
    assert receiver.told == [("new", order_id, alias) for order_id in ids]


def test_one_order_that_is_fetched_is_told_too(
    alias: str, shop: Sandbox, ids: list[int], receiver: Receiver
) -> None:
    fill(shop, alias)
    receiver.told.clear()
    shop.set_status(ids[0], "st000004")
    shop.remove_order(ids[1])
    client = DirectClient(shop)
    for order_id in ids[:2]:
        mirror_of(alias).fetch(client, order_id)
        mirror_of(alias).fetch(client, ids[2])
    assert receiver.told == [("changed", ids[0], alias), ("gone", ids[1], alias)]


def test_a_receiver_that_fails_keeps_nothing_from_the_others(
    alias: str,
    shop: Sandbox,
    ids: list[int],
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from statuspro.contrib.django.signals import order_new

    def fail(**told: Any) -> None:
        raise LookupError("the shop's own words")

    order_new.connect(fail)
    try:
        with caplog.at_level(logging.DEBUG):
            fill(shop, alias)
    finally:
        order_new.disconnect(fail)
    assert [order_id for _, order_id, _ in receiver.told] == ids
    assert unsent(alias) == 0
    records = [record for record in caplog.records if record.name == "django.dispatch"]
    assert len(records) == 3
    emails = [shop.order(order_id).customer.email for order_id in ids]
    assert not [email for email in emails if email in caplog.text]


def test_what_a_killed_sync_has_stored_and_not_told_the_next_one_tells(
    alias: str, shop: Sandbox, ids: list[int], receiver: Receiver
) -> None:
    class Killed(BaseException):
        pass

    def kill(told: Any) -> None:
        if len(receiver.told) == 1:
            raise Killed

    receiver.before = kill
    with pytest.raises(Killed):
        fill(shop, alias)
    assert unsent(alias) == 1
    receiver.before = None
    fill(shop, alias)
    assert [order_id for _, order_id, _ in receiver.told] == ids
    assert unsent(alias) == 0


@pytest.mark.usefixtures("database")
def test_without_receivers_nothing_is_kept_for_them(shop: Sandbox) -> None:
    fill(shop)
    assert unsent("default") == 0


@pytest.mark.usefixtures("database")
def test_a_transaction_around_it_all_delays_the_signals(
    shop: Sandbox, ids: list[int], receiver: Receiver
) -> None:
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        fill(shop)
        assert receiver.told == []
    assert [order_id for _, order_id, _ in receiver.told] == ids
