"""What became of a bulk update: the right answer, in time, with few requests."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from statuspro import AuthenticationError
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import DELIVERED, IN_PRODUCTION, RECEIVED, SHIPPED
from statuspro.sandbox.messages import Record
from tests.support.promptness import within


class Clock:
    """A clock in the place of the system's: it stands still but for the waits of calls.

    Attributes:
        waits: what was waited.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self._later: list[tuple[float, Callable[[], object]]] = []

    def monotonic(self) -> float:
        return self.now

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        for due, action in [each for each in self._later if each[0] <= self.now]:
            self._later.remove((due, action))
            action()

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Has `action` called when so many seconds have passed."""
        self._later.append((1000.0 + seconds, action))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("statuspro.api.outcome.time", clock)
    monkeypatch.setattr("statuspro._http.call.time", clock)
    return clock


class Shop:
    """A sandbox without sockets, its queue worked off by `flush` alone.

    Args:
        count: of orders that are in production.
        shipped: how many other orders are shipped already, half of them older.
    """

    def __init__(self, count: int = 50, shipped: int = 0) -> None:
        self.sandbox = Sandbox(0, bulk_delay=3600)
        for _ in range(shipped // 2):
            self.sandbox.add_order(status_code=SHIPPED)
        self.ids = [self.sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(count)]
        for _ in range(shipped - shipped // 2):
            self.sandbox.add_order(status_code=SHIPPED)
        self.client = self.sandbox.client(adapter=self.sandbox.adapter())

    def queue(self, ids: list[int] | None = None, code: str = SHIPPED) -> None:
        update = self.client.iter_bulk_update_order_status(ids or self.ids, code, notify=False)
        for _ in update:
            pass
        self.sandbox.requests.clear()

    def outcome(self, ids: Any = None, code: str = SHIPPED, **options: Any) -> Any:
        return self.client.bulk_outcome(self.ids if ids is None else ids, code, **options)

    @property
    def lists(self) -> int:
        return sum(record.path.endswith("/orders") for record in self.sandbox.requests)

    @property
    def details(self) -> int:
        return len(self.sandbox.requests) - self.lists


# The answer -----------------------------------------------------------------------------------


def test_it_returns_as_soon_as_all_are_applied(clock: Clock) -> None:
    shop = Shop(50, shipped=150)
    shop.queue()
    clock.at(2.5, shop.sandbox.flush)
    assert shop.outcome() == {"applied": shop.ids, "not_applied": []}
    assert clock.waits == [1.0, 2.0]
    assert (shop.lists, shop.details) == (2, 3)


def test_an_order_that_cannot_move_is_told_when_the_time_is_over(clock: Clock) -> None:
    """Delivered to Received: the service queues it, and passes it over."""
    shop = Shop(6)
    for order_id in (shop.ids[1], shop.ids[5]):
        shop.sandbox.set_status(order_id, DELIVERED)
    shop.queue(code=SHIPPED)
    clock.at(2.5, shop.sandbox.flush)
    applied = [order_id for order_id in shop.ids if order_id not in (shop.ids[1], shop.ids[5])]
    assert shop.outcome() == {"applied": applied, "not_applied": [shop.ids[1], shop.ids[5]]}
    assert clock.now == pytest.approx(1060.0)
    assert clock.waits == [1, 2, 4, 8, 15, 15, 15]
    assert len(shop.sandbox.requests) <= 14


def test_ids_that_the_service_does_not_know_are_not_applied_and_not_waited_for(
    clock: Clock,
) -> None:
    shop = Shop(3)
    shop.queue()
    shop.sandbox.flush()
    ids = [7, *shop.ids, 8]
    assert shop.outcome(ids) == {"applied": shop.ids, "not_applied": [7, 8]}
    assert shop.outcome([7, 8]) == {"applied": [], "not_applied": [7, 8]}
    assert sum(clock.waits) <= 7


class Index:
    """A whole number as numpy has them."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


