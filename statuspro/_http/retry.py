"""What is sent again, and when: a urllib3 `Retry`.

=====================================  =========  =====================================
failure                                GET        POST
=====================================  =========  =====================================
connection never made                  again      again
429                                    again      again
500, 502, 503, 504                     again      error, may have been applied
read timeout, drop, body cut off       again      error, may have been applied
certificate error, other 4xx, 3xx      error      error
proxy that refuses (407)               error      error
=====================================  =========  =====================================

Whether a request was sent is known from its connection (`Call.sent`), directly and by way of any
proxy; the class of an error does not tell.
"""

from __future__ import annotations

import http.client
import random
import re
import ssl
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from urllib3 import Retry
from urllib3.exceptions import (
    ConnectTimeoutError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util.retry import RequestHistory

from statuspro._http.call import SAFE_METHODS, Call, WaitTooLong, current_call
from statuspro._http.callbacks import of_the_caller
from statuspro._http.connection import ProxyRefusedError
from statuspro._http.headers import retry_after, until_reset

if TYPE_CHECKING:
    import requests
    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import ConnectionPool

TOO_MANY_REQUESTS = 429

#: Not every 5xx: 501 and 505 stay as they are, and what proxies invent (520 …) says nothing.
TRANSIENT = frozenset({500, 502, 503, 504})

#: Statuses of a service, and of a proxy that opens no tunnel, after which a GET is sent again.
TRIED_AGAIN = TRANSIENT | {TOO_MANY_REQUESTS}

#: Seconds. The first pause after a failure, doubled each time.
_FIRST_PAUSE = 0.5

#: Seconds. Doubled each time, the five pauses of the default outlast a window of 60 s.
_FIRST_PAUSE_AFTER_429 = 2.0

#: The attribute of a response that says how long a wait would have been.
_UNSLEPT = "unslept"

#: Seconds. A service's `Retry-After` is met at once by all who wait for it: spread them.
_MOST_SPREAD = 1.0


class RetryPolicy(Retry):
    """The table above, for `HTTPAdapter(max_retries=...)`; see :func:`retry_policy`."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Tells whether a request is sent again after this status."""
        call = current_call()
        if call is not None and not call.is_repeatable:
            return False
        if status_code == TOO_MANY_REQUESTS:
            return True
        return status_code in TRANSIENT and method.upper() in SAFE_METHODS

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> RetryPolicy:
        """Makes the policy for the next attempt; raises when there is none.

        Raises:
            MaxRetryError: no attempts are left.
            Exception: `error`, where the request must not be sent again.
        """
        call = current_call()
        if call is not None and response is not None:
            if call.body is not None:
                response.release_conn()  # first: a logger may fail
            settle(call, response.status, response.headers)
        if error is not None:
            if call is not None and call.sent:
                error = _without_proxy(error)
            if not _may_send_again(method or "GET", error):
                raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Waits until the next attempt may be sent: the backoff, then a slot of the budget."""
        call = current_call()
        if call is None:
            time.sleep(self.pause(response))
            return
        call.end_attempt_in_vain()
        last = self._last()
        try:
            if call.settings.budget is None or last.status != TOO_MANY_REQUESTS:
                call.sleep(self.pause(response), _reason(last))
            call.begin_attempt()
        except WaitTooLong as too_long:
            too_long.response, too_long.error = response, last.error
            raise

    def pause(self, response: BaseHTTPResponse | None = None) -> float:
        """Chooses the pause in seconds: what the service said, or exponential with jitter."""
        told = retry_after(response.headers) if response is not None else None
        if told:
            return told + random.uniform(0, min(_MOST_SPREAD, told / 10))
        if told is None and self._last().status == TOO_MANY_REQUESTS:
            return _pause_after_refusals(self.history) * random.uniform(1.0, 1.1)
        doubled = 1 if told == 0 else 2.0 ** (len(self.history) - 1)
        return float(_FIRST_PAUSE * doubled * random.uniform(0.5, 1.0))

    def _last(self) -> RequestHistory:
        return list(self.history)[-1]


def retry_policy(max_retries: int) -> RetryPolicy:
    """Makes the policy that sends a request again at most `max_retries` times."""
    return RetryPolicy(
        total=max_retries,
        redirect=0,
        allowed_methods=None,
        status_forcelist=TRIED_AGAIN,
        backoff_factor=_FIRST_PAUSE,
        raise_on_status=False,
        raise_on_redirect=False,
    )


def settle(call: Call, status: int, headers: Any) -> None:
    """Logs the status of the current attempt's response, and tells the rate budget."""
    if call.status is not None:
        return
    call.status = status
    call.log_response(status)
    if call.settings.budget is None:
        return
    if status == TOO_MANY_REQUESTS:
        told = retry_after(headers)
        call.end_refused_attempt(_FIRST_PAUSE if told == 0 else told)
        return
    remaining = headers.get("X-RateLimit-Remaining")
    if remaining is not None and re.fullmatch(r"[0-9]{1,9}", remaining):
        call.observe_budget(int(remaining), until_reset(headers))
    call.end_attempt()


def note_unslept(response: requests.Response, seconds: float) -> None:
    """Keeps with a response how long a wait would have been that `max_wait` did not allow."""
    vars(response)[_UNSLEPT] = seconds


def seconds_to_wait(response: requests.Response) -> float:
    """Chooses the seconds until it is worth sending a refused request again.

    Args:
        response: a 429.

    Returns:
        What the service said, or else what the call would have waited before its next attempt.
    """
    told = retry_after(response.headers)
    if told is not None:
        return told
    unslept: float | None = vars(response).get(_UNSLEPT)
    if unslept is not None:
        return unslept
    attempts = getattr(response.raw, "retries", None)
    history = attempts.history if isinstance(attempts, Retry) else ()
    refused = RequestHistory(None, None, None, TOO_MANY_REQUESTS, None)
    return _pause_after_refusals((*history, refused))


def _pause_after_refusals(history: tuple[RequestHistory, ...]) -> float:
    refusals = sum(past.status == TOO_MANY_REQUESTS for past in history)
    return float(_FIRST_PAUSE_AFTER_429 * 2.0 ** (refusals - 1))


def _without_proxy(error: Exception) -> Exception:
    """Finds what broke off a sent request, without urllib3's 'Unable to connect to proxy'."""
    # urllib3 says so of a connection that http.client has closed by then, whatever it carried.
    while isinstance(error, ProxyError):
        error = error.original_error
    if isinstance(error, (OSError, http.client.HTTPException)):
        return ProtocolError("Connection aborted.", error)
    return error


def _may_send_again(method: str, error: Exception) -> bool:
    call = current_call()
    if of_the_caller(error) or (call is not None and call.is_over):
        return False
    if isinstance(error, ProxyRefusedError) and error.status not in TRIED_AGAIN:
        return False
    cause = error.original_error if isinstance(error, ProxyError) else error
    if isinstance(cause, SSLError) and not _is_broken_off(cause):
        return False
    if call is not None and not call.is_repeatable:
        return False
    if call is not None and call.sent is not None:
        is_unsent = not call.sent
    else:  # the connection is none of ours
        is_unsent = isinstance(cause, ConnectTimeoutError)
    if is_unsent:
        return True
    if method.upper() not in SAFE_METHODS:
        return False
    return isinstance(cause, (ReadTimeoutError, ProtocolError, SSLError, OSError))


def _is_broken_off(error: SSLError) -> bool:
    # A peer that goes away in mid-handshake or mid-record is a drop; all else: certificates.
    reason = error.args[0] if error.args else None
    return isinstance(reason, (ssl.SSLEOFError, ssl.SSLZeroReturnError))


def _reason(last: RequestHistory) -> str:
    if last.status == TOO_MANY_REQUESTS:
        return "the service refused the request, its rate limit is used up (429)"
    if last.status is not None:
        return f"the service failed ({last.status}), trying again"
    if isinstance(last.error, ReadTimeoutError):
        return "the service did not answer in time, trying again"
    return "the connection failed, trying again"
