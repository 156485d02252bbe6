"""A threaded HTTP/1.1 server for one WSGI callable, which keeps its connections alive."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from .wire import BadRequestError, serve_connection

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


#: Seconds. Where nothing can wake the thread in accept(), it checks this often whether to stop.
_LONGEST_ACCEPT = 1.0

#: Seconds. After a failed accept() the thread tries again this much later.
_RETRY_ACCEPT = 0.05


class Server:
    """Listens on 127.0.0.1, with one thread for each connection. `port` 0 takes any free port."""

    def __init__(self, app: WSGIApplication, port: int = 0) -> None:
        self.accepted = 0
        self._app = app
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self._listener.settimeout(_LONGEST_ACCEPT)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(
            target=self._accept, name=f"sandbox:{self.port}", daemon=True
        )
        self._acceptor.start()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        with self._lock:
            return len(self._open)

    def stop(self) -> None:
        """Closes the listening socket and every connection, and waits for their threads."""
        self._stopping.set()
        # On Linux this wakes the thread that waits in accept(), and needs no descriptor. On other
        # systems a connection to ourselves wakes the thread. Else the thread's timeout does.
        _shut(self._listener)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            pass
        self._acceptor.join()
        with self._lock:
            threads = list(self._open.values())
            for connection in self._open:
                _shut(connection)
        for thread in threads:
            thread.join()

    def _accept(self) -> None:
        with self._listener:
            while not self._stopping.is_set():
                try:
                    connection, _ = self._listener.accept()
                except TimeoutError:
                    continue
                except OSError:  # no descriptor is free now; the connection waits in the backlog
                    self._stopping.wait(_RETRY_ACCEPT)
                    continue
                if self._stopping.is_set():
                    connection.close()
                    return
                self._start(connection)

    def _start(self, connection: socket.socket) -> None:
        # Else a response on a kept connection may wait 40 ms for the client's delayed ACK.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        with self._lock:
            self._open[connection] = thread
            self.accepted += 1
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError), connection.makefile("rb") as reader:
                serve_connection(reader, connection.sendall, self._app, self.port)
        except BadRequestError:
            _drain(connection)
        finally:
            _shut(connection)
            with self._lock:
                self._open.pop(connection)
            connection.close()


def _drain(connection: socket.socket) -> None:
    # Closing a socket with unread bytes resets the connection, and the refusal would be lost.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1.0)
        while connection.recv(65536):
            pass


def _shut(connection: socket.socket) -> None:
    # After close() alone the peer would wait while a forked child holds a copy of the socket.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
