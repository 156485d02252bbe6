from __future__ import annotations

import logging
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing import Figures, Slot, budget_for
from statuspro.storage.sqlite import SQLiteBudget
from tests.budgets import (
    Callers,
    Clock,
    Service,
    runs_in_fork,
    send_many,
    spans_a_period,
    start_process,
    times_in,
)

LOGGER = logging.getLogger("statuspro")

Open = Callable[..., SQLiteBudget]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "budget.db"


@pytest.fixture
def open_budget(path: Path) -> Iterator[Open]:
    """Opens one more budget in the file, as another process would."""
    opened: list[SQLiteBudget] = []

    def open_budget(
        limit: Figures | None = None,
        clock: Callable[[], float] | None = None,
        digest: str = "d",
        timeout: float = 5.0,
    ) -> SQLiteBudget:
        budget = SQLiteBudget(
            *(str(path), digest, limit or Figures()),
            logger=LOGGER,
            clock=clock or Clock(),
            timeout=timeout,
        )
        opened.append(budget)
        return budget

    yield open_budget
    for budget in opened:
        budget.close()


def use(budget: SQLiteBudget, count: int) -> None:
    for _ in range(count):
        slot = Slot()
        assert budget.take(slot) is None
        budget.finish(slot)


def test_two_processes_share_the_places(open_budget: Open) -> None:
    clock = Clock()
    one, other = open_budget(Figures(4), clock), open_budget(Figures(4), clock)
    use(one, 2)
    use(other, 2)
    slot = Slot()
    wait = one.take(slot)
    assert wait is not None
    assert other.take(Slot()) is not None
    clock.now += wait.seconds
    assert one.take(slot) is None


def test_the_queue_is_shared(open_budget: Open) -> None:
    clock = Clock()
    one, other = open_budget(Figures(1), clock), open_budget(Figures(1), clock)
    use(one, 1)
    first = Slot()
    wait = other.take(first)
    assert wait is not None
    clock.now += wait.seconds
    assert one.take(Slot()) is not None
    assert other.take(first) is None


def test_a_pause_is_shared(open_budget: Open) -> None:
    clock = Clock()
    one, other = open_budget(clock=clock), open_budget(clock=clock)
    slot = Slot()
    assert one.take(slot) is None
    one.refuse(slot, 100)
    wait = other.take(Slot())
    assert wait is not None
    assert wait.seconds > 100


def test_what_the_service_has_left_is_shared(open_budget: Open) -> None:
    clock = Clock()
    one, other = open_budget(clock=clock), open_budget(clock=clock)
    slot = Slot()
    assert one.take(slot) is None
    one.observe(slot, 0, 30)
    one.finish(slot)
    assert other.take(Slot()) is not None


def test_budgets_in_one_file_do_not_meet(open_budget: Open) -> None:
    use(open_budget(Figures(1), digest="one"), 1)
    use(open_budget(Figures(1), digest="other"), 1)


def test_a_slot_that_is_given_back_is_free(open_budget: Open) -> None:
    budget = open_budget(Figures(1))
    slot = Slot()
    assert budget.take(slot) is None
    budget.give_back(slot)
    budget.give_back(slot)
    use(budget, 1)


def test_callers_are_never_refused_and_use_the_budget(open_budget: Open) -> None:
    clock, limit = Clock(), Figures()
    service = Service(limit)
    run = Callers(open_budget(limit, clock), clock, service, 300, delay=0.5).run()
    assert service.refused == 0
    assert 4 * 60 / (run.ended - run.began) >= 0.95


def test_a_killed_process_blocks_nobody(open_budget: Open) -> None:
    clock = Clock()
    killed, other = open_budget(Figures(1), clock), open_budget(Figures(1), clock)
    assert killed.take(Slot(lease=10)) is None
    assert killed.take(Slot()) is not None
    slot = Slot()
    for _ in range(3):
        wait = other.take(slot)
        if wait is None:
            break
        clock.now += wait.seconds
    assert other.take(slot) is None


@pytest.mark.parametrize("back", [1.0, 100.0, 1e9])
def test_a_clock_that_goes_back_blocks_nobody(open_budget: Open, back: float) -> None:
    clock = Clock(2e9)
    budget = open_budget(Figures(1), clock)
    use(budget, 1)
    assert budget.take(Slot()) is not None
    assert budget.take(Slot(lease=10)) is not None
    clock.now -= back
    wait = budget.take(Slot())
    assert wait is not None
    assert wait.seconds < 62


