"""requests' and urllib3's exceptions as ours."""

from __future__ import annotations

import http.client
import os
import re
import socket
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
    TimeoutError,
)

from statuspro._http.call import SAFE_METHODS, Call
from statuspro._http.connection import ProxyRefusedError
from statuspro.errors import (
    APIConnectionError,
    APITimeoutError,
    RedirectError,
    StatusProError,
)
from statuspro.redaction import Redactor, request_line

_PROXY = (ProxyError, requests.exceptions.ProxyError)
_NEVER_CONNECTED = (ConnectTimeoutError, requests.ConnectTimeout)
_CERTIFICATE = (SSLError, requests.exceptions.SSLError)
_TIMEOUT = (TimeoutError, socket.timeout, requests.Timeout)
_BROKEN_BODY = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.RetryError,
)

#: Of a URL in a text, with the question mark.
_QUERY = re.compile(r"\?\S*")

#: Letters that are kept of what another adapter says.
_MOST_WORDS = 2000


def translate(
    error: Exception, request: requests.PreparedRequest, sent: bool | None = None
) -> Exception:
    """Chooses the error to raise instead; `error` itself where it speaks of the caller's arguments.

    Args:
        error: an exception of requests or urllib3.
        request: the request that it ended.
        sent: whether any of the request was sent, where that is known.
    """
    if isinstance(error, StatusProError):
        return error
    line = request_line(request)
    if isinstance(error, requests.TooManyRedirects):
        return RedirectError("The redirects have no end.", request_line=line)
    cause = _innermost(error)
    if not isinstance(cause, (requests.ConnectionError, requests.Timeout, HTTPError)) and (
        not isinstance(cause, _BROKEN_BODY)
    ):
        return error
    kind = APITimeoutError if _is_timeout(_behind_proxy(cause)) else APIConnectionError
    return kind(
        _message(cause, request),
        request_line=line,
        maybe_applied=_maybe_applied(cause, request, sent),
    )


def past_deadline(failure: APIConnectionError, call: Call) -> APITimeoutError:
    """Makes the error of a call that its deadline has ended.

    Args:
        failure: what ended its last attempt.
        call: the call.
    """
    if call.sent:
        came_of_it = "the response had not come whole"
    elif call.sent is None:
        came_of_it = "there was no response"
    else:
        came_of_it = "there was no connection, so nothing was sent"
    attempts = f" (attempt {call.attempt})" if call.attempt > 1 else ""
    advice = "" if failure.maybe_applied else f" The {call.method} can be sent again."
    return APITimeoutError(
        f"The deadline of {call.settings.deadline:g} s has passed: {came_of_it}{attempts}.{advice}",
        request_line=failure.request_line,
        maybe_applied=failure.maybe_applied,
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


def _behind_proxy(cause: Exception) -> Exception:
    """What went wrong between the client and its proxy, or `cause` where no proxy is named."""
    while isinstance(cause, ProxyError):
        cause = cause.original_error
    return cause


def _is_timeout(cause: Exception) -> bool:
    return isinstance(cause, _TIMEOUT) and not isinstance(cause, NewConnectionError)


def _maybe_applied(cause: Exception, request: requests.PreparedRequest, sent: bool | None) -> bool:
    if request.method in SAFE_METHODS:
        return False
    if sent is None:  # another adapter's error: its class is all that is known
        return not isinstance(_behind_proxy(cause), (*_NEVER_CONNECTED, *_CERTIFICATE))
    return sent


def _message(cause: Exception, request: requests.PreparedRequest) -> str:
    host = urlsplit(request.url or "").hostname or "the service"
    reason = _reason(_behind_proxy(cause))
    if isinstance(cause, ProxyRefusedError):
        return f"The proxy refused to connect to {host}: {cause.said}."
    if isinstance(cause, _PROXY):
        return f"No connection to {host} by way of the proxy{reason}."
    if isinstance(cause, _NEVER_CONNECTED):
        return f"Cannot connect to {host}{reason}."
    if _is_timeout(cause):
        return f"{host} did not answer in time."
    if isinstance(cause, _CERTIFICATE):
        return f"No secure connection to {host}{reason}."
    if words := _own_words(cause):
        shown = Redactor(request).text(_QUERY.sub("", words))
        return f"The connection to {host} failed: {shown}"
    return f"The connection to {host} failed before the response was complete{reason}."


def _own_words(cause: Exception) -> str:
    """What another adapter says went wrong: a test's mock that knows no such request."""
    if not isinstance(cause, requests.ConnectionError):
        return ""
    is_foreign = type(cause).__module__.partition(".")[0] != "requests"
    is_said = type(cause) is requests.ConnectionError and isinstance(next(iter(cause.args), 0), str)
    return str(cause)[:_MOST_WORDS] if is_foreign or is_said else ""


def _reason(cause: Exception) -> str:
    """What happened, in the words of the system or our own, which name no host."""
    if isinstance(cause, _CERTIFICATE):
        return _certificate_reason(cause)
    told = _system_error(cause)
    if isinstance(cause, NameResolutionError) or isinstance(told, socket.gaierror):
        return ": its name cannot be resolved"
    if _is_timeout(cause):
        return ": it did not answer in time"
    if isinstance(told, http.client.RemoteDisconnected):
        return ": it was closed"
    if isinstance(told, OSError) and told.errno is not None and told.errno > 0:
        return f": {os.strerror(told.errno)}"
    return ""


def _system_error(cause: Exception) -> BaseException | None:
    if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
        return cause
    told = next((part for part in cause.args if isinstance(part, OSError)), None)
    return told or cause.__cause__


def _certificate_reason(cause: Exception) -> str:
    reason = cause.args[0] if cause.args else None
    told = getattr(reason, "verify_message", None) or getattr(reason, "reason", None)
    return f": {told}" if told else ""
