"""Connections and pools: urllib3's, with the body read inside the retry loop and no query shown."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, ProtocolError

from statuspro.calls import current_call
from statuspro.forks import renew_in_child

if TYPE_CHECKING:
    from urllib3 import HTTPResponse

#: Bytes asked for at a time while a body is read.
_CHUNK = 2**16


class _Connection(HTTPConnection):
    """What ours do beside urllib3's."""

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        # urllib3 logs and raises with the URL it was given. Customers' data is in the query, so
        # urllib3 is given none, and the query joins its path here, on the wire.
        call = current_call()
        if call is not None and call.query:
            url = f"{url}?{call.query}"
        super().putrequest(method, url, *args, **kwargs)

    def connect(self) -> None:
        call = current_call()
        if call is not None:
            call.sent = False
        super().connect()

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        call = current_call()
        if call is not None:
            if self.sock is None:
                self.connect()
            call.sent = True
        super().endheaders(*args, **kwargs)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3's own does
        # urllib3's retries do not see a body that is read after them, so it is read before.
        response = super().getresponse()
        call = current_call()
        if call is not None:
            body = _read(response, call.settings.max_response_bytes, self.timeout)
            call.body = body or b""
            call.is_oversized = body is None
            if call.is_oversized:
                self.close()
        return response


class Connection(_Connection):
    """A connection over plain http."""


class TLSConnection(_Connection, HTTPSConnection):
    """A connection over https."""


def _read(response: HTTPResponse, limit: int, seconds: float | None) -> bytes | None:
    """The decoded body; None when it is larger than `limit`.

    A timeout bounds the silence between two packets, so a body that drips would never end: here
    it bounds the body as a whole.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := response.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                return None
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("the body did not end in time")  # as a socket does
    except DecodeError:
        raise ProtocolError("the body cannot be decoded") from None
    return b"".join(chunks)


class _Queue(queue.LifoQueue[Any]):
    """A pool's idle connections."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        renew_in_child(self)

    def renew_after_fork(self) -> None:
        idle, self.queue = self.queue, []
        super().__init__(self.maxsize)  # new locks: urllib3 empties the queue when the pool goes
        for connection in idle:
            if connection is not None:
                connection.close()  # the child's copy; the parent's stays open


class Pool(HTTPConnectionPool):
    """Connections over plain http to one host."""

    ConnectionCls = cast("Any", Connection)
    QueueCls = _Queue


class TLSPool(HTTPSConnectionPool):
    """Connections over https to one host."""

    ConnectionCls = cast("Any", TLSConnection)
    QueueCls = _Queue


class Pools(PoolManager):
    """The pools that a client and those derived from it share.

    Args:
        num_pools: how many hosts to keep connections to.
        pool_classes: the class of a pool, by scheme.
        options: what urllib3's `PoolManager` takes.
    """

    def __init__(self, num_pools: int, pool_classes: dict[str, Any], **options: Any) -> None:
        super().__init__(num_pools, **options)
        self.pool_classes_by_scheme = pool_classes
        #: The managers of pools behind a proxy, by the proxy's URL.
        self.proxies: dict[str, Any] = {}
        #: Pools that were looked up before, for whoever looks up the same again.
        self.known: dict[Any, HTTPConnectionPool] = {}
        self._num_pools = num_pools
        renew_in_child(self)

    def clear(self) -> None:
        """Closes every connection."""
        self.known.clear()
        super().clear()

    def renew_after_fork(self) -> None:
        """Starts with no connections."""
        self.pools = type(self.pools)(self._num_pools)
        self.proxies.clear()
        self.known.clear()
