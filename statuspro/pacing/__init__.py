"""The rate budget: wait before the service has to refuse.

A budget hands out slots; the caller sleeps. See `Budget` for how it is asked and `storage.ledger`
for what is counted and why that is never too much.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, cast

from statuspro._logging import Logger
from statuspro.pacing.budget import Budget, LocalBudget, SharedBudget, User, release
from statuspro.pacing.forking import registry
from statuspro.pacing.slot import Figures, Slot, Wait
from statuspro.pacing.storage import storage_at

if TYPE_CHECKING:
    from statuspro.pacing.limit import RateLimit

__all__ = [
    "Budget",
    "Figures",
    "LocalBudget",
    "Slot",
    "User",
    "Wait",
    "budget_for",
    "figures_of",
    "release",
]

_logger = logging.getLogger("statuspro")
_budgets: dict[str, Budget] = {}


def budget_for(
    origin: str,
    key: str,
    limit: RateLimit | Figures,
    *,
    storage: str | None = None,
    fallback: str | None = None,
    logger: Logger = _logger,
    user: User | None = None,
) -> Budget:
    """The budget of an API key: one in the process for the same arguments, whoever asks.

    Args:
        origin: scheme, host and port of the API.
        key: the API key; it is not kept, only a digest of it.
        limit: the figures.
        storage: where the counts are shared with other processes: `sqlite:///PATH` or `redis://…`;
            None counts in this process alone.
        fallback: `"local"` to count in this process while Redis cannot be reached.
        logger: told what happens to the storage.
        user: for which the storage stays open; else it closes with the process.

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
            budget = _budgets[name] = (
                SharedBudget(
                    storage_at(storage), digest, limit, logger, falls_back=fallback is not None
                )
                if storage
                else LocalBudget(limit)
            )
    if user is not None and isinstance(budget, SharedBudget):
        budget.storage.use(user)
    return budget


def figures_of(limit: RateLimit | Figures) -> Figures:
    """The figures of a limit.

    Raises:
        TypeError: the limit is no RateLimit.
    """
    if isinstance(limit, Figures):
        return limit
    from statuspro.pacing.limit import RateLimit

    if not isinstance(cast(object, limit), RateLimit):
        raise TypeError(f"rate_limit must be a RateLimit or None, not {type(limit).__name__}")
    return Figures(limit.requests, limit.bulk, limit.period)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
