"""Budgets that any number of machines share in Redis: one key each, which expires by itself.

A change begins with the state that this process wrote last, or else reads it. The process changes
that and writes it back, if no other process has written meanwhile; else it begins again with the
state that Redis returns. So a process that is alone needs one exchange for a change.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import time
from typing import Any, NamedTuple

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from statuspro._logging import log
from statuspro.errors import ConfigurationError, StatusProError
from statuspro.pacing.budget import Change, Clock, SharedBudget, Storage, T
from statuspro.pacing.ledger import LAYOUT, Ledger

# Seconds that one command may take.
_TIMEOUT = 1.0
# How many times a new connection waits for Redis before its first command, as a rule.
_GREETINGS = 4
# Seconds for which Redis is left alone after it could not be reached.
_RETRY_AFTER = 5.0
# Seconds after which an idle connection may have been cut without a word, by a firewall.
_LONGEST_IDLE = 30.0

# How late a guess of Redis's time may be, in periods: the ledger's margin has that to spare.
_LATEST_GUESS = 1 / 2000

# Without arguments: reads. With: writes ARGV[2] for ARGV[3] milliseconds, if the state still begins
# with ARGV[1] (its times tell it from all others), if no other process than ARGV[4] has the turn,
# and if Redis's time is between ARGV[5] and ARGV[6], where these are given. Else reads as well. A
# process that comes too late gets the turn: it writes next, however fast the others are.
_SCRIPT = b"""
local state, turn = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
local clock, older = redis.call('TIME'), redis.call('EXISTS', KEYS[3], KEYS[4])
local now = clock[1] + clock[2] / 1e6
if ARGV[1] and ARGV[1] ~= string.sub(state or '', 1, 24) then
  if not turn then
    turn = ARGV[4]
    redis.call('SET', KEYS[2], turn, 'PX', 40)
  end
elseif ARGV[1] and (not turn or turn == ARGV[4]) and (not ARGV[5] or
    older == 0 and tonumber(ARGV[5]) <= now and now <= tonumber(ARGV[6])) then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  if turn then
    redis.call('DEL', KEYS[2])
  end
  return clock[1] * 1000000 + clock[2]
end
return {state, clock[1], clock[2], older, turn}
"""


class _Seen(NamedTuple):
    """A budget as Redis shows it, or as this process guesses that it would."""

    state: bytes | None
    time: float  # of Redis
    is_guess: bool = False
    outdated: bool = False
    turn: bytes | None = None  # of the process that writes next


class RedisStorage(Storage):
    """The budgets in one Redis.

    Args:
        url: where Redis is; never shown, it may hold a password.
        clock: seconds of a clock that never goes back.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    least_patience = _TIMEOUT

    def __init__(self, url: str, *, clock: Clock = time.monotonic) -> None:
        self._connection, where = _connection(url)
        self._clock = clock
        self._used_at = -math.inf  # when Redis was reached last over this connection ...
        self._away_until = 0.0  # ... and when to try again; 0 where it could be reached
        self._token = os.urandom(8)  # tells this process from the others
        # By digest: what this process has written last, and when by Redis's clock and by its own.
        self._known: dict[str, tuple[bytes, float, float]] = {}
        self._opened_with = 0.0  # seconds that the connection waits for Redis at a time
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
                is_late = isinstance(error, redis.TimeoutError)
                raise StatusProError(message) from (TimeoutError(message) if is_late else error)
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
        self._token = os.urandom(8)
        self._used_at = -math.inf

    def _reach(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        """Changes the counts, over a new connection where the one at hand was cut."""
        is_patient = 3 * self._opened_with >= self._patience(_GREETINGS)
        may_be_cut = is_patient and self._clock() - self._used_at < _LONGEST_IDLE
        if not may_be_cut:
            self._open_anew()
        self._used_at = -math.inf  # until it is over: a response may be left on the connection
        try:
            return self._exchange(deadline, budget, change)
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            if not may_be_cut:
                raise
        self._open_anew()
        return self._exchange(deadline, budget, change)

    def _open_anew(self) -> None:
        """Has the next command open a connection; its timeouts are those of all its time."""
        self.disconnect()
        self._opened_with = seconds = self._patience(_GREETINGS)
        self._connection.socket_timeout = self._connection.socket_connect_timeout = seconds

    def _exchange(self, deadline: float, budget: SharedBudget, change: Change[T]) -> T:
        seen = self._guess(budget) or _seen(self._run(budget))
        pause = 0.0005
        while True:
            ledger = budget.ledger(seen.state, seen.time, seen.time, outdated=seen.outdated)
            result = change(ledger)
            if not ledger.is_stored:
                reply = self._write(budget, ledger, seen)
                if isinstance(reply, int):
                    break
            elif seen.is_guess:  # which cannot tell what the others have done
                reply = self._run(budget)
            else:
                break
            if time.monotonic() > deadline:
                raise redis.RedisError("too many processes are at it")
            seen = _seen(reply)
            if seen.turn not in (None, self._token):
                time.sleep(random.uniform(0, pause))
                pause = min(2 * pause, 0.02)
        self._used_at = self._clock()
        budget.keep(ledger, self._used_at)
        return result

    def _guess(self, budget: SharedBudget) -> _Seen | None:
        """Makes out what Redis would show now, if no other process has written."""
        if budget.digest not in self._known:
            return None
        state, written_at, used_at = self._known.pop(budget.digest)
        return _Seen(state, written_at + self._clock() - used_at, is_guess=True)

    def _write(self, budget: SharedBudget, ledger: Ledger, seen: _Seen) -> Any:
        """Writes what was made of the state that was seen, or reads the state that is there now."""
        state, lasting = ledger.dump(), math.ceil(1000 * (ledger.lasts() + ledger.span))
        latest = seen.time + budget.limit.period * _LATEST_GUESS
        between = (b"%.6f" % seen.time, b"%.6f" % latest) if seen.is_guess else ()
        head = (seen.state or b"")[:24]
        reply = self._run(budget, head, state, b"%d" % lasting, self._token, *between)
        if isinstance(reply, int):
            self._known[budget.digest] = state, reply / 1e6, self._clock()
        return reply

    def _run(self, budget: SharedBudget, *arguments: bytes) -> Any:
        kinds = (str(LAYOUT), "turn", "2", "1")
        keys = [f"statuspro:{kind}:{{{budget.digest}}}".encode() for kind in kinds]
        words = b"EVAL", _SCRIPT, b"%d" % len(keys), *keys, *arguments
        # Packed here: redis-py, which has to look at each word's type, takes six times as long.
        packed = b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words])
        # One connection behind our own lock: no fork falls into the locks of redis-py's clients.
        connection = self._connection
        connection.send_packed_command([b"*%d\r\n%b" % (len(words), packed)])
        # Half of the time: where the connection was cut without a word, another one is opened.
        if self.ends is not None and not connection.can_read(timeout=self._patience(2)):
            raise redis.TimeoutError("Timeout reading from the server")
        return connection.read_response()

    def _patience(self, times: int) -> float:
        """How many seconds Redis may take, so many times."""
        if self.ends is None:
            return _TIMEOUT
        return min(_TIMEOUT, max(self.ends - time.monotonic(), 0.001) / times)


def _seen(reply: Any) -> _Seen:
    state, seconds, micros, older, turn = reply
    return _Seen(state, int(seconds) + int(micros) / 1e6, outdated=bool(older), turn=turn)


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
        raise ConfigurationError("rate_limit_storage: the URL of Redis cannot be used.") from None
    host = f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    return connection, str(options.get("path") or host)
