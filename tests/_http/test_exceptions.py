"""requests' and urllib3's exceptions as ours."""

from __future__ import annotations

import copy
import http.client
import pickle
import socket
import ssl
from typing import Any, cast

import pytest
import requests
from requests import exceptions as theirs
from urllib3 import exceptions as below

from statuspro import (
    APIConnectionError,
    APITimeoutError,
    ConfigurationError,
    RedirectError,
    StatusProError,
)
from statuspro._http.connection import ProxyRefusedError
from statuspro._http.exceptions import translate
from statuspro.sandbox import Sandbox
from tests.support.servers import RawServer, client_of

CONNECTION = cast(Any, "a connection")
POOL = cast(Any, "a pool")
URL = "https://a.test/api/v1/orders?search=Ann"


def prepared(method: str = "POST") -> requests.PreparedRequest:
    return requests.Request(method, URL).prepare()


def in_retries(reason: Exception) -> requests.ConnectionError:
    """As requests hands on what urllib3 gave up after some retries."""
    return requests.ConnectionError(below.MaxRetryError(POOL, URL, reason))


def refused() -> below.NewConnectionError:
    error = below.NewConnectionError(CONNECTION, f"failed: {URL}")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return error


def unverified() -> below.SSLError:
    reason = ssl.SSLCertVerificationError(1, "certificate verify failed")
    reason.verify_message = "unable to get local issuer certificate"
    return below.SSLError(reason)


class NoMockAddress(requests.ConnectionError):
    """As requests-mock has it."""

    def __init__(self, line: str) -> None:
        self.line = line

    def __str__(self) -> str:
        return f"No mock address: {self.line}"


READ = below.ReadTimeoutError(POOL, URL, "Read timed out.")
CONNECT = below.ConnectTimeoutError(CONNECTION, "timed out")
BROKEN = below.ProtocolError("Connection aborted.", ConnectionResetError(104, URL))
CLOSED = below.ProtocolError("Connection aborted.", http.client.RemoteDisconnected(URL))
PROXY = below.ProxyError("Unable to connect to proxy", refused())

REFUSED = "Cannot connect to a.test: Connection refused."
NO_ANSWER = "a.test did not answer in time."
NO_CONNECTION_IN_TIME = "Cannot connect to a.test: it did not answer in time."
FAILED = "The connection to a.test failed before the response was complete."
RESET = f"{FAILED[:-1]}: Connection reset by peer."
NO_PROXY = "No connection to a.test by way of the proxy: Connection refused."
UNTRUSTED = "No secure connection to a.test: unable to get local issuer certificate."

# error, its class, the message, whether a POST may have been applied
TABLE: list[tuple[Exception, type[APIConnectionError], str, bool]] = [
    (theirs.ReadTimeout(READ), APITimeoutError, NO_ANSWER, True),
    (in_retries(READ), APITimeoutError, NO_ANSWER, True),
    (theirs.ReadTimeout(), APITimeoutError, NO_ANSWER, True),
    (READ, APITimeoutError, NO_ANSWER, True),
    (theirs.Timeout(), APITimeoutError, NO_ANSWER, True),
    (theirs.ConnectTimeout(CONNECT), APITimeoutError, NO_CONNECTION_IN_TIME, False),
    (in_retries(CONNECT), APITimeoutError, NO_CONNECTION_IN_TIME, False),
    (theirs.ConnectTimeout(), APITimeoutError, NO_CONNECTION_IN_TIME, False),
    (
        in_retries(refused()),
        APIConnectionError,
        "Cannot connect to a.test: Connection refused.",
        False,
    ),
    (
        in_retries(below.NameResolutionError("a.test", CONNECTION, cast(Any, OSError(-2, URL)))),
        APIConnectionError,
        "Cannot connect to a.test: its name cannot be resolved.",
        False,
    ),
    (requests.ConnectionError(BROKEN), APIConnectionError, RESET, True),
    (in_retries(BROKEN), APIConnectionError, RESET, True),
    (in_retries(CLOSED), APIConnectionError, f"{FAILED[:-1]}: it was closed.", True),
    (requests.ConnectionError(), APIConnectionError, FAILED, True),
    (
        requests.ConnectionError(f"no mock for {URL} and\nits search=Ann"),
        APIConnectionError,
        "The connection to a.test failed: no mock for https://a.test/api/v1/orders and\n"
        "its search=[hidden]",
        True,
    ),
    (
        NoMockAddress(f"POST {URL}"),
        APIConnectionError,
        "The connection to a.test failed: No mock address: POST https://a.test/api/v1/orders",
        True,
    ),
    (
        requests.ConnectionError(OSError(5, URL)),
        APIConnectionError,
        f"{FAILED[:-1]}: Input/output error.",
        True,
    ),
    (theirs.ChunkedEncodingError(URL), APIConnectionError, FAILED, True),
    (theirs.ContentDecodingError(URL), APIConnectionError, FAILED, True),
    (theirs.RetryError(below.MaxRetryError(POOL, URL)), APIConnectionError, FAILED, True),
    (theirs.ProxyError(PROXY), APIConnectionError, NO_PROXY, False),
    (theirs.ProxyError(below.MaxRetryError(POOL, URL, PROXY)), APIConnectionError, NO_PROXY, False),
    (
        theirs.ProxyError(),
        APIConnectionError,
        "No connection to a.test by way of the proxy.",
        True,
    ),
    (
        theirs.ProxyError(below.ProxyError("", OSError(URL))),
        APIConnectionError,
        "No connection to a.test by way of the proxy.",
        True,
    ),
    (
        theirs.ProxyError(below.ProxyError("", CONNECT)),
        APITimeoutError,
        "No connection to a.test by way of the proxy: it did not answer in time.",
        False,
    ),
    (
        theirs.ProxyError(below.ProxyError("", socket.gaierror(-2, URL))),
        APIConnectionError,
        "No connection to a.test by way of the proxy: its name cannot be resolved.",
        True,
    ),
    (
        theirs.ProxyError(below.ProxyError("", unverified())),
        APIConnectionError,
        "No connection to a.test by way of the proxy: unable to get local issuer certificate.",
        False,
    ),
    (
        theirs.ProxyError(ProxyRefusedError(407, "407 Proxy Authentication Required")),
        APIConnectionError,
        "The proxy refused to connect to a.test: 407 Proxy Authentication Required.",
        True,
    ),
    (theirs.SSLError(unverified()), APIConnectionError, UNTRUSTED, False),
    (in_retries(unverified()), APIConnectionError, UNTRUSTED, False),
    (theirs.SSLError(), APIConnectionError, "No secure connection to a.test.", False),
    (below.LocationParseError(URL), APIConnectionError, FAILED, True),
    (below.ClosedPoolError(POOL, URL), APIConnectionError, FAILED, True),
]


