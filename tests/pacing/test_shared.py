"""What holds alike wherever processes share a budget: in a SQLite file and in Redis."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from statuspro.pacing import RateLimit, Slot
from statuspro.pacing.budget import SharedBudget, Storage
from statuspro.pacing.redis import RedisStorage
from statuspro.pacing.sqlite import SQLiteStorage
from tests.support.forks import runs_in_fork
from tests.support.senders import start_process, times_in
from tests.support.simulation import spans_a_period
from tests.support.slots import reading, taken, use, wait_of

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

pytest_plugins = ["tests.support.redis_server"]

LOGGER = logging.getLogger("statuspro")

Open = Callable[..., SharedBudget]


class Place(NamedTuple):
    """Where budgets are shared."""

    url: str
    storage: Callable[[], Storage]


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        path = str(tmp_path / "budget.db")
        return Place(f"sqlite:///{path}", lambda: SQLiteStorage(path))
    server: RedisServer = request.getfixturevalue("redis_server")
    return Place(server.url, lambda: RedisStorage(server.url))


@pytest.fixture
def open_budget(place: Place) -> Iterator[Open]:
    """Opens one more budget, over a connection of its own as another process would."""
    opened: list[SharedBudget] = []

    def open_budget(limit: RateLimit | None = None, *, digest: str = "d") -> SharedBudget:
        limit = limit or RateLimit()
        budget = SharedBudget(place.storage(), digest, limit, LOGGER, falls_back=False)
        opened.append(budget)
        return budget

    yield open_budget
    for budget in opened:
        budget.storage.disconnect()


def test_a_pause_is_shared(open_budget: Open) -> None:
    one, other = open_budget(), open_budget()
    slot = Slot()
    assert one.take(slot) is None
    one.refuse(slot, 200)
    assert wait_of(other, Slot()).seconds > 200


def test_what_the_service_has_left_is_shared(open_budget: Open) -> None:
    one, other = open_budget(), open_budget()
    slot = Slot()
    assert one.take(slot) is None
    one.observe(slot, 0, 30)
    one.finish(slot)
    assert 29 < wait_of(other, Slot()).seconds < 32


def test_a_share_is_shared(open_budget: Open) -> None:
    one, other, customers = (open_budget(RateLimit(6)) for _ in range(3))
    use(one, 2, reserve=2)
    under_way = taken(other, reserve=2)
    use(other, 1, reserve=2)
    jobs = [Slot(reserve=2) for _ in range(3)]
    for budget, slot in zip((one, other, customers), jobs, strict=True):
        assert "but for 2 left to others" in wait_of(budget, slot).reason
    use(customers, 2)
    customer = Slot()
    assert "but for" not in wait_of(customers, customer).reason
    other.give_back(under_way)
    assert "next slot" in wait_of(one, jobs[0]).reason  # the customer's it is, who came last
    assert customers.take(customer) is None


def test_a_reading_is_of_what_all_processes_have_used(open_budget: Open) -> None:
    one, other = open_budget(), open_budget()
    use(one, 20)
    use(other, 10, reserve=50)
    use(one, 1)
    for budget in (one, other):
        for _ in range(2):
            assert reading(budget) == (29, 5, 0.0)
            assert reading(budget, 20) == (29, 5, 0.0)
            assert reading(budget, 50) == (0, 0, pytest.approx(61, abs=2))
    use(one, 29)
    assert reading(other) == (0, 0, pytest.approx(61, abs=2))


def test_budgets_do_not_meet(open_budget: Open) -> None:
    use(open_budget(RateLimit(1), digest="one"), 1)
    use(open_budget(RateLimit(1), digest="other"), 1)


def test_a_slot_that_is_given_back_is_free(open_budget: Open) -> None:
    budget = open_budget(RateLimit(1))
    slot = Slot()
    assert budget.take(slot) is None
    budget.give_back(slot)
    budget.give_back(slot)
    use(budget, 1)


def test_processes_with_threads_share_a_budget(place: Place, tmp_path: Path) -> None:
    log, limit = tmp_path / "log", RateLimit(20, 5, 0.5)
    processes = [start_process(place.url, log, limit, count=20) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    times = times_in(log)
    assert len(times) == 80
    assert spans_a_period(times, 20, 0.5)


def test_processes_go_on_when_others_are_killed(place: Place, tmp_path: Path) -> None:
    log, limit, url = tmp_path / "log", RateLimit(20, 5, 0.5), place.url
    doomed = [start_process(url, log, limit, count=10**6) for _ in range(2)]
    others = [start_process(url, log, limit, count=40) for _ in range(2)]
    while not log.exists() or len(times_in(log)) < 30:
        assert all(process.poll() is None for process in doomed)
        time.sleep(0.01)
    for process in doomed:
        process.kill()
    assert [process.wait(60) for process in others] == [0, 0]
    for process in doomed:
        process.wait()
    assert spans_a_period(times_in(log), 20, 0.5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_beside_busy_threads_shares_the_budget(open_budget: Open) -> None:
    budget, stop = open_budget(RateLimit(10**5)), threading.Event()

    def work() -> None:
        while not stop.is_set():
            use(budget, 1)
            time.sleep(0.001)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            assert runs_in_fork(lambda: use(budget, 3))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    use(budget, 1)
