"""Proxies for the tests: forwarding, tunnels, SOCKS5, and TLS put before a service without it."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

from tests.support.servers import Peer, RawServer

Address = tuple[str, int]

#: SOCKS5's reply codes.
SUCCEEDED, NOT_ALLOWED, REFUSED = 0, 2, 5

_NO_PASSWORD, _PASSWORD = 0, 2


class Proxy:
    """A forward proxy: plain http by whole URLs, and tunnels for the rest.

    Args:
        refuse: answers this instead to so many of the first requests (or all of them).
        times: see refuse.
        tls: wraps each connection to it.
        port: to listen on; 0 for any free one.
    """

    def __init__(
        self,
        refuse: bytes | None = None,
        times: int = 10**6,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.heads: list[bytes] = []
        self._refusals = [] if refuse is None else [refuse] * min(times, 1000)
        self._lock = threading.Lock()
        self._server = RawServer(self._serve, tls=tls, port=port)
        self.port = self._server.port

    def __enter__(self) -> Proxy:
        self._server.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.__exit__()

    @property
    def lines(self) -> list[str]:
        """The request lines that arrived."""
        return [head.split(b"\r\n")[0].decode() for head in self.heads]

    def _serve(self, peer: Peer) -> None:
        head = peer.request
        with self._lock:
            self.heads.append(head)
            if self._refusals:
                peer.send(self._refusals.pop())
                return
        method, target, _ = head.split(b" ", 2)
        if method == b"CONNECT":
            try:
                upstream = socket.create_connection(_address(target))
            except OSError:
                peer.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            address, _, path = target.removeprefix(b"http://").partition(b"/")
            upstream = socket.create_connection(_address(address))
            upstream.sendall(head.replace(target, b"/" + path, 1))
        with upstream:
            relay(peer.connection, upstream)


def _address(text: bytes) -> Address:
    host, _, port = text.decode().partition(":")
    return host, int(port or 80)


class SocksProxy:
    """A SOCKS5 proxy.

    Args:
        reply: what it answers to a request to connect, where it has nothing against it.
        password: what the user "merchant" must give; None asks for nothing.
    """

    def __init__(self, reply: int = SUCCEEDED, password: str | None = None) -> None:
        self.targets: list[Address] = []
        self._reply = reply
        self._password = password
        self._server = RawServer(b"", on_accept=self._serve)
        self.port = self._server.port

    def __enter__(self) -> SocksProxy:
        self._server.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.__exit__()

    @property
    def connections(self) -> int:
        """How many connections to it were opened."""
        return self._server.accepted

    def _serve(self, _: int, peer: socket.socket) -> bool:
        with contextlib.suppress(OSError, EOFError):
            if self._is_welcome(peer):
                self._connect(peer)
        return False

    def _is_welcome(self, peer: socket.socket) -> bool:
        _, count = _exactly(peer, 2)
        methods = _exactly(peer, count)
        if self._password is None:
            peer.sendall(bytes([5, _NO_PASSWORD]))
            return True
        if _PASSWORD not in methods:
            peer.sendall(b"\x05\xff")
            return False
        peer.sendall(bytes([5, _PASSWORD]))
        _exactly(peer, 1)
        user, password = (_exactly(peer, _exactly(peer, 1)[0]) for _ in range(2))
        is_right = (user, password) == (b"merchant", self._password.encode())
        peer.sendall(bytes([1, 0 if is_right else 1]))
        return is_right

    def _connect(self, peer: socket.socket) -> None:
        kind = _exactly(peer, 4)[3]
        if kind == 1:
            host = socket.inet_ntoa(_exactly(peer, 4))
        else:
            host = _exactly(peer, _exactly(peer, 1)[0]).decode()
        target = (host, int.from_bytes(_exactly(peer, 2), "big"))
        self.targets.append(target)
        reply, upstream = self._reply, None
        if reply == SUCCEEDED:
            try:
                upstream = socket.create_connection(target)
            except OSError:
                reply = REFUSED
        peer.sendall(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if upstream is not None:
            with upstream:
                relay(peer, upstream)


def _exactly(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = peer.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


class TLSFront(RawServer):
    """Takes TLS connections for a service that speaks plain http.

    Args:
        tls: of its connections.
        service: the port of the service.
        port: to listen on.
    """

    def __init__(self, tls: ssl.SSLContext, service: int, port: int) -> None:
        super().__init__(b"", on_accept=self._hand_on, port=port)
        self._front_tls = tls
        self._service = service

    def _hand_on(self, _: int, plain: socket.socket) -> bool:
        with (
            self._front_tls.wrap_socket(plain, server_side=True) as peer,
            socket.create_connection(("127.0.0.1", self._service)) as upstream,
        ):
            relay(peer, upstream)
        return False


class Dripping(RawServer):
    """Hands on connections to a service, whose bytes come back one at a time.

    Args:
        service: the port of the service.
        fast: how many bytes come back at once, before the others drip.
        pause: seconds before each byte.
    """

    def __init__(self, service: int, fast: int = 0, pause: float = 0.1) -> None:
        super().__init__(b"", on_accept=self._hand_on)
        self._service, self._fast, self._pause = service, fast, pause

    def _hand_on(self, _: int, peer: socket.socket) -> bool:
        with socket.create_connection(("127.0.0.1", self._service)) as upstream:
            answers = threading.Thread(target=self._drip, args=(upstream, peer), daemon=True)
            answers.start()
            with contextlib.suppress(OSError):
                while data := peer.recv(65536):
                    upstream.sendall(data)
            with contextlib.suppress(OSError):
                upstream.shutdown(socket.SHUT_RDWR)
            answers.join()
        return False

    def _drip(self, upstream: socket.socket, peer: socket.socket) -> None:
        fast = self._fast
        with contextlib.suppress(OSError):
            while data := upstream.recv(65536):
                peer.sendall(data[:fast])
                for byte in data[fast:]:
                    if self._stopping.wait(self._pause):
                        return
                    peer.sendall(bytes([byte]))
                fast = max(0, fast - len(data))


def relay(one: socket.socket, other: socket.socket) -> None:
    """Hands on what either end sends, until one of them is closed; then both are."""
    targets = {one: other, other: one}
    with contextlib.suppress(OSError):
        for end in targets:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_open = True
        while is_open:
            for source in [end for end in targets if _pending(end)] or select.select(
                [one, other], [], []
            )[0]:
                data = source.recv(65536)
                targets[source].sendall(data)
                is_open = is_open and bool(data)
    for end in targets:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _pending(end: socket.socket) -> bool:
    return isinstance(end, ssl.SSLSocket) and end.pending() > 0
