"""HTTP/1.1 between bytes and WSGI: the part that an API's clients use, checked strictly."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit

from .faults import RawResponse
from .render import to_json

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

MAX_HEAD = 64 * 1024
MAX_BODY = 8 * 1024 * 1024

_REQUEST_LINE = re.compile(rb"([!-~]+) ([!-~]+) HTTP/(\d)\.(\d)")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)

Send = Callable[[bytes], Any]


class BadRequestError(Exception):
    """The bytes are no request that this server accepts."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def serve_connection(reader: BinaryIO, send: Send, app: WSGIApplication, port: int) -> None:
    """Answers the requests of a connection until it ends.

    Args:
        reader: the client's bytes.
        send: sends the bytes of a response.
        app: the WSGI callable.
        port: the port of the server, for the environment.

    Raises:
        BadRequestError: the bytes are no request. The refusal was sent. The client may still be
            sending more bytes.
        OSError: the connection broke, or a fault broke it.
    """
    while True:
        try:
            environ = read_request(reader, port)
        except BadRequestError as error:
            send(_refusal(error))
            raise
        if environ is None or not _answer(environ, send, app):
            return


def read_request(reader: BinaryIO, port: int) -> WSGIEnvironment | None:
    """Reads the next request, with its body, into a WSGI environment; None at the end.

    Raises:
        BadRequestError: the bytes are no request.
    """
    lines = _read_head(reader)
    if lines is None:
        return None
    environ = _environ(*_parse_request_line(lines[0]), port)
    for line in lines[1:]:
        _add_header(environ, line)
    environ["wsgi.input"] = io.BytesIO(_read_body(reader, environ))
    return environ


def _read_head(reader: BinaryIO) -> list[bytes] | None:
    """Reads the lines of a request's head, without line ends; None if the connection ended."""
    lines: list[bytes] = []
    room = MAX_HEAD
    while True:
        line = reader.readline(room)
        room -= len(line)
        if room <= 0:
            raise BadRequestError(431, "The request's headers are too large.")
        if not line.endswith(b"\n"):
            return None
        line = line.rstrip(b"\r\n")
        if line:
            lines.append(line)
        elif lines:
            return lines


def _parse_request_line(line: bytes) -> tuple[str, str, str]:
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise BadRequestError(400, "The request line is malformed.")
    if found[3] != b"1":
        raise BadRequestError(505, "This server speaks HTTP/1.1.")
    return found[1].decode("ascii"), found[2].decode("ascii"), f"HTTP/1.{found[4].decode()}"


def _environ(method: str, target: str, protocol: str, port: int) -> WSGIEnvironment:
    if not target.startswith("/"):
        target = _origin_form(target)
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": protocol,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _origin_form(target: str) -> str:
    """Returns path and query of a whole URL. Clients send a whole URL to a proxy."""
    try:
        parts = urlsplit(target)
    except ValueError:
        raise BadRequestError(400, "The request's target is not a URL.") from None
    return f"{parts.path}?{parts.query}"


def _add_header(environ: WSGIEnvironment, line: bytes) -> None:
    raw_name, colon, raw_value = line.partition(b":")
    if not colon or not _TOKEN.fullmatch(raw_name) or b"\0" in raw_value:
        raise BadRequestError(400, "A header is malformed.")
    name = raw_name.decode("ascii").upper().replace("-", "_")
    value = raw_value.strip(b" \t").decode("latin-1")
    if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        name = f"HTTP_{name}"
    if name not in environ:
        environ[name] = value
    elif name == "CONTENT_LENGTH":
        raise BadRequestError(400, "The request has two lengths.")
    else:
        environ[name] += f",{value}"


def _read_body(reader: BinaryIO, environ: WSGIEnvironment) -> bytes:
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise BadRequestError(411, "A request's body must come with its Content-Length.")
    text = environ.get("CONTENT_LENGTH", "0")
    if not _DIGITS.fullmatch(text):
        raise BadRequestError(400, "The Content-Length is not a number.")
    length = int(text)
    if length > MAX_BODY:
        raise BadRequestError(413, "The request's body is too large.")
    body = reader.read(length) if length else b""
    if len(body) < length:
        raise BadRequestError(400, "The request's body ended early.")
    return body


def _answer(environ: WSGIEnvironment, send: Send, app: WSGIApplication) -> bool:
    """Sends the application's response, and tells whether the connection stays open."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Send:
        started.append((status, headers))
        return send

    try:
        chunks = app(environ, start_response)
        keep = _is_kept(environ)
        status, headers = started[0]
        _send_response(send, _head(status, headers, keep), chunks)
    except RawResponse as response:
        send(response.data)
        return False
    return keep


def _is_kept(environ: WSGIEnvironment) -> bool:
    wishes = environ.get("HTTP_CONNECTION", "").lower()
    if environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        return "keep-alive" in wishes
    return "close" not in wishes


def _head(status: str, headers: Iterable[tuple[str, str]], keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Connection: {'keep-alive' if keep else 'close'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _send_response(send: Send, head: bytes, chunks: Iterable[bytes]) -> None:
    """Sends the head and the first part of the body at once, so that one packet carries both."""
    rest: Iterator[bytes] = iter(chunks)
    send(head + next(rest, b""))
    for chunk in rest:
        send(chunk)


def _refusal(error: BadRequestError) -> bytes:
    body = to_json({"message": str(error)})
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Date", formatdate(usegmt=True)),
    ]
    return _head(f"{error.status} {HTTPStatus(error.status).phrase}", headers, False) + body
