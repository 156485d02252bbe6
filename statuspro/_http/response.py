"""The bytes of a response: its head, and its body, both bounded in size and in time."""

from __future__ import annotations

import http.client
import io
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.exceptions import DecodeError, ProtocolError

from statuspro._http.call import Call, current_call
from statuspro._http.codings import is_bounded

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from urllib3 import HTTPResponse

#: Bytes asked for at a time while a body is read.
_CHUNK = 2**16

#: Bytes of a header line, and header lines of a response; as http.client has them.
_LONGEST_LINE = 65536
_MOST_HEADERS = 100

_HEADER = re.compile(r"([!-9;-~]+):[ \t]*(.*)")
_HEADERS = re.compile(r"^([!-9;-~]+):[ \t]*([^\r\n]*)\r\n", re.MULTILINE)

#: Header fields in which cookies come.
_COOKIES = frozenset({"set-cookie", "set-cookie2"})

#: Statuses of responses that have no body.
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Arriving(io.RawIOBase):
    """The bytes of a response, which must end within the timeout once it has begun.

    A socket's timeout bounds the silence between two packets, so a response that drips, or one
    whose headers, trailers or compressed nothings have no end, would never be over.

    Args:
        raw: what the bytes are read from.
        seconds: that the response may take once it has begun; None for no bound.
        sock: the socket under it, whose timeout is cut to what is left of the call's deadline.
    """

    #: The real one, also for tests that have time stand still or fly.
    _now = staticmethod(time.monotonic)

    def __init__(self, raw: io.RawIOBase, seconds: float | None, sock: Any = None) -> None:
        self._raw = raw
        self._sock = sock
        self._seconds = seconds
        call = current_call()
        self._call = call if call is not None and call.ends is not None else None
        self._deadline: float | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if self._call is not None:
            self._sock.settimeout(self._call.cut(self._seconds))
        count = self._raw.readinto(buffer)
        if self._seconds is not None:
            now = self._now()
            if self._deadline is None:
                self._deadline = now + self._seconds
            elif now > self._deadline:
                raise TimeoutError("the response did not end in time")  # as a socket does
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class ArrivingResponse(http.client.HTTPResponse):
    """http.client's response, out of `Arriving` bytes, and with a head that is read to its end.

    http.client's own parser stops at a header line that it cannot read. It loses the lines behind
    it, the body's length among them, and urllib3 logs all of them, customers' data included.
    """

    if TYPE_CHECKING:  # http.client's own, of which its types do not tell

        def _read_status(self) -> tuple[str, int, str]: ...

    def __init__(
        self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._is_to_head = method == "HEAD"
        self.fp = io.BufferedReader(Arriving(_unbuffered(self.fp), _timeout_of(sock), sock))

    def begin(self) -> None:
        """Reads the head of the final response, past those of interim ones."""
        try:
            self._read_head()
            while 100 <= self.status < 200:
                if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
                    raise ProtocolError("the response goes on in another protocol")
                self._read_head()
        except http.client.RemoteDisconnected:
            raise
        except http.client.HTTPException as error:  # whose text repeats what arrived
            raise ProtocolError(f"the response is not HTTP: {type(error).__name__}") from None
        self._settle_end()

    def _read_head(self) -> None:
        version, self.status, reason = self._read_status()
        if version not in ("HTTP/1.0", "HTTP/0.9") and not version.startswith("HTTP/1."):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.reason = reason.strip()
        self.headers = self.msg = _Headers(_read_fields(self.fp))
        if self.debuglevel > 0:
            for name, value in self.headers.items():
                print("header:", f"{name}:", value)

    def _settle_end(self) -> None:
        """Settles where the body ends, and whether the connection does, as http.client does."""
        # The first of each name, as `get` finds it, which looks through all of them.
        first = {name.lower(): value for name, value in reversed(self.headers.items())}
        self.chunked = first.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.length = None if self.chunked else _length(first.get("content-length", ""))
        if self.status in _BODILESS or self._is_to_head:
            self.length = 0
        has_end = self.chunked or self.length is not None
        self.will_close = not has_end or not _is_kept_alive(self.version, first)


class _Headers(http.client.HTTPMessage):
    """Headers as they came.

    The base class looks in each value for bytes that could not be decoded. In latin-1 all can be.
    """

    def __init__(self, fields: list[list[str]]) -> None:
        super().__init__()
        for name, value in fields:
            if name:
                self.set_raw(name, value)

    def items(self) -> list[tuple[str, str]]:
        return list(self.raw_items())


def _unbuffered(file: Any) -> Any:
    """Finds what a socket's file reads from, or that file where it is none of CPython's."""
    return file.detach() if isinstance(file, io.BufferedReader) else file


def _timeout_of(sock: Any) -> float | None:
    """Seconds; a socket that wraps another one (urllib3's for pyOpenSSL) does not say itself."""
    while not hasattr(sock, "gettimeout"):
        sock = sock.socket
    seconds: float | None = sock.gettimeout()
    return seconds


def _read_fields(lines: io.BufferedReader) -> list[list[str]]:
    """Reads header lines to the empty one; a line that is no header has no name and no value."""
    head = lines.peek()
    head = head[: head.find(b"\r\n\r\n") + 2]
    fields: list[list[str]] = [*map(list, _HEADERS.findall(head.decode("latin-1")))]
    if 0 < len(fields) == head.count(b"\n") < _MOST_HEADERS:  # all of it has come, all is plain
        lines.read(len(head) + 2)
        return fields
    fields = []
    for _ in range(_MOST_HEADERS):
        line = lines.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise http.client.LineTooLong("header line")
        if line in (b"\r\n", b"\n"):
            return fields
        if not line:
            raise ProtocolError("the response broke off in its headers")
        text = line.decode("latin-1").rstrip("\r\n").replace("\r", " ")
        if found := _HEADER.fullmatch(text):
            fields.append([found[1], found[2]])
        elif fields and text.startswith((" ", "\t")):  # the line before goes on
            fields[-1][1] += f"\r\n{text}"
        else:
            fields.append(["", ""])
    raise http.client.HTTPException(f"more than {_MOST_HEADERS} headers")


def _length(given: str) -> int | None:
    try:
        length = int(given)
    except ValueError:
        return None
    return length if length >= 0 else None


def _is_kept_alive(version: int, headers: dict[str, str]) -> bool:
    said = headers.get("connection", "").lower()
    if version == 11:
        return "close" not in said
    said += headers.get("proxy-connection", "").lower()
    return "keep-alive" in headers or "keep-alive" in said


def read_body(response: HTTPResponse, call: Call) -> tuple[HTTPResponse, bytes | None]:
    """Reads all of a response.

    Returns:
        The response and its decoded body; None where that is too large. With `stream=True` the
        caller reads the bytes again from it, as they came: from memory.
    """
    limit = call.settings.max_response_bytes
    if not call.is_streamed:
        body = _decoded(response, limit, call)
        if _COOKIES.isdisjoint(map(str.lower, response.headers)):
            # Where requests would look for them, twice.
            response._original_response = None  # pyright: ignore[reportPrivateUsage]
        return response, body
    raw = _collected(response, limit, call, decode=False)
    if raw is None:
        return response, None
    return _replayed(response, raw), _decoded(_replayed(response, raw), limit, call)


def _replayed(response: HTTPResponse, raw: bytes) -> HTTPResponse:
    return urllib3.HTTPResponse(
        io.BytesIO(raw),
        headers=response.headers,
        status=response.status,
        version=response.version,
        version_string=response.version_string,
        reason=response.reason,
        preload_content=False,
        decode_content=response.decode_content,
        original_response=response._original_response,  # pyright: ignore[reportPrivateUsage]
        enforce_content_length=False,
    )


def _decoded(response: HTTPResponse, limit: int, call: Call) -> bytes | None:
    """Reads the body and decodes it; None when it is larger than `limit`."""
    coding = response.headers.get("Content-Encoding")
    if coding is None and 0 < (response.length_remaining or 0) <= limit:
        return response.read(decode_content=True)  # at once
    if coding is not None and not is_bounded(coding):
        raise ProtocolError("the body has a coding that was not asked for")
    try:
        return _collected(response, limit, call, decode=True)
    except DecodeError:
        raise ProtocolError("the body cannot be decoded") from None


def _collected(response: HTTPResponse, limit: int, call: Call, *, decode: bool) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK, decode_content=decode):
        chunks.append(chunk)
        size += len(chunk)
        call.cut(None)  # decoding takes its time too
        if size > limit:
            return None
    return b"".join(chunks)
