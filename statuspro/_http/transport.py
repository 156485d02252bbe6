"""The HTTPAdapter: our connections and retries under requests, its exceptions translated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError, TimeoutError

from statuspro._http.call import Call, CallSettings, Cancelled, WaitTooLong, current_call, under_way
from statuspro._http.callbacks import of_the_caller
from statuspro._http.exceptions import past_deadline, translate
from statuspro._http.pool import Pool, Pools, TLSPool, use_our_pools
from statuspro._http.retry import RetryPolicy, note_unslept, retry_policy, settle
from statuspro._http.socks import check_socks_version, socks_pool_classes
from statuspro._kinds import is_tuple
from statuspro.errors import APIConnectionError, InvalidResponseError, RateLimitError
from statuspro.redaction import Redactor

#: Seconds that an attempt is thought to take at the most where it has no timeout.
_LONGEST_ATTEMPT = 60.0


class Transport(HTTPAdapter):
    """The adapter between a client and urllib3.

    Args:
        policy: what is sent again, and when.
        settings: what each call may do.
        pool_connections: how many hosts to keep connections to.
        pool_maxsize: how many connections to keep to each.
    """

    #: The class of a connection pool, by scheme.
    pool_classes: ClassVar[dict[str, Any]] = {"http": Pool, "https": TLSPool}

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        settings: CallSettings | None = None,
        *,
        pool_connections: int = 10,
        pool_maxsize: int = 100,
    ) -> None:
        self.settings = settings or CallSettings()
        super().__init__(pool_connections, pool_maxsize, policy or retry_policy(0))

    def derive(self, policy: RetryPolicy, settings: CallSettings) -> Transport:
        """An adapter with other settings that shares the connections of this one."""
        derived = type(self).__new__(type(self))
        vars(derived).update(vars(self), max_retries=policy, settings=settings)
        return derived

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        """Called by `HTTPAdapter`'s constructor."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self._pools = Pools(
            connections, self.pool_classes, maxsize=maxsize, block=block, **pool_kwargs
        )
        self.poolmanager = self._pools
        self.proxy_manager = self._pools.proxies

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: dict[str, str] | None = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        """Finds the pool for a request; remembers the plain case, which is the same each time."""
        find = super().get_connection_with_tls_context
        if proxies or cert:
            return find(request, verify, proxies, cert)
        scheme, _, host, *_ = (request.url or "").split("/", 3)
        key = (scheme, host, verify)
        pool: Any = self._pools.known.get(key)
        if pool is None or pool.pool.is_closed:  # to make room for others
            pool = self._pools.known[key] = find(request, verify, proxies, cert)
        return pool  # type: ignore[no-any-return]

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Finds the pools behind a proxy, and has them make our connections.

        Raises:
            ConfigurationError: the proxy's scheme leaves open which version of SOCKS it speaks.
        """
        classes = self.pool_classes
        if is_socks := proxy.lower().startswith("socks"):
            check_socks_version(proxy)
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if is_socks:
            classes = socks_pool_classes(classes["http"], classes["https"])
        use_our_pools(manager, classes)
        return manager

    def request_url(self, request: requests.PreparedRequest, proxies: dict[str, str] | None) -> str:
        """Writes the URL for urllib3: without the query, which the connection adds."""
        call = current_call()
        if call is not None and not proxies:
            return call.path
        return super().request_url(request, proxies).partition("?")[0]

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        """Sends the request, as often as the policy says, and returns the last response, read.

        Raises:
            APIConnectionError: there is no response.
            APITimeoutError: there was none in time, or the deadline has passed.
            RateLimitError: the wait for the rate budget would exceed `max_wait` or pass the
                deadline; nothing was sent.
            InvalidResponseError: the response is larger than `max_response_bytes`.
            BaseException: what the caller's own code raised (`on_wait`, a logger, a signal
                handler), as it is; with a note where a write had been sent by then.
        """
        call = Call(request, self.settings, _lease(timeout))
        call.is_streamed = stream
        try:
            with under_way(call):
                _check_deadline(call)
                call.begin_attempt()
                response = super().send(request, stream, timeout, verify, cert, proxies)
                if call.body is not None:
                    response.raw.release_conn()  # first: a logger may fail
                settle(call, response.status_code, response.headers)
                return _with_body(response, call)
        except WaitTooLong as too_long:
            if too_long.response is not None:
                refused = self.build_response(request, too_long.response)
                note_unslept(refused, too_long.seconds)
                return _with_body(refused, call)
            failure: BaseException = _out_of_time(too_long, call, request)
        except Cancelled:
            raise
        except (requests.RequestException, HTTPError) as error:
            own = of_the_caller(error)
            failure = own or _failure(error, call, request)
            if own is not None:
                call.note_on(own)
        except BaseException as error:
            call.note_on(error)
            raise
        # Raised here, and not where it was caught: that one's context would hold the request.
        raise failure


class _Timed(requests.Response):
    """A response on its way to its Session, which sets `elapsed` to what all of the call took.

    That includes what the call has waited, so it is not taken; the response is a plain one then.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "elapsed":
            self.__class__ = requests.Response  # type: ignore[assignment]
        else:
            super().__setattr__(name, value)


