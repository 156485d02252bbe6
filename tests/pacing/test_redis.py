"""Budgets in Redis: shared by machines, over a connection that may be cut, and with a fallback."""

from __future__ import annotations

import builtins
import logging
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing import RateLimit, Slot, budget_for, storage_at
from statuspro.pacing.budget import SharedBudget
from statuspro.pacing.ledger import MARGIN, MOST_PERIODS, Ledger
from statuspro.pacing.redis import RedisStorage
from statuspro.sandbox import Sandbox
from tests.support.interruption import interrupted_at_each_line
from tests.support.promptness import within
from tests.support.senders import send, send_many, times_in
from tests.support.simulation import Clock, spans_a_period
from tests.support.slots import reading, use, wait_of

if TYPE_CHECKING:
    from tests.support.redis_server import Forwarder, RedisServer

pytest_plugins = ["tests.support.redis_server"]

LOGGER = logging.getLogger("statuspro")

Open = Callable[..., SharedBudget]


@pytest.fixture
def open_budget(redis_server: RedisServer) -> Iterator[Open]:
    """Opens one more budget in Redis, over a connection of its own as another process would."""
    opened: list[SharedBudget] = []

    def open_budget(
        limit: RateLimit | None = None,
        *,
        digest: str = "d",
        url: str = "",
        options: str = "",
        fallback: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> SharedBudget:
        storage = RedisStorage((url or redis_server.url) + options, clock=clock)
        budget = SharedBudget(storage, digest, limit or RateLimit(), LOGGER, falls_back=fallback)
        opened.append(budget)
        return budget

    yield open_budget
    for budget in opened:
        budget.storage.disconnect()


# --- one budget for all


@pytest.mark.parametrize("options", ["", "?decode_responses=true"])
def test_two_machines_share_the_slots(open_budget: Open, options: str) -> None:
    one, other = open_budget(options=options), open_budget(options=options)
    use(one, 30)
    use(other, 30)
    wait = wait_of(one, Slot())
    assert 50 < wait.seconds < 62
    assert "60 requests a minute are used" in wait.reason


def test_the_bulk_limit_is_shared(open_budget: Open) -> None:
    use(open_budget(), 5, bulk=True)
    assert "5 bulk requests" in wait_of(open_budget(), Slot(bulk=True)).reason


def test_budgets_do_not_meet_and_their_keys_expire(
    open_budget: Open, redis_server: RedisServer
) -> None:
    use(open_budget(RateLimit(1), digest="one"), 1)
    use(open_budget(RateLimit(1), digest="other"), 1)
    assert redis_server.command("DBSIZE") == 2
    assert 60 < redis_server.command("TTL", "statuspro:3:{one}") < 600


def test_the_script_is_loaded_again_when_redis_forgot_it(
    open_budget: Open, redis_server: RedisServer
) -> None:
    budget = open_budget(RateLimit(2))
    use(budget, 1)
    redis_server.command("SCRIPT", "FLUSH")
    use(budget, 1)
    assert budget.take(Slot()) is not None


def test_a_redis_that_was_restarted_is_used_again(
    open_budget: Open, redis_server: RedisServer
) -> None:
    budget = open_budget(RateLimit(2))
    under_way = Slot()
    assert budget.take(under_way) is None
    redis_server.stop()
    redis_server.start()
    budget.finish(under_way)  # also counts where the data were lost
    use(budget, 1)
    assert budget.take(Slot()) is not None


# --- one exchange for a change, and turns


def test_a_process_that_is_alone_needs_one_exchange_for_a_change(
    open_budget: Open, redis_server: RedisServer
) -> None:
    budget = open_budget()
    use(budget, 10)
    # The first change reads; then each slot is taken and finished. A busy machine may need a few
    # more, where its guess of Redis's time comes too late.
    assert 21 <= scripts_run(redis_server) <= 25


def test_a_reading_shows_what_others_have_used_meanwhile(open_budget: Open) -> None:
    one, other = open_budget(), open_budget()
    use(one, 1)
    use(other, 2)
    assert one.read(0, 5.0)[0] == 57


def test_a_reading_writes_nothing(open_budget: Open, redis_server: RedisServer) -> None:
    one, other = open_budget(), open_budget()
    use(one, 10, reserve=50)
    written = redis_server.command("GET", "statuspro:3:{d}")
    for budget in (one, other, one):
        assert reading(budget, 50) == (0, 0, pytest.approx(61, abs=2))
    assert redis_server.command("GET", "statuspro:3:{d}") == written


def test_a_process_that_is_always_too_late_gets_a_turn(open_budget: Open) -> None:
    slow, busy, stop = open_budget(RateLimit(10**5)), open_budget(RateLimit(10**5)), Event()

    def hurry() -> None:
        while not stop.is_set():
            use(busy, 1)

    def change(ledger: Ledger) -> None:
        tries.append(ledger)
        time.sleep(0.01)  # in which the busy process writes several times

    thread = threading.Thread(target=hurry)
    thread.start()
    try:
        for _ in range(3):
            tries: list[Ledger] = []
            slow.change(change, 5.0)
            assert len(tries) < 20
    finally:
        stop.set()
        thread.join()


def test_a_turn_that_is_not_taken_ends_by_itself(
    open_budget: Open, redis_server: RedisServer
) -> None:
    one, killed = open_budget(), RedisStorage(redis_server.url)
    budget = SharedBudget(killed, "d", RateLimit(), LOGGER, falls_back=False)

    def be_killed(ledger: Ledger) -> None:
        if redis_server.command("EXISTS", "statuspro:turn:{d}"):
            raise KeyboardInterrupt
        use(one, 1)

    with pytest.raises(KeyboardInterrupt):
        budget.change(be_killed, 5.0)
    killed.disconnect()
    with within(0.5):
        use(one, 1)
    assert not redis_server.command("EXISTS", "statuspro:turn:{d}")


def test_the_time_is_that_of_redis_where_this_machine_s_clock_runs_ahead(
    open_budget: Open,
) -> None:
    clock = Clock()
    budget = open_budget(RateLimit(1), clock=clock)
    use(budget, 1)
    clock.now += 29
    assert wait_of(budget, Slot()).seconds > 60


def test_the_time_is_that_of_redis_where_this_machine_s_clock_stands_still(
    open_budget: Open,
) -> None:
    budget = open_budget(RateLimit(1, period=0.1), clock=Clock())
    use(budget, 1)
    time.sleep(0.15)
    use(budget, 1)


def scripts_run(server: RedisServer) -> int:
    calls: int = server.command("INFO", "commandstats")["cmdstat_eval"]["calls"]
    return calls


# --- when Redis cannot be reached


def test_without_redis_nothing_is_sent(open_budget: Open, redis_server: RedisServer) -> None:
    budget = open_budget()
    redis_server.stop()
    with pytest.raises(StatusProError, match=f"127.0.0.1:{redis_server.port}"):
        budget.take(Slot())


def test_without_redis_a_reading_is_an_error_or_what_this_process_knows(
    open_budget: Open, redis_server: RedisServer
) -> None:
    budget, falling_back = open_budget(), open_budget(fallback=True)
    use(falling_back, 3)
    redis_server.stop()
    with pytest.raises(StatusProError, match="the rate budget in Redis"):
        reading(budget)
    assert reading(falling_back) == (57, 5, 0.0)


def test_a_password_is_never_shown(open_budget: Open, redis_server: RedisServer) -> None:
    url = redis_server.url.replace("//", "//user:secret@")
    budget = open_budget(url=url)
    with pytest.raises(StatusProError) as refused:
        budget.take(Slot())
    redis_server.stop()
    with pytest.raises(StatusProError) as away:
        budget.take(Slot())
    assert "secret" not in f"{refused.value!r} {away.value!r} {budget!r}"


@pytest.mark.parametrize(
    "url", ["redis://u:sec/ret@h/0", "redis://h:sec/0", "redis://h/0?nonsense=sec", "rediss://[sec"]
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        budget_for("https://a.test", "k", RateLimit(), storage=url)
    assert "sec" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_redis_that_does_not_answer_is_given_up_by_all_who_wait(open_budget: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0?protocol=2"
        budget = open_budget(url=url)
        errors: list[StatusProError] = []

        def take() -> None:
            slot = Slot()
            slot.patience = 1.0
            with pytest.raises(StatusProError) as caught:
                budget.take(slot)
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
    budget = open_budget(RateLimit(5), fallback=True, clock=clock)
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
    log, limit = tmp_path / "log", RateLimit(20, 5, 0.5)
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
    budget = open_budget(RateLimit(20, 5, 0.5))
    for round_ in range(3):
        for _ in range(15):
            send(budget, tmp_path / f"log{round_}")
        redis_server.stop()
        redis_server.start()
    assert all(len(times_in(tmp_path / f"log{round_}")) == 15 for round_ in range(3))


# --- a connection that is cut


def drops(forwarder: Forwarder) -> None:
    """Cuts the connections as a router does that restarts: with a word."""
    forwarder.cut()


def blackholes(forwarder: Forwarder) -> None:
    """Cuts the connections as a firewall does: what is sent never arrives."""
    forwarder.swallow()


@pytest.mark.parametrize("cut", [drops, blackholes])
@pytest.mark.parametrize("fallback", [False, True])
def test_the_first_change_after_a_cut_opens_the_connection_anew(
    cut: Callable[[Forwarder], None],
    fallback: bool,
    forwarder: Forwarder,
    open_budget: Open,
    caplog: pytest.LogCaptureFixture,
) -> None:
    budget = open_budget(RateLimit(3), url=forwarder.url, fallback=fallback)
    use(budget, 1)
    cut(forwarder)
    with within(3):
        use(budget, 1)
    assert forwarder.accepted == 2
    use(budget, 1)
    assert budget.take(Slot()) is not None
    assert caplog.records == []


def test_a_connection_that_was_idle_for_long_is_not_even_tried(
    forwarder: Forwarder, open_budget: Open
) -> None:
    clock = Clock()
    budget = open_budget(url=forwarder.url, clock=clock)
    use(budget, 1)
    forwarder.swallow()
    clock.now += 31.0
    slot = Slot()
    slot.patience = 0.0
    with within(0.5):
        assert budget.take(slot) is None


def test_a_change_whose_outcome_was_lost_counts_once(
    forwarder: Forwarder, open_budget: Open
) -> None:
    budget, other = open_budget(RateLimit(2), url=forwarder.url), open_budget(RateLimit(2))
    use(budget, 1)
    forwarder.swallow_responses(after=1)  # Redis is asked, and written to, but does not say so
    use(budget, 1)
    assert forwarder.accepted == 2
    slot = Slot()
    assert 55 < wait_of(other, slot).seconds < 62


# --- what else can happen


@pytest.mark.parametrize("state", [b"", b"1234567", struct.pack("<3d", 1.0, 2.0, 3.0)])
def test_a_foreign_state_costs_one_warning(
    state: bytes, open_budget: Open, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget(RateLimit(4))
    use(budget, 2)
    redis_server.command("SET", "statuspro:3:{d}", state)
    use(budget, 2)
    assert budget.take(Slot()) is not None
    (record,) = caplog.records
    assert "damaged" in record.getMessage()


def test_a_key_of_another_type_is_a_clear_error(
    open_budget: Open, redis_server: RedisServer
) -> None:
    redis_server.command("LPUSH", "statuspro:3:{d}", "1")
    with pytest.raises(StatusProError, match="WRONGTYPE"):
        open_budget().take(Slot())


def test_what_redis_lost_is_known_here(
    open_budget: Open, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget(RateLimit(3))
    use(budget, 2)
    redis_server.command("FLUSHALL")
    use(budget, 1)
    assert wait_of(open_budget(RateLimit(3)), Slot()).seconds > 55
    (record,) = caplog.records
    assert "were lost" in record.getMessage()


def test_beside_an_older_version_a_period_is_waited_and_a_warning_told(
    open_budget: Open, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    redis_server.command("SET", "statuspro:1:{d}", "what it packed", "EX", "100")
    budget = open_budget()
    assert wait_of(budget, Slot()).seconds == pytest.approx(60 * (1 + MARGIN), abs=0.5)
    assert wait_of(budget, Slot()).seconds > 55
    (record,) = caplog.records
    assert "an older version of statuspro" in record.getMessage()


def test_a_process_that_is_alone_sees_an_older_version_arrive(
    open_budget: Open, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget()
    use(budget, 2)
    redis_server.command("SET", "statuspro:1:{d}", "what it packed", "EX", "100")
    use(budget, 2)
    (record,) = caplog.records
    assert "an older version of statuspro" in record.getMessage()


def test_an_absurd_retry_after_stops_all_for_a_few_periods(open_budget: Open) -> None:
    budget, slot = open_budget(), Slot()
    assert budget.take(slot) is None
    budget.refuse(slot, 1.7e9)
    assert wait_of(open_budget(), Slot()).seconds < (MOST_PERIODS + 1) * 61


def test_whatever_line_an_interrupt_hits_the_next_change_works(open_budget: Open) -> None:
    budget, slot = open_budget(RateLimit(10**4)), Slot()

    def attempt() -> None:
        nonlocal slot
        slot = Slot()
        assert budget.take(slot) is None
        budget.finish(slot)

    hits = 0
    for _ in interrupted_at_each_line(attempt):
        hits += 1
        budget.give_back(slot)
        use(budget, 1)
    assert hits > 50
    thread = threading.Thread(target=use, args=(budget, 1))
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_processes_that_change_at_the_same_time_lose_nothing(
    redis_server: RedisServer, open_budget: Open
) -> None:
    budgets = [open_budget(RateLimit(1000)) for _ in range(6)]
    threads = [threading.Thread(target=use, args=(budget, 30)) for budget in budgets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = budgets[0].change(lambda ledger: ledger.all.free(ledger.now), 5.0)
    assert left == 1000 - 6 * 30


# --- what stays open


def test_there_is_one_connection_whatever_the_number_of_keys(redis_server: RedisServer) -> None:
    before = connections(redis_server)
    for key in range(60):
        budget = budget_for("https://a.test", str(key), RateLimit(), storage=redis_server.url)
        assert budget.take(Slot()) is None
    assert connections(redis_server) == before + 1
    storage_at(redis_server.url).disconnect()


def test_a_client_that_is_closed_leaves_no_connection(redis_server: RedisServer) -> None:
    before = connections(redis_server)
    options = {"rate_limit": RateLimit(), "rate_limit_storage": redis_server.url}
    with Sandbox(orders=1) as sandbox, sandbox.client(**options) as other:
        with sandbox.client(**options) as client:
            client.get_statuses()
        assert connections(redis_server) == before + 1
        other.close()
        assert connections(redis_server) == before


def connections(server: RedisServer) -> int:
    """How many clients are connected, as soon as it stays the same."""
    time.sleep(0.02)  # a socket that we have closed is seen by the server a moment later
    return str(server.command("CLIENT", "LIST")).count("addr=") // 2


# --- the package


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "redis":
            raise ModuleNotFoundError("No module named 'redis'", name="redis")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "statuspro.pacing.redis")
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigurationError, match=r"statuspro\[redis\]"):
        budget_for("https://a.test", "k", RateLimit(), storage="redis://h")
