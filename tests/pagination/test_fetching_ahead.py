"""Walks that fetch ahead: their threads, their end, forks, and the interpreter's exit."""

from __future__ import annotations

import gc
import itertools
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from statuspro import NotFoundError, RateLimit, ServerError, iter_orders
from statuspro.sandbox import Sandbox
from statuspro.sandbox.faults import Answer, Pause
from statuspro.sandbox.messages import Record, Response
from tests.support.lists import answer_each, failing_at, ids_of, local, page_number, pages_read
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.promptness import within

Threads = Callable[[], set[threading.Thread]]


@pytest.fixture
def threads() -> Threads:
    """The threads that the test has started and that still run."""
    before = set(threading.enumerate())
    return lambda: set(threading.enumerate()) - before


def test_pages_fetched_ahead_come_in_order_and_not_too_many_at_a_time(threads: Threads) -> None:
    sandbox, client = local(300)
    rng, lock = random.Random(1), threading.Lock()
    under_way, most = [0], [0]

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        pause(rng.uniform(0, 0.01))
        with lock:
            under_way[0] -= 1
        return answer()

    answer_each(sandbox, respond)
    found = ids_of(iter_orders(client, per_page=10, prefetch=4))
    assert found == sorted(found, reverse=True)
    assert len(found) == 300
    assert most[0] == 4
    assert sorted(pages_read(sandbox)) == list(range(1, 31))
    assert eventually(lambda: not threads())


def test_pages_are_fetched_while_the_caller_works() -> None:
    sandbox, client = local(100)
    walk = iter_orders(client, per_page=10, prefetch=3)
    next(walk)
    deadline = time.monotonic() + 10
    while len(sandbox.requests) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert sorted(pages_read(sandbox)) == [1, 2, 3, 4]
    walk.close()
    assert len(sandbox.requests) == 4


def test_no_thread_is_started_without_prefetch(threads: Threads) -> None:
    for _ in iter_orders(local(30)[1], per_page=10):
        assert not threads()


def fetching(threads: Threads) -> list[threading.Thread]:
    """Those of the threads that fetch ahead."""
    return [thread for thread in threads() if "run" in thread.name]


@pytest.mark.parametrize("end", ["close", "interrupt"])
def test_a_loop_that_is_left_does_not_wait_for_a_response_under_way(
    end: str, threads: Threads
) -> None:
    go_on, arrived = threading.Event(), threading.Event()
    with Sandbox(100) as sandbox, sandbox.client() as client:

        def respond(record: Record, answer: Answer, pause: Pause) -> Response:
            if page_number(record) > 1:
                arrived.set()
                go_on.wait(20)
            return answer()

        answer_each(sandbox, respond)
        walk = iter_orders(client, per_page=10, prefetch=2)
        next(walk)
        assert arrived.wait(10)
        with within(2):
            if end == "close":
                walk.close()
            else:
                with pytest.raises(KeyboardInterrupt), interrupted_in(0.05):
                    list(walk)
        assert fetching(threads)
        go_on.set()
        assert eventually(lambda: not fetching(threads))


@contextmanager
def interrupted_in(seconds: float) -> Iterator[None]:
    """Raises what Ctrl-C does, so many seconds from now."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def slow(sandbox: Sandbox, seconds: float = 0.05) -> None:
    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        pause(seconds)
        return answer()

    answer_each(sandbox, respond)


def leave_by_break(walk: Any) -> None:
    for _ in walk:
        break
    walk.close()  # as the interpreter does where nobody else holds the iterator


def leave_by_error(walk: Any) -> None:
    with suppress(NotFoundError):
        for _ in walk:
            raise NotFoundError


def leave_by_losing_it(walk: Any) -> None:
    next(walk)
    del walk


def lose_it_in_a_cycle(walk: Any) -> None:
    next(walk)
    cycle = [walk]
    cycle.append(cycle)
    del walk, cycle
    gc.collect()


@pytest.mark.parametrize(
    "leave", [leave_by_break, leave_by_error, leave_by_losing_it, lose_it_in_a_cycle]
)
def test_no_thread_outlives_the_loop(leave: Callable[[Any], None], threads: Threads) -> None:
    sandbox, client = local(300)
    slow(sandbox)
    leave(iter_orders(client, per_page=10, prefetch=4))
    assert eventually(lambda: not threads())


def test_no_thread_outlives_a_loop_that_ends_in_an_error(
    waits: list[float], threads: Threads
) -> None:
    sandbox, client = local(300, max_retries=0)
    failing_at(sandbox, 3, times=1)
    with pytest.raises(ServerError):
        list(iter_orders(client, per_page=10, prefetch=4))
    assert eventually(lambda: not threads())


def test_a_loop_that_is_left_does_not_wait_for_its_turn(threads: Threads) -> None:
    """What it would wait for here is a place in the rate budget, a minute from now."""
    limit = RateLimit(requests=1, bulk=1, period=60.0)
    with Sandbox(300) as sandbox, sandbox.client(rate_limit=limit, max_wait=1000) as client:
        walk = iter_orders(client, per_page=10, prefetch=4)
        assert len(list(itertools.islice(walk, 5))) == 5
        assert len(fetching(threads)) == 4
        walk.close()
        assert eventually(lambda: not fetching(threads))
        assert len(sandbox.requests) == 1


def test_prefetch_keeps_to_the_budget() -> None:
    with Sandbox(200, rate_limit=6, period=0.5) as sandbox, sandbox.client() as client:
        assert len(list(iter_orders(client, per_page=10, prefetch=8))) == 200
        assert (sandbox.refused, sandbox.counted) == (0, 20)


ABANDONED = """
from unittest.mock import Mock as Silent
from statuspro import RateLimit
from statuspro.sandbox import Sandbox

sandbox = Sandbox(orders=500)
sandbox.start()
limit = RateLimit(requests=1, bulk=1, period=60.0)
client = sandbox.client(rate_limit=limit, max_wait=1000, logger=Silent())
walk = client.iter_orders(per_page=10, prefetch=4)
print(len([next(walk) for _ in range(5)]))
"""


def test_a_walk_that_is_forgotten_does_not_hold_up_the_interpreters_exit() -> None:
    """Its threads wait for the rate budget, a minute from now."""
    done = run_script(ABANDONED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")


FORKED = """
import os, sys
from statuspro.sandbox import Sandbox

with Sandbox(orders=500) as sandbox:
    sandbox.latency = (0.0, 0.01)
    client = sandbox.client()
    whole = [order["id"] for order in client.iter_orders()]
    walk = client.iter_orders(per_page=10, prefetch=4)
    first = [next(walk)["id"] for _ in range(15)]
    child = os.fork()
    if child == 0:
        status = 1
        try:
            rest = [order["id"] for order in walk]
            afresh = [order["id"] for order in client.iter_orders(prefetch=2)]
            status = 0 if first + rest == whole == afresh else 2
        finally:
            os._exit(status)
    rest = [order["id"] for order in walk]
    assert first + rest == whole
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print("done")
"""


def test_a_walk_goes_on_in_a_forked_child_and_in_its_parent() -> None:
    # Python itself warns of forks while threads run.
    done = run_script(FORKED, "-W", "ignore::DeprecationWarning")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def run_script(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
    )
