"""The caller's own code: what hooks, `on_wait`, loggers and signal handlers raise."""

from __future__ import annotations

import functools
import io
import itertools
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import urllib3

from statuspro import APIConnectionError, RateLimit, StatusProClient
from statuspro._http.callbacks import (
    note_sent,
    of_a_hook,
    of_the_caller,
    sent_before,
    watched,
)
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID
from tests.support.promptness import within
from tests.support.servers import Peer, RawServer, answer, client_of

#: Of rate budgets that no two tests share.
PERIODS = itertools.count(5.0)


class Halt(BaseException):
    """As Ctrl-C, which would also end the tests."""


#: What a network, a disk or a mistake can make the caller's code raise.
FAILURES: list[Callable[[], BaseException]] = [
    lambda: OSError("the disk is full"),
    lambda: TimeoutError("the caller's own time is over"),
    lambda: ConnectionResetError("another service's connection"),
    lambda: requests.ConnectionError("another service's connection"),
    lambda: requests.ReadTimeout("another service"),
    lambda: requests.TooManyRedirects("another service"),
    lambda: urllib3.exceptions.ProtocolError("another service"),
    lambda: APIConnectionError("another client's", request_line="GET /x"),
    lambda: ValueError("a mistake"),
    lambda: Halt(),
]


@pytest.fixture(params=FAILURES)
def failure(request: pytest.FixtureRequest) -> BaseException:
    error: BaseException = request.param()
    return error


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    return fail


class FailingLogger:
    """Not one of `logging`; `info`, where given, takes the waits' records."""

    def __init__(self, error: BaseException) -> None:
        self.debug = self.info = self.warning = self.error = raising(error)


@contextmanager
def failing_handler(name: str, error: BaseException, words: str = "") -> Iterator[None]:
    """Has a handler of a logger of `logging` fail at every message with these words."""

    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if words in record.getMessage():
                raise error

    logger, handler = logging.getLogger(name), Failing()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


PATH = f"/orders/{FIRST_ID}/comment"


def post(client: StatusProClient) -> Any:
    return client.post(f"{PATH}?search=Ann", json={"comment": "Hello"})


def get(client: StatusProClient) -> Any:
    return client.get("/orders?search=Ann")


def assert_comes_out(
    error: BaseException, request: Callable[[], Any], note: str | None = None
) -> None:
    """Expects that `error` comes out as it is, with a note or with none."""
    before = str(error)
    with pytest.raises(type(error)) as caught:
        request()
    assert caught.value is error
    assert str(error) == before
    assert sent_before(error) == (note is not None)
    if sys.version_info >= (3, 11):
        expected = [] if note is None else [f"Before this, POST /api/v1{PATH} {note}."]
        assert getattr(error, "__notes__", []) == expected


UNCLEAR = (
    "had been sent, and may have been applied: read the order back (get_order) before sending it "
    "again"
)


# Hooks


@pytest.mark.parametrize("redirects", [False, True])
def test_what_a_hook_raises(failure: BaseException, sandbox: Sandbox, redirects: bool) -> None:
    hooks: Any = {"response": raising(failure)}
    with sandbox.client(hooks=hooks, follow_redirects=redirects) as client:
        assert_comes_out(failure, lambda: post(client), "had been sent, and answered")
    assert len(sandbox.requests) == 1


