"""Budgets in a SQLite file: shared by processes, and whole again whatever happens to the file."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing import RateLimit, Slot, budget_for, storage_at
from statuspro.pacing.budget import SharedBudget
from statuspro.pacing.ledger import Ledger
from statuspro.pacing.sqlite import SQLiteStorage
from statuspro.sandbox import Sandbox
from tests.support.forks import runs_in_fork
from tests.support.interruption import interrupted_at_each_line
from tests.support.paths import ROOT
from tests.support.processes import Process
from tests.support.promptness import within
from tests.support.senders import send_many, start_process, times_in
from tests.support.simulation import Callers, Clock, Service, spans_a_period
from tests.support.slots import reading, use

LOGGER = logging.getLogger("statuspro")

Open = Callable[..., SharedBudget]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "budget.db"


@pytest.fixture
def open_budget(path: Path) -> Iterator[Open]:
    """Opens one more budget in the file, over a connection of its own as another process would."""
    opened: list[SharedBudget] = []

    def open_budget(
        limit: RateLimit | None = None,
        clock: Callable[[], float] | None = None,
        digest: str = "d",
        wall: Callable[[], float] | None = None,
    ) -> SharedBudget:
        clock = clock or Clock()
        storage = SQLiteStorage(str(path), steady=clock, wall=wall or clock)
        budget = SharedBudget(storage, digest, limit or RateLimit(), LOGGER, falls_back=False)
        opened.append(budget)
        return budget

    yield open_budget
    for budget in opened:
        budget.storage.disconnect()


@pytest.fixture
def locker(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process at the file, which can lock it."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()


def impatient() -> Slot:
    slot = Slot()
    slot.patience = 0.0
    return slot


def connection_of(budget: SharedBudget) -> sqlite3.Connection:
    assert isinstance(budget.storage, SQLiteStorage)
    connection = budget.storage._connection
    assert connection is not None
    return connection


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_two_processes_share_the_slots(open_budget: Open) -> None:
    clock = Clock()
    one, other = open_budget(RateLimit(4), clock), open_budget(RateLimit(4), clock)
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
    one, other = open_budget(RateLimit(1), clock), open_budget(RateLimit(1), clock)
    use(one, 1)
    first = Slot()
    wait = other.take(first)
    assert wait is not None
    clock.now += wait.seconds
    assert one.take(Slot()) is not None
    assert other.take(first) is None


def test_a_reading_is_of_all_processes_and_writes_nothing(open_budget: Open, path: Path) -> None:
    clock = Clock()
    one, other = open_budget(clock=clock), open_budget(clock=clock)
    use(one, 20)
    use(one, 10, reserve=50)
    written = path.read_bytes()
    assert reading(other) == (30, 5, 0.0)
    clock.now += 10
    assert reading(other, 20) == (30, 5, 0.0)
    assert reading(other, 50) == (0, 0, pytest.approx(61.05 - 10))
    clock.now += 60
    assert reading(other, 50) == (10, 5, 0.0)
    assert path.read_bytes() == written


def test_a_reading_of_counts_that_were_lost_writes_what_is_known(
    open_budget: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget()
    use(budget, 20)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM budget_3")
    connection.close()
    for _ in range(3):
        assert reading(budget) == (40, 5, 0.0)
    assert reading(open_budget()) == (40, 5, 0.0)
    assert len(warnings_in(caplog)) == 1


def test_a_reading_does_not_wait_for_long(open_budget: Open, locker: sqlite3.Connection) -> None:
    budget = open_budget()
    use(budget, 1)
    locker.execute("BEGIN EXCLUSIVE")
    with within(2), pytest.raises(StatusProError, match="locked"):
        reading(budget)
    locker.execute("ROLLBACK")
    assert reading(budget) == (59, 5, 0.0)


def test_callers_are_never_refused_and_use_the_budget(open_budget: Open) -> None:
    clock, limit = Clock(), RateLimit()
    service = Service(limit)
    run = Callers(open_budget(limit, clock), clock, service, 300, delay=0.5).run()
    assert service.refused == 0
    assert 4 * 60 / (run.ended - run.began) >= 0.95


def test_a_killed_process_blocks_nobody(open_budget: Open) -> None:
    clock = Clock()
    killed, other = open_budget(RateLimit(1), clock), open_budget(RateLimit(1), clock)
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
def test_where_both_clocks_go_back_no_time_has_passed(open_budget: Open, back: float) -> None:
    clock = Clock(2e9)
    budget, slot = open_budget(RateLimit(1), clock), Slot()
    use(budget, 1)
    clock.now -= back
    wait = budget.take(slot)
    assert wait is not None
    assert wait.seconds == pytest.approx(61.05)
    clock.now += wait.seconds
    assert budget.take(slot) is None


def test_the_file_is_its_owners_alone(open_budget: Open, path: Path) -> None:
    umask = os.umask(0)
    try:
        use(open_budget(), 1)
        use(open_budget(), 1)
        files = sorted(path.parent.iterdir())
        assert path in files
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(umask)


def test_a_missing_folder_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder"):
        budget_for("https://a.test", "k", RateLimit(), storage=f"sqlite:///{tmp_path}/none/b.db")


def test_three_slashes_are_relative_and_four_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, storage in (("r.db", "sqlite:///r.db"), ("a.db", f"sqlite:///{tmp_path}/a.db")):
        budget = budget_for("https://a.test", str(tmp_path), RateLimit(), storage=storage)
        assert isinstance(budget, SharedBudget)
        use(budget, 1)
        budget.storage.disconnect()
        assert (tmp_path / name).exists()


# --- what can happen to the file


@pytest.mark.parametrize("is_open", [False, True])
def test_a_file_that_is_no_database_is_put_aside(
    is_open: bool, open_budget: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    budget, other = open_budget(RateLimit(3), clock), open_budget(RateLimit(3), clock)
    if is_open:
        use(other, 1)
        use(budget, 2)
        budget.storage.disconnect()
        other.storage.disconnect()
    path.write_bytes(b"no database at all " * 500)
    left = 0 if is_open else 3
    use(budget, left)
    assert budget.take(Slot()) is not None
    assert other.take(Slot()) is not None
    first, *_ = told = warnings_in(caplog)
    assert "budget.db" in first
    assert "is not a database" in first
    assert len(told) == 1
    (aside,) = path.parent.glob("budget.db.damaged-*")
    assert aside.read_bytes().startswith(b"no database at all ")


def test_a_file_that_is_damaged_in_mid_use_costs_one_warning(
    open_budget: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget(RateLimit(5))
    use(budget, 3)
    with path.open("r+b") as file:
        file.write(b"\xff" * path.stat().st_size)
    use(budget, 2)
    assert budget.take(Slot()) is not None
    assert len(warnings_in(caplog)) == 1


@pytest.mark.parametrize("become", ["removed", "replaced", "emptied"])
def test_a_file_that_is_no_longer_there_costs_one_warning_and_no_slot(
    become: str, open_budget: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    one, other = open_budget(RateLimit(4), clock), open_budget(RateLimit(4), clock)
    use(one, 1)
    empty = path.read_bytes()
    use(other, 2)
    if become == "emptied":
        with sqlite3.connect(path) as connection:
            connection.execute("DELETE FROM budget_3")
        connection.close()
    else:
        path.unlink()
    if become == "replaced":
        path.write_bytes(empty)
    use(other, 1)  # it knew of three
    assert other.take(Slot()) is not None
    assert one.take(Slot()) is not None
    assert len(warnings_in(caplog)) == (1 if become == "emptied" else 2)  # one of each process
    clock.now += 70
    use(one, 2)
    use(other, 2)


@pytest.mark.parametrize(
    "state",
    [
        *(b"", b"1234567", b"\xff" * 64, bytes(24), bytes(8 * 500), "text", 7, None),
        struct.pack("<9d", *range(9)),
        struct.pack("<3d", 1000.0, float("inf"), 1.0),
    ],
)
def test_a_foreign_state_costs_one_warning(
    open_budget: Open, path: Path, state: object, caplog: pytest.LogCaptureFixture
) -> None:
    budget = open_budget(RateLimit(5))
    use(budget, 3)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE budget_3 SET state = ?", (state,))
    connection.close()
    use(budget, 2)
    assert budget.take(Slot()) is not None
    assert len(warnings_in(caplog)) == 1


def test_a_state_that_would_stop_the_budget_for_ever_is_foreign(
    open_budget: Open, path: Path
) -> None:
    budget, ledger = open_budget(), Ledger(RateLimit(), 1000.0, 1000.0)
    ledger.all.paused_until = 1e12
    use(budget, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE budget_3 SET state = ?", (ledger.dump(),))
    connection.close()
    use(budget, 1)


def test_a_table_of_another_shape_is_a_clear_error(open_budget: Open, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE budget_3 (id)")
    connection.close()
    with pytest.raises(StatusProError, match=r"budget\.db.*no such column"):
        open_budget().take(Slot())


def test_a_full_disk_is_a_clear_error(open_budget: Open) -> None:
    budget = open_budget(RateLimit(1))
    use(budget, 1)

    def fill() -> None:
        for _ in range(1000):
            # SQLite takes the pages that it has.
            connection_of(budget).execute("PRAGMA max_page_count = 1")
            assert budget.take(Slot()) is not None

    with pytest.MonkeyPatch.context() as patch:
        connect = SQLiteStorage._connect

        def small(storage: SQLiteStorage, deadline: float) -> sqlite3.Connection:
            connection = connect(storage, deadline)
            connection.execute("PRAGMA max_page_count = 1")
            return connection

        patch.setattr(SQLiteStorage, "_connect", small)
        with pytest.raises(StatusProError, match="full"):
            fill()


def test_a_file_that_cannot_be_opened_is_a_clear_error(open_budget: Open, path: Path) -> None:
    path.mkdir()
    with pytest.raises(StatusProError, match=r"budget\.db"):
        open_budget().take(Slot())


@pytest.mark.parametrize("steps", [(500_000.0, 0.0), (0.0, 500_000.0), (3.0, 0.0)])
def test_processes_whose_clocks_differ_keep_to_the_limit(
    open_budget: Open, steps: tuple[float, float], caplog: pytest.LogCaptureFixture
) -> None:
    wall = Clock(2e9)

    def steady(step: float) -> Callable[[], float]:
        return lambda: wall.now - 1.9e9 + step

    budgets = [open_budget(RateLimit(4), steady(step), wall=wall) for step in steps]
    times: list[float] = []
    while len(times) < 24:
        for budget in budgets:
            slot = Slot()
            if budget.take(slot) is None:
                times.append(wall.now)
                budget.finish(slot)
            else:
                budget.give_back(slot)
        wall.now += 0.7
    assert spans_a_period(times, 4, 60.0)
    assert times[-1] - times[0] < 6 * 62
    told = warnings_in(caplog)
    assert 1 <= len(told) <= 2
    assert all("clocks" in text for text in told)


@pytest.mark.parametrize("jump", [-1e6, -30.0, 30.0, 1e6])
def test_a_system_clock_that_is_set_changes_nothing(open_budget: Open, jump: float) -> None:
    steady, wall = Clock(), Clock(2e9)
    budget = open_budget(RateLimit(1), steady, wall=wall)
    use(budget, 1)
    wall.now += jump
    slot = Slot()
    wait = budget.take(slot)
    assert wait is not None
    assert wait.seconds == pytest.approx(61, abs=0.1)
    steady.now += 62
    wall.now += 62
    assert budget.take(slot) is None


def test_a_machine_that_starts_anew_has_the_pause_behind_it(open_budget: Open) -> None:
    steady, wall = Clock(1e6), Clock(2e9)
    budget = open_budget(RateLimit(1), steady, wall=wall)
    use(budget, 1)
    steady.now, wall.now = 5.0, wall.now + 90
    use(budget, 1)


# --- an older version of the library


#: What older versions begin their states with, before a steady time of the last change.
OLDER: list[tuple[int, list[float]]] = [(1, []), (2, [1.7e9])]


def older_state(path: Path, changed_at: float, layout: int, begins: list[float]) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE budget_{layout} (digest TEXT PRIMARY KEY, state BLOB)")
        state = struct.pack(f"<{len(begins) + 4}d", *begins, changed_at, 1, 0, 0)
        connection.execute(f"INSERT INTO budget_{layout} VALUES ('d', ?)", (state,))
    connection.close()


@pytest.mark.parametrize(("layout", "begins"), OLDER)
def test_beside_an_older_version_a_period_is_waited_and_a_warning_told(
    layout: int,
    begins: list[float],
    open_budget: Open,
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    older_state(path, clock.now - 5, layout, begins)
    budget, slot = open_budget(clock=clock), Slot()
    wait = budget.take(slot)
    assert wait is not None
    assert 60 < wait.seconds < 63
    clock.now += wait.seconds
    assert budget.take(slot) is None
    (text,) = warnings_in(caplog)
    assert "an older version of statuspro" in text


@pytest.mark.parametrize("changed_at", [10.0, 1e6])
@pytest.mark.parametrize(("layout", "begins"), OLDER)
def test_what_an_older_version_left_long_ago_or_before_a_restart_is_nothing(
    layout: int,
    begins: list[float],
    changed_at: float,
    open_budget: Open,
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    older_state(path, changed_at, layout, begins)
    use(open_budget(), 1)
    assert warnings_in(caplog) == []


@pytest.mark.parametrize("state", [None, b"", b"1234567", "text", 7])
def test_an_older_state_without_a_time_is_nothing(
    state: object, open_budget: Open, locker: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    locker.execute("CREATE TABLE budget_2 (digest TEXT PRIMARY KEY, state BLOB)")
    locker.execute("INSERT INTO budget_2 VALUES ('d', ?)", (state,))
    use(open_budget(), 1)
    assert warnings_in(caplog) == []


def test_a_file_that_an_older_version_has_open_is_used_along_with_it(
    open_budget: Open, path: Path, locker: sqlite3.Connection
) -> None:
    locker.execute("PRAGMA journal_mode = WAL")
    locker.execute("CREATE TABLE budget_1 (digest TEXT PRIMARY KEY, state BLOB)")
    use(open_budget(RateLimit(3)), 2)
    locker.execute("INSERT INTO budget_1 VALUES ('d', NULL)")
    other = open_budget(RateLimit(3))
    use(other, 1)
    assert other.take(Slot()) is not None


# --- locks


def test_a_file_that_stays_locked_is_a_clear_error_for_all_who_wait(
    open_budget: Open, locker: sqlite3.Connection
) -> None:
    budget = open_budget()
    use(budget, 1)
    errors: list[StatusProError] = []

    def take() -> None:
        with pytest.raises(StatusProError, match=r"locked|busy") as caught:
            budget.take(impatient())
        errors.append(caught.value)

    locker.execute("BEGIN IMMEDIATE")
    threads = [threading.Thread(target=take) for _ in range(8)]
    with within(2):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    locker.rollback()
    assert len(errors) == 8
    use(budget, 1)


def test_the_wait_for_a_lock_is_as_long_as_the_call_may_wait(
    open_budget: Open, locker: sqlite3.Connection
) -> None:
    budget = open_budget()
    use(budget, 1)
    locker.execute("BEGIN IMMEDIATE")
    slot = Slot()
    for patience in (0.0, 0.3):
        slot.patience, began = patience, time.monotonic()
        with within(patience + 0.3), pytest.raises(StatusProError, match="locked"):
            budget.take(slot)
        assert patience <= time.monotonic() - began
    timer = threading.Timer(0.1, locker.rollback)
    timer.start()
    slot.patience = 20.0
    assert budget.take(slot) is None
    timer.join()


def test_a_new_file_that_another_process_sets_up_is_waited_for(
    open_budget: Open, locker: sqlite3.Connection
) -> None:
    locker.execute("CREATE TABLE other (id)")
    locker.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.1, locker.rollback)
    timer.start()
    use(open_budget(), 1)
    timer.join()


def test_the_end_of_an_attempt_that_cannot_be_written_is_no_error(
    open_budget: Open, locker: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    budget, slot = open_budget(), impatient()
    assert budget.take(slot) is None
    locker.execute("BEGIN IMMEDIATE")
    budget.finish(slot)
    assert "until its lease ends" in caplog.text


def test_a_slot_whose_taking_was_rolled_back_frees_no_other_slot(
    open_budget: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, slot = open_budget(RateLimit(1)), open_budget(RateLimit(1)), Slot()

    def fail(ledger: Ledger) -> bytes:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "dump", fail)
        with pytest.raises(StatusProError, match="disk I/O error"):
            one.take(slot)
    assert not slot.taken
    taken = Slot()
    assert other.take(taken) is None
    one.give_back(slot)
    assert one.take(Slot()) is not None


def test_whatever_line_an_interrupt_hits_no_transaction_stays_open(
    open_budget: Open, path: Path
) -> None:
    budget, other = open_budget(RateLimit(10**4)), open_budget(RateLimit(10**4), digest="other")
    slot = Slot()

    def attempt() -> None:
        nonlocal slot
        slot = Slot()
        assert budget.take(slot) is None
        budget.finish(slot)

    hits = 0
    for _ in interrupted_at_each_line(attempt):
        hits += 1
        quick = impatient()
        assert other.take(quick) is None
        other.finish(quick)
        budget.give_back(slot)
    assert hits > 50
    assert runs_in_thread(lambda: budget.take(Slot()))


def runs_in_thread(action: Callable[[], object]) -> bool:
    """Whether another thread gets through `action`: no lock was left behind."""
    thread = threading.Thread(target=action)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


INTERRUPTED = """
import sys
from statuspro.pacing import RateLimit, Slot, budget_for
budget = budget_for("https://a.test", "k", RateLimit(), storage=sys.argv[1])
print("ready", flush=True)
try:
    budget.take(Slot())
