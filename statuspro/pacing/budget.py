"""Change the ledger: in this process, or in a storage that processes share."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakSet

from statuspro._forks import ForkSafe
from statuspro._logging import Logger, log
from statuspro.errors import StatusProError, without_section
from statuspro.pacing.ledger import Ledger, Slot, Wait
from statuspro.pacing.limit import RateLimit

T = TypeVar("T")
Change = Callable[[Ledger], T]
Clock = Callable[[], float]

# Seconds that a change waits for others at the most, however long its caller could.
_MOST_PATIENCE = 5.0
# Seconds that an urgent change may take though its caller has no time left.
_LEAST_PATIENCE = 0.1


class User:
    """Keeps a storage open, as long as it lives and until it is released: a client has one."""


class Budget(ForkSafe, ABC):
    """Says which request may be sent, and when. None of the methods sleeps for a slot."""

    limit: RateLimit
    logger: Logger = logging.getLogger("statuspro")

    @abstractmethod
    def change(self, change: Change[T], patience: float, *, urgent: bool = False) -> T:
        """Changes the counts as a whole or not at all, and returns what `change` does.

        Args:
            change: may run more than once.
            patience: seconds to wait for others that change the counts.
            urgent: whether a slow storage may not take longer either.

        Raises:
            StatusProError: the counts cannot be reached.
        """

    def take(self, slot: Slot) -> Wait | None:
        """Takes a slot, or queues for one: then call again after the wait.

        Returns:
            None when the request may be sent now.

        Raises:
            StatusProError: the budget cannot be reached; nothing may be sent.
        """
        if slot.taken:
            return None
        wait = self.change(lambda ledger: ledger.take(slot), slot.patience, urgent=slot.is_urgent)
        slot.taken = wait is None
        return wait

    def read(self, reserve: int, patience: float) -> tuple[int, int, float]:
        """Tells what a client with this reserve finds, and takes nothing; see `Ledger.read`.

        Raises:
            StatusProError: the budget cannot be reached.
        """
        return self.change(lambda ledger: ledger.read(reserve), patience)

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a slot that was not used after all."""
        if slot.number:
            self._end(slot, lambda ledger: ledger.give_back(slot))

    def finish(self, slot: Slot) -> None:
        """Notes that the attempt has ended: from now on its slot is kept for one more period."""
        if slot.taken:
            self._end(slot, lambda ledger: ledger.finish(slot))

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        """Pauses the whole budget: the attempt was answered 429 (instead of `finish`).

        Args:
            slot: of the attempt.
            retry_after: seconds that the service asked for.
        """
        # A little longer, so that not all come back at once.
        pause = None if retry_after is None else max(retry_after, 0.0) * random.uniform(1.01, 1.05)
        self._end(slot, lambda ledger: ledger.refuse(slot, pause))

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        """Counts what another user of the key has used.

        Args:
            slot: of the attempt.
            remaining: how many requests the service says are left.
            reset: in how many seconds they are renewed.
        """
        if slot.bulk:
            return  # the response to a bulk request may speak of either limit
        with contextlib.suppress(StatusProError):  # which the end of the attempt will tell
            self.change(
                lambda ledger: ledger.observe(slot, remaining, reset),
                slot.patience,
                urgent=slot.is_urgent,
            )

    def _end(self, slot: Slot, change: Change[None]) -> None:
        """Changes the counts after the attempt: a failure here must not lose its outcome."""
        try:
            self.change(change, slot.patience, urgent=slot.is_urgent)
        except StatusProError as error:
            told = without_section(error)
            log(self.logger, "warning", "%s; a slot is kept until its lease ends", told)
        slot.number, slot.place, slot.due, slot.taken = 0, 0.0, 0.0, False


class LocalBudget(Budget):
    """The budget of one process.

    Args:
        limit: how much the service allows.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, limit: RateLimit, clock: Clock = time.monotonic) -> None:
        self.limit = limit
        self._ledger = Ledger(limit)
        self._clock = clock
        super().__init__()

    def change(self, change: Change[T], patience: float, *, urgent: bool = False) -> T:
        """Changes the counts, see `Budget`."""
        with self.lock:
            self._ledger.now = self._clock()
            return change(self._ledger)

    def after_fork_in_child(self) -> None:
        """Forgets what is the parent's."""
        # The threads that were sending or waiting are the parent's; what they sent still counts.
        self._ledger.now = self._clock()
        self._ledger.land()


