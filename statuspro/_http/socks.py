"""Connections through a SOCKS proxy, and what its refusals mean."""

from __future__ import annotations

import errno
import functools
import re
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, ProxyError

from statuspro._http.connection import CallConnection, ProxyRefusedError
from statuspro._http.pool import UnlessReplaced
from statuspro.errors import ConfigurationError


@functools.cache
def socks_pool_classes(pool: Any, tls_pool: Any) -> dict[str, Any]:
    """The classes of pools whose connections go through a SOCKS proxy, by scheme.

    Args:
        pool: the class of pools over plain http, of which a class of its own is made.
        tls_pool: the class of pools over https, likewise.
    """
    # Imported where it is needed: without PySocks there is nothing to import.
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

    def connect(self) -> None:
        try:
            super().connect()
        except ConnectTimeoutError as error:
            raise _socks_failure(error) from None


#: What SOCKS5's replies mean.
_SOCKS_REPLIES = {"3": errno.ENETUNREACH, "4": errno.EHOSTUNREACH, "5": errno.ECONNREFUSED}


def _socks_failure(error: ConnectTimeoutError) -> ProxyError:
    # PySocks wraps what happened, more than once, and urllib3 wraps that again.
    cause: Any = error.__cause__ or error.__context__ or error
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