except KeyboardInterrupt:
    print("interrupted", flush=True)
sys.stdin.read()
"""


def test_ctrl_c_while_the_file_is_locked_ends_the_wait_at_once_and_leaves_it_free(
    open_budget: Open, path: Path, locker: sqlite3.Connection
) -> None:
    use(open_budget(), 1)
    command = [sys.executable, "-c", INTERRUPTED, f"sqlite:///{path}"]
    for _ in range(3):
        locker.execute("BEGIN IMMEDIATE")
        with Process[str](
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.15)
            with within(1):
                process.send_signal(signal.SIGINT)
                assert process.stdout.readline() == "interrupted\n"
            locker.rollback()
            assert (
                open_budget(digest="other").take(impatient()) is None
            )  # it lives, and holds nothing
            process.stdin.close()
        assert process.returncode == 0


def test_opening_another_budget_of_the_file_leaves_the_lock_alone(path: Path) -> None:
    storage = f"sqlite:///{path}"
    budget = budget_for("https://a.test", "one", RateLimit(), storage=storage)
    assert isinstance(budget, SharedBudget)
    probe = f"import sqlite3; sqlite3.connect({str(path)!r}, 0).execute('BEGIN IMMEDIATE')"

    def change(ledger: Ledger) -> int:
        for key in "234":
            other = budget_for("https://a.test", key, RateLimit(), storage=storage)
            assert isinstance(other, SharedBudget)
            assert other.storage is budget.storage
        command = [sys.executable, "-c", probe]
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode

    assert budget.change(change, 5.0) == 1
    budget.storage.disconnect()


# --- what stays open


def test_one_file_is_one_storage_by_whatever_name(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path.touch()
    (tmp_path / "link.db").symlink_to(path)
    storage = storage_at(f"sqlite:///{path}")
    assert storage_at("sqlite:///budget.db") is storage
    assert storage_at("sqlite:///link.db") is storage


def descriptors(path: Path) -> int:
    """How many descriptors of this process are open to the file and what SQLite puts beside it."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            found += os.readlink(each).startswith(str(path))
        except FileNotFoundError:  # that of the listing itself
            continue
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")


