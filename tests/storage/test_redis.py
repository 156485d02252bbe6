from __future__ import annotations

import builtins
import logging
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing import Figures, LocalBudget, Slot, Wait, budget_for
from statuspro.storage.budget import grace, poll, span, wait_for
from statuspro.storage.ledger import Ledger
from statuspro.storage.redis import RedisBudget
from statuspro.storage.script import CLOCK, SCRIPT
from tests.budgets import (
    Clock,
    runs_in_fork,
    send,
    send_many,
    spans_a_period,
    start_process,
    times_in,
)

if TYPE_CHECKING:
    from tests.redis_server import RedisServer

pytest_plugins = ["tests.redis_server"]

LOGGER = logging.getLogger("statuspro")

Open = Callable[..., RedisBudget]


@pytest.fixture
def open_budget(redis_server: RedisServer) -> Iterator[Open]:
    """Opens one more budget in Redis, as another process would."""
    opened: list[RedisBudget] = []

    def open_budget(
        limit: Figures | None = None,
        *,
        digest: str = "d",
        options: str = "",
        fallback: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> RedisBudget:
        figures = limit or Figures()
        budget = RedisBudget(
            *(redis_server.url + options, digest, figures),
            fallback=LocalBudget(figures) if fallback else None,
            logger=LOGGER,
            clock=clock,
        )
        opened.append(budget)
        return budget

    yield open_budget
    for budget in opened:
        budget.close()


def use(budget: RedisBudget, count: int, *, bulk: bool = False) -> None:
    for _ in range(count):
        slot = Slot(bulk=bulk)
        assert budget.take(slot) is None
        budget.finish(slot)


def wait_of(budget: RedisBudget, slot: Slot) -> Wait:
    wait = budget.take(slot)
    assert wait is not None
    return wait


# --- the script against the ledger


class Scripted:
    """The script, run with a clock of the test's."""

    def __init__(self, port: int, limit: Figures) -> None:
        self._client: Any = redis.Redis(port=port)
        clock = "local now = tonumber(ARGV[15])\n"
        self._run: Any = self._client.register_script(SCRIPT.replace(CLOCK, clock))
        self._limit = limit
        self.issued = 0

    def __call__(self, op: str, slot: Slot, now: float, *figures: object) -> Wait | None:
        limit = self._limit
        retry_after, remaining, reset = ("" if figure is None else figure for figure in figures)
        micros, why, number, pauses = self._run(
            keys=["key"],
            args=[
                *(op, int(slot.bulk), slot.number, slot.pauses, slot.lease),
                *(limit.period, span(limit), poll(limit), grace(limit)),
                *(limit.requests, limit.bulk, retry_after, remaining, reset, repr(now)),
            ],
        )
        if op == "take":
            slot.number, slot.taken = number, micros == 0
            if slot.taken:
                slot.pauses = pauses
        elif op != "observe":
            slot.number, slot.taken = 0, False
        wait = micros / 1e6
        kind = ("paused", "probe", "full", "bulk")[int(why)]
        return wait_for(limit, kind, wait) if wait else None

    def close(self) -> None:
        self._client.flushall()
        self._client.close()


def steps_of(randomness: random.Random, limit: Figures) -> Iterator[tuple[Any, ...]]:
    now = 1000.0
    for _ in range(150):
        now += randomness.choice([0, 0.001, 0.1, 0.5]) * limit.period * randomness.random()
        if randomness.random() < 0.02:
            now -= 3 * randomness.random()
        op = randomness.choice(
            ["new"] * 4 + ["take"] * 6 + ["finish"] * 3 + ["give_back", "refuse", "observe"]
        )
        figures = (
            randomness.choice([None, None, 0.0, 1.0]) if op == "refuse" else None,
            randomness.choice([0, 0, 1, 2]),
            randomness.choice([None, 0.5, 30.0]),
        )
        yield op, now, randomness.random(), randomness.random() < 0.3, figures


def change(ledger: Ledger, op: str, slot: Slot, now: float, figures: tuple[Any, ...]) -> Any:
    retry_after, remaining, reset = figures
    if op == "give_back":
        return ledger.give_back(slot)
    if op == "refuse":
        return ledger.refuse(slot, retry_after, now)
    if op == "observe":
        return ledger.observe(slot, remaining, reset, now)
    return ledger.take(slot, now) if op == "take" else ledger.finish(slot, now)


@pytest.mark.parametrize(
    "limit", [Figures(1, 1, 2.0), Figures(2, 1, 60.0), Figures(8, 2, 2.0)], ids=str
)
def test_the_script_does_what_the_ledger_does(redis_server: RedisServer, limit: Figures) -> None:
    compared = 0
    for seed in range(30):
        script, ledger, data = Scripted(redis_server.port, limit), Ledger(limit), b""
        pairs: list[tuple[Slot, Slot]] = []
        for op, now, pick, bulk, figures in steps_of(random.Random(seed), limit):
            if op == "new" or not pairs:
                op = "take"
                pairs.append((Slot(bulk=bulk, lease=1.0), Slot(bulk=bulk, lease=1.0)))
                pick = 1 - 1e-9
            ours, scripted = pairs[int(pick * len(pairs))]
            if (op == "take") == ours.taken or (op == "refuse" and ours.number and not ours.taken):
                continue
            if data:
                ledger.load(data, now)
            else:
                ledger.issued = int(now * 1e6)
            wait = change(ledger, op, ours, now, figures)
            also = script(op, scripted, now, *figures)
            data = ledger.dump(now)
            assert (wait is None) == (also is None)
            assert (ours.number, ours.taken) == (scripted.number, scripted.taken)
            if wait is not None and also is not None:
                assert wait.seconds == pytest.approx(also.seconds, abs=1e-5)
                assert wait.reason.partition(",")[0] == also.reason.partition(",")[0]
            compared += 1
        script.close()
    assert compared > 1000


# --- one budget for all


@pytest.mark.parametrize("options", ["", "?decode_responses=true"])
def test_two_machines_share_the_places(open_budget: Open, options: str) -> None:
    one, other = open_budget(options=options), open_budget(options=options)
    use(one, 30)
    use(other, 30)
    wait = wait_of(one, Slot())
    assert 50 < wait.seconds < 62
    assert "60 requests a minute are used" in wait.reason


def test_the_bulk_limit_is_shared(open_budget: Open) -> None:
    use(open_budget(), 5, bulk=True)
    assert "5 bulk requests" in wait_of(open_budget(), Slot(bulk=True)).reason


def test_a_pause_is_shared(open_budget: Open) -> None:
    one, other = open_budget(), open_budget()
    slot = Slot()
    assert one.take(slot) is None
    one.refuse(slot, 3600)
    assert wait_of(other, Slot()).seconds > 3500


def test_what_the_service_has_left_is_shared(open_budget: Open) -> None:
    one, other = open_budget(), open_budget()
    slot = Slot()
    assert one.take(slot) is None
    one.observe(slot, 0, 30)
    one.finish(slot)
    assert 29 < wait_of(other, Slot()).seconds < 32


def test_a_slot_that_is_given_back_is_free(open_budget: Open) -> None:
    budget = open_budget(Figures(1))
    slot = Slot()
    assert budget.take(slot) is None
    budget.give_back(slot)
    budget.give_back(slot)
    use(budget, 1)


def test_budgets_do_not_meet_and_their_keys_expire(
    open_budget: Open, redis_server: RedisServer
) -> None:
    use(open_budget(Figures(1), digest="one"), 1)
    use(open_budget(Figures(1), digest="other"), 1)
    assert redis_server.command("DBSIZE") == 2
    assert 60 < redis_server.command("TTL", "statuspro:1:{one}") < 600


def test_the_script_is_loaded_again_when_redis_forgot_it(
    open_budget: Open, redis_server: RedisServer
) -> None:
    budget = open_budget(Figures(2))
    use(budget, 1)
    redis_server.command("SCRIPT", "FLUSH")
    use(budget, 1)
    assert budget.take(Slot()) is not None


def test_a_redis_that_was_restarted_is_used_again(
    open_budget: Open, redis_server: RedisServer
) -> None:
    budget = open_budget(Figures(2))
    under_way = Slot()
    assert budget.take(under_way) is None
    redis_server.stop()
    redis_server.start()
    budget.finish(under_way)  # also counts where the data were lost
    use(budget, 1)
    assert budget.take(Slot()) is not None


def test_processes_with_threads_share_a_budget(redis_server: RedisServer, tmp_path: Path) -> None:
    log, limit = tmp_path / "log", Figures(20, 5, 1.0)
    processes = [start_process(redis_server.url, log, limit, count=20) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    times = times_in(log)
    assert len(times) == 80
    assert spans_a_period(times, 20, 1.0)


def test_processes_go_on_when_others_are_killed(redis_server: RedisServer, tmp_path: Path) -> None:
    log, limit, url = tmp_path / "log", Figures(20, 5, 0.5), redis_server.url
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


# --- when Redis cannot be reached


def test_without_redis_nothing_is_sent(open_budget: Open, redis_server: RedisServer) -> None:
    budget = open_budget()
    redis_server.stop()
    with pytest.raises(StatusProError, match=f"127.0.0.1:{redis_server.port}"):
        budget.take(Slot())


def test_a_password_is_never_shown(open_budget: Open, redis_server: RedisServer) -> None:
    url = redis_server.url.replace("//", "//user:secret@")
    budget = RedisBudget(url, "d", Figures(), fallback=None, logger=LOGGER)
    with pytest.raises(StatusProError) as refused:
        budget.take(Slot())
    budget.close()
    redis_server.stop()
    with pytest.raises(StatusProError) as away:
        budget.take(Slot())
    assert "secret" not in f"{refused.value!r} {away.value!r} {budget!r}"


@pytest.mark.parametrize(
    "url", ["redis://u:sec/ret@h/0", "redis://h:sec/0", "redis://h/0?nonsense=sec", "rediss://[sec"]
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        budget_for("https://a.test", "k", Figures(), storage=url)
    assert "sec" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_redis_that_does_not_answer_is_given_up_by_all_who_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0?protocol=2"
        budget = RedisBudget(url, "d", Figures(), fallback=None, logger=LOGGER)
        errors: list[StatusProError] = []

        def take() -> None:
            with pytest.raises(StatusProError) as caught:
                budget.take(Slot())
            errors.append(caught.value)

        began = time.monotonic()
        threads = [threading.Thread(target=take) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # One after the other, each with a time limit of its own, they would take 16 s.
        assert time.monotonic() - began < 10
        assert len(errors) == 16


def test_the_end_of_an_attempt_that_redis_cannot_be_told_is_no_error(
    open_budget: Open, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget()
    slot, waiting = Slot(), Slot()
    assert budget.take(slot) is None
    redis_server.stop()
    budget.finish(slot)
    budget.observe(slot, 3, None)
    budget.give_back(waiting)
    assert len(caplog.records) == 1
    assert "until its lease ends" in caplog.text


def test_the_fallback_paces_alone_warns_once_and_ends(
    open_budget: Open, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    budget = open_budget(Figures(5), fallback=True, clock=clock)
    use(budget, 2)
    redis_server.stop()
    use(budget, 3)  # what Redis had counted still counts
    assert wait_of(budget, Slot()).seconds > 50
    clock.now += 6
    assert wait_of(budget, Slot()).seconds > 50
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    assert "pacing in this process alone" in warning.getMessage()
    redis_server.start()
    clock.now += 6
    assert wait_of(budget, Slot()).seconds > 50  # Redis lost its data, this process did not
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert redis_server.command("DBSIZE") == 1


def test_redis_is_left_alone_for_a_while_after_it_failed(
    open_budget: Open, redis_server: RedisServer
) -> None:
    clock = Clock()
    budget = open_budget(fallback=True, clock=clock)
    redis_server.stop()
    use(budget, 1)
    redis_server.start()
    clock.now += 4.9
    use(budget, 1)
    assert redis_server.command("DBSIZE") == 0
    clock.now += 0.1
    use(budget, 1)
    assert redis_server.command("DBSIZE") == 1


def test_a_refusal_pauses_the_fallback_while_redis_is_away(
    open_budget: Open, redis_server: RedisServer
) -> None:
    budget = open_budget(fallback=True)
    slot = Slot()
    assert budget.take(slot) is None
    redis_server.stop()
    budget.refuse(slot, None)
    assert 15 < wait_of(budget, Slot()).seconds < 25


def test_a_refusal_pauses_redis_while_it_is_there(open_budget: Open) -> None:
    budget = open_budget(fallback=True)
    slot, waiting = Slot(), Slot()
    assert budget.take(slot) is None
    budget.refuse(slot, 100)
    assert wait_of(budget, waiting).seconds > 100
    budget.give_back(waiting)
    assert wait_of(open_budget(), Slot()).seconds > 99


def test_a_restart_in_mid_run_costs_nothing_with_a_fallback(
    open_budget: Open, redis_server: RedisServer, tmp_path: Path
) -> None:
    log, limit = tmp_path / "log", Figures(20, 5, 0.5)
    budget = open_budget(limit, fallback=True)
    sender = threading.Thread(target=send_many, args=(budget, log, 100, 4))
    sender.start()
    time.sleep(0.3)
    redis_server.stop()
    time.sleep(0.3)
    redis_server.start()
    sender.join()
    assert len(times_in(log)) == 100
    assert spans_a_period(times_in(log), 20, 0.5)


def test_a_restart_in_mid_run_is_survived_without_a_fallback(
    open_budget: Open, redis_server: RedisServer, tmp_path: Path
) -> None:
    budget = open_budget(Figures(20, 5, 0.5))
    for round_ in range(3):
        for _ in range(15):
            send(budget, tmp_path / f"log{round_}")
        redis_server.stop()
        redis_server.start()
    assert all(len(times_in(tmp_path / f"log{round_}")) == 15 for round_ in range(3))


# --- the package, forks


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "redis":
            raise ModuleNotFoundError("No module named 'redis'", name="redis")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "statuspro.storage.redis")
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigurationError, match=r"statuspro\[redis\]"):
        budget_for("https://a.test", "k", Figures(), storage="redis://h")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_beside_busy_threads_shares_the_budget(open_budget: Open) -> None:
    budget, stop = open_budget(Figures(10**5)), threading.Event()

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
