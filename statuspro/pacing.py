"""The rate budget: wait before the service has to refuse.

A budget hands out places; the caller sleeps. See `Budget` for how it is asked and `storage.ledger`
for what is counted and why that is never too much.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from statuspro._logging import Logger
from statuspro.storage import open_storage
from statuspro.storage.budget import Budget, Figures, Slot, Wait, jittered
from statuspro.storage.forking import ForkSafe, registry
from statuspro.storage.ledger import Ledger

if TYPE_CHECKING:
    from statuspro.ratelimit import RateLimit

__all__ = ["Budget", "Figures", "LocalBudget", "Slot", "Wait", "budget_for", "figures_of"]

_logger = logging.getLogger("statuspro")
_budgets: dict[str, Budget] = {}


class LocalBudget(ForkSafe):
    """The budget of one process.

    Args:
        limit: the figures.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self, limit: RateLimit | Figures, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = Ledger(figures_of(limit))
        self._clock = clock
        super().__init__()

    def take(self, slot: Slot) -> Wait | None:
        """Takes a place or queues for one, see `Budget`."""
        with self.lock:
            return self._ledger.take(slot, self._clock())

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a place that was not used."""
        if slot.number:
            with self.lock:
                self._ledger.give_back(slot)

    def finish(self, slot: Slot) -> None:
        """Keeps the place of an attempt that has ended for one more period."""
        if slot.taken:
            with self.lock:
                self._ledger.finish(slot, self._clock())

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        """Pauses the whole budget."""
        with self.lock:
            self._ledger.refuse(slot, jittered(retry_after), self._clock())

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        """Counts what somebody else has used of the same key."""
        with self.lock:
            self._ledger.observe(slot, remaining, reset, self._clock())

    def after_fork_in_child(self) -> None:
        """Forgets what is the parent's."""
        # The threads that were sending or waiting are the parent's; what they sent still counts.
        self._ledger.land(self._clock())


def budget_for(
    origin: str,
    key: str,
    limit: RateLimit | Figures,
    *,
    storage: str | None = None,
    fallback: str | None = None,
    logger: Logger = _logger,
) -> Budget:
    """The budget of an API key: one in the process for the same arguments, whoever asks.

    Args:
        origin: scheme, host and port of the API.
        key: the API key; it is not kept, only a digest of it.
        limit: the figures.
        storage: where the counts are shared with other processes: `sqlite:///PATH` or `redis://…`;
            None counts in this process alone.
        fallback: `"local"` to count in this process while Redis cannot be reached.
        logger: told when Redis cannot be reached.

    Raises:
        ConfigurationError: the storage cannot be used.
        TypeError: the limit is no RateLimit.
        ValueError: an unknown fallback.
    """
    limit = figures_of(limit)
    if fallback not in (None, "local"):
        raise ValueError(f'rate_limit_fallback must be None or "local", not {fallback!r}')
    figures = f"{limit.requests} {limit.bulk} {float(limit.period)}"
    digest = _digest(origin, key, figures)
    name = _digest(digest, storage or "", fallback or "")
    with registry.lock:
        budget = _budgets.get(name)
        if budget is None:
            local = LocalBudget(limit) if fallback else None
            if storage:
                budget = open_storage(storage, digest, limit, fallback=local, logger=logger)
            else:
                budget = local or LocalBudget(limit)
            _budgets[name] = budget
        return budget


def figures_of(limit: RateLimit | Figures) -> Figures:
    """The figures of a limit.

    Raises:
        TypeError: the limit is no RateLimit.
    """
    if isinstance(limit, Figures):
        return limit
    from statuspro.ratelimit import RateLimit  # which whoever made `limit` has imported

    if not isinstance(cast(object, limit), RateLimit):
        raise TypeError(f"rate_limit must be a RateLimit or None, not {type(limit).__name__}")
    return Figures(limit.requests, limit.bulk, limit.period)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
