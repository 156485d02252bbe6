"""Servers that write raw bytes, and a client of them."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from statuspro import StatusProClient
from tests.support.polling import eventually

KEY = "key-3f9a1c77e0d24b58"


class Peer:
    """The server's end of a connection, with the request that has just arrived."""

    def __init__(
        self, connection: socket.socket, request: bytes, stopping: threading.Event
    ) -> None:
        self.connection = connection
        self.request = request
        self._stopping = stopping

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float) -> None:
        """Says nothing for so long, but not longer than the server runs."""
        self._stopping.wait(seconds)

    def until_closed(self) -> None:
        """Says nothing until the client closes the connection, or the server stops."""
        self.connection.recv(1)

    @property
    def goes_on(self) -> bool:
        return not self._stopping.is_set()


Answer = bytes | Callable[[Peer], None]


class RawServer:
    """Answers each request with the next of the given bytes; the last one again and again.

    Args:
        answers: bytes to send, or what is to be done with the peer. Then the connection is closed.
        keep: whether it is kept for the next request instead.
        tls: wraps each connection.
        port: to listen on; 0 for any free one.
        on_accept: gets the number of each connection, from 1, and says whether to serve it.
    """

    def __init__(
        self,
        *answers: Answer,
        keep: bool = False,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        on_accept: Callable[[int, socket.socket], bool] | None = None,
    ) -> None:
        self.requests: list[bytes] = []
        self.accepted = 0
        self._answers = list(answers)
        self._keep = keep
        self._tls = tls
        self._on_accept = on_accept
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def open(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return len(self._open)

    def has_got(self, count: int) -> bool:
        """Whether so many requests have come in; on a busy machine it may get to them late."""
        return eventually(lambda: len(self.requests) >= count)

    def __enter__(self) -> RawServer:
        self._acceptor.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
        self._acceptor.join()
        with self._lock:
            threads = list(self._open.values())
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()

    def _accept(self) -> None:
        with self._listener:
            while True:
                connection, _ = self._listener.accept()
                if self._stopping.is_set():
                    connection.close()
                    return
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                with self._lock:
                    self._open[connection] = thread
                    self.accepted += 1
                thread.start()

    def _is_served(self, connection: socket.socket) -> bool:
        return self._on_accept is None or self._on_accept(self.accepted, connection)

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            with contextlib.suppress(OSError):
                if not self._is_served(plain):
                    return
                if self._tls is not None:
                    connection = self._tls.wrap_socket(plain, server_side=True)
                with connection.makefile("rb") as reader:
                    while (request := read_request(reader)) and self._answer(connection, request):
                        pass
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
            with self._lock:  # last: a test may wait for a connection to be closed
                self._open.pop(plain)

    def _answer(self, connection: socket.socket, request: bytes) -> bool:
        with self._lock:
            self.requests.append(request)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            answer(Peer(connection, request, self._stopping))
        return self._keep


def read_request(reader: io.BufferedIOBase) -> bytes:
    """One request, head and body; nothing at the connection's end."""
    lines = [reader.readline()]
    length, is_chunked = 0, False
    while lines[-1].strip():
        lines.append(reader.readline())
        name, _, value = lines[-1].lower().partition(b":")
        if name == b"content-length":
            length = int(value)
        is_chunked = is_chunked or (name, value.strip()) == (b"transfer-encoding", b"chunked")
    body = _read_chunks(reader) if is_chunked else reader.read(length)
    return b"".join(lines) + body if lines[0] else b""


def _read_chunks(reader: io.BufferedIOBase) -> bytes:
    chunks = []
    while size := int(reader.readline(), 16):
        chunks.append(reader.read(size))
        reader.readline()
    reader.readline()
    return b"".join(chunks)


def answer(
    body: bytes = b"{}",
    status: str = "200 OK",
    headers: bytes = b"Connection: close\r\n",
    *,
    length: int | None = None,
) -> bytes:
    """An answer; `length` is a Content-Length other than the body's."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n"
    return head.encode("latin-1") + headers + b"\r\n" + body


def client_of(
    port: int, scheme: str = "http", host: str = "127.0.0.1", **options: Any
) -> StatusProClient:
    """A client of a server on loopback, without pacing and without the environment's proxies."""
    options = {"rate_limit": None, "trust_env": False, "timeout": 5.0, **options}
    return StatusProClient(KEY, f"{scheme}://{host}:{port}/api/v1", **options)
