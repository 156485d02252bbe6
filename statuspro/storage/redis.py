"""A budget that any number of machines share in Redis."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from statuspro._logging import Logger, log
from statuspro.errors import ConfigurationError, StatusProError
from statuspro.storage.budget import (
    Budget,
    Figures,
    Slot,
    Wait,
    grace,
    jittered,
    poll,
    span,
    wait_for,
)
from statuspro.storage.forking import ForkSafe
from statuspro.storage.script import SCRIPT

# A request that waits for Redis waits for this long at the most.
_TIMEOUT = 1.0
# Seconds for which Redis is left alone after it could not be reached.
_RETRY_AFTER = 5.0
_WHY = ("paused", "probe", "full", "bulk")


class RedisBudget(ForkSafe):
    """One budget in Redis: one key, which expires by itself.

    Args:
        url: where Redis is; never shown, it may hold a password.
        digest: the budget's name.
        limit: the figures.
        fallback: counts along, and paces alone while Redis cannot be reached; None raises instead.
        logger: told when the fallback begins and ends.
        clock: seconds, for the pause between two attempts to reach Redis.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    def __init__(
        self,
        url: str,
        digest: str,
        limit: Figures,
        *,
        fallback: Budget | None,
        logger: Logger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._where = _where(url)
        self._key = f"statuspro:1:{{{digest}}}"
        self._limit = limit
        self._figures: tuple[float, ...] = (
            *(limit.period, span(limit), poll(limit), grace(limit)),
            *(limit.requests, limit.bulk),
        )
        self._local = fallback
        self._logger = logger
        self._clock = clock
        self._script: Callable[..., Any] | None = None
        self._client: redis.Redis | None = None
        self._pid = 0
        self._failure: tuple[float, str] = (0.0, "")
        self._away = False  # whether Redis could not be reached ...
        self._away_until: float | None = None  # ... and when to try again
        super().__init__()

    def take(self, slot: Slot) -> Wait | None:
        """Takes a place or queues for one, see `Budget`."""
        local = self._local
        if local is None:
            return self._take(slot)
        wait = None
        if not slot.taken and self._due():
            with contextlib.suppress(StatusProError):
                wait = self._take(slot)
        if wait is None:
            # Redis knows of all that this process has sent, unless it lost it or was away.
            wait = local.take(_twin(slot))
            if wait is not None and slot.taken:
                number = slot.number
                self._report("give_back", slot)
                slot.number = number  # its place in the queue stays
        return wait

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a place that was not used."""
        if slot.number:
            self._report("give_back", slot)
        if self._local is not None:
            self._local.give_back(_twin(slot))

    def finish(self, slot: Slot) -> None:
        """Keeps the place of an attempt that has ended for one more period."""
        if slot.taken:
            self._report("finish", slot)
        if self._local is not None:
            self._local.finish(_twin(slot))

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        """Pauses the whole budget."""
        local, told = self._local, False
        if slot.taken or local is None:
            pause = jittered(retry_after)
            told = self._report("refuse", slot, "" if pause is None else pause)
        if local is not None and told:
            local.finish(_twin(slot))
        elif local is not None:  # Redis cannot hold the pause, so the fallback does
            local.refuse(_twin(slot), retry_after)

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        """Counts what somebody else has used of the same key."""
        if not slot.bulk:
            self._report("observe", slot, "", remaining, "" if reset is None else reset)

    def close(self) -> None:
        """Closes the connection; the next use opens another."""
        with self.lock:
            self._close()

    def before_fork(self) -> None:
        """Closes what two processes must not share; either opens it anew."""
        self._close()

    def after_fork_in_child(self) -> None:
        """Forgets what is the parent's."""
        self._script = self._client = None

    def _take(self, slot: Slot) -> Wait | None:
        if slot.taken:
            return None
        micros, why, slot.number, slot.pauses = self._call("take", slot)
        slot.taken = micros == 0
        if slot.taken:
            return None
        return wait_for(self._limit, _WHY[why], micros / 1e6)

    def _report(self, op: str, slot: Slot, *figures: float | str) -> bool:
        """Changes the counts after the attempt: its outcome must not be lost by a failure here."""
        told = False
        if self._due():
            try:
                self._call(op, slot, *figures)
                told = True
            except StatusProError as error:
                if self._local is None:
                    text = "%s; a place in the budget is kept until its lease ends"
                    log(self._logger, "warning", text, error)
        if op != "observe":
            slot.number, slot.taken = 0, False
        return told

    def _due(self) -> bool:
        """Whether Redis is there, as far as known, or it is time to see if it is back."""
        until = self._away_until
        if until is None:
            return True
        if self._clock() < until:
            return False
        self._away_until = self._clock() + _RETRY_AFTER  # the other threads need not try as well
        return True

    def _call(self, op: str, slot: Slot, *figures: float | str) -> tuple[int, int, int, int]:
        asked = time.monotonic()
        attempt = (op, int(slot.bulk), slot.number, slot.pauses, slot.lease)
        try:
            with self.lock:
                failed, message = self._failure
                if failed > asked:  # who waited for the lock meanwhile need not wait as long again
                    raise StatusProError(message)
                result = self._run((*attempt, *self._figures, *figures))
        except StatusProError as error:
            with self.lock:  # so that one of many threads warns
                away, self._away = self._away, True
            self._away_until = self._clock() + _RETRY_AFTER
            if self._local is not None and not away:
                text = "%s; pacing in this process alone until it is back"
                log(self._logger, "warning", text, error)
            raise
        if self._away:
            self._away, self._away_until = False, None
            log(self._logger, "info", "the rate budget in Redis at %s is back", self._where)
        wait, why, number, pauses = (int(part) for part in result)
        return wait, why, number, pauses

    def _run(self, arguments: tuple[float | str, ...]) -> list[int]:
        script = self._script
        try:
            if script is None or self._pid != os.getpid():
                script = self._connect()
            result: list[int] = script(keys=[self._key], args=arguments)
            return result
        except (redis.RedisError, OSError) as error:
            self._close()
            message = f"the rate budget in Redis at {self._where} cannot be used: {error}"
            self._failure = time.monotonic(), message
            raise StatusProError(message) from error
        except BaseException:  # the answer may still arrive: not on a connection that goes on
            self._close()
            raise

    def _connect(self) -> Callable[..., Any]:
        # One connection behind our own lock: no fork falls into redis-py's locks.
        client = redis.Redis(connection_pool=_pool(self._url), single_connection_client=True)
        self._client, self._pid = client, os.getpid()
        self._script = client.register_script(SCRIPT)
        return self._script

    def _close(self) -> None:
        client, self._client, self._script = self._client, None, None
        if client is not None:
            with contextlib.suppress(redis.RedisError, OSError):
                client.connection_pool.disconnect()


def _twin(slot: Slot) -> Slot:
    """The slot's place in the fallback."""
    if slot.local is None:
        slot.local = Slot(bulk=slot.bulk, lease=slot.lease)
    return slot.local


def _pool(url: str) -> redis.ConnectionPool:
    pool_class: Any = redis.ConnectionPool  # its keywords have no types
    pool: redis.ConnectionPool = pool_class.from_url(
        url,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        # Once more, at once, where a connection was dropped since its last use.
        retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
    )
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