def test_a_hook_of_a_request_that_changes_nothing(failure: BaseException, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        hooks: Any = {"response": raising(failure)}
        assert_comes_out(failure, lambda: client.get("/orders", hooks=hooks))
    assert len(sandbox.requests) == 1


def test_a_hook_whose_own_request_fails(sandbox: Sandbox) -> None:
    with RawServer(b"") as silent, sandbox.client() as client:

        def tell(response: requests.Response, **kwargs: Any) -> None:
            requests.post(f"http://127.0.0.1:{silent.port}/told", json=response.json())

        client.hooks["response"].append(tell)
        with pytest.raises(requests.ConnectionError) as caught:
            post(client)
    assert not isinstance(caught.value, APIConnectionError)
    assert sent_before(caught.value)
    assert len(sandbox.requests) == 1


# Bodies that are made as they are sent


class FailingFile(io.StringIO):
    """Reads a part, and then fails."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("{" + " " * 10**5)
        self.error = error

    def read(self, size: int | None = -1, /) -> str:
        if self.tell():
            raise self.error
        return super().read(10)


def parts(error: BaseException) -> Iterator[bytes]:
    yield b"{"
    raise error


@pytest.mark.parametrize("body", [parts, FailingFile])
def test_what_a_body_raises(
    failure: BaseException, sandbox: Sandbox, body: Callable[[BaseException], Any]
) -> None:
    with sandbox.client() as client:
        assert_comes_out(failure, lambda: client.post(PATH, data=body(failure)), UNCLEAR)


def test_bodies_that_are_made_as_they_are_sent_arrive(sandbox: Sandbox) -> None:
    text = '{"comment": "Hello"}'
    headers = {"Content-Type": "application/json"}
    with sandbox.client() as client:
        made: list[Any] = [
            *(io.StringIO(text), io.BytesIO(text.encode())),
            *(bytearray(text.encode()), text.encode()),
        ]
        for body in made:
            assert client.post(PATH, data=body, headers=headers).status_code == 200
    assert {request.body for request in sandbox.requests} == {text.encode()}
    with RawServer(answer()) as server, client_of(server.port) as client:
        streamed: list[bytes] = [text[:5].encode(), b"", text[5:].encode()]
        assert client.post(PATH, data=iter(streamed)).status_code == 200
    assert list(watched(iter(["a", b"b"]))) == ["a", b"b"]


# on_wait and loggers


def test_what_on_wait_raises_after_a_refusal(
    failure: BaseException, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.fail(429)
    with sandbox.client(on_wait=raising(failure)) as client:
        assert_comes_out(failure, lambda: post(client), "had been sent, and answered 429")
    assert len(sandbox.requests) == 1
    assert waits == []


def test_what_on_wait_raises_after_a_drop(
    failure: BaseException, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.drop()
    with sandbox.client(on_wait=raising(failure)) as client:
        assert_comes_out(failure, lambda: get(client))
    assert len(sandbox.requests) == 1
    assert waits == []


def test_what_on_wait_raises_before_a_write_is_sent(
    failure: BaseException, sandbox: Sandbox
) -> None:
    limit = RateLimit(requests=1, period=next(PERIODS))
    with sandbox.client(rate_limit=limit, on_wait=raising(failure)) as client:
        get(client)
        assert_comes_out(failure, lambda: post(client))
    assert len(sandbox.requests) == 1


def test_what_another_logger_raises(failure: BaseException, sandbox: Sandbox) -> None:
    with sandbox.client(logger=FailingLogger(failure)) as client:
        assert_comes_out(failure, lambda: post(client), "had been sent, and answered 200")
        assert len(sandbox.requests) == 1
    with sandbox.client(logger=FailingLogger(error := OSError("full"))) as client:
        assert_comes_out(error, lambda: get(client))
    assert len(sandbox.requests) == 2


def test_what_a_handler_of_our_logger_raises(failure: BaseException, sandbox: Sandbox) -> None:
    with failing_handler("statuspro", failure), sandbox.client() as client:
        assert_comes_out(failure, lambda: post(client), "had been sent, and answered 200")
    assert len(sandbox.requests) == 1


def test_what_a_handler_of_urllib3s_loggers_raises(
    failure: BaseException, sandbox: Sandbox
) -> None:
    with failing_handler("urllib3", failure, "POST"), sandbox.client() as client:
        assert_comes_out(failure, lambda: post(client), UNCLEAR)
    assert len(sandbox.requests) == 1
    error = OSError("full")
    with failing_handler("urllib3", error, "Starting new"), sandbox.client() as client:
        assert_comes_out(error, lambda: get(client))
    assert len(sandbox.requests) == 1


# Signal handlers


class Handler:
    """Handles a signal in each of the ways that Python allows."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def method(self, number: int, frame: Any) -> None:
        self._raise()

    def any_arguments(self, *args: Any) -> None:
        self._raise()

    def partial(self, more: str, number: int, frame: Any) -> None:
        self._raise()

    def __call__(self, number: int, frame: Any) -> None:
        self._raise()

    def _raise(self) -> None:
        raise self.error

    def each(self) -> list[Callable[..., None]]:
        given = functools.partial(self.partial, "more")
        return [self, self.method, self.any_arguments, given, lambda number, frame: self._raise()]


@contextmanager
def handled(handler: Callable[..., None]) -> Iterator[None]:
    """Has the handler called for SIGALRM."""
    former = signal.signal(signal.SIGALRM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, former)


def alarm(peer: Peer) -> None:
    """Sends the signal to the client, which waits for a response that never comes whole."""
    peer.pause(0.02)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
    peer.until_closed()


@pytest.mark.parametrize("way", range(5))
def test_what_a_signal_handler_raises(way: int) -> None:
    error = TimeoutError("the job's time is over")
    with RawServer(alarm) as server, client_of(server.port) as client:
        with within(1), handled(Handler(error).each()[way]):
            assert_comes_out(error, lambda: get(client))
        assert len(server.requests) == 1


@pytest.mark.parametrize("error", [OSError("enough"), TimeoutError("enough"), ValueError("enough")])
def test_a_signal_after_a_write_was_sent(error: Exception) -> None:
    with RawServer(alarm) as server, client_of(server.port) as client:
        with handled(Handler(error)):
            assert_comes_out(error, lambda: post(client), UNCLEAR)
        assert len(server.requests) == 1


def test_a_signal_while_the_response_arrives() -> None:
    error = TimeoutError("enough")

    def begin(peer: Peer) -> None:
        peer.send(answer(b'{"data":', length=100))
        alarm(peer)

    with RawServer(begin) as server, client_of(server.port) as client:
        with handled(Handler(error)):
            assert_comes_out(error, lambda: get(client))
        assert len(server.requests) == 1


def test_a_signal_during_a_wait(sandbox: Sandbox) -> None:
    error = TimeoutError("enough")
    sandbox.fail(429)

    def alarm_soon(seconds: float, reason: str) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.02)

    with sandbox.client(on_wait=alarm_soon) as client, handled(Handler(error)):
        assert_comes_out(error, lambda: post(client), "had been sent, and answered 429")
    assert len(sandbox.requests) == 1


# How it is known


def test_an_error_of_the_connection_is_not_the_callers() -> None:
    with pytest.raises(OSError, match="reset") as caught:
        raise OSError("reset")
    assert of_the_caller(caught.value) is None
    assert not of_a_hook(caught.value)
    assert not sent_before(caught.value)


def test_an_error_that_is_its_own_cause() -> None:
    error = OSError("reset")
    error.args = (error,)
    assert of_the_caller(error) is None


def test_an_exception_gets_one_note_of_a_write() -> None:
    error = ValueError()
    for outcome in ("and answered 200", "and may have been applied"):
        note_sent(error, "POST /orders/7/comment", outcome)
    assert sent_before(error)
    if sys.version_info >= (3, 11):
        assert error.__notes__ == [
            "Before this, POST /orders/7/comment had been sent, and answered 200."
        ]


def test_an_exception_that_takes_no_note() -> None:
    class ClosedError(Exception):
        def __setattr__(self, name: str, value: Any) -> None:
            raise AttributeError(name)

    note_sent(ClosedError(), "POST /orders/7/comment", "and answered 200")
