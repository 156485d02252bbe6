"""The sandbox without sockets: a transport whose connections hand their bytes to the WSGI app."""

from __future__ import annotations

import contextlib
import io
import socket
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from statuspro._http.call import CallSettings
from statuspro._http.connection import Connection
from statuspro._http.pool import Pool
from statuspro._http.retry import RetryPolicy
from statuspro._http.transport import Transport

from .app import PAUSE, Application
from .wire import BadRequestError, serve_connection

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class InProcessSocket:
    """What a connection uses of a socket: it sends a request, and reads the answer as a file."""

    def __init__(self, app: Application, timeout: float | None) -> None:
        self._app = app
        self._timeout = timeout
        self._sent = bytearray()

    def settimeout(self, timeout: float | None) -> None:
        """How many seconds an answer may take."""
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """How many seconds an answer may take."""
        return self._timeout

    def sendall(self, data: bytes) -> None:
        """Take a part of the request."""
        self._sent += data

    def makefile(self, mode: str) -> io.BufferedReader:
        """Have what was sent answered."""
        request, self._sent = bytes(self._sent), bytearray()
        answer = bytearray()
        failure: TimeoutError | None = None
        try:
            # A drop or a refusal ends the answer where it is, as a closed socket does.
            with contextlib.suppress(ConnectionResetError, BadRequestError):
                serve_connection(io.BytesIO(request), answer.extend, self._answer, 0)
        except TimeoutError as error:
            failure = error
        return io.BufferedReader(_Answer(bytes(answer), failure))

    def shutdown(self, how: int) -> None:
        """Nothing is left to shut."""

    def close(self) -> None:
        """Nothing is left to close."""

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[PAUSE] = self._pause
        return self._app(environ, start_response)

    def _pause(self, seconds: float) -> None:
        if self._timeout is not None and seconds > self._timeout:
            time.sleep(self._timeout)
            raise TimeoutError("timed out")
        self._app.pause(seconds)


class _Answer(io.RawIOBase):
    """The answer's bytes, and after them its end or the timeout that came instead."""

    def __init__(self, data: bytes, failure: TimeoutError | None) -> None:
        self._data = io.BytesIO(data)
        self._failure = failure

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._data.readinto(buffer)
        if not count and self._failure is not None:
            raise self._failure
        return count


def in_process_transport(
    app: Application, policy: RetryPolicy, settings: CallSettings
) -> Transport:
    """A transport to ``app``, whatever the URL's host; the rest is as it is on the wire."""

    class InProcessConnection(Connection):
        def _new_conn(self) -> socket.socket:
            return cast(socket.socket, InProcessSocket(app, self.timeout))

        @property
        def is_connected(self) -> bool:
            return self.sock is not None

    class InProcessPool(Pool):
        ConnectionCls = InProcessConnection

    class InProcessTransport(Transport):
        pool_classes = {"http": InProcessPool}  # noqa: RUF012

    return InProcessTransport(policy, settings)
