"""Connections: urllib3's, which know what was sent, add the query and read the body at once."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import urllib3
import urllib3.connection
from urllib3.exceptions import ProxyError
from urllib3.util import SKIP_HEADER
from urllib3.util.connection import allowed_gai_family

from statuspro._http.call import current_call
from statuspro._http.callbacks import watched
from statuspro._http.in_time import in_time
from statuspro._http.response import ArrivingResponse, read_body

_VERSION: str = vars(urllib3)["__version__"]  # which its types do not tell of

# urllib3-future looks like urllib3, and is built differently inside. So it numbers its versions.
if (_patch := _VERSION.split(".")[-1]).isdecimal() and int(_patch) >= 900:
    raise ImportError(
        f"statuspro needs urllib3, but urllib3-future {_VERSION} is installed in its place. "
        "Uninstall urllib3-future, then install urllib3 again: "
        "pip install --force-reinstall urllib3"
    )

if TYPE_CHECKING:
    from urllib3 import HTTPResponse

    class HTTPConnection(urllib3.connection.HTTPConnection):
        def _output(self, s: bytes) -> None: ...  # http.client's, of which its types do not tell

    class HTTPSConnection(HTTPConnection, urllib3.connection.HTTPSConnection):
        # urllib3 imports `ssl` in a way in which pyright does not know it.
        def _connect_tls_proxy(self, hostname: str, sock: socket.socket) -> Any: ...
else:

    def _own(kind):
        """urllib3's own class, also where a recorder of tests has put its own in the place."""
        return next(base for base in kind.__mro__ if base.__module__ == "urllib3.connection")

    HTTPConnection = _own(urllib3.connection.HTTPConnection)
    HTTPSConnection = _own(urllib3.connection.HTTPSConnection)


#: Headers that urllib3 and http.client send of themselves where they are not given.
_LEFT_OUT = dict.fromkeys(("accept-encoding", "user-agent"), SKIP_HEADER)

#: Headers that make a difference to the rest of the request.
_FRAMING = frozenset({"content-length", "host", "transfer-encoding"})

#: Without an @, which `SKIP_HEADER` begins with.
_PLAIN_LINE = re.compile(r"[A-Za-z0-9_-]+: [!-?A-~][ -?A-~]*").fullmatch


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
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


class CallConnection(HTTPConnection):
    """What ours do beside urllib3's."""

    response_class = ArrivingResponse

    #: Header lines of the request under way, written already.
    _lines = b""

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        # urllib3 logs and raises with the URL it was given. Customers' data is in the query, so
        # urllib3 is given none, and the query joins its path here, on the wire.
        call = current_call()
        if call is not None:
            # Connecting comes first: an error of it leads to the connection and what it holds.
            if self.sock is None:
                self.connect()
            if call.query and "?" not in url:
                url = f"{url}?{call.query}"
        super().putrequest(method, url, *args, **kwargs)

    def request(
        self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any
    ) -> None:
        call = current_call()
        if call is not None:
            call.sent = False
            self.timeout = call.cut(self.timeout)
        self._lines = b""
        lines = b"" if body is not None else plain_lines(headers or {})
        if lines:
            # Connecting comes first here too: the lines hold the bearer.
            if self.sock is None:
                self.connect()
            headers, self._lines = _LEFT_OUT, lines
        super().request(method, url, watched(body), headers, **options)

    def connect(self) -> None:
        call = current_call()
        if call is not None:
            call.sent = False
            self.timeout = call.cut(self.timeout)
        super().connect()

    def _new_conn(self) -> socket.socket:
        call = current_call()
        if call is not None and call.ends is not None:
            # urllib3 tries one address after the other, each for as long.
            self.timeout = call.cut(self.timeout) / _count_addresses(self.host)
        return super()._new_conn()

    def send(self, data: Any) -> None:
        call = current_call()
        if call is not None and call.ends is not None and self.sock is not None:
            self.sock.settimeout(call.cut(self.timeout))  # a body may be sent in many parts
        super().send(data)

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
        lines, self._lines = self._lines, b""
        if lines:
            self._output(lines)
        super().endheaders(*args, **kwargs)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3's own does
        # urllib3's retries do not see a body that is read after them, so it is read before.
        call = current_call()
        if call is None:
            return super().getresponse()
        self.timeout = call.cut(self.timeout)
        response = super().getresponse()
        call.note_headers()
        body = None
        try:
            response, body = read_body(response, call)
        finally:
            if body is None:
                response.close()  # it has the socket, where no other response is to follow
                self.close()
        call.body = body or b""
        call.is_oversized = body is None
        if call.is_oversized:
            # There is nothing left to read. Before 2.7 urllib3 would decode in one piece what the
            # decoder still holds, and of a bomb that is many times the limit.
            response.drain_conn = response.release_conn  # type: ignore[method-assign]
        return response


class Connection(CallConnection):
    """A connection over plain http."""


class TLSConnection(CallConnection, HTTPSConnection):
    """A connection over https."""

    def _new_conn(self) -> socket.socket:
        return in_time(super()._new_conn())  # type: ignore[no-any-return]

    def _connect_tls_proxy(self, hostname: str, sock: Any) -> Any:
        # The service's TLS goes through that of the proxy.
        return in_time(super()._connect_tls_proxy(hostname, sock))


def plain_lines(headers: Mapping[str, Any]) -> bytes:
    """Writes the lines of headers that need none of http.client's checks, which take their time.

    Returns:
        Nothing where a header is not plain, or where one makes a difference to what else is sent.
    """
    names = {name.lower() for name in headers}
    if not names.issuperset(_LEFT_OUT) or not names.isdisjoint(_FRAMING):
        return b""
    try:
        lines = [name + ": " + value for name, value in headers.items()]
    except TypeError:  # a value is bytes, or a number
        return b""
    if not all(map(_PLAIN_LINE, lines)):
        return b""
    return "\r\n".join(lines).encode()


def _count_addresses(host: str) -> int:
    try:
        found = socket.getaddrinfo(host, None, allowed_gai_family(), socket.SOCK_STREAM)
    except OSError:  # which urllib3 will report
        return 1
    return max(1, len(found))