@needs_proc
def test_descriptors_do_not_grow_with_the_number_of_keys(path: Path) -> None:
    for key in range(700):
        budget = budget_for("https://a.test", str(key), RateLimit(), storage=f"sqlite:///{path}")
        assert budget.take(Slot()) is None
    assert 1 <= descriptors(path) <= 3
    storage_at(f"sqlite:///{path}").disconnect()


@needs_proc
def test_a_client_that_is_closed_leaves_nothing_open_that_no_other_uses(path: Path) -> None:
    options = {"rate_limit_storage": f"sqlite:///{path}"}
    with Sandbox(orders=1) as sandbox:
        limit = RateLimit()
        one = sandbox.client(rate_limit=limit, **options)
        other = sandbox.client(rate_limit=limit, api_key="another-key", **options)
        with one:
            one.get_statuses()
            with one.with_timeout(5) as derived:
                derived.get_statuses()
            assert descriptors(path) > 0
        assert descriptors(path) > 0  # the other one has not been closed
        other.close()
        assert descriptors(path) == 0
        one.get_statuses()
        one.close()
        assert descriptors(path) == 0
        assert sandbox.refused == 0


@needs_proc
def test_a_client_that_was_forgotten_keeps_nothing_open_for_long(path: Path) -> None:
    options = {"rate_limit_storage": f"sqlite:///{path}"}
    with Sandbox(orders=1) as sandbox, sandbox.client(rate_limit=RateLimit(), **options) as client:
        forgotten = sandbox.client(rate_limit=RateLimit(), **options)
        forgotten.get_statuses()
        del forgotten
        gc.collect()
        client.close()
        assert descriptors(path) == 0


