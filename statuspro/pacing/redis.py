"""Budgets that any number of machines share in Redis: one key each, which expires by itself.

A change reads the state, changes it here and writes it back if no other process has written
meanwhile; else it begins again.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from statuspro._logging import log
from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing.budget import Change, Clock, SharedBudget, Storage, T
from statuspro.pacing.ledger import LAYOUT

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
return {state, clock[1], clock[2], redis.call('EXISTS', KEYS[2], KEYS[3])}
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

    def __init__(self, url: str, *, clock: Clock = time.monotonic) -> None:
        self._connection, where = _connection(url)
        self._clock = clock
        self._used_at = -math.inf  # when Redis was reached last over this connection ...
        self._away_until = 0.0  # ... and when to try again; 0 where it could be reached
        super().__init__(f"Redis at {where}")

    def change_until(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        """Changes the counts by comparing and setting, see `Storage`."""
        now = self._clock()
        if budget.falls_back and now < self._away_until:
            return budget.change_alone(change, now)
        try:
            result = self._reach(deadline, budget, change)
        except (redis.RedisError, OSError) as error:
            message = f"{self.name} cannot be used: {error}"
            if not budget.falls_back:
                raise StatusProError(message) from error
            if not self._away_until:
                text = "%s; pacing in this process alone until it is back"
                log(budget.logger, "warning", text, message)
            now = self._clock()
            self._away_until = now + _RETRY_AFTER
            return budget.change_alone(change, now)
        if self._away_until:
            self._away_until = 0.0
            log(budget.logger, "info", "%s is back", self.name)
        return result

    def disconnect(self) -> None:
        """Closes the connection, see `Storage`."""
        with contextlib.suppress(redis.RedisError, OSError):
            self._connection.disconnect()

    def after_fork_in_child(self) -> None:
        """Leaves the parent's connection alone; the next change opens another."""
        self._used_at = -math.inf

    def _reach(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        """Changes the counts, over a new connection where the one at hand was cut."""
        may_be_cut = self._clock() - self._used_at < _LONGEST_IDLE
        if not may_be_cut:
            self.disconnect()
        self._used_at = -math.inf  # until it is over: a response may be left on the connection
        try:
            return self._exchange(deadline, budget, change)
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            if not may_be_cut:
                raise
        self.disconnect()
        return self._exchange(deadline, budget, change)

    def _exchange(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        pause = 0.0005
        while True:
            state, seconds, micros, older = self._run(budget)
            now = int(seconds) + int(micros) / 1e6
            ledger = budget.ledger(state, now, now, outdated=bool(older))
            result = change(ledger)
            if ledger.is_stored:
                break
            lasting = math.ceil(1000 * (ledger.lasts() + ledger.span))
            if self._run(budget, state or b"", ledger.dump(), lasting) == 1:
                break
            if time.monotonic() > deadline:
                raise redis.RedisError("too many processes are at it")
            time.sleep(random.uniform(0, pause))
            pause = min(2 * pause, 0.02)
        self._used_at = self._clock()
        budget.keep(ledger, self._used_at)
        return result

    def _run(self, budget: SharedBudget, *arguments: bytes | int) -> Any:
        keys = (f"statuspro:{layout}:{{{budget.digest}}}" for layout in (LAYOUT, 2, 1))
        # One connection behind our own lock: no fork falls into the locks of redis-py's clients.
        self._connection.send_command("EVAL", _SCRIPT, 3, *keys, *arguments)
        return self._connection.read_response()


def _connection(url: str) -> tuple[Any, str]:
    """A connection that opens by itself, and where to: host and port, or the socket's path."""
    limits = {"socket_timeout": _TIMEOUT, "socket_connect_timeout": _TIMEOUT}
    pool: Any = redis.ConnectionPool  # its keywords have no types
    try:
        made = pool.from_url(url, retry=Retry(NoBackoff(), 0), **limits)
        # Whatever the URL says: the state is bytes.
        options = {**made.connection_kwargs, "decode_responses": False}
        connection = made.connection_class(**options)
    except (ValueError, TypeError, redis.RedisError):
        # Without the cause, whose text may hold a part of the password.
        raise ConfigurationError("rate_limit_storage: the URL of Redis cannot be used") from None
    host = f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    return connection, str(options.get("path") or host)
