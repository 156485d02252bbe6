"""Connections and pools: urllib3's, with the body read inside the retry loop and no query shown."""

from __future__ import annotations

import errno
import http
import http.client
import importlib
import io
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import urllib3
import urllib3.connection
from urllib3.exceptions import ConnectTimeoutError, DecodeError, ProtocolError, ProxyError
from urllib3.util import make_headers

from statuspro._http.call import Call, current_call
from statuspro._http.callbacks import call_back

_VERSION: str = vars(urllib3)["__version__"]  # which its types do not tell of

# urllib3-future looks like urllib3, and is built differently inside. So it numbers its versions.
if (_patch := _VERSION.split(".")[-1]).isdecimal() and int(_patch) >= 900:
    raise ImportError(
        f"statuspro needs urllib3, but urllib3-future {_VERSION} is installed in its place. "
        "Uninstall urllib3-future, then install urllib3 again: "
        "pip install --force-reinstall urllib3"
    )

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from urllib3 import HTTPResponse
    from urllib3.connection import HTTPConnection, HTTPSConnection
else:

    def _own(kind):
        """urllib3's own class, also where a recorder of tests has put its own in the place."""
        return next(base for base in kind.__mro__ if base.__module__ == "urllib3.connection")

    HTTPConnection = _own(urllib3.connection.HTTPConnection)
    HTTPSConnection = _own(urllib3.connection.HTTPSConnection)

#: Bytes asked for at a time while a body is read.
_CHUNK = 2**16

#: How a header begins that Python's parser can read. It takes "From " for something else.
_HEADER = re.compile(rb"[!-9;-~]+:")

#: Stands in for a header that cannot be read, so that http.client counts it all the same.
_UNREADABLE_NAME = "Unreadable-Header"
_UNREADABLE = f"{_UNREADABLE_NAME}:\r\n".encode()


