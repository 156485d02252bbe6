"""The rate budget: wait before the service has to refuse.

A budget hands out slots; the caller sleeps. See `Budget` for how it is asked and `pacing.ledger`
for what is counted and why that is never too much. Here budgets and their storages are opened, each
once in the process.
"""

from __future__ import annotations

import atexit
import hashlib
import os

from statuspro import _forks
from statuspro._logging import Logger
from statuspro.errors import ConfigurationError
from statuspro.pacing.budget import Budget, LocalBudget, SharedBudget, Storage, User
from statuspro.pacing.ledger import Slot, Wait
from statuspro.pacing.limit import RateLimit, limit_in

__all__ = [
    "IN_MEMORY",
    "Budget",
    "LocalBudget",
    "RateLimit",
    "Slot",
    "User",
    "Wait",
    "budget_for",
    "limit_in",
    "release",
]

#: The storage that no other process shares, by the name that beats a setting.
IN_MEMORY = "memory://"

_budgets: dict[tuple[str, str | None, str | None], Budget] = {}
_storages: dict[str, Storage] = {}


def budget_for(
    origin: str,
    key: str,
    limit: RateLimit,
    *,
    storage: str | None = None,
    fallback: str | None = None,
    logger: Logger = Budget.logger,
    user: User | None = None,
) -> Budget:
    """Opens the budget of an API key: the same one for the same arguments.

    Args:
        origin: scheme, host and port of the API.
        key: the API key; it is not kept, only a digest of it.
        limit: how much the service allows.
        storage: where the counts are shared with other processes, see `storage_at`; None and
            `memory://` count in this process alone.
        fallback: `"local"` to count in this process while Redis cannot be reached.
        logger: told what happens to the storage.
        user: for which the storage stays open; else it closes with the process.

    Raises:
        ConfigurationError: the storage cannot be used.
        ValueError: an unknown fallback.
    """
    if fallback not in (None, "local"):
        raise ValueError(f'rate_limit_fallback must be None or "local", not {fallback!r}')
    storage = None if storage == IN_MEMORY else storage
    figures = f"{limit.requests} {limit.bulk} {limit.period}"
    digest = hashlib.sha256(f"{origin}\n{key}\n{figures}".encode()).hexdigest()
    with _forks.lock:
        budget = _budgets.get((digest, storage, fallback))
        if budget is None:
            if storage:
                shared, falls_back = storage_at(storage), fallback is not None
                budget = SharedBudget(shared, digest, limit, logger, falls_back=falls_back)
            else:
                budget = LocalBudget(limit)
            _budgets[digest, storage, fallback] = budget
    if user is not None and isinstance(budget, SharedBudget):
        budget.storage.use(user)
    return budget


def storage_at(url: str) -> Storage:
    """Opens the storage that a URL names.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path`, or a URL of Redis (`redis://`,
            `rediss://`, `unix://`).

    Raises:
        ConfigurationError: the URL cannot be used, or its package is missing.
    """
    scheme, name = url.partition(":")[0], url
    if scheme == "sqlite":
        path = url.removeprefix("sqlite:///")
        if path in (url, "", ":memory:"):
            ways = "sqlite:///relative/path or sqlite:////absolute/path"
            raise ConfigurationError(f"rate_limit_storage must name a file: {ways}.")
        name = os.path.realpath(path)
    with _forks.lock:
        if name not in _storages:
            _storages[name] = _open(scheme, name)
        return _storages[name]


def release(user: User) -> None:
    """Closes every storage that this user alone has kept open."""
    for storage in list(_storages.values()):
        storage.release(user)


@atexit.register
def _disconnect_all() -> None:
    # Or the interpreter, which closes what is open later, warns of it.
    for storage in list(_storages.values()):
        storage.disconnect()


def _open(scheme: str, name: str) -> Storage:
    if scheme == "sqlite":
        from statuspro.pacing.sqlite import SQLiteStorage

        return SQLiteStorage(name)
    # Not the URL itself in the messages: it may hold a password.
    if scheme not in ("redis", "rediss", "unix"):
        schemes = "sqlite:///, redis://, rediss://, unix:// or memory://"
        raise ConfigurationError(f"rate_limit_storage must be a URL that begins with {schemes}.")
    try:
        from statuspro.pacing.redis import RedisStorage
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        hint = 'rate_limit_storage needs the redis package: pip install "statuspro[redis]"'
        raise ConfigurationError(hint) from error
    return RedisStorage(name)
