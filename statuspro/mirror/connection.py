"""One connection to a mirror's file, for all threads of a process and for the children it forks."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from statuspro._forks import ForkSafe
from statuspro.errors import MirrorError
from statuspro.mirror.filters import is_found
from statuspro.mirror.schema import open_file

# Connections of a parent that forked without telling: closing them would disturb its locks.
_abandoned: list[sqlite3.Connection] = []


class Connection(ForkSafe):
    """A connection that opens when it is used, and anew where another file is in its place.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._pid = os.getpid()
        super().__init__()

    def __del__(self) -> None:
        # A mirror that its caller forgets: from Python 3.13 on, sqlite3 warns of it.
        if self._connection is None:
            return
        if self._pid == os.getpid():
            self._connection.close()
        else:
            _abandoned.append(self._connection)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Runs one statement and returns all of its rows."""
        taken = [storable(value) if isinstance(value, str) else value for value in values]
        with self.lock, self._translated():
            return self._open().execute(sql, taken).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commits what is done within, or nothing of it."""
        with self.lock, self._translated():
            connection = self._open()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled it back already
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        with self.lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def before_fork(self) -> None:
        """Closes what two processes must not share; either opens it anew."""
        self.close()

    def after_fork_in_child(self) -> None:
        """Forgets what is the parent's."""
        if self._connection is not None:
            _abandoned.append(self._connection)
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        file = self._find()
        if self._connection is not None and file != self._file:
            self.close()
        if self._connection is None:
            self._file, self._pid = file, os.getpid()
            connection = open_file(self.path)
            connection.create_function("is_found", -1, is_found, deterministic=True)
            self._connection = connection
        return self._connection

    def _find(self) -> tuple[int, int] | None:
        with suppress(OSError):
            status = os.stat(self.path)
            return status.st_dev, status.st_ino
        return None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            said = (isinstance(error, OSError) and error.strerror) or error
            failure = MirrorError(f"The mirror {self.path} cannot be used: {said}. {_hint(error)}")
        else:
            return
        raise failure from None


def storable(text: str) -> str:
    """The text as SQLite takes it, which is without halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


def _hint(error: Exception) -> str:
    text = str(error)
    if "full" in text or "I/O" in text:
        return "Look whether the disk is full. What was stored before is kept."
    if "locked" in text:
        return "Another process is writing to it: try again."
    if type(error) is sqlite3.DatabaseError:
        return "It is damaged: move it away, and the next sync makes it anew."
    if "readonly" in text:
        return "SQLite writes into its folder, also to read."
    return "Look at its folder and at the permissions."
