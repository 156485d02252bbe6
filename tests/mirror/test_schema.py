"""A mirror's file: whose it is, what it is made of, and what else is left alone."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from statuspro import MirrorError, StatusProClient
from statuspro.mirror import Mirror
from statuspro.mirror.comparison import kept
from statuspro.mirror.schema import APPLICATION_ID, MIGRATIONS, open_file
from statuspro.sandbox import Sandbox
from statuspro.sandbox.render import detail, list_item
from tests.support.forks import runs_in_fork
from tests.support.paths import ROOT

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def other_database(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
        connection.commit()


def other_database_with_a_journal(path: Path) -> None:
    """As a killed process leaves it: what it has committed stands beside it."""
    code = (
        "import os, sqlite3, sys; connection = sqlite3.connect(sys.argv[1]);"
        "connection.execute('PRAGMA journal_mode = WAL');"
        "connection.execute('CREATE TABLE notes (text)'); connection.commit();"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.with_name(f"{path.name}-wal").stat().st_size


def budget_file(path: Path) -> None:
    storage = f"sqlite:///{path}"
    with Sandbox(1, rate_limit=60) as sandbox, sandbox.client(rate_limit_storage=storage) as client:
        client.get_statuses()
    assert path.stat().st_size


def text_file(path: Path) -> None:
    path.write_text("My orders\n" * 300)


def short_file(path: Path) -> None:
    path.write_bytes(b"\0")


@pytest.mark.parametrize(
    "make",
    [other_database, other_database_with_a_journal, budget_file, text_file, short_file],
)
def test_a_file_that_is_no_mirror_is_left_as_it_is(
    path: Path, make: Callable[[Path], None]
) -> None:
    make(path)
    before = contents(path.parent)
    for _ in range(2):
        with pytest.raises(MirrorError, match=r"is no mirror of orders: it is left as it is"):
            Mirror(path)
    assert contents(path.parent) == before


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        entry.name: (entry.stat().st_mtime_ns, entry.read_bytes()) for entry in folder.iterdir()
    }


def test_a_folder_is_no_mirror(path: Path) -> None:
    path.mkdir()
    with pytest.raises(MirrorError, match="is no file"):
        Mirror(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_mirror_and_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(MirrorError, match="is no file"):
        Mirror(path)


def test_a_missing_folder_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match=r"missing.orders\.sqlite3 cannot be used"):
        Mirror(tmp_path / "missing" / "orders.sqlite3")


def test_an_empty_file_becomes_a_mirror(path: Path, client: StatusProClient) -> None:
    path.touch()
    with Mirror(path) as mirror:
        assert len(list(mirror.sync(client))) == 25


def test_all_of_its_files_are_the_owner_s_alone(path: Path, client: StatusProClient) -> None:
    with Mirror(path) as mirror:
        next(mirror.sync(client))
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    names = [path.name, *(f"{path.name}{end}" for end in ("-lock", "-shm", "-wal"))]
    assert modes == dict.fromkeys(names, 0o600)


# Versions


NEXT = (*MIGRATIONS, "ALTER TABLE state ADD COLUMN note TEXT; CREATE TABLE notes (text TEXT)")


def test_it_migrates_itself_and_keeps_what_it_holds(path: Path, client: StatusProClient) -> None:
    with Mirror(path) as mirror:
        list(mirror.sync(client))
    with contextlib.closing(open_file(str(path), NEXT)) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (25,)
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(NEXT),)
    with contextlib.closing(open_file(str(path), NEXT)):
        pass


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    Mirror(path).close()
    with pytest.raises(sqlite3.OperationalError):
        open_file(str(path), (*MIGRATIONS, "CREATE TABLE notes (text); CREATE TABLE orders (id)"))
    with contextlib.closing(open_file(str(path), NEXT)) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_a_newer_version_s_file_is_refused(path: Path, client: StatusProClient) -> None:
    with Mirror(path) as mirror:
        list(mirror.sync(client))
    open_file(str(path), NEXT).close()
    before = contents(path.parent)
    with pytest.raises(MirrorError, match="written by a newer version of statuspro"):
        Mirror(path)
    assert contents(path.parent) == before


def test_many_open_a_new_file_at_once(path: Path) -> None:
    def open_and_close(number: int) -> int:
        with contextlib.closing(open_file(str(path))) as connection:
            return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_and_close, range(8))) == [0] * 8


_OPENS = """
import sys
from statuspro.mirror import Mirror
sys.stdin.readline()
for number in range(20):
    with Mirror(sys.argv[1] + str(number)) as mirror:
        assert mirror.statuses() == []