class _Arriving(io.RawIOBase):
    """The bytes of an answer, which must end within the timeout once it has begun.

    A socket's timeout bounds the silence between two packets, so an answer that drips, or one whose
    headers, trailers or compressed nothings have no end, would never be over.
    """

    #: The real one, also for tests that have time stand still or fly.
    _now = staticmethod(time.monotonic)

    def __init__(self, raw: io.RawIOBase, seconds: float | None) -> None:
        self._raw = raw
        self._seconds = seconds
        self._deadline: float | None = None
        #: Whether the peer has closed its end.
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        count = self._raw.readinto(buffer)
        self.is_over = count == 0
        if self._seconds is not None:
            now = self._now()
            if self._deadline is None:
                self._deadline = now + self._seconds
            elif now > self._deadline:
                raise TimeoutError("the answer did not end in time")  # as a socket does
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """http.client's, out of `_Arriving` bytes."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._arriving = _Arriving(_unbuffered(self.fp), _timeout_of(sock))
        self.fp = io.BufferedReader(self._arriving)

    def begin(self) -> None:
        buffered = self.fp
        self.fp = cast("Any", _Lines(buffered))
        try:
            super().begin()
            while 100 <= self.status < 200:  # http.client reads past a 100 only
                if self.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                    raise ProtocolError("the answer goes on in another protocol")
                self.headers = self.msg = cast("Any", None)
                super().begin()
        except http.client.RemoteDisconnected:
            raise
        except http.client.HTTPException as error:  # whose text repeats what arrived
            raise ProtocolError(f"the answer is not HTTP: {type(error).__name__}") from None
        finally:
            if self.fp is not None:
                self.fp = buffered
        if self._arriving.is_over:  # which http.client takes for the end of the headers
            raise ProtocolError("the answer broke off in its headers")
        del self.msg[_UNREADABLE_NAME]


def _unbuffered(file: Any) -> Any:
    """What a socket's file reads from, or that file where it is none of CPython's."""
    return file.detach() if isinstance(file, io.BufferedReader) else file


def _timeout_of(sock: Any) -> float | None:
    """Seconds; a socket that wraps another one (urllib3's for pyOpenSSL) does not say itself."""
    while not hasattr(sock, "gettimeout"):
        sock = sock.socket
    seconds: float | None = sock.gettimeout()
    return seconds


class _Lines:
    """The lines of an answer's head, all of which http.client can read.

    At a header line that is none, Python's parser stops: it loses the lines behind it, the body's
    length among them, and urllib3 logs them all, whatever they hold.
    """

    def __init__(self, buffered: io.BufferedReader) -> None:
        self._buffered = buffered
        self._is_among_headers = False
        self._is_after_header = False

    def readline(self, limit: int) -> bytes:
        """Reads the next line: the status, a header, or the end of the headers."""
        line = self._buffered.readline(limit)
        if not self._is_among_headers:
            self._is_among_headers, self._is_after_header = True, False
        elif line in (b"\r\n", b"\n", b""):
            self._is_among_headers = False
        elif len(line) < limit:  # a longer one is refused as it is
            line = self._readable(line)
        return line

    def _readable(self, line: bytes) -> bytes:
        is_folded = self._is_after_header and line.startswith((b" ", b"\t"))
        self._is_after_header = True
        if is_folded or _HEADER.match(line):
            return line.rstrip(b"\r\n").replace(b"\r", b" ") + b"\r\n"
        return _UNREADABLE

    def close(self) -> None:
        """Closes what it reads from."""
        self._buffered.close()


class ProxyRefusedError(ProxyError):
    """The proxy responds, and opens no connection to the service.

    Attributes:
        status: of its HTTP response; None where it speaks another protocol.
        said: the response in words, none of which are the proxy's own.
    """

    def __init__(self, status: int | None, said: str) -> None:
        super().__init__(f"The proxy refused: {said}", OSError(said))
        self.status = status
        self.said = said


def _phrase(status: int) -> str:
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


class _Connection(HTTPConnection):
    """What ours do beside urllib3's."""

    response_class = _Answer

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        # urllib3 logs and raises with the URL it was given. Customers' data is in the query, so
        # urllib3 is given none, and the query joins its path here, on the wire.
        call = current_call()
        if call is not None:
            # Connecting comes first: an error of it leads to the connection and what it holds.
            if self.sock is None:
                self.connect()
            call.sent = False
            if call.query and "?" not in url:
                url = f"{url}?{call.query}"
        super().putrequest(method, url, *args, **kwargs)

    def request(self, method: str, url: str, body: Any = None, *args: Any, **options: Any) -> None:
        super().request(method, url, _watched(body), *args, **options)

    def connect(self) -> None:
        call = current_call()
        if call is not None:
            call.sent = False
        super().connect()

    def _tunnel(self) -> None:
        try:
            super()._tunnel()
        except TimeoutError:
            raise
        except OSError as error:
            # As http.client says that the proxy refused.
            told = re.match(r"Tunnel connection failed: (\d{3})\b", str(error))
            if told:
                raise ProxyRefusedError(int(told[1]), _phrase(int(told[1]))) from None
            raise ProxyError("Unable to connect through the proxy", error) from None

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        call = current_call()
        if call is not None:
            call.sent = True
        super().endheaders(*args, **kwargs)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3's own does
        # urllib3's retries do not see a body that is read after them, so it is read before.
        response = super().getresponse()
        call = current_call()
        if call is not None:
            call.hear()
            body = None
            try:
                response, body = _taken(response, call)
            finally:
                if body is None:
                    response.close()  # it has the socket, where no other answer is to follow
                    self.close()
            call.body = body or b""
            call.is_oversized = body is None
            if body is None:
                # There is nothing left to read. Before 2.7 urllib3 would decode in one piece what
                # the decoder still holds, and of a bomb that is many times the limit.
                response.drain_conn = response.release_conn  # type: ignore[method-assign]
        return response


def _watched(body: Any) -> Any:
    """A body that the caller's code makes as it is sent: what that raises is the caller's own."""
    if hasattr(body, "read"):
        return _blocks(body)
    return _items(body) if isinstance(body, Iterator) else body


def _blocks(file: Any) -> Iterator[bytes]:
    is_text = isinstance(file, io.TextIOBase)
    while block := call_back(file.read, _CHUNK):
        yield block.encode() if is_text else block


def _items(body: Iterator[Any]) -> Iterator[Any]:
    with suppress(StopIteration):
        while True:
            yield call_back(next, body)


class Connection(_Connection):
    """A connection over plain http."""


class TLSConnection(_Connection, HTTPSConnection):
    """A connection over https."""


class _SOCKSConnection(_Connection):
    """What ours do beside urllib3's through a SOCKS proxy."""

    def connect(self) -> None:
        try:
            super().connect()
        except ConnectTimeoutError as error:
            raise _socks_failure(error) from None


#: What SOCKS5's replies mean.
_SOCKS_REPLIES = {"3": errno.ENETUNREACH, "4": errno.EHOSTUNREACH, "5": errno.ECONNREFUSED}


def _socks_failure(error: ConnectTimeoutError) -> ProxyError:
    # PySocks wraps what happened, more than once, and urllib3 wraps that again.
    cause: Any = error.__cause__ or error.__context__ or error
    while getattr(cause, "socket_err", None) is not None:
        cause = cause.socket_err
    if type(cause).__name__ == "SOCKS5AuthError":
        return ProxyRefusedError(None, "SOCKS authentication failed")
    reply = re.match("0x0([2-5]): ", getattr(cause, "msg", ""))
    if reply and reply[1] == "2":
        return ProxyRefusedError(None, "not allowed by its rules")
    if reply:
        cause = OSError(_SOCKS_REPLIES[reply[1]], "SOCKS")
    return ProxyError("Unable to connect through the proxy", cause)


def boundless_codings() -> frozenset[str]:
    """The content codings that urllib3 decodes whole, however much that is.

    Brotli before 1.2 can only do that: 800 bytes can stand for 2 GiB. The others stop where they
    are told to (and Zstandard's window is at most 128 MiB).
    """
    for name in ("brotlicffi", "brotli"):  # as urllib3 looks for it
        try:
            brotli = importlib.import_module(name)
        except ImportError:
            continue
        decompressor = brotli.Decompressor()
        decompress = getattr(decompressor, "decompress", None) or decompressor.process
        try:
            decompress(b"", output_buffer_limit=1)
        except TypeError:
            return frozenset({"br"})
        break
    return frozenset()


_BOUNDLESS = boundless_codings()


def accepted_codings(boundless: frozenset[str] = _BOUNDLESS) -> str:
    """The value of `Accept-Encoding`: what urllib3 can decode, but for what has no bounds."""
    known = make_headers(accept_encoding=True)["accept-encoding"].split(",")
    return ", ".join(coding for coding in known if coding not in boundless)


def _taken(response: HTTPResponse, call: Call) -> tuple[HTTPResponse, bytes | None]:
    """A response whose bytes have all arrived, and its decoded body; None where that is too large.

    With `stream=True` the caller reads the bytes again, as they came: from memory.
    """
    limit = call.settings.max_response_bytes
    if not call.is_streamed:
        return response, _read(response, limit)
    raw = _collected(response, limit, decode=False)
    if raw is None:
        return response, None
    return _replayed(response, raw), _read(_replayed(response, raw), limit)


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
        original_response=response._original_response,
        enforce_content_length=False,
    )


def _read(response: HTTPResponse, limit: int) -> bytes | None:
    """The decoded body; None when it is larger than `limit`."""
    codings = response.headers.get("Content-Encoding", "").lower().split(",")
    if not _BOUNDLESS.isdisjoint(coding.strip() for coding in codings):
        raise ProtocolError("the body has a coding that was not asked for")
    try:
        return _collected(response, limit, decode=True)
    except DecodeError:
        raise ProtocolError("the body cannot be decoded") from None


def _collected(response: HTTPResponse, limit: int, *, decode: bool) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK, decode_content=decode):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            return None
    return b"".join(chunks)