@pytest.mark.parametrize(("error", "kind", "message", "maybe_applied"), TABLE)
def test_translations(
    error: Exception, kind: type[APIConnectionError], message: str, maybe_applied: bool
) -> None:
    ours = translate(error, prepared())
    assert type(ours) is kind
    assert isinstance(ours, APIConnectionError)
    assert ours.message == message
    assert ours.request_line == "POST /api/v1/orders"
    assert ours.maybe_applied is maybe_applied
    assert "Ann" not in f"{ours!s}{ours!r}{vars(ours)}{pickle.dumps(ours)!r}"
    assert str(pickle.loads(pickle.dumps(ours))) == str(copy.copy(ours)) == str(ours)
    assert not cast(Any, translate(error, prepared("GET"))).maybe_applied


@pytest.mark.parametrize("sent", [True, False])
def test_what_is_known_of_a_post(sent: bool) -> None:
    """The connection knows, whatever the error's class is."""
    for error, *_ in TABLE:
        assert cast(Any, translate(error, prepared(), sent)).maybe_applied is sent
        assert not cast(Any, translate(error, prepared("GET"), sent)).maybe_applied


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("ours"),
        APITimeoutError("ours"),
        theirs.InvalidURL("the caller's"),
        theirs.InvalidSchema("the caller's"),
        theirs.InvalidHeader("the caller's"),
        ValueError("the caller's"),
    ],
)
def test_what_is_left_as_it_is(error: Exception) -> None:
    assert translate(error, prepared()) is error


def test_redirects_without_end() -> None:
    ours = translate(theirs.TooManyRedirects(f"Exceeded 30 redirects: {URL}"), prepared("GET"))
    assert isinstance(ours, RedirectError)
    assert str(ours).startswith("GET /api/v1/orders: The redirects have no end. (docs: ")
    assert ours.location is None


def test_a_request_without_a_url() -> None:
    request = prepared()
    request.url = None
    assert "the service" in str(translate(theirs.ReadTimeout(), request))


# The classes that users of requests catch ------------------------------------------------------


def test_requests_own_classes_still_catch() -> None:
    with Sandbox(orders=1) as sandbox, sandbox.client(timeout=0.1, max_retries=0) as client:
        for kind in (requests.Timeout, requests.ConnectionError, requests.RequestException):
            sandbox.slow(60)
            with pytest.raises(kind) as late:
                client.get("/orders")
            assert isinstance(late.value, APITimeoutError)
            assert isinstance(late.value, StatusProError)
        others: list[type[Exception]] = [
            requests.ConnectionError,
            requests.RequestException,
            OSError,
        ]
        for other in others:
            sandbox.drop()
            with pytest.raises(other) as dropped:
                client.get("/orders")
            assert not isinstance(dropped.value, requests.Timeout)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_error_holds_neither_the_request_nor_what_it_came_of(method: str) -> None:
    with (
        RawServer(b"") as server,
        client_of(server.port, max_retries=0) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.request(method, "/orders", params={"search": "Ann"})
    error = caught.value
    assert error.__cause__ is error.__context__ is None
    assert error.request is None
    assert error.response is None


def test_an_error_of_the_caller_stays_requests_own() -> None:
    with client_of(1) as client:
        with pytest.raises(theirs.InvalidHeader):
            client.get("/orders", headers={"X-Name": "a\nb"})
        with pytest.raises(ConfigurationError):
            client.get("ftp://127.0.0.1/orders")
