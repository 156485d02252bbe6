"""The queue of bulk updates."""

from __future__ import annotations

import time
from collections.abc import Callable

from statuspro.sandbox.bulk import BulkQueue
from statuspro.sandbox.store import StatusChange, Store


def make_store() -> tuple[Store, list[int]]:
    store = Store(0, 1, clock=lambda: 0.0)
    return store, [store.add(status_code="st000002") for _ in range(3)]


def codes(store: Store, ids: list[int]) -> list[str | None]:
    return [order.status_code for i in ids if (order := store.get(i)) is not None]


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)


def test_nothing_is_applied_before_its_time() -> None:
    store, ids = make_store()
    queue = BulkQueue(store, delay=3600)
    queue.put(ids, StatusChange("st000003"))
    assert codes(store, ids) == ["st000002"] * 3
    queue.flush()
    assert codes(store, ids) == ["st000003"] * 3
    assert [write.kind for write in store.applied] == ["bulk-status"] * 3


def test_the_timer_applies_it() -> None:
    store, ids = make_store()
    BulkQueue(store, delay=0.01).put(ids, StatusChange("st000003"))
    wait_until(lambda: len(store.applied) == 3)
    assert codes(store, ids) == ["st000003"] * 3


def test_each_order_once_and_unknown_or_unwilling_ones_not_at_all() -> None:
    store, ids = make_store()
    store.change(ids[1], status_code="st000007")
    queue = BulkQueue(store, delay=3600)
    queue.put([ids[0], 1, ids[0], ids[1], ids[2]], StatusChange("st000003"))
    queue.flush()
    assert [write.order_id for write in store.applied] == [ids[0], ids[2]]


def test_jobs_are_applied_in_order() -> None:
    store, ids = make_store()
    queue = BulkQueue(store, delay=3600)
    queue.put(ids, StatusChange("st000003"))
    queue.put(ids, StatusChange("st000007"))
    queue.flush()
    queue.flush()
    assert codes(store, ids) == ["st000007"] * 3
    assert len(store.applied) == 6


def test_scheduled_mails_say_when() -> None:
    store, ids = make_store()
    queue = BulkQueue(store, delay=3600)
    queue.put(ids[:1], StatusChange("st000003", send_at=1_900_000_000))
    queue.flush()
    assert [mail.send_at for mail in store.mails] == [1_900_000_000]