class _Read:
    """A body that has been read already, as requests asks a response of urllib3 for it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *args: object, **options: object) -> Iterator[bytes]:
        """Hands out the whole body at once."""
        yield self._body


def _with_body(response: requests.Response, call: Call) -> requests.Response:
    if call.body is None:  # a response that none of our connections read: a test's
        return response
    if call.is_oversized or not call.is_streamed:
        raw, response.raw = response.raw, _Read(call.body)
        _ = response.content  # which the response keeps
        response.raw = raw
    response.elapsed = timedelta(seconds=call.elapsed)
    response.__class__ = _Timed
    if call.is_oversized and 200 <= response.status_code < 300:
        raise InvalidResponseError(
            f"The response is larger than {call.settings.max_response_bytes} bytes "
            "(max_response_bytes).",
            status_code=response.status_code,
            response=Redactor(response.request).response(response),
            request_line=call.request_line,
            maybe_applied=call.is_write,
        )
    return response


def _check_deadline(call: Call) -> None:
    if call.is_over:  # of several that count as one, an earlier one has used the time up
        call.sent = False
        raise TimeoutError


def _failure(error: Exception, call: Call, request: requests.PreparedRequest) -> Exception:
    failure = translate(error, request, call.sent)
    if call.is_over and isinstance(failure, APIConnectionError):
        return past_deadline(failure, call)
    return failure


def _out_of_time(too_long: WaitTooLong, call: Call, request: requests.PreparedRequest) -> Exception:
    """Makes the error of a call that may not wait as long as it would have to."""
    if too_long.error is None:
        return _out_of_budget(too_long, call)
    failure = _failure(too_long.error, call, request)
    if too_long.is_deadline and isinstance(failure, APIConnectionError):
        deadline = f"The deadline of {call.settings.deadline:g} s"
        failure.message += f" {deadline} leaves no time to try again."
    return failure


def _out_of_budget(too_long: WaitTooLong, call: Call) -> RateLimitError:
    return RateLimitError(
        f"{too_long.reason}. The wait is longer than {too_long.bound}: nothing was sent.",
        retry_after=too_long.seconds,
        request_line=call.request_line,
    )


def _lease(timeout: Any) -> float:
    """Adds up the seconds that one attempt can take at the most."""
    if isinstance(timeout, Timeout):
        timeout = timeout.total or (timeout.connect_timeout, timeout.read_timeout)
    parts = timeout if is_tuple(timeout) else (timeout, timeout)
    seconds = [part for part in parts if isinstance(part, (int, float))]
    return float(sum(seconds)) if len(seconds) == len(parts) else _LONGEST_ATTEMPT
