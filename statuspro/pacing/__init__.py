"""The rate budget: wait before the service has to refuse.

A budget hands out slots; the caller sleeps. See `Budget` for how it is asked and `storage.ledger`
for what is counted and why that is never too much.
"""

from __future__ import annotations

import hashlib
import logging

from statuspro._logging import Logger
from statuspro.pacing.budget import Budget, LocalBudget, SharedBudget, User, release
from statuspro.pacing.forking import registry
from statuspro.pacing.limit import RateLimit
from statuspro.pacing.slot import Slot, Wait
from statuspro.pacing.storage import storage_at

__all__ = [
    "Budget",
    "LocalBudget",
    "RateLimit",
    "Slot",
    "User",
    "Wait",
    "budget_for",
    "release",
]

_logger = logging.getLogger("statuspro")
_budgets: dict[str, Budget] = {}


def budget_for(
    origin: str,
    key: str,
    limit: RateLimit,
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
        limit: how much the service allows.
        storage: where the counts are shared with other processes: `sqlite:///PATH` or `redis://…`;
            None counts in this process alone.
        fallback: `"local"` to count in this process while Redis cannot be reached.
        logger: told what happens to the storage.
        user: for which the storage stays open; else it closes with the process.

    Raises:
        ConfigurationError: the storage cannot be used.
        ValueError: an unknown fallback.
    """
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


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