def test_each_id_comes_once_in_the_order_given(clock: Clock) -> None:
    shop = Shop(4)
    first, second, third, fourth = shop.ids
    shop.queue([second, fourth])
    shop.sandbox.flush()
    given = iter([third, Index(second), str(second), first, fourth, third])
    assert shop.outcome(given, timeout=0) == {
        "applied": [second, fourth],
        "not_applied": [third, first],
    }
    assert shop.outcome([]) == {"applied": [], "not_applied": []}


def test_a_status_that_was_left_again_does_not_count(clock: Clock) -> None:
    shop = Shop(2)
    shop.queue()
    shop.sandbox.flush()
    shop.sandbox.set_status(shop.ids[0], DELIVERED)
    assert shop.outcome(timeout=3)["not_applied"] == [shop.ids[0]]


def test_a_queue_that_is_worked_off_slowly(clock: Clock) -> None:
    shop = Shop(400, shipped=60)
    shop.queue([])
    for place in range(0, 400, 50):
        batch = shop.ids[place : place + 50]

        def apply(batch: list[int] = batch) -> None:
            for order_id in batch:
                shop.sandbox.set_status(order_id, SHIPPED)

        clock.at(3.0 + place / 25, apply)
    assert shop.outcome()["applied"] == shop.ids
    assert len(shop.sandbox.requests) <= 20


@pytest.mark.parametrize("seed", range(15))
def test_a_list_that_moves_gives_no_wrong_answer(clock: Clock, seed: int) -> None:
    """Orders enter the list under the status and leave it between any two reads."""
    rng = random.Random(seed)
    shop = Shop(260, shipped=150)
    others = [shop.sandbox.add_order(status_code=SHIPPED) for _ in range(90)]
    shop.queue(shop.ids[: rng.choice([1, 5, 200])])
    shop.sandbox.flush()
    waiting = [order_id for order_id in shop.ids if order_id not in {*shop.ids[:200]}]

    def move(record: Record) -> None:
        for _ in range(rng.choice([0, 1, 3])):
            if rng.random() < 0.5 and waiting:
                shop.sandbox.set_status(waiting.pop(rng.randrange(len(waiting))), SHIPPED)
            elif others:
                shop.sandbox.remove_order(others.pop(rng.randrange(len(others))))

    was_there = {each for each in shop.ids if shop.sandbox.order(each).status_code == SHIPPED}
    shop.sandbox.on_request = move
    outcome = shop.outcome(timeout=rng.choice([0, 1, 30]))
    assert was_there <= {*outcome["applied"]}
    for order_id in outcome["applied"]:
        assert shop.sandbox.order(order_id).status_code == SHIPPED
    assert sorted(outcome["applied"] + outcome["not_applied"]) == shop.ids


# Requests -------------------------------------------------------------------------------------

#: Orders, how many of them the queue moves and when, and which cannot move; other orders in the
#: status; the timeout; the requests. Most of them stand in docs/bulk.rst.
CASES: dict[str, tuple[int, float | None, range, int, float, int]] = {
    "one, applied at once": (1, 0, range(0), 100, 60, 1),
    "one, later": (1, 2.5, range(0), 100, 60, 3),
    "one of many": (1, 0, range(0), 3000, 60, 1),
    "fifty at once": (50, 0, range(0), 100, 60, 2 + 1),
    "fifty later": (50, 2.5, range(0), 100, 60, 4),
    "fifty, two cannot move": (50, 2.5, range(3, 5), 100, 60, 11),
    "fifty, none moves": (50, None, range(0), 100, 60, 8),
    "fifty, one look": (50, 0, range(0), 100, 0, 2),
    "fifty, in a list of a hundred pages": (50, None, range(0), 10_000, 0, 51),
    "three, in a list of thirty pages": (3, 0, range(0), 3000, 60, 5),
    "a thousand at once": (1000, 0, range(0), 0, 60, 11),
    "a thousand later": (1000, 9, range(0), 0, 60, 15),
    "a thousand, twenty cannot move": (1000, 9, range(500, 520), 0, 60, 27),
}


