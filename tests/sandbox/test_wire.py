"""HTTP/1.1 between bytes and WSGI."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from statuspro.sandbox import Sandbox
from statuspro.sandbox.wire import BadRequestError, read_request, serve_connection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def read(data: bytes) -> dict[str, Any] | None:
    return read_request(io.BytesIO(data), 80)


def exchange(sandbox: Sandbox, data: bytes) -> bytes:
    """Everything that the server says to these bytes before it closes the connection."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def test_a_request() -> None:
    environ = read(
        b"\r\nPOST /a%20b/%C3%A9?x=%201&y HTTP/1.1\r\nHost: here\r\ncontent-type:text/plain \r\n"
        b"Content-Length: 3\r\nX-Twice: a\r\nx-twice:\tb\r\n\r\nabcdef"
    )
    assert environ is not None
    assert environ.pop("wsgi.input").read() == b"abc"
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/a b/é"
    assert environ["QUERY_STRING"] == "x=%201&y"
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["HTTP_HOST"] == "here"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["HTTP_X_TWICE"] == "a,b"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"http://elsewhere:80/api/v1/orders?page=2", "/api/v1/orders", "page=2"),
        (b"*", "*", ""),
        (b"//double", "//double", ""),
        (b"/a?b?c", "/a", "b?c"),
    ],
)
def test_targets(target: bytes, path: str, query: str) -> None:
    environ = read(b"GET %b HTTP/1.0\n\n" % target)
    assert environ is not None
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == (path, query)


@pytest.mark.parametrize("data", [b"", b"\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_that_ends_before_a_request_does(data: bytes) -> None:
    assert read(data) is None


HEAD = b"POST /x HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n", 400),
        (b"GET / http/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (HEAD + b"no colon\r\n\r\n", 400),
        (HEAD + b": empty name\r\n\r\n", 400),
        (HEAD + b"Bad Name: x\r\n\r\n", 400),
        (HEAD + b"Folded: a\r\n b\r\n\r\n", 400),
        (HEAD + b"Null: a\0b\r\n\r\n", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: ten\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (HEAD + b"Content-Length: " + b"9" * 99 + b"\r\n\r\n", 400),
        (HEAD + b"Content-Length: 10\r\n\r\nshort", 400),
        (HEAD + b"Content-Length: 99999999999\r\n\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (HEAD + b"A: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (HEAD + b"A: x\r\n" * 20_000 + b"\r\n", 431),
        (b"GET /" + b"x" * 70_000, 431),
        (b"\r\n" * 40_000, 431),
    ],
)
def test_bytes_that_are_no_request(sandbox: Sandbox, data: bytes, status: int) -> None:
    with pytest.raises(BadRequestError) as caught:
        read(data)
    assert caught.value.status == status
    answer = exchange(sandbox, data)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close" in head
    assert b'{"message":' in body
    assert exchange(sandbox, b"GET /api/v1/x HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def serve(data: bytes, app: Callable[..., Any] = echo) -> list[bytes]:
    sent: list[bytes] = []
    serve_connection(io.BytesIO(data), sent.append, app, 80)
    return sent


def request(version: str = "1.1", body: bytes = b"", **headers: str) -> bytes:
    lines = [f"POST / HTTP/{version}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_pipelined_requests_are_answered_in_order() -> None:
    sent = serve(request(body=b"one") + request(body=b"two"))
    assert [answer.partition(b"\r\n\r\n")[2] for answer in sent] == [b"one", b"two"]
    assert all(b"\r\nConnection: keep-alive\r\n" in answer for answer in sent)


@pytest.mark.parametrize(
    ("first", "answers"),
    [
        (request("1.1"), 2),
        (request("1.1", Connection="close"), 1),
        (request("1.1", Connection="Close, TE"), 1),
        (request("1.0"), 1),
        (request("1.0", Connection="Keep-Alive"), 2),
    ],
)
def test_which_connections_are_kept(first: bytes, answers: int) -> None:
    sent = serve(first + request())
    assert len(sent) == answers
    assert (b"Connection: close" in sent[0]) == (answers == 1)


def test_head_and_body_go_out_in_one_piece() -> None:
    assert len(serve(request(body=b"x" * 100_000))) == 1


def test_an_expectation_is_ignored() -> None:
    (answer,) = serve(request(body=b"abc", Expect="100-continue"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_chunks_go_out_one_by_one() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "4")])
        return iter([b"ab", b"cd"])

    sent = serve(request(Connection="close"), app)
    assert sent[0].endswith(b"\r\n\r\nab")
    assert sent[1:] == [b"cd"]


def test_no_answer_of_the_service_holds_a_traceback(sandbox: Sandbox) -> None:
    key = f"Authorization: Bearer {sandbox.api_key}\r\nAccept: application/json\r\n"
    for target in (
        "/api/v1/orders?page=%00&per_page=%ff",
        "/api/v1/orders?%5B%5D=&tags%5B%5D&=&&;",
        "/api/v1/orders/%ff%fe",
        "/api/v1/orders/lookup?number=%F0%9F%8E%81&email=%40",
        "/api/v1/orders?search=" + "%25" * 5000,
    ):
        answer = exchange(sandbox, f"GET {target} HTTP/1.1\r\n{key}\r\n".encode())
        assert answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4"))
        assert b"Traceback" not in answer
