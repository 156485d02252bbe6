"""One connection: the body read within the retries, its bounds, the query on the wire."""

from __future__ import annotations

import gzip
import io
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import requests
from urllib3.connection import HTTPConnection
from urllib3.util import SKIP_HEADER

from statuspro import (
    APIConnectionError,
    APITimeoutError,
    InvalidResponseError,
    NotFoundError,
    ServerError,
)
from statuspro._http.codings import accepted_codings, boundless_codings
from statuspro._http.connection import Connection
from statuspro._http.response import Arriving
from tests.support.polling import eventually
from tests.support.records import all_records
from tests.support.servers import Answer, Peer, RawServer, answer, client_of

GZIP = b"Connection: close\r\nContent-Encoding: gzip\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


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

Decompressor = brotli.Decompressor

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
            with pytest.raises(ServerError, match="503 Down"):
                client.get_order(1)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 6 * LIMIT
    assert len(server.requests) == 2


class OldDecompressor:
    """Brotli's before 1.2, which takes no limit."""

    def process(self, data: bytes) -> bytes:
        return bytes(2**20)


@pytest.fixture
def old_brotli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brotli, "Decompressor", OldDecompressor)
    monkeypatch.setattr("statuspro._http.codings.BOUNDLESS", boundless_codings())


def test_no_coding_is_asked_for_that_has_no_bounds(
    old_brotli: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    codings = accepted_codings(boundless_codings()).split(", ")
    assert codings[:2] == ["gzip", "deflate"]
    assert "br" not in codings
    monkeypatch.setattr(brotli, "Decompressor", Decompressor)
    assert "br" in accepted_codings(boundless_codings()).split(", ")
    for name in ("brotli", "brotlicffi"):  # as though none were installed
        monkeypatch.setitem(sys.modules, name, None)
    assert boundless_codings() == frozenset()


def test_what_is_asked_for_is_on_the_wire() -> None:
    with RawServer(answer()) as server, client_of(server.port) as client:
        client.get("/orders")
        client.with_headers({"Accept-Encoding": "identity"}).get("/orders")
    asked = [
        request.split(b"Accept-Encoding: ")[1].split(b"\r\n")[0] for request in server.requests
    ]
    assert [line.split(b"\r\n")[0].decode() for line in asked] == [accepted_codings(), "identity"]


@pytest.mark.parametrize("coding", [b"br", b"BR", b"gzip, br"])
def test_a_coding_that_has_no_bounds_is_not_decoded(
    coding: bytes, old_brotli: None, waits: list[float]
) -> None:
    data = answer(b"x" * 100, headers=b"Connection: close\r\nContent-Encoding: " + coding + b"\r\n")
    with RawServer(data) as server, client_of(server.port) as client:
        with pytest.raises(APIConnectionError) as caught:
            client.post("/orders/1/comment", json={"comment": "x"})
        assert eventually(lambda: not server.open)
    assert caught.value.maybe_applied
    assert len(server.requests) == 1


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


# The query ------------------------------------------------------------------------------------


PLAIN = {"User-Agent": "shop/1.0", "Accept-Encoding": "gzip", "Authorization": "Bearer k"}


@pytest.mark.parametrize(
    "headers",
    [
        PLAIN,
        {"ACCEPT-ENCODING": "", **PLAIN},
        {**PLAIN, "X-Bytes": b"1"},
        {**PLAIN, "X-Number": 1},
        {**PLAIN, "X-Latin": "caf\xe9"},
        {**PLAIN, "X-Folded": "one\r\n two"},
        {**PLAIN, "X-Empty": ""},
        {**PLAIN, "Host": "elsewhere.example"},
        {**PLAIN, "Content-Length": "0"},
        {**PLAIN, "Transfer-Encoding": "chunked"},
        {**PLAIN, "User-Agent": SKIP_HEADER},
        {"User-Agent": "shop/1.0"},
        {"Accept-Encoding": "gzip"},
        {},
        None,
    ],
)
def test_a_request_is_written_as_urllib3_writes_it(headers: dict[str, Any] | None) -> None:
    written = []
    for kind in (Connection, HTTPConnection):
        with RawServer(answer()) as server:
            connection = kind("127.0.0.1", server.port, timeout=5)
            connection.request("GET", "/orders?page=1", headers=headers)
            connection.getresponse().close()
            connection.close()
        (request,) = server.requests
        written.append(request.replace(b"%d" % server.port, b"PORT"))
    ours, theirs = (request.split(b"\r\n") for request in written)
    assert ours[0] == theirs[0]
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize(
    "headers", [{"X-Two": "1\r\nX: 2"}, {"X-Two": "1\nX: 2"}, {"X: 1\r\nX": ""}]
)
def test_a_header_that_would_be_two_is_refused(headers: dict[str, str]) -> None:
    with RawServer(answer()) as server:
        connection = Connection("127.0.0.1", server.port, timeout=5)
        with pytest.raises(ValueError, match="header"):
            connection.request("GET", "/orders", headers=PLAIN | headers)
        connection.close()
    assert server.requests == []


def test_the_query_is_on_the_wire_and_nowhere_in_urllib3(waits: list[float]) -> None:
    params = {"search": "Änn & Ço", "tags[]": ["a b", "c/d"]}
    down = answer(b"{}", "503 Down")
    with (
        RawServer(down, b"", answer(b"[]")) as server,
        client_of(server.port) as client,
        all_records() as records,
    ):
        response = client.get("/orders?x=1", params=params)
    line = b"GET /api/v1/orders?x=1&search=%C3%84nn+%26+%C3%87o&tags%5B%5D=a+b&tags%5B%5D=c%2Fd"
    assert [request.split(b" HTTP")[0] for request in server.requests] == [line] * 3
    assert response.url.endswith(line.decode().removeprefix("GET "))
    texts = [record.getMessage() for record in records if record.name.startswith("urllib3")]
    assert any("/api/v1/orders" in text for text in texts)
    assert not any("search" in text or "?" in text for text in texts)


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
