"""A budget that all processes of a machine share in a SQLite file.

SQLite does the locking: every change reads the counts, changes them and writes them back in one
transaction. Nothing depends on a process living on: what it had under way ends with its lease, and
its place in the queue is passed over.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from statuspro._logging import Logger, log
from statuspro.errors import ConfigurationError, StatusProError
from statuspro.storage.budget import Figures, Slot, Wait, jittered
from statuspro.storage.forking import ForkSafe
from statuspro.storage.ledger import Ledger

T = TypeVar("T")

_TABLE = "CREATE TABLE IF NOT EXISTS budget_1 (digest TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID"
_READ = "SELECT state FROM budget_1 WHERE digest = ?"
_WRITE = "INSERT OR REPLACE INTO budget_1 VALUES (?, ?)"

# Connections of a parent that forked without telling: closing them would disturb its locks.
_abandoned: list[sqlite3.Connection] = []


class SQLiteBudget(ForkSafe):
    """One budget among those in a file; the file is created readable by its owner alone.

    Args:
        path: the file; its folder must exist.
        digest: the budget's name in the file.
        limit: the figures.
        logger: told when the end of an attempt could not be written.
        clock: seconds of a clock that all processes of the machine share (`time.monotonic` is one,
            and nobody sets it).
        timeout: seconds to wait for other processes before giving up.

    Raises:
        ConfigurationError: the folder does not exist.
    """

    _connection: sqlite3.Connection | None = None

    def __init__(
        self,
        path: str,
        digest: str,
        limit: Figures,
        *,
        logger: Logger,
        clock: Callable[[], float] = time.monotonic,
        timeout: float = 5.0,
    ) -> None:
        self._path = os.path.abspath(path)
        if not os.path.isdir(os.path.dirname(self._path)):
            raise ConfigurationError(f"rate_limit_storage: the folder of {self._path} is missing")
        self._digest = digest
        self._limit = limit
        self._logger = logger
        self._clock = clock
        self._timeout = timeout
        self._pid = 0
        self._failure: tuple[float, str] = (0.0, "")
        super().__init__()

    # Bound here, for at the interpreter's exit the module's own names are gone.
    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_finalizing():
            self._close()

    def take(self, slot: Slot) -> Wait | None:
        """Takes a place or queues for one, see `Budget`."""
        return self._change(lambda ledger, now: ledger.take(slot, now))

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a place that was not used."""
        if slot.number:
            self._report(lambda ledger, now: ledger.give_back(slot))

    def finish(self, slot: Slot) -> None:
        """Keeps the place of an attempt that has ended for one more period."""
        if slot.taken:
            self._report(lambda ledger, now: ledger.finish(slot, now))

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        """Pauses the whole budget."""
        self._report(lambda ledger, now: ledger.refuse(slot, jittered(retry_after), now))

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        """Counts what somebody else has used of the same key."""
        if not slot.bulk:
            self._report(lambda ledger, now: ledger.observe(slot, remaining, reset, now))

    def close(self) -> None:
        """Closes the file; the next use opens it anew."""
        with self.lock:
            self._close()

    def before_fork(self) -> None:
        """Closes what two processes must not share; either opens it anew."""
        self._close()

    def after_fork_in_child(self) -> None:
        """Forgets what is the parent's."""
        self._abandon()

    def _report(self, change: Callable[[Ledger, float], None]) -> None:
        """Changes the counts after the attempt: its outcome must not be lost by a failure here."""
        try:
            self._change(change)
        except StatusProError as error:
            text = "%s; a place in the budget is kept until its lease ends"
            log(self._logger, "warning", text, error)

    def _change(self, change: Callable[[Ledger, float], T]) -> T:
        asked = time.monotonic()
        with self.lock:
            failed, message = self._failure
            if failed > asked:  # who waited for the lock meanwhile need not wait as long again
                raise StatusProError(message)
            try:
                return self._transaction(change)
            except (sqlite3.Error, OSError, ValueError) as error:
                self._close()
                message = f"the rate budget in {self._path} cannot be used: {error}"
                self._failure = time.monotonic(), message
                raise StatusProError(message) from error

    def _transaction(self, change: Callable[[Ledger, float], T]) -> T:
        connection = self._connection
        if connection is None or self._pid != os.getpid():
            connection = self._connect()
        execute = connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            ledger = Ledger(self._limit)
            row = execute(_READ, (self._digest,)).fetchone()
            now = self._clock()
            if row is not None:
                ledger.load(row[0], now)
            result = change(ledger, now)
            execute(_WRITE, (self._digest, ledger.dump(now)))
            execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()
            raise
        return result

    def _connect(self) -> sqlite3.Connection:
        self._abandon()
        # SQLite gives its side files (-wal, -shm) the permissions of the file itself.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        try:
            self._switch_to_wal(connection)
            # The counts need not outlive a power cut.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_TABLE)
        except BaseException:
            connection.close()
            raise
        self._connection, self._pid = connection, os.getpid()
        return connection

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        # Whoever meets another process that is doing the same is told at once that the file is
        # locked: to this statement SQLite's own timeout does not apply.
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _abandon(self) -> None:
        if self._connection is not None:
            _abandoned.append(self._connection)
            self._connection = None
