"""A response: its head as http.client reads it, its body read at once and bounded."""

from __future__ import annotations

import gzip
import http.client
import io
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import requests
from urllib3.exceptions import ProtocolError

from statuspro import (
    APIConnectionError,
    APITimeoutError,
    InvalidResponseError,
    NotFoundError,
    ServerError,
)
from statuspro._http.response import Arriving, ArrivingResponse
from tests.support.polling import eventually
from tests.support.servers import Answer, Peer, RawServer, answer, client_of

GZIP = b"Connection: close\r\nContent-Encoding: gzip\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


# Heads -----------------------------------------------------------------------------------------


class Socket:
    """What a response needs of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._data))

    def gettimeout(self) -> float:
        return 5.0


HEADS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nCONNECTION: close\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: three\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/1.1 299 \r\n\r\n",
    b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nKeep-Alive: timeout=5\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nProxy-Connection: keep-alive\r\n\r\n",
    b"HTTP/0.9 200 OK\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 3\nX-Space:\t two  words \t\n\n",
    b"HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\n\tthree\r\nX-Empty:\r\nX-Colons: a:b: c\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Latin: caf\xe9\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Final: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 99 + b"\r\n",
]


def seen(kind: type[http.client.HTTPResponse], data: bytes, method: str) -> dict[str, Any]:
    response = kind(Socket(data + b"abc"), method=method)  # type: ignore[arg-type] # enough of one
    response.begin()
    names = ("status", "reason", "version", "length", "chunked", "will_close")
    return {
        **{name: getattr(response, name) for name in names},
        "headers": response.headers.items(),
        "cookies": response.msg.get_all("Set-Cookie"),
        "body": response.fp.read(),
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("head", HEADS)
def test_a_head_is_read_as_http_client_reads_it(head: bytes, method: str) -> None:
    assert seen(ArrivingResponse, head, method) == seen(http.client.HTTPResponse, head, method)


def test_lines_that_are_no_header_are_left_out() -> None:
    lines = b" begins with a space\r\nno colon\r\n folded behind it\r\nsp ace: 1\r\n: nameless\r\n"
    head = b"HTTP/1.1 200 OK\r\n" + lines + b"From me: 1\r\nContent-Length: 3\r\n\r\n"
    response = seen(ArrivingResponse, head, "GET")
    assert response["headers"] == [("Content-Length", "3")]
    assert response["length"] == 3


def test_a_carriage_return_within_a_line_is_a_space() -> None:
    head = b"HTTP/1.1 200 OK\r\nX-A: one\rX-B: two\r\n\r\n"
    assert seen(ArrivingResponse, head, "GET")["headers"] == [("X-A", "one X-B: two")]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 101 + b"\r\n", "HTTPException"),
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 65536 + b"\r\n\r\n", "LineTooLong"),
        (b"HTTP/2 200 OK\r\n\r\n", "UnknownProtocol"),
        (b"ICY 200 OK\r\n\r\n", "BadStatusLine"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "another protocol"),
    ],
)
def test_heads_that_are_refused(head: bytes, said: str) -> None:
    with pytest.raises(ProtocolError, match=said) as caught:
        seen(ArrivingResponse, head, "GET")
    assert "X-" not in str(caught.value)


def test_a_head_that_breaks_off() -> None:
    response = ArrivingResponse(Socket(b"HTTP/1.1 200 OK\r\nContent-Le"), method="GET")
    with pytest.raises(ProtocolError, match="broke off"):
        response.begin()


def test_what_is_read_is_printed_where_http_client_is_told_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    response = ArrivingResponse(Socket(HEADS[0]), debuglevel=1, method="GET")
    response.begin()
    assert capsys.readouterr().out == (
        "reply: 'HTTP/1.1 200 OK\\r\\n'\nheader: Content-Length: 3\n"
    )


# Bodies that arrive ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        answer(b'{"a": 1}'),
        answer(gzip.compress(b'{"a": 1}', mtime=0), headers=GZIP),
        answer(gzip.compress(b'{"a"', mtime=0) + gzip.compress(b": 1}", mtime=0), headers=GZIP),
        answer(zlib.compress(b'{"a": 1}'), headers=GZIP.replace(b"gzip", b"deflate")),
        CHUNKED + b'3\r\n{"a\r\n5;x=y\r\n": 1}\r\n0\r\nTrailer: x\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{"a": 1}',
        b'HTTP/1.1 200\r\n\r\n{"a": 1}',
        b'HTTP/1.0 200 OK\r\n\r\n{"a": 1}',
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer(b'{"a": 1}'),
    ],
)
def test_bodies(data: bytes, waits: list[float]) -> None:
    with RawServer(data) as server, client_of(server.port) as client:
        for method in ("GET", "POST"):
            assert client.request(method, "/orders").json() == {"a": 1}
    assert len(server.requests) == 2
    assert waits == []


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_a_body(status: str, waits: list[float]) -> None:
    data = f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n".encode()
    with RawServer(data) as server, client_of(server.port) as client:
        assert client.get("/orders").content == b""


BODY = b'{"data": [' + b"1, " * 5000 + b"1]}"
STREAMED = {
    "plain": answer(BODY),
    "gzip": answer(gzip.compress(BODY), headers=b"Content-Encoding: gzip\r\nConnection: close\r\n"),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    "empty": answer(b""),
}
READ: dict[str, Callable[[requests.Response], object]] = {
    "raw": lambda response: response.raw.read(),
    "a part": lambda response: response.raw.read(7),
    "decoded": lambda response: response.raw.read(decode_content=True),
    "stream": lambda response: b"".join(response.raw.stream(100)),
    "content": lambda response: response.content,
    "chunks": lambda response: b"".join(response.iter_content(100)),
    "lines": lambda response: list(response.iter_lines()),
    "closed": lambda response: [response.raw.close(), response.raw.closed][1],
    "about": lambda response: (response.raw.status, response.raw.reason, response.raw.version),
}


@pytest.mark.parametrize("read", READ.values(), ids=READ)
@pytest.mark.parametrize("streamed", STREAMED.values(), ids=STREAMED)
def test_a_streamed_response_is_read_as_requests_reads_it(
    streamed: bytes, read: Callable[[requests.Response], object]
) -> None:
    with RawServer(streamed) as server, client_of(server.port) as client:
        with requests.Session() as session:
            session.trust_env = False
            theirs = session.get(f"{client.base_url}/orders", stream=True)
            expected = read(theirs)
            theirs.close()
        assert read(client.get("/orders", stream=True)) == expected


def test_a_streamed_response_is_bounded_whatever_it_unpacks_to() -> None:
    large = gzip.compress(bytes(10**6))
    packed = answer(large, headers=b"Content-Encoding: gzip\r\nConnection: close\r\n")
    server = RawServer(packed, answer(bytes(10**5)))
    with server, client_of(server.port, max_response_bytes=10**4) as client:
        for _ in range(2):
            with pytest.raises(InvalidResponseError, match="max_response_bytes"):
                client.get("/orders", stream=True)


def test_the_body_is_read_though_the_caller_wants_to_stream_it() -> None:
    with RawServer(answer(b'{"a": 1}' * 1000)) as server, client_of(server.port) as client:
        response = client.get("/orders", stream=True)
        assert eventually(lambda: not server.open)
        assert b"".join(response.iter_content(100)) == b'{"a": 1}' * 1000


# Bodies that do not ---------------------------------------------------------------------------

BROKEN: dict[str, bytes] = {
    "cut off": answer(b'{"a"', length=100),
    "cut off in its headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "cut off in its status": b"HTTP/1.1 2",
    "cut off in a chunk": CHUNKED + b'8\r\n{"a"',
    "cut off before a chunk": CHUNKED + b'4\r\n{"a"\r\n',
    "a chunk of no size": CHUNKED + b"x\r\n{}\r\n0\r\n\r\n",
    "a chunk of less than nothing": CHUNKED + b"-4\r\n{}\r\n0\r\n\r\n",
    "a chunk's size without end": CHUNKED + b"0" * 100_000,
    "cut off in gzip": answer(gzip.compress(b'{"a": 1}' * 100)[:30], headers=GZIP, length=70),
    "broken gzip": answer(b"\x1f\x8b\x08 nothing of the kind", headers=GZIP),
    "no gzip": answer(b'{"a": 1}', headers=GZIP),
    "too many codings": answer(headers=b"Content-Encoding: " + b"gzip," * 50 + b"gzip\r\n"),
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_get_with_a_broken_answer_is_sent_again(name: str, waits: list[float]) -> None:
    with RawServer(BROKEN[name], answer(b"[1]")) as server, client_of(server.port) as client:
        assert client.get("/orders").json() == [1]
    assert len(server.requests) == 2
    assert len(waits) == 1


@pytest.mark.parametrize("name", BROKEN)
def test_a_post_with_a_broken_answer_is_sent_once(name: str, waits: list[float]) -> None:
    with RawServer(BROKEN[name]) as server, client_of(server.port) as client:
        with pytest.raises(APIConnectionError) as caught:
            client.post("/orders/1/comment", json={"comment": "x"})
        assert eventually(lambda: not server.open)
    assert type(caught.value) is APIConnectionError
    assert caught.value.maybe_applied
    assert len(server.requests) == 1
    assert waits == []


def silent_after(data: bytes) -> Callable[[Peer], None]:
    def serve(peer: Peer) -> None:
        peer.send(data)
        peer.until_closed()

    return serve


def dripping(head: bytes, drop: bytes) -> Callable[[Peer], None]:
    """Never silent for long, and never done."""

    def serve(peer: Peer) -> None:
        peer.send(head)
        while peer.goes_on:
            peer.send(drop)
            peer.pause(0.02)

    return serve


def flooding(head: bytes, data: bytes) -> Callable[[Peer], None]:
    """As fast as it is read, and never done."""

    def serve(peer: Peer) -> None:
        peer.send(head)
        while peer.goes_on:
            peer.send(data)

    return serve


EMPTY_BLOCKS = b"\x00\x00\x00\xff\xff" * 1000  # deflate's: they decode to nothing
GZIP_HEAD = answer(gzip.compress(b"")[:10], headers=GZIP, length=10**12)

ENDLESS: dict[str, Answer] = {
    "silent": silent_after(b""),
    "silent in its headers": silent_after(b"HTTP/1.1 200 OK\r\nA: b\r\n"),
    "silent in its body": silent_after(answer(b"{", length=10)),
    "silent in a chunk": silent_after(CHUNKED + b"8\r\n{"),
    "dripping status": dripping(b"HTTP/1.1 200 ", b"x"),
    "dripping headers": dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "dripping body": dripping(answer(b"{", length=1000), b" "),
    "dripping chunks": dripping(CHUNKED, b"1\r\n \r\n"),
    "dripping trailers": dripping(CHUNKED + b"0\r\n", b"A: b\r\n"),
    "endless trailers": flooding(CHUNKED + b"0\r\n", b"A: b\r\n" * 1000),
    "endless continues": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless nothing in gzip": flooding(GZIP_HEAD, EMPTY_BLOCKS),
}


#: From Python 3.14 on http.client counts these, and may give up before the time is up.
COUNTED = {"endless trailers", "endless continues"}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_without_end_is_a_timeout(name: str, waits: list[float]) -> None:
    kind = APIConnectionError if name in COUNTED else APITimeoutError
    with (
        RawServer(ENDLESS[name]) as server,
        client_of(server.port, timeout=0.15, max_retries=1) as client,
    ):
        for method, sends in (("GET", 2), ("POST", 1)):
            server.requests.clear()
            with pytest.raises(kind) as caught:
                client.request(method, "/orders")
            assert caught.value.maybe_applied is (method == "POST")
            assert server.has_got(sends)
            assert len(server.requests) == sends
        assert eventually(lambda: not server.open)
    assert len(waits) == 1


def test_an_answer_that_begins_late_may_take_its_time_then() -> None:
    def serve(peer: Peer) -> None:
        peer.pause(0.3)
        peer.send(answer(b"", length=10))
        for _ in range(10):
            peer.pause(0.02)
            peer.send(b" ")

    with RawServer(serve) as server, client_of(server.port, timeout=0.4) as client:
        assert client.get("/orders").content == b" " * 10


def test_without_a_timeout_an_answer_may_take_its_time() -> None:
    arriving = Arriving(io.BytesIO(b"data"), None)  # type: ignore[arg-type] # read the same way
    assert arriving.readable()
    assert io.BufferedReader(arriving).read() == b"data"


# Bodies too large -----------------------------------------------------------------------------

BOMB = gzip.compress(bytes(64 * 2**20))
LIMIT = 2**20

TOO_LARGE: dict[str, Callable[[bytes], Answer]] = {
    "brotli": lambda status: answer(
        brotli.compress(bytes(64 * 2**20), quality=1),
        status.decode(),
        GZIP.replace(b"gzip", b"br"),
    ),
    "a length": lambda status: answer(b" " * (LIMIT + 1), status.decode()),
    "gzip": lambda status: answer(BOMB, status.decode(), GZIP),
    "gzip in gzip": lambda status: answer(
        gzip.compress(BOMB), status.decode(), b"Content-Encoding: gzip, gzip\r\n"
    ),
    "endless chunks": lambda status: flooding(
        CHUNKED.replace(b"200 OK", status), b"10000\r\n" + bytes(0x10000) + b"\r\n"
    ),
    "endless": lambda status: flooding(b"HTTP/1.1 " + status + b"\r\n\r\n", bytes(0x10000)),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_body_too_large_is_not_kept(name: str, method: str, waits: list[float]) -> None:
    data = TOO_LARGE[name](b"200 OK")
    with (
        RawServer(data) as server,
        client_of(server.port, max_response_bytes=LIMIT, timeout=30.0) as client,
    ):
        tracemalloc.start()
        try:
            with pytest.raises(InvalidResponseError) as caught:
                client.request(method, "/orders")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert eventually(lambda: not server.open)
    error = caught.value
    assert error.status_code == 200
    assert error.maybe_applied is (method == "POST")
    assert "1048576 bytes (max_response_bytes)" in str(error)
    assert error.response is not None
    assert error.response.content == b""
    assert peak < 6 * LIMIT
    assert len(server.requests) == 1
    assert waits == []


@pytest.mark.parametrize("name", TOO_LARGE)
def test_an_error_too_large_keeps_its_class(name: str, waits: list[float]) -> None:
    with (
        RawServer(TOO_LARGE[name](b"404 Not Found")) as server,
        client_of(server.port, max_response_bytes=LIMIT, timeout=30.0) as client,
    ):
        assert client.get("/orders").content == b""
        with pytest.raises(NotFoundError) as caught:
            client.get_order(1)
        assert eventually(lambda: not server.open)
    assert caught.value.message == "404 Not Found"
    assert waits == []


@pytest.mark.parametrize("name", ["gzip", "gzip in gzip"])
def test_a_transient_error_too_large_is_sent_again(name: str, waits: list[float]) -> None:
    with (
        RawServer(TOO_LARGE[name](b"503 Down")) as server,
        client_of(server.port, max_response_bytes=LIMIT, timeout=30.0, max_retries=1) as client,
    ):
        tracemalloc.start()
        try:
            with pytest.raises(ServerError, match="503: Down"):
                client.get_order(1)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 6 * LIMIT
    assert len(server.requests) == 2


def test_a_body_as_large_as_allowed() -> None:
    body = b'"' + b"x" * 998 + b'"'
    with RawServer(answer(body)) as server:
        with client_of(server.port, max_response_bytes=1000) as client:
            assert client.get("/orders").content == body
        client = client_of(server.port, max_response_bytes=999)
        with client, pytest.raises(InvalidResponseError):
            client.get("/orders")


def test_a_connection_with_the_rest_of_a_body_is_not_used_again() -> None:
    large, small = answer(b" " * 5000, headers=b""), answer(b"[1]", headers=b"")
    with (
        RawServer(large, small, keep=True) as server,
        client_of(server.port, max_response_bytes=1000) as client,
    ):
        with pytest.raises(InvalidResponseError):
            client.get("/orders")
        assert client.get("/orders").json() == [1]
        assert client.get("/orders").json() == [1]
    assert server.accepted == 2


# What a failure leaves ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["silent", "silent in its body", "dripping headers"])
def test_a_failure_leaves_no_connection_though_it_is_kept(name: str) -> None:
    with (
        RawServer(ENDLESS[name]) as server,
        client_of(server.port, timeout=0.1, max_retries=0) as client,
    ):
        with pytest.raises(APITimeoutError) as caught:
            client.get("/orders")
        assert eventually(lambda: not server.open)
    assert caught.value.__traceback__ is not None
