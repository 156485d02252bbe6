"""Budgets that any number of machines share in Redis: one key each, which expires by itself.

A change reads the state, changes it here and writes it back if no other process has written
meanwhile; else it begins again.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from statuspro._logging import log
from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing.budget import Change, SharedBudget, Storage

T = TypeVar("T")

# Seconds that one command may take.
_TIMEOUT = 1.0
# Seconds for which Redis is left alone after it could not be reached.
_RETRY_AFTER = 5.0
# Seconds after which an idle connection may have been cut without a word, by a firewall.
_LONGEST_IDLE = 30.0

# With arguments: writes if the state is still what was read. Else, or without: reads.
_SCRIPT = """
local state = redis.call('GET', KEYS[1])
if ARGV[1] and ARGV[1] == (state or '') then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
local clock = redis.call('TIME')
return {state, clock[1], clock[2], redis.call('EXISTS', KEYS[2])}
"""


class RedisStorage(Storage):
    """The budgets in one Redis.

    Args:
        url: where Redis is; never shown, it may hold a password.
        clock: seconds, for the pauses between two attempts to reach Redis.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    least_patience = _TIMEOUT

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self.where = f"Redis at {_where(url)}"
        self._clock = clock
        self._client: redis.Redis | None = None
        self._script: Callable[..., Any] | None = None
        self._pid = 0
        self._used_at = 0.0  # when Redis was reached last ...
        self._away_until = -math.inf  # ... and when to try again, if it could not be
        self._is_away = False
        super().__init__()

    def change_until(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        """Changes the counts by comparing and setting, see `Storage`."""
        now = self._clock()
        if budget.falls_back and now < self._away_until:
            return budget.change_alone(change, now)
        try:
            result = self._reach(deadline, budget, change)
        except (redis.RedisError, OSError) as error:
            message = f"the rate budget in {self.where} cannot be used: {error}"
            self._away_until = self._clock() + _RETRY_AFTER
            if not budget.falls_back:
                raise StatusProError(message) from error
            if not self._is_away:
                self._is_away = True
                text = "%s; pacing in this process alone until it is back"
                log(budget.logger, "warning", text, message)
            return budget.change_alone(change, self._clock())
        if self._is_away:
            self._is_away, self._away_until = False, -math.inf
            log(budget.logger, "info", "the rate budget in %s is back", self.where)
        return result

    def disconnect(self) -> None:
        """Closes the connection, see `Storage`."""
        client, self._client, self._script = self._client, None, None
        if client is not None:
            with contextlib.suppress(redis.RedisError, OSError):
                client.connection_pool.disconnect()

    def after_fork_in_child(self) -> None:
        """Forgets what is the parent's."""
        self._script = self._client = None

    def _reach(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        """Changes the counts, over a new connection where the one at hand was cut."""
        if self._pid != os.getpid():
            self.after_fork_in_child()
        if time.monotonic() - self._used_at > _LONGEST_IDLE:
            self.disconnect()
        was_connected = self._script is not None
        try:
            return self._exchange(deadline, budget, change)
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            if not was_connected:
                raise
        return self._exchange(deadline, budget, change)

    def _exchange(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        digest = budget.digest
        keys = [f"statuspro:2:{{{digest}}}", f"statuspro:1:{{{digest}}}"]
        pause = 0.0005
        try:
            run = self._script or self._connect()
            while True:
                state, seconds, micros, older = run(keys=keys)
                now = int(seconds) + int(micros) / 1e6
                ledger = budget.ledger(state, now, now, outdated=bool(older))
                result = change(ledger)
                lasting = math.ceil(1000 * (ledger.lasts() + ledger.span))
                if run(keys=keys, args=[state or b"", ledger.dump(), lasting]) == 1:
                    break
                if time.monotonic() > deadline:
                    raise redis.RedisError("too many processes are at it")
                time.sleep(random.uniform(0, pause))
                pause = min(2 * pause, 0.02)
        except BaseException:  # the response may still arrive: not on a connection that goes on
            self.disconnect()
            raise
        self._used_at = time.monotonic()
        budget.keep(ledger, self._clock())
        return result

    def _connect(self) -> Callable[..., Any]:
        # One connection behind our own lock: no fork falls into redis-py's locks.
        client = redis.Redis(connection_pool=_pool(self._url), single_connection_client=True)
        self._client, self._pid = client, os.getpid()
        self._script = client.register_script(_SCRIPT)
        return self._script


def _pool(url: str) -> redis.ConnectionPool:
    pool_class: Any = redis.ConnectionPool  # its keywords have no types
    pool: redis.ConnectionPool = pool_class.from_url(
        url,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    pool.connection_kwargs["decode_responses"] = False  # whatever the URL says: the state is bytes
    return pool


def _where(url: str) -> str:
    """Host and port, or the socket's path, of a URL that is checked on the way."""
    try:
        made = _pool(url)
        made.connection_class(**made.connection_kwargs)
    except (ValueError, TypeError, redis.RedisError):
        # Without the cause, whose text may hold a part of the password.
        raise ConfigurationError("rate_limit_storage: the URL of Redis cannot be used") from None
    where: dict[str, Any] = made.connection_kwargs
    return str(where.get("path") or f"{where.get('host', 'localhost')}:{where.get('port', 6379)}")
