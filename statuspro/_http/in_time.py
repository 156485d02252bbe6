"""Sockets whose waits end with the call's deadline.

A timeout bounds one wait of a socket. Python's own TLS counts its waits together. The negotiation
with a SOCKS proxy, TLS within TLS and pyOpenSSL do not: a peer that sends a byte now and then keeps
them waiting for ever.
"""

from __future__ import annotations

import functools
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from statuspro._http.call import current_call

if TYPE_CHECKING:
    from socket import socket as _base
else:
    _base = object

#: Seconds; a timeout of 0 would mean not to wait at all, which TLS refuses.
_SHORTEST = 0.001


class InTime(_base):
    """What a socket does beside: it cuts its timeout before each wait."""

    __slots__ = ()

    def gettimeout(self) -> float | None:
        """Returns what is left of the deadline, or the timeout where that is shorter.

        Raises nothing when the deadline has passed. Python's TLS asks while the socket and its
        successor both hold the descriptor, and both would close it.
        """
        try:
            return self._left()
        except TimeoutError:
            return _SHORTEST

    def recv(self, *args: Any) -> Any:
        """Receives bytes."""
        self._cut_timeout()
        return super().recv(*args)

    def recv_into(self, *args: Any, **options: Any) -> Any:
        """Receives bytes into a buffer."""
        self._cut_timeout()
        return super().recv_into(*args, **options)

    def send(self, *args: Any) -> Any:
        """Sends some of the bytes."""
        self._cut_timeout()
        return super().send(*args)

    def sendall(self, *args: Any) -> Any:
        """Sends all of the bytes."""
        self._cut_timeout()
        return super().sendall(*args)

    def _cut_timeout(self) -> None:
        call = current_call()
        if call is not None and call.ends is not None:
            self.settimeout(self._left())

    def _left(self) -> float | None:
        seconds = super().gettimeout()
        call = current_call()
        return seconds if call is None else call.cut(seconds)


@functools.cache
def in_time_class(kind: type) -> Any:
    """Makes the class of sockets of this kind that keep to the deadline."""
    return type(f"InTime_{kind.__name__}", (InTime, kind), {"__slots__": ()})


def in_time(sock: Any) -> Any:
    """Has a socket keep to the deadlines of the calls that use it."""
    if isinstance(sock, socket.socket):
        with suppress(TypeError):  # a tool's class of sockets may be laid out in another way
            kind: Any = type(sock)
            sock.__class__ = in_time_class(kind)
    return sock
