"""`deadline` bounds a call in all: over real sockets, whatever makes it take its time."""

from __future__ import annotations

import contextlib
import gzip
import socket
import sqlite3
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.util import connection

from statuspro import (
    APIConnectionError,
    APITimeoutError,
    BulkUpdateError,
    Client,
    RateLimit,
    RateLimitError,
    ServerError,
    StatusProClient,
)
from statuspro.pacing import Budget
from statuspro.sandbox import Sandbox
from tests.support.certificates import TLS
from tests.support.polling import eventually
from tests.support.promptness import within
from tests.support.proxies import Dripping, Proxy, SocksProxy
from tests.support.servers import Answer, Peer, RawServer, answer, client_of

if TYPE_CHECKING:
    from tests.support.redis_server import Forwarder

pytest_plugins = ["tests.support.redis_server"]

DEADLINE = 0.3

#: Seconds that a call may take beside; without the deadline it would be 5 s and more.
MARGIN = 0.5


def in_time(deadline: float = DEADLINE) -> AbstractContextManager[None]:
    return within(deadline + MARGIN)


# Each attempt ---------------------------------------------------------------------------------


def silent(peer: Peer) -> None:
    peer.until_closed()


def dripping(head: bytes, drop: bytes = b" ") -> Callable[[Peer], None]:
    """Says something every now and then, and is never done."""

    def serve(peer: Peer) -> None:
        peer.send(head)
        while peer.goes_on:
            peer.send(drop)
            peer.pause(0.05)

    return serve


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # deflate's: it decodes to nothing

SLOW_BODY = dripping(answer(b"{", length=1000))