class Storage(ForkSafe, ABC):
    """Where processes share budgets: one connection for a process, whatever the number of keys.

    Args:
        where: the file or the machine, as messages name it.

    Attributes:
        name: how messages name the budgets in it.
        losses: how often counts may have been lost with the whole storage.
        ends: when an urgent change must be over, on the clock `time.monotonic`; None for others.
    """

    #: Seconds that a change may take though its caller must not wait: it is no wait yet.
    least_patience: float

    def __init__(self, where: str) -> None:
        self.name = f"the rate budget in {where}"
        self.losses = 0
        self.ends: float | None = None
        self._pid = 0  # of the process that has opened the connection
        self._users: WeakSet[User] = WeakSet()
        super().__init__()

    def change(
        self, budget: SharedBudget, change: Change[T], patience: float, *, urgent: bool = False
    ) -> T:
        """Changes the counts of a budget, see `Budget`."""
        least = _LEAST_PATIENCE if urgent else self.least_patience
        patience = min(max(patience, least), _MOST_PATIENCE)
        deadline = time.monotonic() + patience
        try:
            if not self.lock.acquire(timeout=patience):
                raise StatusProError(f"{self.name} is busy")
            if self._pid != os.getpid():  # a fork that ran no hooks
                self.after_fork_in_child()
                self._pid = os.getpid()
            self.ends = deadline if urgent else None
            return self.change_until(deadline, budget, change)
        finally:
            # Not by what `acquire` returned: Ctrl-C can come before that is known.
            try:  # noqa: SIM105 - Ctrl-C could fall into `suppress`, which is Python
                self.lock.release()
            except RuntimeError:
                pass  # this thread waited in vain

    @abstractmethod
    def change_until(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        """Changes the counts, the lock held, by a time of `time.monotonic`."""

    @abstractmethod
    def disconnect(self) -> None:
        """Closes the connection, the lock held; the next use opens another."""

    def use(self, user: User) -> None:
        """Keeps the connection open for a user."""
        with self.lock:
            self._users.add(user)

    def release(self, user: User) -> None:
        """Closes the connection where no other user needs it."""
        with self.lock:
            self._users.discard(user)
            if not self._users:
                self.disconnect()

    def before_fork(self) -> None:
        """Closes what two processes must not share; either opens it anew."""
        self.disconnect()


class SharedBudget(Budget):
    """One budget among those in a storage.

    Args:
        storage: where its counts are.
        digest: its name there.
        limit: how much the service allows.
        logger: told what happens to the counts.
        falls_back: whether to count in this process while the storage cannot be reached.
    """

    def __init__(
        self, storage: Storage, digest: str, limit: RateLimit, logger: Logger, *, falls_back: bool
    ) -> None:
        self.storage, self.digest = storage, digest
        self.limit, self.logger, self.falls_back = limit, logger, falls_back
        self._known: Ledger | None = None  # the counts as this process saw them last ...
        self._known_at = 0.0  # ... when ...
        self._losses = storage.losses  # ... and how often the storage had been lost by then
        self._warned: set[str] = set()
        super().__init__()

    def change(self, change: Change[T], patience: float, *, urgent: bool = False) -> T:
        """Changes the counts, see `Budget`."""
        return self.storage.change(self, change, patience, urgent=urgent)

    def ledger(self, data: object, steady: float, wall: float, *, outdated: bool = False) -> Ledger:
        """Makes a ledger of what is stored, and of what this process knows where that was lost.

        Args:
            data: what is stored; None where nothing is.
            steady: seconds of a clock that is never set, but may differ between processes.
            wall: seconds of a clock that can be set.
            outdated: whether an older version of this library uses the budget too.
        """
        ledger, known, is_lost = Ledger(self.limit, steady, wall), self._known, data is None
        if data is not None:
            try:
                ledger.load(data)
            except ValueError as error:
                ledger, is_lost = Ledger(self.limit, steady, wall), True
                log(self.logger, "warning", "%s: %s; they begin anew", self.storage.name, error)
            else:
                self._compare_clocks(ledger, steady, wall)
                ledger.move_on(steady, wall)
        if outdated:
            self._warn("an older version of statuspro counts there too, and neither sees the other")
            if is_lost:
                ledger.all.paused_until = ledger.bulk.paused_until = ledger.now + ledger.span
        if known is not None and (is_lost or self._losses != self.storage.losses):
            known.move_on(steady, wall)
            if data is None and self._losses == self.storage.losses and known.lasts():
                log(self.logger, "warning", "%s: the stored counts were lost", self.storage.name)
            ledger.merge(known)
        return ledger

    def keep(self, ledger: Ledger, now: float = 0.0) -> None:
        """Remembers what has been stored, at a time of this process."""
        self._known, self._known_at, self._losses = ledger, now, self.storage.losses

    def change_alone(self, change: Change[T], now: float) -> T:
        """Changes what this process knows of the counts: they are stored when that is possible."""
        if self._known is None:
            self.keep(Ledger(self.limit, time.time(), time.time()), now)
        known = self._known
        assert known
        steady, wall = (clock + now - self._known_at for clock in known.clocks)
        known.move_on(steady, wall)
        self._known_at, self._losses = now, -1
        return change(known)

    def _compare_clocks(self, ledger: Ledger, steady: float, wall: float) -> None:
        by_steady, by_wall = steady - ledger.clocks[0], wall - ledger.clocks[1]
        if 0 <= by_wall < ledger.span and not -1 < by_steady < by_wall + 1:
            self._warn("the clocks of the processes differ (containers?), the system time counts")

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            log(self.logger, "warning", "%s: %s", self.storage.name, text)
