"""The head of a response: read as http.client reads it, but for lines that it stumbles over."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError

from statuspro._http.response import ArrivingResponse


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