SLOW: dict[str, Answer] = {
    "silent": silent,
    "dripping status": dripping(b"HTTP/1.1 200 ", b"x"),
    "dripping headers": dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "dripping interim responses": dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "dripping body": SLOW_BODY,
    "dripping body without end": dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
    "dripping chunks": dripping(CHUNKED, b"1\r\n \r\n"),
    "dripping chunk": dripping(CHUNKED + b"ffff\r\n"),
    "dripping trailers": dripping(CHUNKED + b"0\r\n", b"A: b\r\n"),
    "dripping gzip": dripping(
        answer(gzip.compress(b"")[:10], headers=b"Content-Encoding: gzip\r\n", length=10**6),
        EMPTY_BLOCK,
    ),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", SLOW)
def test_a_response_that_takes_its_time(name: str, method: str) -> None:
    """The timeout of 5 s alone would let each of them go on."""
    with (
        RawServer(SLOW[name]) as server,
        client_of(server.port, deadline=DEADLINE) as client,
        in_time(),
        pytest.raises(APITimeoutError, match=r"The deadline of 0\.3 s has passed") as caught,
    ):
        client.request(method, "/orders/5/status")
    assert caught.value.maybe_applied is (method == "POST")
    assert str(caught.value).startswith(f"{method} /api/v1/orders/5/status: The deadline of 0.3 s")
    assert "the response had not come whole" in str(caught.value)
    assert ("read the order back" in str(caught.value)) is (method == "POST")
    assert ("can be sent again" in str(caught.value)) is (method == "GET")
    assert len(server.requests) == 1


def test_a_streamed_response_is_bounded_too() -> None:
    """Its body is read before it is handed out: what the caller reads later is there already."""
    with (
        RawServer(SLOW["dripping body"]) as server,
        client_of(server.port, deadline=DEADLINE) as client,
        in_time(),
        pytest.raises(APITimeoutError, match="deadline"),
    ):
        client.get("/orders", stream=True)


def test_a_connection_that_timed_out_is_never_used_again() -> None:
    with (
        RawServer(SLOW["dripping body"], answer(b"[1]"), keep=True) as server,
        client_of(server.port) as client,
    ):
        with pytest.raises(APITimeoutError):
            client.with_options(deadline=DEADLINE).get("/orders")
        assert client.get("/orders").json() == [1]
        assert server.accepted == 2
        assert eventually(lambda: server.open == 1)


def test_the_next_call_of_a_connection_has_its_own_time() -> None:
    """The socket's timeout, cut for one call, is not that of another."""

    def late(peer: Peer) -> None:
        peer.pause(0.4)
        peer.send(answer(b"[2]", headers=b""))

    with (
        RawServer(answer(b"[1]", headers=b""), late, keep=True) as server,
        client_of(server.port) as client,
    ):
        assert client.with_options(deadline=DEADLINE).get("/orders").json() == [1]
        assert client.get("/orders").json() == [2]
    assert server.accepted == 1


def slow_reader(tls: ssl.SSLContext | None = None) -> Callable[[int, socket.socket], bool]:
    """Reads some of a request every now and then, as the client's timeout allows."""

    def serve(_: int, connection: socket.socket) -> bool:
        until = time.monotonic() + 6 * DEADLINE
        with (
            contextlib.suppress(OSError),
            tls.wrap_socket(connection, server_side=True) if tls else connection as reader,
        ):
            while time.monotonic() < until and reader.recv(2**14):
                time.sleep(0.05)
        return False

    return serve


def test_a_body_that_is_taken_slowly(tls: TLS) -> None:
    with (
        RawServer(answer(), on_accept=slow_reader(tls[0])) as server,
        client_of(server.port, "https", verify=tls[1], deadline=DEADLINE) as client,
        in_time(),
        pytest.raises(APITimeoutError, match="deadline") as caught,
    ):
        client.post("/orders/1/comment", data=b"x" * 2**24)
    assert caught.value.maybe_applied


def test_a_body_in_parts_that_is_taken_slowly() -> None:
    parts = (b"x" * 2**14 for _ in range(1000))
    with (
        RawServer(answer(), on_accept=slow_reader()) as server,
        client_of(server.port, deadline=DEADLINE) as client,
        in_time(),
        pytest.raises(APITimeoutError, match="deadline") as caught,
    ):
        client.post("/orders/1/comment", data=parts)
    assert caught.value.maybe_applied


def test_a_late_response_has_only_what_is_left() -> None:
    def late(peer: Peer) -> None:
        peer.pause(0.8)
        SLOW_BODY(peer)

    with (
        RawServer(late) as server,
        client_of(server.port, deadline=1.0) as client,
        in_time(1.0),
        pytest.raises(APITimeoutError, match="deadline"),
    ):
        client.get("/orders")


def test_a_handshake_behind_a_slow_proxy_has_only_what_is_left() -> None:
    def slow_tunnel(peer: Peer) -> None:
        peer.pause(0.8)
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        peer.pause(10)

    with (
        RawServer(slow_tunnel) as proxy,
        client_of(
            1, "https", proxies={"https": f"http://127.0.0.1:{proxy.port}"}, deadline=1.0
        ) as client,
        in_time(1.0),
        pytest.raises(APITimeoutError, match="so nothing was sent"),
    ):
        client.post("/orders")


def test_every_address_of_a_host_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three addresses two do not answer: the third is tried before the time is up."""
    with RawServer(answer(b"[1]")) as server, full_port() as port, monkeypatch.context() as patch:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))] * 2
        found += [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        patch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
        with client_of(server.port, deadline=0.9) as client:
            assert client.get("/orders").json() == [1]
        del found[2]
        with (
            client_of(server.port, deadline=DEADLINE) as client,
            in_time(),
            pytest.raises(APITimeoutError) as caught,
        ):
            client.post("/orders")
        patch.undo()  # before the server stops, which looks itself up
    assert not caught.value.maybe_applied
    assert "deadline of 0.3 s" in str(caught.value)


@contextlib.contextmanager
def full_port() -> Iterator[int]:
    """A port that accepts no more connections, and refuses none."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_where_a_host_is_looked_up_as_urllib3_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has urllib3 use IPv4 alone means that for the count of addresses too."""
    asked: list[int] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, family: int = 0, *args: Any) -> Any:
        asked.append(family)
        return real(host, port, family, *args)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(connection, "HAS_IPV6", False)
    with RawServer(answer(b"[1]")) as server, client_of(server.port, deadline=5.0) as client:
        assert client.get("/orders").json() == [1]
        assert asked == [socket.AF_INET] * 2


def test_a_host_without_an_address() -> None:
    with (
        client_of(1, scheme="https", host="nowhere.invalid", deadline=5.0, max_retries=0) as client,
        pytest.raises(APIConnectionError, match="its name cannot be resolved"),
    ):
        client.get("/orders")


# By every way ---------------------------------------------------------------------------------

#: Whose bytes drip: those of the first host on the way, or those of the service behind a proxy.
HOPS = ["first", "last"]

#: How many bytes come fast: none, or those of every handshake and of the headers.
FAST = [0, 12_000]

BODY = b"[" + b" " * 40_000 + b"]"


