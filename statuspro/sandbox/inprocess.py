"""The sandbox without sockets: a transport whose connections pass their bytes to the WSGI app."""

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
    """The methods of a socket that a connection calls: send a request, read the response."""

    def __init__(self, app: Application, timeout: float | None) -> None:
        self._app = app
        self._timeout = timeout
        self._sent = bytearray()

    def settimeout(self, timeout: float | None) -> None:
        """Sets how many seconds a response may take."""
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """Returns how many seconds a response may take."""
        return self._timeout

    def sendall(self, data: bytes) -> None:
        """Keeps a part of the request."""
        self._sent += data

    def makefile(self, mode: str) -> io.BufferedReader:
        """Answers the request that was sent, and returns the response as a file."""
        request, self._sent = bytes(self._sent), bytearray()
        response = bytearray()
        failure: TimeoutError | None = None
        try:
            # After a drop or a refusal the response ends, as it does when a socket is closed.
            with contextlib.suppress(ConnectionResetError, BadRequestError):
                serve_connection(io.BytesIO(request), response.extend, self._answer, 0)
        except TimeoutError as error:
            failure = error
        return io.BufferedReader(_ResponseBytes(bytes(response), failure))

    def shutdown(self, how: int) -> None:
        """Does nothing: there is no connection to shut."""

    def close(self) -> None:
        """Does nothing: there is no connection to close."""

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[PAUSE] = self._pause
        return self._app(environ, start_response)

    def _pause(self, seconds: float) -> None:
        if self._timeout is not None and seconds > self._timeout:
            time.sleep(self._timeout)
            raise TimeoutError("timed out")
        self._app.pause(seconds)


class _ResponseBytes(io.RawIOBase):
    """The response's bytes. A timeout is raised after them if the response is not complete."""

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
    """Makes a transport that sends every request to `app`, and else works as on the wire."""

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