AT_EXIT = """
import atexit, sys
def look():
    print(storage._connection)
atexit.register(look)
from statuspro.pacing import RateLimit, Slot, budget_for, storage_at
budget_for("https://a.test", "k", RateLimit(), storage=sys.argv[1]).take(Slot())
storage = storage_at(sys.argv[1])
assert storage._connection
"""


def test_at_exit_the_file_is_closed(path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", AT_EXIT, f"sqlite:///{path}"]
    process = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert (process.stdout, process.stderr) == ("None\n", "")


# --- real processes


@pytest.mark.parametrize("deed", ["remove", "replace", "damage"])
def test_processes_go_on_when_the_file_is_removed_replaced_or_damaged(
    deed: str, path: Path, tmp_path: Path
) -> None:
    log, limit = tmp_path / "log", RateLimit(20, 5, 0.5)
    processes = [start_process(f"sqlite:///{path}", log, limit, count=40) for _ in range(2)]
    for done in (10, 25, 45):
        while not log.exists() or len(times_in(log)) < done:
            assert not any(process.poll() for process in processes)
            time.sleep(0.005)
        if deed == "remove":
            path.unlink()
        elif deed == "replace":
            (tmp_path / "new.db").write_bytes(path.read_bytes())
            (tmp_path / "new.db").replace(path)
        else:
            with path.open("r+b") as file:
                file.write(os.urandom(3000))
    assert [process.wait(60) for process in processes] == [0, 0]
    times = times_in(log)
    assert len(times) == 80
    # Counts may be lost, once each time.
    crowded = [
        early
        for early, late in zip(sorted(times), sorted(times)[20:], strict=False)
        if late - early < 0.5
    ]
    assert len(crowded) <= 3 * 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_of_a_server_that_forks_without_hooks_opens_anew(open_budget: Open) -> None:
    budget = open_budget(RateLimit(4))
    use(budget, 1)
    connection = connection_of(budget)
    storage = budget.storage
    assert isinstance(storage, SQLiteStorage)

    def child() -> None:
        storage._connection = connection  # as if `before_fork` had not run
        use(budget, 1)
        assert storage._connection is not connection

    assert runs_in_fork(child)
    use(budget, 2)
    assert budget.take(Slot()) is not None


def test_threads_share_one_connection(open_budget: Open, tmp_path: Path) -> None:
    log, limit = tmp_path / "log", RateLimit(20, 5, 0.5)
    send_many(open_budget(limit, time.monotonic), log, count=48, threads=16)
    assert spans_a_period(times_in(log), 20, 0.5)
