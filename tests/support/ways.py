"""Ways to a sandbox: directly, and through each kind of proxy.

Each has a sandbox of its own, which a client cannot reach before the way is open: the proxy is not
there, or it says that the service is not.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from functools import cached_property
from typing import Any

from statuspro import StatusProClient
from statuspro.sandbox import Sandbox
from tests.support.certificates import TLS
from tests.support.proxies import Proxy, SocksProxy, TLSFront


class Way:
    """Directly, without any proxy.

    Args:
        tls: for the ways that need it.
    """

    name = "directly"

    def __init__(self, tls: TLS) -> None:
        self._tls, self._bundle = tls
        self._stack = ExitStack()
        self._reserved: list[socket.socket] = []
        self.sandbox = Sandbox(orders=5, port=self._reserve())
        self._is_open = False

    def open(self) -> None:
        """Lets clients reach the sandbox; nothing happens if they can already."""
        if not self._is_open:
            self._is_open = True
            self._release()
            self._stack.enter_context(self.sandbox)
            self._open_last()

    def close(self) -> None:
        """Closes what is open."""
        self._release()
        self._stack.close()

    @cached_property
    def kept(self) -> StatusProClient:
        """A client whose connections stay open as long as the way does."""
        return self._stack.enter_context(self.client(timeout=20.0))

    def client(self, **options: Any) -> StatusProClient:
        """A client of the sandbox that takes this way."""
        return self.sandbox.client(**{**self._options(), **options})

    def _open_last(self) -> None:
        """Opens what makes the difference between a way that is closed and one that is open."""

    def _options(self) -> dict[str, Any]:
        return {}

    def _reserve(self) -> int:
        """A port on which nobody listens until the way is open."""
        reserved = socket.socket()
        reserved.bind(("127.0.0.1", 0))
        self._reserved.append(reserved)
        return int(reserved.getsockname()[1])

    def _release(self) -> None:
        while self._reserved:
            self._reserved.pop().close()


class Forwarding(Way):
    """Through a proxy that is handed whole URLs, and that is not there at first."""

    name = "forwarding"

    def __init__(self, tls: TLS) -> None:
        super().__init__(tls)
        self._port = self._reserve()

    def _open_last(self) -> None:
        self._stack.enter_context(Proxy(port=self._port))

    def _options(self) -> dict[str, Any]:
        return {"proxies": {"http": f"http://127.0.0.1:{self._port}"}}


class Tunnel(Way):
    """Through a CONNECT tunnel, in TLS; at first the proxy answers 502."""

    name = "tunnel"
    scheme = "http"

    def __init__(self, tls: TLS) -> None:
        super().__init__(tls)
        self._front = self._reserve()
        encrypted = self._tls if self.scheme == "https" else None
        self._proxy = self._stack.enter_context(Proxy(tls=encrypted))

    def _open_last(self) -> None:
        front = TLSFront(self._tls, self.sandbox.port, port=self._front)
        self._stack.enter_context(front)

    def _options(self) -> dict[str, Any]:
        return {
            "base_url": f"https://127.0.0.1:{self._front}/api/v1",
            "proxies": {"https": f"{self.scheme}://127.0.0.1:{self._proxy.port}"},
            "verify": self._bundle,
        }


class TunnelByTLS(Tunnel):
    """Through a CONNECT tunnel of a proxy that speaks TLS itself."""

    name = "tunnel by TLS"
    scheme = "https"


class Socks(Way):
    """Through a SOCKS5 proxy, which says at first that the connection was refused."""

    name = "SOCKS5"

    def __init__(self, tls: TLS) -> None:
        super().__init__(tls)
        self._proxy = self._stack.enter_context(SocksProxy())

    def _options(self) -> dict[str, Any]:
        return {"proxies": {"http": f"socks5h://127.0.0.1:{self._proxy.port}"}}


WAYS: list[type[Way]] = [Way, Forwarding, Tunnel, TunnelByTLS, Socks]
