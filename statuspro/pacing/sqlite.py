"""Budgets that all processes of a machine share in a SQLite file.

SQLite does the locking: every change reads the counts, changes them and writes them back in one
transaction. Nothing depends on a process living on: what it had under way ends with its lease, and
its place in the queue is passed over.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import struct
import time
from collections.abc import Callable

from statuspro._logging import log
from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing.budget import Change, Clock, SharedBudget, Storage, T
from statuspro.pacing.ledger import LAYOUT

_NAME = f"budget_{LAYOUT}"
_TABLE = f"CREATE TABLE IF NOT EXISTS {_NAME} (digest TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID"
_READ = f"SELECT state FROM {_NAME} WHERE digest = ?"
_WRITE = f"INSERT OR REPLACE INTO {_NAME} VALUES (?, ?)"
# What older versions wrote: the steady time of the last change is among the first numbers.
_FIND_OLDER = "SELECT name FROM sqlite_master WHERE name IN ('budget_1', 'budget_2')"
_READ_OLDER = {
    "budget_1": "SELECT substr(state, 1, 8) FROM budget_1 WHERE digest = ?",
    "budget_2": "SELECT substr(state, 9, 8) FROM budget_2 WHERE digest = ?",
}

# Connections of a parent that forked without telling: closing them would disturb its locks.
_abandoned: list[sqlite3.Connection] = []


class _MovedError(OSError):
    """The file that was opened has been removed or replaced."""


class SQLiteStorage(Storage):
    """The budgets in one file; it is created readable by its owner alone.

    Args:
        path: the file; its folder must exist.
        steady: seconds of a clock that no process sets.
        wall: seconds of the system's clock.

    Raises:
        ConfigurationError: the folder does not exist.
    """

    least_patience = 0.1

    def __init__(
        self, path: str, *, steady: Clock = time.monotonic, wall: Clock = time.time
    ) -> None:
        if not os.path.isdir(os.path.dirname(path)):
            raise ConfigurationError(
                f"rate_limit_storage: the folder of {path} is missing. Make it, with the right to "
                "write for every process that shares the budget."
            )
        self._path = path
        self._clocks = steady, wall
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._older: list[str] = []  # how to read what older versions wrote there
        super().__init__(path)

    def change_until(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        """Changes the counts in one transaction, see `Storage`."""
        tries = 3
        while True:
            try:
                return self._transaction(deadline, budget, change)
            except (sqlite3.Error, OSError) as error:
                tries -= 1
                if not tries or _is_locked(error):
                    raise StatusProError(f"{self.name} cannot be used: {error}") from error
                self._recover(error, budget)

    def disconnect(self) -> None:
        """Closes the file, see `Storage`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def after_fork_in_child(self) -> None:
        """Forgets what is the parent's."""
        if self._connection is not None:
            _abandoned.append(self._connection)
            self._connection = None

    def _transaction(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        try:
            connection = self._connection or self._connect(deadline)
            with connection:  # which commits, or rolls back, whatever is raised
                _patiently(deadline, lambda: connection.execute("BEGIN EXCLUSIVE"))
                if self._find() != self._file:
                    raise _MovedError("the file was removed or replaced")
                row = connection.execute(_READ, (budget.digest,)).fetchone()
                steady, wall = (clock() for clock in self._clocks)
                outdated = self._is_older_in_use(budget, steady)
                data = None if row is None else row[0]
                ledger = budget.ledger(data, steady, wall, outdated=outdated)
                result = change(ledger)
                if not ledger.is_stored:
                    connection.execute(_WRITE, (budget.digest, ledger.dump()))
        except BaseException:
            self.disconnect()
            raise
        budget.keep(ledger)
        return result

    def _connect(self, deadline: float) -> sqlite3.Connection:
        # Never the file of an open connection: closing it here would drop SQLite's locks.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self._file = self._find()
        connection = self._connection = sqlite3.connect(
            self._path, timeout=0, isolation_level=None, check_same_thread=False
        )
        _patiently(deadline, lambda: self._set_up(connection))
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        # The counts need not outlive a power cut.
        connection.execute("PRAGMA synchronous = OFF")
        with contextlib.suppress(sqlite3.OperationalError):  # an older version is at it, with WAL
            connection.execute("PRAGMA journal_mode = PERSIST")
        connection.execute(_TABLE)
        self._older = [_READ_OLDER[name] for (name,) in connection.execute(_FIND_OLDER)]

    def _find(self) -> tuple[int, int]:
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(self._path)
            return status.st_dev, status.st_ino
        return (0, 0)

    def _is_older_in_use(self, budget: SharedBudget, steady: float) -> bool:
        assert self._connection is not None
        for read in self._older:
            row = self._connection.execute(read, (budget.digest,)).fetchone()
            with contextlib.suppress(TypeError, struct.error):  # there is no time in it
                (changed_at,) = struct.unpack("<d", row[0])
                if 0 <= steady - changed_at < 2 * budget.limit.period:
                    return True
        return False

    def _recover(self, error: Exception, budget: SharedBudget) -> None:
        """Says what was lost, and puts a file aside that is damaged."""
        if isinstance(error, _MovedError):
            text = "%s: %s; it goes on in the file that is there now"
        # Of no subclass: it is damaged, or no database. Another process may have put it aside.
        elif type(error) is sqlite3.DatabaseError and self._find() == self._file:
            text = "%s: %s; it goes on in a new file, the old one is kept as *.damaged-*"
            with contextlib.suppress(OSError):  # then the next try fails too
                os.replace(self._path, f"{self._path}.damaged-{time.time_ns()}")
        else:
            return
        self.losses += 1
        log(budget.logger, "warning", text, self.name, error)


def _patiently(deadline: float, action: Callable[[], object]) -> None:
    """Tries again while another process is at the file; SQLite's own wait would not heed Ctrl-C."""
    pause = 0.0005
    while True:
        try:
            action()
            return
        except sqlite3.OperationalError as error:
            if not _is_locked(error) or time.monotonic() >= deadline:
                raise
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(2 * pause, 0.02)


def _is_locked(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