"""


def test_processes_open_new_files_at_once(path: Path) -> None:
    command = [sys.executable, "-c", _OPENS, str(path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]


def test_a_first_page_that_is_being_written_is_waited_for(path: Path) -> None:
    Mirror(path).close()
    data = path.read_bytes()
    path.write_bytes(bytes(len(data)))
    writer = threading.Timer(0.03, lambda: path.write_bytes(data))
    writer.start()
    Mirror(path).close()
    writer.join()


def test_a_writer_of_a_file_without_wal_is_waited_for(path: Path) -> None:
    """SQLite itself does not wait there."""
    open_file(str(path)).close()
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("PRAGMA journal_mode = DELETE")
    writer.execute("BEGIN IMMEDIATE")
    leaves = threading.Timer(0.1, writer.close)
    leaves.start()
    with contextlib.closing(open_file(str(path))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    leaves.join()


def test_another_mirror_of_the_process_drops_no_locks(path: Path, client: StatusProClient) -> None:
    """To open a file and close it would drop what SQLite has locked in it, for all connections.

    Another process would take itself for the only one, and remove the journal at its end.
    """
    code = "import sys; from statuspro.mirror import Mirror; mirror = Mirror(sys.argv[1]);"
    reads = [sys.executable, "-c", f"{code} print(mirror.synced_at); mirror.close()"]
    with Mirror(path) as mirror:
        next(mirror.sync(client))
        Mirror(path).close()
        subprocess.run([*reads, str(path)], check=True, cwd=ROOT, capture_output=True)
        assert path.with_name(f"{path.name}-wal").exists()
        list(mirror.sync(client))
        done = subprocess.run([*reads, str(path)], check=True, cwd=ROOT, capture_output=True)
        assert done.stdout.startswith(b"20")


# Trouble


def read_all(path: Path) -> None:
    with Mirror(path) as mirror:
        list(mirror.orders())


def test_a_damaged_file_is_a_clear_error(path: Path, client: StatusProClient) -> None:
    with Mirror(path) as mirror:
        list(mirror.sync(client))
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)
    before = path.read_bytes()
    with pytest.raises(MirrorError, match="It is damaged: move it away"):
        read_all(path)
    assert path.read_bytes() == before
    path.rename(path.with_name("damaged"))
    with Mirror(path) as mirror:
        assert len(list(mirror.sync(client))) == 25


def test_a_file_that_was_moved_away_or_replaced_is_noticed(
    path: Path, client: StatusProClient
) -> None:
    with Mirror(path) as reader:
        with Mirror(path) as mirror:
            list(mirror.sync(client))
        assert len(list(reader.orders())) == 25
        path.rename(path.with_name("damaged"))
        assert list(reader.orders()) == []
        path.with_name("damaged").replace(path)
        assert len(list(reader.orders())) == 25


def test_a_full_disk_loses_nothing_that_was_stored(
    path: Path, shop: Sandbox, client: StatusProClient
) -> None:
    told: list[int] = []
    with Mirror(path) as mirror:
        storage: Any = mirror._storage
        connection = storage._connection._open()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 24}")
        with pytest.raises(MirrorError, match=r"full. Look whether the disk is full"):
            told.extend(change["order"]["id"] for change in mirror.sync(client))
        assert 2 < len(told) < 25
        stored = [order["id"] for order in mirror.orders()]
        assert stored in (told, told[:-1])
        connection.execute(f"PRAGMA max_page_count = {2**30}")
        rest = [change["order"]["id"] for change in mirror.sync(client)]
        assert stored + rest == [order["id"] for order in mirror.orders()]


@needs_fork
def test_a_limit_of_the_file_s_size_is_a_full_disk_too(path: Path, client: StatusProClient) -> None:
    with Mirror(path) as mirror:
        stored = [change["order"]["id"] for change in islice(mirror.sync(client), 3)]

    def child() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
        with Mirror(path) as mirror, pytest.raises(MirrorError, match="disk is full"):
            list(mirror.sync(client))

    assert runs_in_fork(child)
    with Mirror(path) as mirror:
        assert stored[0] in [order["id"] for order in mirror.orders()]
        list(mirror.sync(client))
        assert len(list(mirror.orders())) == 25


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def as_another_user(action: Callable[[], object]) -> bool:
    """Whether a child gets through it that may not do everything."""

    def child() -> None:
        if os.getuid() == 0:
            os.setuid(65534)
        action()

    return runs_in_fork(child)


@needs_fork
def test_a_file_without_permission_is_a_clear_error(
    open_folder: Path, client: StatusProClient
) -> None:
    path = open_folder / "orders.sqlite3"
    with Mirror(path) as mirror:
        list(mirror.sync(client))
    path.chmod(0)

    def read() -> None:
        with pytest.raises(MirrorError, match="cannot be used: unable to open"):
            Mirror(path)

    assert as_another_user(read)
    assert sorted(os.listdir(open_folder)) == ["orders.sqlite3", "orders.sqlite3-lock"]


@needs_fork
def test_a_file_that_may_only_be_read_is_read(open_folder: Path, client: StatusProClient) -> None:
    path = open_folder / "orders.sqlite3"
    with Mirror(path) as mirror:
        list(mirror.sync(client))
    path.chmod(0o444)

    def read() -> None:
        with Mirror(path) as mirror:
            assert len(list(mirror.orders())) == 25
            with pytest.raises(MirrorError, match="cannot be locked"):
                next(mirror.sync(client))

    assert as_another_user(read)


@needs_fork
def test_a_folder_that_may_only_be_read_is_a_clear_error(
    open_folder: Path, client: StatusProClient
) -> None:
    path = open_folder / "orders.sqlite3"
    with Mirror(path) as mirror:
        list(mirror.sync(client))
    path.chmod(0o644)
    open_folder.chmod(0o555)

    def read() -> None:
        with pytest.raises(MirrorError, match="SQLite writes into its folder, also to read"):
            Mirror(path)

    assert as_another_user(read)
    open_folder.chmod(0o755)


def test_a_lock_that_cannot_be_made_is_a_clear_error(
    mirror: Mirror, path: Path, client: StatusProClient
) -> None:
    path.with_name(f"{path.name}-lock").mkdir()
    with pytest.raises(MirrorError, match=r"cannot be locked: Is a directory\."):
        list(mirror.sync(client))
    assert mirror.synced_at is None


# What others find in it


def test_its_tables_are_plain(path: Path, shop: Sandbox, client: StatusProClient) -> None:
    with Mirror(path) as mirror:
        list(mirror.sync(client))
    ids = [order["id"] for order in client.iter_orders()]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        for order_id in ids:
            row = connection.execute("SELECT * FROM orders WHERE id = ?", [order_id]).fetchone()
            assert_row(row, list_item(shop.order(order_id)), detail(shop.order(order_id)))
            entries = connection.execute(
                "SELECT * FROM history WHERE order_id = ? ORDER BY position", [order_id]
            ).fetchall()
            history: Any = detail(shop.order(order_id))["history"]
            assert [json.loads(entry["entry"]) for entry in entries] == history
            assert [entry["created_at"] for entry in entries] == [
                event["created_at"] for event in history
            ]
        codes = [row["code"] for row in connection.execute("SELECT code FROM statuses")]
        assert codes == [status["code"] for status in client.get_statuses()]


def assert_row(row: sqlite3.Row, item: Any, whole: Any) -> None:
    assert json.loads(row["item"]) == item
    assert json.loads(row["detail"]) == whole
    status, due = item["status"], item["due_date"]
    assert (row["name"], row["order_number"]) == (item["name"], item["order_number"])
    assert row["customer_email"] == item["customer"]["email"]
    assert (row["status_is_set"], row["status_code"]) == (status["is_set"], status.get("code"))
    assert row["due_date"] == (due and due[:10])
    assert (row["history_count"], row["listed"]) == (item["history_count"], 1)


def test_odd_values_are_kept_as_they_came(path: Path) -> None:
    odd: Any = {
        "id": 7,
        "name": "\ud800 \0 \u202e",
        "order_number": 12,
        "customer": None,
        "status": [],
        "due_date": 5,
        "history_count": 3,
        "number": 2**70,
        "score": 1.5,
    }
    with Mirror(path) as mirror:
        storage = mirror._storage
        storage.store(7, kept(odd, {**odd, "history": [None, 3, {"status": "x"}]}, None))
        assert next(mirror.orders()) == odd
        history: Any = mirror.history(7)
        assert history == [None, 3, {"status": "x"}]
        assert list(mirror.orders(search="\ud800")) in ([], [odd])
        assert mirror.find("\ud800") is None
        assert mirror.order(10**30) is None
        assert mirror.history(10**30) == []