@pytest.mark.parametrize("name", CASES)
def test_the_requests_are_few(clock: Clock, name: str) -> None:
    count, applied_at, stuck, shipped, timeout, most = CASES[name]
    shop = Shop(count, shipped)
    for place in stuck:
        shop.sandbox.set_status(shop.ids[place], DELIVERED)
    shop.queue()
    if applied_at == 0:
        shop.sandbox.flush()
    elif applied_at is not None:
        clock.at(applied_at, shop.sandbox.flush)
    applied = 0 if applied_at is None else count - len(stuck)
    assert len(shop.outcome(timeout=timeout)["applied"]) == applied
    assert len(shop.sandbox.requests) <= most


# Time -----------------------------------------------------------------------------------------


def test_it_waits_for_a_real_queue() -> None:
    with Sandbox(0, bulk_delay=0.3) as sandbox, sandbox.client() as client:
        ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(60)]
        list(client.iter_bulk_update_order_status(ids, SHIPPED))
        with within(3):
            assert client.bulk_outcome(ids, SHIPPED) == {"applied": ids, "not_applied": []}


def test_it_ends_in_time() -> None:
    with Sandbox(0) as sandbox, sandbox.client() as client:
        ids = [sandbox.add_order(status_code=DELIVERED) for _ in range(20)]
        sandbox.latency = (0.04, 0.05)
        began = time.monotonic()
        with within(1.6):
            outcome = client.bulk_outcome(ids, RECEIVED, timeout=1.2)
        assert outcome == {"applied": [], "not_applied": ids}
        assert time.monotonic() - began > 0.3


def test_each_wait_is_told(clock: Clock) -> None:
    told: list[tuple[float, str]] = []
    shop = Shop(2)
    shop.client = shop.client.with_options(on_wait=lambda *each: told.append(each))
    shop.outcome(timeout=2)
    assert [seconds for seconds, _ in told] == [1.0, 1.0]
    assert "queue of bulk updates" in told[0][1]


@pytest.mark.parametrize(("max_wait", "waits"), [(0, []), (0.5, [0.5] * 4)])
def test_no_wait_is_longer_than_max_wait(clock: Clock, max_wait: float, waits: list[float]) -> None:
    shop = Shop(2)
    shop.client = shop.client.with_options(max_wait=max_wait)
    assert shop.outcome(timeout=2) == {"applied": [], "not_applied": shop.ids}
    assert clock.waits == waits


def test_a_deadline_is_each_requests(clock: Clock) -> None:
    shop = Shop(2)
    shop.client = shop.client.with_options(deadline=0.9)
    assert shop.outcome(timeout=3) == {"applied": [], "not_applied": shop.ids}
    assert clock.waits == [1.0, 2.0]


# What makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "options", "error"),
    [
        ("123", {}, TypeError),
        (5, {}, TypeError),
        ([1, "x"], {}, ValueError),
        ([True], {}, TypeError),
        ([1], {"code": ""}, ValueError),
        ([1], {"code": 3}, TypeError),
        ([1], {"timeout": -1}, ValueError),
        ([1], {"timeout": None}, TypeError),
    ],
)
def test_arguments_are_refused(ids: Any, options: dict[str, Any], error: type[Exception]) -> None:
    shop = Shop(1)
    with pytest.raises(error):
        shop.outcome(ids, **options)
    assert shop.sandbox.requests == []


def test_a_failure_comes_out(clock: Clock) -> None:
    shop = Shop(2)
    shop.sandbox.fail(401)
    with pytest.raises(AuthenticationError):
        shop.outcome()


def test_what_the_source_raises_comes_out() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    shop = Shop(1)
    with pytest.raises(ZeroDivisionError):
        shop.outcome(source())
    assert shop.sandbox.requests == []