@contextlib.contextmanager
def dripping_way(way: str, hop: str, fast: int, tls: TLS) -> Iterator[dict[str, Any]]:
    """The options of a client whose way to the service has a slow stretch."""
    context, bundle = tls
    with contextlib.ExitStack() as stack:
        encrypted = context if way not in ("plain", "forwarding", "SOCKS5") else None
        port = stack.enter_context(RawServer(answer(BODY), tls=encrypted)).port
        if hop == "last" or way in ("plain", "TLS"):
            port = stack.enter_context(Dripping(port, fast)).port
        scheme = "https" if encrypted else "http"
        options: dict[str, Any] = {"base_url": f"{scheme}://127.0.0.1:{port}/api/v1"}
        options["verify"] = bundle
        if way not in ("plain", "TLS"):
            is_socks = way.startswith("SOCKS5")
            proxy_tls = context if way == "tunnel by TLS" else None
            proxy: Any = SocksProxy() if is_socks else Proxy(tls=proxy_tls)
            port = stack.enter_context(proxy).port
            if hop == "first":
                port = stack.enter_context(Dripping(port, fast)).port
            through = "socks5h" if is_socks else "https" if proxy_tls else "http"
            options["proxies"] = {scheme: f"{through}://127.0.0.1:{port}"}
        yield options


WAYS = ["plain", "TLS", "forwarding", "tunnel", "tunnel by TLS", "SOCKS5", "SOCKS5 to TLS"]


@pytest.mark.parametrize("fast", FAST)
@pytest.mark.parametrize("hop", HOPS)
@pytest.mark.parametrize("way", WAYS)
def test_a_way_on_which_every_byte_takes_its_time(way: str, hop: str, fast: int, tls: TLS) -> None:
    """Handshakes of TLS, CONNECT, the negotiation of SOCKS, records within records, bodies."""
    is_sent = bool(fast) or way in ("plain", "forwarding") or (way, hop) == ("SOCKS5", "last")
    error = error_on(way, hop, fast, tls, DEADLINE)
    for deadline in (1.0, 3.0):  # a busy machine may need longer for what is fast
        if is_sent and not error.maybe_applied:
            error = error_on(way, hop, fast, tls, deadline)
    assert error.maybe_applied is is_sent
    assert ("so nothing was sent" in str(error)) is not is_sent


def error_on(way: str, hop: str, fast: int, tls: TLS, deadline: float) -> APITimeoutError:
    """What a write raises, which is to end with the deadline."""
    with (
        dripping_way(way, hop, fast, tls) as options,
        StatusProClient(
            "key-1", rate_limit=None, trust_env=False, timeout=5.0, deadline=deadline, **options
        ) as client,
        in_time(deadline),
        pytest.raises(APITimeoutError, match=rf"The deadline of {deadline:g} s has p") as caught,
    ):
        client.post("/orders/1/comment", json={"comment": "Hello"})
    return caught.value


# Waits ----------------------------------------------------------------------------------------


def test_retries_end_with_the_deadline(sandbox: Sandbox) -> None:
    """The pauses between attempts count, and none is begun that would pass the deadline."""
    sandbox.fail(503, 10, path="/statuses")
    with (
        sandbox.client(deadline=1.0, max_retries=9) as client,
        in_time(1.0),
        pytest.raises(ServerError) as caught,
    ):
        client.get_statuses()
    assert caught.value.status_code == 503
    assert 2 <= len(sandbox.requests) <= 3


def test_attempts_that_take_their_time_share_it(sandbox: Sandbox) -> None:
    """What `timeout` and `max_wait` allow together is several times as much."""
    sandbox.slow(3600, 10, path="/statuses")
    with (
        sandbox.client(timeout=0.2, max_wait=2.0, deadline=0.8) as client,
        in_time(0.8),
        pytest.raises(APITimeoutError, match=r"deadline of 0\.8 s"),
    ):
        client.get_statuses()
    assert 1 <= len(sandbox.requests) <= 2


