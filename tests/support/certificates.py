"""Certificates for servers on loopback, of an authority that only the tests trust."""

from __future__ import annotations

import ssl
from typing import Any

import trustme

#: Of a server's side, and the path of the bundle of certificates that clients trust.
TLS = tuple[ssl.SSLContext, str]


def serving(authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
    """A server's side, with a certificate for the names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",)), **options).configure_cert(context)
    return context
