"""Connections through a SOCKS proxy, and what its refusals mean."""

from __future__ import annotations

import errno
import functools
import importlib
import re
import socket
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProxyError

from statuspro._http.call import current_call
from statuspro._http.connection import CallConnection, ProxyRefusedError
from statuspro._http.in_time import in_time_class
from statuspro._http.pool import UnlessReplaced
from statuspro.errors import ConfigurationError

#: What SOCKS5's replies mean.
_SOCKS_REPLIES = {"3": errno.ENETUNREACH, "4": errno.EHOSTUNREACH, "5": errno.ECONNREFUSED}


@functools.cache
def socks_pool_classes(pool: Any, tls_pool: Any) -> dict[str, Any]:
    """The classes of pools whose connections go through a SOCKS proxy, by scheme.

    Args:
        pool: the class of pools over plain http, of which a class of its own is made.
        tls_pool: the class of pools over https, likewise.
    """
    # Imported where they are needed: without PySocks there is nothing to import.
    from urllib3.contrib import socks

    class SOCKSConnection(_SOCKSConnection, socks.SOCKSConnection):
        pass

    class SOCKSTLSConnection(_SOCKSConnection, socks.SOCKSHTTPSConnection):
        pass

    # A tool that knows nothing of SOCKS replaces the classes of the others only.
    theirs: tuple[Any, ...] = (socks.SOCKSHTTPConnectionPool, HTTPConnectionPool)
    theirs_tls: tuple[Any, ...] = (socks.SOCKSHTTPSConnectionPool, HTTPSConnectionPool)
    ours = UnlessReplaced(SOCKSConnection, *theirs)
    ours_tls = UnlessReplaced(SOCKSTLSConnection, *theirs_tls)
    return {
        "http": type("SOCKSPool", (pool,), {"ConnectionCls": ours}),
        "https": type("SOCKSTLSPool", (tls_pool,), {"ConnectionCls": ours_tls}),
    }


def check_socks_version(proxy: str) -> None:
    """Refuses a proxy's URL that leaves open which version of SOCKS the proxy speaks.

    urllib3 does so too, and shows the whole URL, its password included.

    Raises:
        ConfigurationError: the URL's scheme has no version.
    """
    scheme = proxy.partition(":")[0].lower()
    if scheme not in ("socks4", "socks4a", "socks5", "socks5h"):
        raise ConfigurationError(
            "A proxy's URL begins with socks4, socks4a, socks5 or socks5h (which has the proxy "
            f"resolve names), not with {scheme}."
        )


class _SOCKSConnection(CallConnection):
    """What ours do beside urllib3's through a SOCKS proxy."""

    _socks_options: Any

    def _new_conn(self) -> Any:
        # In place of urllib3's: PySocks' own sockets wait for each byte of the negotiation anew.
        proxy = self._socks_options
        where = proxy["proxy_host"].strip("[]"), proxy["proxy_port"]
        failure: Exception = OSError("the proxy has no address")
        try:
            for family, *_ in socket.getaddrinfo(*where, 0, socket.SOCK_STREAM):
                try:
                    return self._connected(family)
                except OSError as error:  # PySocks' own are such
                    failure = error
        except OSError as error:
            failure = error
        raise _socks_failure(failure) from None

    def _connected(self, family: int) -> Any:
        """Opens a connection by one of the proxy's addresses."""
        proxy, call = self._socks_options, current_call()
        sock = in_time_class(importlib.import_module("socks").socksocket)(family)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(self.timeout if call is None else call.cut(self.timeout))
            sock.set_proxy(
                proxy["socks_version"],
                proxy["proxy_host"].strip("[]"),
                proxy["proxy_port"],
                proxy["rdns"],
                proxy["username"],
                proxy["password"],
            )
            sock.connect((self.host.strip("[]"), self.port))
        except BaseException:
            sock.close()
            raise
        return sock


def _socks_failure(cause: Any) -> ProxyError:
    # PySocks wraps what happened, more than once.
    while getattr(cause, "socket_err", None) is not None:
        cause = cause.socket_err
    if type(cause).__name__ == "SOCKS5AuthError":
        return ProxyRefusedError(None, "SOCKS authentication failed")
    reply = re.match("0x0([2-5]): ", getattr(cause, "msg", ""))
    if reply and reply[1] == "2":
        return ProxyRefusedError(None, "not allowed by its rules")
    if reply:
        cause = OSError(_SOCKS_REPLIES[reply[1]], "SOCKS")
    return ProxyError("Unable to connect through the proxy", cause)