@pytest.mark.parametrize("told", [3600, None])
def test_a_429_whose_wait_would_pass_the_deadline_ends_the_call_at_once(
    told: float | None, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.fail(429, 5, retry_after=told)
    with sandbox.client(deadline=1.5) as client, pytest.raises(RateLimitError) as caught:
        client.get_statuses()
    assert waits == []
    assert len(sandbox.requests) == 1
    assert 1.5 < caught.value.retry_after <= 3600


def test_a_raw_response_is_handed_out_as_for_max_wait(sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail(429, 5, retry_after=3600)
    sandbox.fail(503, 5, retry_after=3600)
    with sandbox.client(deadline=1.5) as client:
        assert client.get("/statuses").status_code == 429
        for _ in range(4):
            client.get("/statuses")
        assert client.get("/statuses").status_code == 503
    assert waits == []


def test_a_failure_that_leaves_no_time_to_try_again_says_so(waits: list[float]) -> None:
    drop: Answer = b""
    with (
        RawServer(drop) as server,
        client_of(server.port, deadline=0.2) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.get("/orders/1")
    assert type(caught.value) is APIConnectionError
    assert caught.value.message.endswith("The deadline of 0.2 s leaves no time to try again.")
    assert waits == []
    assert len(server.requests) == 1


def test_the_wait_for_a_slot_ends_the_call_before_anything_is_sent(sandbox: Sandbox) -> None:
    limit = RateLimit(requests=1, period=51.0)
    with sandbox.client(rate_limit=limit) as client:
        client.get_statuses()
        with in_time(0.0), pytest.raises(RateLimitError) as caught:
            client.with_options(deadline=2.0).update_order_status(1, "st000003")
    assert "longer than the deadline of 2 s allows: nothing was sent" in str(caught.value)
    assert "POST /api/v1/orders/1/status" in str(caught.value)
    assert not caught.value.maybe_applied
    assert 2 < caught.value.retry_after < 53
    assert len(sandbox.requests) == 1


def test_what_on_wait_takes_counts(sandbox: Sandbox) -> None:
    sandbox.fail(503, 10, path="/statuses", retry_after=0.25)
    with (
        sandbox.client(deadline=0.4, on_wait=lambda *_: time.sleep(0.3)) as client,
        in_time(0.4),
        pytest.raises((ServerError, APITimeoutError)),
    ):
        client.get_statuses()
    assert len(sandbox.requests) == 1


def test_a_call_that_ran_out_of_time_leaves_its_slot_to_be_counted() -> None:
    """It may arrive later, so it counts; and the budget goes on for all others."""
    limit = RateLimit(requests=2, period=52.0)
    with Sandbox(orders=5) as sandbox, sandbox.client(rate_limit=limit) as client:
        sandbox.slow(3600, path="/statuses")
        with pytest.raises(APITimeoutError):
            client.with_options(deadline=DEADLINE).get_statuses()
        client.get_statuses()
        with pytest.raises(RateLimitError):
            client.with_options(deadline=DEADLINE).get_statuses()


def test_a_lease_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    leases: list[float] = []
    real = Budget.take

    def take(self: Budget, slot: Any) -> Any:
        leases.append(slot.lease)
        return real(self, slot)

    monkeypatch.setattr(Budget, "take", take)
    with Sandbox(orders=5) as sandbox:
        limit = RateLimit(requests=60, period=53.0)
        with sandbox.client(rate_limit=limit, timeout=20.0) as client:
            client.get_statuses()
            client.with_options(deadline=3.0).get_statuses()
            client.with_options(deadline=300.0).get_statuses()
    assert leases == [40.0, 3.0, 40.0]


# Storages that processes share -----------------------------------------------------------------


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process is at the file, and does not end."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with contextlib.closing(connection):
        connection.execute("BEGIN EXCLUSIVE")
        yield


def test_a_file_that_is_locked_ends_the_call_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "budget.sqlite3"
    limit = RateLimit(period=54.0)
    with sandbox.client(rate_limit=limit, rate_limit_storage=f"sqlite:///{path}") as client:
        client.get_statuses()
        with locked(path), in_time(), pytest.raises(RateLimitError, match="locked") as caught:
            client.with_options(deadline=DEADLINE).update_order_status(1, "st000003")
        assert not caught.value.maybe_applied
        assert "nothing was sent" in str(caught.value)
        assert 0 < caught.value.retry_after < 1
        assert len(sandbox.requests) == 1
        client.get_statuses()


def test_a_file_that_is_locked_meanwhile_does_not_keep_the_response(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The slot could not be finished in time: its lease ends by itself."""
    path = tmp_path / "budget.sqlite3"
    options: Any = {"rate_limit": RateLimit(period=54.0)}
    with (
        sandbox.client(rate_limit_storage=f"sqlite:///{path}", **options) as client,
        contextlib.ExitStack() as stack,
    ):
        client.get_statuses()
        sandbox.on_request = lambda _: stack.enter_context(locked(path))
        try:
            with in_time():
                assert client.with_options(deadline=DEADLINE).get_statuses()
        finally:
            sandbox.on_request = None
    assert "a slot is kept until its lease ends" in caplog.text


def test_a_redis_that_says_nothing_ends_the_call_before_anything_is_sent(
    sandbox: Sandbox,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        limit = RateLimit(period=55.0)
        with (
            sandbox.client(rate_limit=limit, rate_limit_storage=url, deadline=DEADLINE) as client,
            in_time(),
            pytest.raises(RateLimitError, match="Redis at") as caught,
        ):
            client.update_order_status(1, "st000003")
    assert "longer than the deadline of 0.3 s allows: nothing was sent" in str(caught.value)
    assert sandbox.requests == []


def test_a_connection_to_redis_that_was_cut_is_opened_anew_within_the_deadline(
    sandbox: Sandbox, forwarder: Forwarder
) -> None:
    options: Any = {"rate_limit": RateLimit(period=55.0), "rate_limit_storage": forwarder.url}
    with sandbox.client(**options) as client:
        client.get_statuses()
        forwarder.swallow()
        with in_time(2.0):
            client.with_options(deadline=2.0).get_statuses()
    assert len(sandbox.requests) == 2


def test_a_redis_that_says_nothing_any_more_does_not_keep_the_response(
    sandbox: Sandbox, forwarder: Forwarder
) -> None:
    options: Any = {"rate_limit": RateLimit(period=55.0), "rate_limit_storage": forwarder.url}
    with sandbox.client(**options) as client:
        client.get_statuses()
        sandbox.on_request = lambda _: forwarder.swallow()
        try:
            with in_time():
                assert client.with_options(deadline=DEADLINE).get_statuses()
        finally:
            sandbox.on_request = None


def test_calls_with_a_deadline_keep_the_connection_to_redis(
    sandbox: Sandbox, forwarder: Forwarder
) -> None:
    options: Any = {"rate_limit": RateLimit(period=55.0), "rate_limit_storage": forwarder.url}
    with sandbox.client(**options, deadline=2.0) as client:
        for _ in range(5):
            client.get_statuses()
        client.with_options(deadline=None).get_statuses()
    assert forwarder.accepted == 1


# Several requests that count as one -----------------------------------------------------------


@pytest.fixture
def order(sandbox: Sandbox) -> Iterator[int]:
    number = sandbox.add_order(status_code="st000002")
    yield number
    sandbox.remove_order(number)


def test_check_and_the_write_share_the_deadline(sandbox: Sandbox, order: int) -> None:
    sandbox.slow(0.2, path="/orders/*/viable-statuses")
    sandbox.slow(3600, path="/orders/*/status")
    with (
        sandbox.client(deadline=0.4) as client,
        in_time(0.4),
        pytest.raises(APITimeoutError) as caught,
    ):
        client.update_order_status(order, "st000003", check=True)
    assert caught.value.maybe_applied
    assert f"POST /api/v1/orders/{order}/status: The deadline of 0.4 s has passed" in str(
        caught.value
    )


def test_a_confirmed_write_that_used_its_time_up_is_not_read_back(
    sandbox: Sandbox, order: int
) -> None:
    sandbox.slow(3600, path="/orders/*/comment")
    with (
        sandbox.client(deadline=DEADLINE) as client,
        in_time(),
        pytest.raises(APITimeoutError) as caught,
    ):
        client.add_order_comment(order, "Hello", confirm=True)
    assert caught.value.maybe_applied
    said = str(caught.value)
    assert f"could not be read back either: GET /api/v1/orders/{order}: The deadline" in said
    assert "The GET can be sent again." in said
    assert "It can be sent again" not in said
    assert [request.method for request in sandbox.requests] == ["GET", "POST"]


def test_a_confirmed_write_is_read_back_where_there_is_time(sandbox: Sandbox, order: int) -> None:
    sandbox.slow(3600, path="/orders/*/comment")
    with sandbox.client(timeout=0.2, deadline=5.0) as client:
        client.add_order_comment(order, "Hello", confirm=True)
    assert [request.method for request in sandbox.requests] == ["GET", "POST", "GET"]


def test_the_read_back_ends_with_the_deadline(sandbox: Sandbox, order: int) -> None:

    def read_back(number: int) -> None:
        sandbox.drop(path="/orders/*/comment")
        sandbox.slow(3600, method="GET", path=f"/orders/{number}")

    with sandbox.client(deadline=DEADLINE, hooks={"response": lambda *_, **__: None}) as client:
        first = threading.Event()

        def after_first(*_: Any, **__: Any) -> None:
            if not first.is_set():
                first.set()
                read_back(order)

        with in_time(), pytest.raises(APIConnectionError) as caught:
            client.with_options(hooks={"response": after_first}).add_order_comment(
                order, "Hello", confirm=True
            )
    assert caught.value.maybe_applied
    assert "The deadline of 0.3 s has passed" in str(caught.value)


def test_redirects_share_the_deadline() -> None:
    def redirect(peer: Peer) -> None:
        peer.pause(0.1)
        head = b"Location: /api/v1/next\r\nConnection: close\r\n"
        peer.send(answer(b"", "307 Elsewhere", head))

    with (
        RawServer(redirect) as server,
        client_of(server.port, deadline=DEADLINE, follow_redirects=True) as client,
        in_time(),
        pytest.raises(APITimeoutError, match=r"The deadline of 0\.3 s has passed"),
    ):
        client.get("/orders")
    assert 2 <= len(server.requests) <= 3


def test_each_page_of_a_walk_has_the_deadline_for_itself(sandbox: Sandbox) -> None:
    sandbox.slow(0.15, 4, path="/orders")
    with sandbox.client(deadline=0.4) as client:
        assert len(list(client.iter_orders(per_page=5))) == 20


def test_a_page_that_is_fetched_ahead_has_its_deadline_from_its_own_start(sandbox: Sandbox) -> None:
    with sandbox.client(deadline=0.4) as client:
        pages = client.iter_order_pages(per_page=5, prefetch=2)
        next(pages)
        time.sleep(0.5)
        sandbox.slow(0.2, 4, path="/orders")
        assert len(list(pages)) == 3


def test_each_order_of_many_has_the_deadline_for_itself(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        ids = [each["id"] for each in client.list_orders(page=1, per_page=6)["data"]]
    sandbox.slow(0.15, 6, path="/orders/*")
    with sandbox.client(deadline=0.4) as client:
        assert [number for number, _ in client.get_orders(ids, workers=2)] == ids


def test_a_batch_that_ran_out_of_time_is_uncertain(sandbox: Sandbox, order: int) -> None:
    sandbox.slow(3600, path="/orders/bulk-status")
    with (
        sandbox.client(deadline=DEADLINE) as client,
        in_time(),
        pytest.raises(BulkUpdateError) as caught,
    ):
        list(client.iter_bulk_update_order_status([order], "st000003"))
    assert caught.value.uncertain == [order]
    assert isinstance(caught.value.__cause__, APITimeoutError)


# Clients --------------------------------------------------------------------------------------


def test_a_plain_client_has_a_deadline_too() -> None:
    with (
        RawServer(SLOW["dripping headers"]) as server,
        Client(f"http://127.0.0.1:{server.port}", trust_env=False, deadline=DEADLINE) as client,
        in_time(),
        pytest.raises(APITimeoutError, match=r"The deadline of 0\.3 s has passed"),
    ):
        client.get("/orders")


def test_a_derived_client_has_another_deadline_or_none() -> None:
    def late(peer: Peer) -> None:
        peer.pause(0.4)
        peer.send(answer(b"[1]"))

    with RawServer(late) as server, client_of(server.port, deadline=DEADLINE) as client:
        with in_time(0.1), pytest.raises(APITimeoutError, match=r"deadline of 0\.1 s"):
            client.with_options(deadline=0.1).get("/orders")
        assert client.with_options(deadline=None).get("/orders").json() == [1]
        assert client.with_options(deadline=5).get("/orders").json() == [1]


def test_without_a_deadline_nothing_is_counted_or_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look at the clock, and no address is looked up twice."""
    looked_up: list[Any] = []
    real = socket.getaddrinfo

    def look_up(*args: Any) -> Any:
        looked_up.append(args)
        return real(*args)

    def never() -> float:
        raise AssertionError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr("statuspro._http.call.Call._now", staticmethod(never))
    with RawServer(answer(b"[1]")) as server, client_of(server.port) as client:
        assert client.get("/orders").json() == [1]
        assert len(looked_up) == 1
