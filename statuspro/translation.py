"""requests' and urllib3's exceptions as ours."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
    SSLError,
    TimeoutError,
)

from statuspro.calls import SAFE_METHODS
from statuspro.errors import (
    APIConnectionError,
    APITimeoutError,
    RedirectError,
    StatusProError,
)

_NEVER_SENT = (
    ConnectTimeoutError,
    ProxyError,
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
)
_CERTIFICATE = (SSLError, requests.exceptions.SSLError)
_TIMEOUT = (TimeoutError, requests.Timeout)


def translate(
    error: Exception, request: requests.PreparedRequest, sent: bool | None = None
) -> Exception:
    """The error to raise instead; `error` itself where it speaks of the caller's arguments.

    Args:
        error: an exception of requests or urllib3.
        request: the request that it ended.
        sent: whether any of the request was sent, where that is known.
    """
    if isinstance(error, StatusProError):
        return error
    line = f"{request.method} {request.path_url.partition('?')[0]}"
    if isinstance(error, requests.TooManyRedirects):
        return RedirectError("The redirects have no end.", request_line=line)
    cause = _innermost(error)
    if not isinstance(cause, (requests.ConnectionError, requests.Timeout, HTTPError)) and (
        not isinstance(cause, _BROKEN_BODY)
    ):
        return error
    kind = APITimeoutError if _is_timeout(cause) else APIConnectionError
    return kind(
        _message(cause, urlsplit(request.url or "").hostname or "the service"),
        request_line=line,
        maybe_applied=_maybe_applied(cause, request, sent),
    )


_BROKEN_BODY = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.RetryError,
)


def _innermost(error: Exception) -> Exception:
    """What requests and urllib3 wrapped, one in the other."""
    while True:
        inner = error.reason if isinstance(error, MaxRetryError) else None
        if inner is None and isinstance(error, requests.RequestException) and error.args:
            inner = error.args[0]
        if not isinstance(inner, (HTTPError, requests.RequestException)):
            return error
        error = inner


def _is_timeout(cause: Exception) -> bool:
    return isinstance(cause, _TIMEOUT) and not isinstance(cause, NewConnectionError)


def _maybe_applied(cause: Exception, request: requests.PreparedRequest, sent: bool | None) -> bool:
    if request.method in SAFE_METHODS or isinstance(cause, _NEVER_SENT):
        return False
    if sent is None:
        return not isinstance(cause, _CERTIFICATE)
    return sent


def _message(cause: Exception, host: str) -> str:
    if isinstance(cause, (ConnectTimeoutError, requests.ConnectTimeout)):
        return f"Cannot connect to {host}{_system_message(cause)}."
    if _is_timeout(cause):
        return f"{host} did not answer in time."
    if isinstance(cause, (ProxyError, requests.exceptions.ProxyError)):
        return "The proxy cannot be reached, or refused."
    if isinstance(cause, _CERTIFICATE):
        return f"No secure connection to {host}{_certificate_message(cause)}."
    return f"The connection to {host} failed before the answer was complete."


def _system_message(cause: Exception) -> str:
    reason = cause.__cause__
    if isinstance(reason, OSError) and reason.errno is not None and reason.errno > 0:
        return f": {os.strerror(reason.errno)}"
    return ": it did not answer in time" if _is_timeout(cause) else ""


def _certificate_message(cause: Exception) -> str:
    reason = cause.args[0] if cause.args else None
    told = getattr(reason, "verify_message", None) or getattr(reason, "reason", None)
    return f": {told}" if told else ""
