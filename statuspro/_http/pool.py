"""Pools of connections: idle ones, forks, and tools that replace urllib3's own."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from typing import Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager

from statuspro._forks import renew_in_child
from statuspro._http.call import current_call
from statuspro._http.connection import CallConnection, Connection, TLSConnection


class IdleConnections:
    """A pool's idle connections: a stack as urllib3 uses it, without the locks of a queue.

    Another thread could hold those at a fork, for ever in the child. What is done to a list here is
    atomic; at worst a few connections more than `maxsize` are kept for a while.
    """

    def __init__(self, maxsize: int = 0) -> None:
        #: Whether the pool is closed: a thread that still uses it leaves no connection behind.
        self.is_closed = False
        self._maxsize = maxsize
        self._stack: list[Any] = []
        self._kind: type | None = None
        renew_in_child(self)

    def put(self, connection: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keeps a connection (or None, for which one may be opened); queue.Full if it has many."""
        if self.is_closed:
            _close(connection)
        elif len(self._stack) >= self._maxsize:
            raise queue.Full
        else:
            self._stack.append(connection)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Pops the most recently returned connection; queue.Empty if there is none."""
        try:
            return self._stack.pop()
        except IndexError:
            raise queue.Empty from None

    def qsize(self) -> int:
        """Counts them."""
        return len(self._stack)

    def empty(self) -> bool:
        """Tells whether there are none: vcrpy 8.0 asks, urllib3 does not."""
        return not self._stack

    def keep_only(self, kind: type) -> None:
        """Closes what is idle and of another class than `kind`, the one that is wanted now."""
        if kind is not self._kind:
            self._kind = kind
            self.renew_after_fork()

    def close(self) -> None:
        """Closes what is idle, and what becomes so."""
        self.is_closed = True
        self.renew_after_fork()

    def renew_after_fork(self) -> None:
        """Closes what is idle; in a child those are copies, and the parent's stay open."""
        stack, self._stack = self._stack, []
        for connection in stack:
            _close(connection)


def _close(connection: Any) -> None:
    if connection is not None:
        connection.close()


class UnlessReplaced:
    """The class of a pool's connections: ours, unless urllib3's own has been replaced.

    Tools that record, replay or stop requests (vcrpy) put their class in the place of urllib3's
    own. They must get every request, so their class is taken then.
    """

    def __init__(self, ours: Any, *pools: Any) -> None:
        self._ours = ours
        self._pools = pools

    def __get__(self, instance: object, owner: object = None) -> Any:
        for pool in self._pools:
            if not _is_urllib3s(pool.ConnectionCls):
                return pool.ConnectionCls
        return self._ours


def _is_urllib3s(thing: Any) -> bool:
    # Tools that only look on (OpenTelemetry) wrap a function and keep its module's name.
    return str(thing.__module__).partition(".")[0] == "urllib3"


class _GivingWay(HTTPConnectionPool):
    """A pool that gives way to what has been put in the place of urllib3's connections."""

    QueueCls = cast("Any", IdleConnections)

    def urlopen(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        call = current_call()
        if call is not None and self._is_replaced():
            if call.query and "?" not in url:
                url = f"{url}?{call.query}"  # which no connection of ours will add
            if options.get("headers"):
                options["headers"] = _of_plain_text(options["headers"])
        return super().urlopen(method, url, *args, **options)

    def _is_replaced(self) -> bool:
        ours = issubclass(self.ConnectionCls, CallConnection)
        return not (ours and _is_urllib3s(HTTPConnectionPool.urlopen))

    def _get_conn(self, timeout: float | None = None) -> Any:
        idle: Any = self.pool
        idle.keep_only(self.ConnectionCls)
        return super()._get_conn(timeout)


def _of_plain_text(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Headers that can be recorded: a kind of text that keeps itself out of pickles cannot."""
    return {
        name: str(value) if isinstance(value, str) else value for name, value in headers.items()
    }


class Pool(_GivingWay):
    """Connections over plain http to one host."""

    ConnectionCls = cast("Any", UnlessReplaced(Connection, HTTPConnectionPool))


class TLSPool(_GivingWay, HTTPSConnectionPool):
    """Connections over https to one host."""

    ConnectionCls = cast("Any", UnlessReplaced(TLSConnection, HTTPSConnectionPool))

    def _validate_conn(self, conn: Any) -> None:
        # In place of urllib3's, which warns of verify=False with every request: the client has.
        if conn.is_closed:
            conn.connect()


class Pools(PoolManager):
    """The pools that a client and those derived from it share.

    Args:
        num_pools: how many hosts to keep connections to.
        pool_classes: the class of a pool, by scheme.
        options: what urllib3's `PoolManager` takes.
    """

    def __init__(self, num_pools: int, pool_classes: dict[str, Any], **options: Any) -> None:
        super().__init__(num_pools, **options)
        use_our_pools(self, pool_classes)
        #: The managers of pools behind a proxy, by the proxy's URL.
        self.proxies: dict[str, Any] = {}
        #: Pools that were looked up before, by what they were looked up for.
        self.known: dict[Any, Any] = {}
        self._num_pools = num_pools
        renew_in_child(self)

    def clear(self) -> None:
        """Closes every connection; those in use when they are used no more."""
        self.known.clear()
        super().clear()

    def renew_after_fork(self) -> None:
        """Starts with no connections."""
        self.pools = type(self.pools)(self._num_pools, _let_go)
        self.proxies.clear()
        self.known.clear()


def use_our_pools(manager: PoolManager, pool_classes: dict[str, Any]) -> None:
    """Has `manager` make pools of these classes, and close them when it lets go of them."""
    manager.pool_classes_by_scheme = pool_classes
    manager.pools.dispose_func = _let_go


def _let_go(pool: Any) -> None:
    # Its connections, not the pool itself: a thread that has just got it for a request goes on.
    pool.pool.close()
