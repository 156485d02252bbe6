"""One synchronisation of a database at a time, over all processes; no kill leaves a lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, Error, IntegrityError, connections

from statuspro import _forks
from statuspro._filelock import FileLock
from statuspro.contrib.django.models import SyncState
from statuspro.errors import MirrorError

#: The name of the lock in PostgreSQL, whose names are two numbers: 'SPro' in ASCII, and a one.
_POSTGRESQL_NAME = (0x5350726F, 1)

#: The name of the row that is locked in other databases.
_ROW = "alone"

# Databases in memory that are synchronised now, each with its process.
_busy: set[tuple[int, str]] = set()

# The connections that hold locks. In a forked child they stay here: to close them would end those
# of the parent. And none is garbage before the synchronisation that gives it back.
_holding: list[Any] = []


@contextmanager
def alone(using: str) -> Iterator[None]:
    """Keeps other synchronisations of a database out, also those of other machines.

    Args:
        using: the alias of the database.

    Raises:
        MirrorError: another synchronisation is under way.
    """
    with _lock(connections[using]) as is_held:
        if not is_held:
            raise MirrorError(
                f"Another sync of the database {using!r} is under way: wait until it has ended."
            )
        yield


@contextmanager
def _lock(connection: Any) -> Iterator[bool]:
    if connection.vendor != "sqlite":
        take = _take_advisory_lock if connection.vendor == "postgresql" else _lock_row
        with _own_transaction(connection) as own:
            yield take(own)
    elif path := _file_of(connection):
        with _file_lock(f"{path}-statuspro-lock") as is_held:
            yield is_held
    else:
        with _process_lock(str(connection.settings_dict["NAME"])) as is_held:
            yield is_held


# In the database


@contextmanager
def _own_transaction(connection: Any) -> Iterator[Any]:
    """A connection that no code of the project closes, with the lock in its transaction.

    A lock of a transaction and not of a session: so a pool of connections that lends one for a
    transaction only, as PgBouncer does, keeps it; and it ends with the connection.
    """
    own, pid = connection.copy(), os.getpid()
    own.inc_thread_sharing()  # a sync that is forgotten may be collected in another thread
    _holding.append(own)
    try:
        yield own
    finally:
        if os.getpid() == pid:
            _holding.remove(own)
            _end(own)


def _end(own: Any) -> None:
    try:
        with suppress(Error):  # the server had cut the connection before
            own.rollback()  # so that it gives the lock back now, and not when it sees the end
    finally:
        own.close()


def _take_advisory_lock(own: Any) -> bool:
    own.set_autocommit(False)
    with own.cursor() as cursor:
        # In this isolation an idle transaction keeps no row from being cleaned away.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _POSTGRESQL_NAME)
        (is_held,) = cursor.fetchone()
    return bool(is_held)


def _lock_row(own: Any) -> bool:
    quote = own.ops.quote_name
    table, name, value = map(quote, (SyncState._meta.db_table, "name", "value"))
    row = f"SELECT {value} FROM {table} WHERE {name} = %s"
    with own.cursor() as cursor:
        cursor.execute(row, [_ROW])
        if not cursor.fetchall():
            _insert_row(cursor, f"INSERT INTO {table} ({name}, {value}) VALUES (%s, %s)")
        own.set_autocommit(False)
        try:
            cursor.execute(f"{row} {own.ops.for_update_sql(nowait=True)}", [_ROW])
            return bool(cursor.fetchall())
        except DatabaseError:
            return False


def _insert_row(cursor: Any, insert: str) -> None:
    with suppress(IntegrityError):  # another process has just inserted it
        cursor.execute(insert, [_ROW, "-"])


# Beside the database


def _file_of(connection: Any) -> str:
    """The file of a SQLite database, as SQLite itself names it; empty for one in memory."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        files: dict[str, str] = {name: file for _, name, file in cursor.fetchall()}
    return os.path.realpath(files["main"]) if files.get("main") else ""


@contextmanager
def _file_lock(path: str) -> Iterator[bool]:
    lock = FileLock(path)
    try:
        yield _acquired(lock, path)
    finally:
        lock.release()


def _acquired(lock: FileLock, path: str) -> bool:
    try:
        return lock.acquire()
    except OSError as error:
        failure = MirrorError(f"{path} cannot be locked: {error}. Look at its folder.")
    raise failure from None


@contextmanager
def _process_lock(name: str) -> Iterator[bool]:
    key = os.getpid(), name
    with _forks.lock:
        is_held = key not in _busy
        _busy.add(key)
    try:
        yield is_held
    finally:
        if is_held:
            _busy.discard(key)
