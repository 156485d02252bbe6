"""The tables of a mirror's file, for readers of the file too."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from statuspro.errors import MirrorError

#: Tells a mirror from every other SQLite file: 'SPro' in ASCII.
APPLICATION_ID = 0x5350726F

_FIRST = """
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    name TEXT,
    order_number TEXT,
    customer_name TEXT,
    customer_email TEXT,
    customer_locale TEXT,
    status_is_set INTEGER NOT NULL,
    status_code TEXT,
    status_name TEXT,
    status_set_at TEXT,
    due_date TEXT,
    due_date_to TEXT,
    history_count INTEGER,
    listed INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    seen TEXT NOT NULL,
    has_detail INTEGER NOT NULL,
    item TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX orders_by_number ON orders (order_number);
CREATE INDEX orders_by_name ON orders (name);
CREATE INDEX orders_by_status ON orders (status_code);
CREATE INDEX orders_by_due_date ON orders (due_date);
CREATE TABLE history (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    created_at TEXT,
    event TEXT,
    status_code TEXT,
    status_name TEXT,
    comment TEXT,
    comment_is_public INTEGER,
    entry TEXT NOT NULL,
    PRIMARY KEY (order_id, position)
) WITHOUT ROWID;
CREATE INDEX history_by_time ON history (created_at);
CREATE TABLE statuses (
    position INTEGER PRIMARY KEY,
    code TEXT,
    name TEXT,
    description TEXT,
    color TEXT,
    status TEXT NOT NULL
);
CREATE TABLE queue (
    id INTEGER PRIMARY KEY,
    position INTEGER,
    item TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX queue_by_position ON queue (position);
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

#: Seconds between looks at a file that shows nothing of a mirror.
_PAUSES = (0.01, 0.04, 0.1, 0.0)

#: What leads from each version of the tables to the next one; the version is their number.
MIGRATIONS: Sequence[str] = (_FIRST,)

#: How often a new file is asked to take WAL, 0.02 s apart.
_MOST_TRIES = 250


def open_file(path: str, migrations: Sequence[str] = MIGRATIONS) -> sqlite3.Connection:
    """Opens a mirror's file; makes it, readable by its owner alone, where there is none.

    Args:
        path: of the file; its folder must exist.
        migrations: what leads from each version of the tables to the next one.

    Raises:
        MirrorError: the file is no mirror, and is left as it is; or a newer version of this
            library has written it.
        sqlite3.Error: it cannot be used.
        OSError: it cannot be made.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    _refuse_other_files(path)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        _migrate(connection, path, migrations)
        # After the tables: so the file itself, and not its log, says that it is a mirror.
        _begin_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin_wal(connection: sqlite3.Connection) -> None:
    """Has the file take WAL; SQLite does not wait here for another process that opens it too."""
    for _ in range(_MOST_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        time.sleep(0.02)
    connection.execute("PRAGMA journal_mode = WAL")


def _refuse_other_files(path: str) -> None:
    for pause in _PAUSES:
        if _is_new_or_mirror(path):
            return
        time.sleep(pause)  # another process may be writing its first page
    raise MirrorError(f"{path} is no mirror of orders: it is left as it is. Name another file.")


def _is_new_or_mirror(path: str) -> bool:
    """Looks into the file without changing it.

    SQLite looks, and not `open`: to close a file drops the locks that SQLite has on it for other
    connections of this process. `immutable` has it take no lock, and leave a journal alone.
    """
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise MirrorError(f"{path} is no file. Name another one.")
    uri = f"{Path(path).as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # such as: no permission
                raise
            application_id = 0
    return not status.st_size or bool(application_id == APPLICATION_ID)


def _migrate(connection: sqlite3.Connection, path: str, migrations: Sequence[str]) -> None:
    if _version(connection, path, migrations) == len(migrations):
        return
    try:
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have migrated it meanwhile.
        for migration in migrations[_version(connection, path, migrations) :]:
            for statement in filter(str.strip, migration.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: str, migrations: Sequence[str]) -> int:
    """The version of the tables; 0 where there are none yet."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise MirrorError(f"{path} was written by a newer version of statuspro: upgrade this one.")
    return int(version)