def test_the_file_is_its_owners_alone(open_budget: Open, path: Path) -> None:
    umask = os.umask(0)
    try:
        use(open_budget(), 1)
        files = sorted(path.parent.iterdir())
        assert len(files) == 3
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(umask)


def test_a_missing_folder_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder"):
        budget_for("https://a.test", "k", Figures(), storage=f"sqlite:///{tmp_path}/none/b.db")


def test_three_slashes_are_relative_and_four_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, storage in (("r.db", "sqlite:///r.db"), ("a.db", f"sqlite:///{tmp_path}/a.db")):
        budget = budget_for("https://a.test", str(tmp_path), Figures(), storage=storage)
        assert isinstance(budget, SQLiteBudget)
        use(budget, 1)
        budget.close()
        assert (tmp_path / name).exists()


def test_a_broken_file_is_a_clear_error(open_budget: Open, path: Path) -> None:
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(StatusProError, match=r"budget\.db.*not a database"):
        open_budget().take(Slot())


@pytest.mark.parametrize("state", [b"", b"1234567", b"\xff" * 64, bytes(24)])
def test_damaged_counts_are_a_clear_error(open_budget: Open, path: Path, state: bytes) -> None:
    budget = open_budget()
    use(budget, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE budget_1 SET state = ?", (state,))
    connection.close()
    with pytest.raises(StatusProError, match=r"budget\.db"):
        budget.take(Slot())


def test_a_full_disk_is_a_clear_error(open_budget: Open) -> None:
    budget = open_budget(Figures(1))
    use(budget, 1)
    connection = budget._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 1")  # SQLite takes the pages that it has

    def fill() -> None:
        for _ in range(1000):
            assert budget.take(Slot()) is not None

    with pytest.raises(StatusProError, match="full"):
        fill()


def test_a_file_that_cannot_be_opened_is_a_clear_error(open_budget: Open, path: Path) -> None:
    path.mkdir()
    with pytest.raises(StatusProError, match=r"budget\.db"):
        open_budget().take(Slot())


def test_a_file_that_stays_locked_is_a_clear_error_for_all_who_wait(
    open_budget: Open, path: Path
) -> None:
    budget = open_budget(timeout=0.2)
    use(budget, 1)
    errors: list[StatusProError] = []

    def take() -> None:
        with pytest.raises(StatusProError, match="locked") as caught:
            budget.take(Slot())
        errors.append(caught.value)

    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    locker.close()
    assert len(errors) == 8
    use(budget, 1)


def test_a_new_file_that_another_process_sets_up_is_waited_for(
    open_budget: Open, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE other (id)")
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.1, other.rollback)
    timer.start()
    use(open_budget(), 1)
    timer.join()
    other.close()


def test_the_end_of_an_attempt_that_cannot_be_written_is_no_error(
    open_budget: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget(timeout=0.01)
    slot = Slot()
    assert budget.take(slot) is None
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    budget.finish(slot)
    locker.close()
    assert "until its lease ends" in caplog.text


def test_an_interrupted_change_leaves_the_file_free(open_budget: Open) -> None:
    def interrupt() -> float:
        raise KeyboardInterrupt

    interrupted, other = open_budget(Figures(1), interrupt), open_budget(Figures(1), timeout=0)
    with pytest.raises(KeyboardInterrupt):
        interrupted.take(Slot())
    use(other, 1)


def test_processes_with_threads_share_a_budget(path: Path, tmp_path: Path) -> None:
    log, limit = tmp_path / "log", Figures(20, 5, 1.0)
    processes = [start_process(f"sqlite:///{path}", log, limit, count=20) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    times = times_in(log)
    assert len(times) == 80
    assert spans_a_period(times, 20, 1.0)


def test_processes_go_on_when_others_are_killed(path: Path, tmp_path: Path) -> None:
    log, limit, url = tmp_path / "log", Figures(20, 5, 0.5), f"sqlite:///{path}"
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
    budget, stop = open_budget(Figures(10**6)), threading.Event()

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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_of_a_server_that_forks_without_hooks_opens_anew(open_budget: Open) -> None:
    budget = open_budget(Figures(4))
    use(budget, 1)
    connection = budget._connection

    def child() -> None:
        budget._connection = connection  # as if `before_fork` had not run
        use(budget, 1)
        assert budget._connection is not connection

    assert runs_in_fork(child)
    use(budget, 2)
    assert budget.take(Slot()) is not None


def test_threads_share_one_connection(open_budget: Open, tmp_path: Path) -> None:
    log, limit = tmp_path / "log", Figures(20, 5, 0.5)
    send_many(open_budget(limit, time.monotonic), log, count=48, threads=16)
    assert spans_a_period(times_in(log), 20, 0.5)
