"""What may be shown: in logs, in errors and in anything that is pickled.

Works by allow-list. Of a query string only the parameters that are known to be harmless are shown.
Of a response nothing is kept that repeats what the request carried in confidence.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import requests

from statuspro._json import is_array, is_object

HIDDEN = "[hidden]"

#: Query parameters whose values say nothing about a customer.
HARMLESS = frozenset(
    {
        "status_code",
        "financial_status[]",
        "fulfillment_status[]",
        "exclude_cancelled",
        "due_date_from",
        "due_date_to",
        "page",
        "per_page",
    }
)

#: Query parameters whose names may be shown, being the API's own; others may be a mistake.
_KNOWN = HARMLESS | {"search", "number", "email", "tags[]", "tags_any[]"}

#: Body fields whose values say nothing about a customer.
HARMLESS_FIELDS = HARMLESS | {"due_date", "order_ids", "send_at"}

#: Headers of a request whose values are no secret, and useful where a response repeats them.
_HARMLESS_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "connection", "content-length"),
        *("content-type", "host", "user-agent", "traceparent", "x-request-id", "x-correlation-id"),
    }
)

#: What the name of a parameter or a field looks like. All else may be a value in its place.
_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*(\[[A-Za-z0-9_]*\])*"

_WORD = r"[^\s/@\"'<>(),;:]"

#: The sign in an address, as texts, HTML, JSON and URLs spell it.
_AT = r"(?:@|%(?:25){0,2}40|&(?:amp;){0,2}(?:#0{0,4}64|#x0{0,4}40|commat);|\\{1,3}u0040)"

#: White space, likewise.
_SPACE = (
    r"(?:[\s+]|%(?:25){0,2}(?:20|0[9ad])|&(?:amp;){0,2}(?:nbsp|#160|#32|#1[03]);"
    r"|\\{1,3}[nrt]|<br ?/?>)+"
)

# The look behind it keeps a long word without an @ from being read once for each of its letters.
# A pattern is compiled when it is first used: an import need not wait for that.
_EMAIL = rf"(?i)(?<!{_WORD}){_WORD}+{_AT}[\w-]+\.[\w.-]+"

#: Shorter values would blacken every other word of a message and identify no customer.
_SHORTEST_SECRET = 3

#: Characters of all values together. To look for more takes too long: then nothing is shown.
_MOST_SECRETS = 10_000

#: Characters of a value that are looked for at once.
_LONGEST_PIECE = 1000

#: Levels. No message of the service is nested deeper, and a deeper one could not be copied.
_DEEPEST = 50


class Secret(str):
    """A str whose `repr`, pickle and copies do not show it.

    So the token stays out of debuggers' and error reporters' listings of variables, out of
    `response.request.headers` when that is printed, and out of pickled responses.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(HIDDEN)

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (HIDDEN,)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: Any) -> Secret:
        return self


class Sealed:
    """What was given in the place of a secret, without showing it.

    Attributes:
        kind: the name of its type.
    """

    __slots__ = ("kind",)

    def __init__(self, value: object) -> None:
        self.kind = type(value).__name__

    def __repr__(self) -> str:
        return HIDDEN


def sealed(value: Any) -> Any:
    """Wraps a value so that no listing of variables shows it; None stays None."""
    if value is None or isinstance(value, (Secret, Sealed)):
        return value
    return Secret(value) if isinstance(value, str) else Sealed(value)


def loggable_query(query: str) -> str:
    """Writes a query string for a log: harmless parameters as they are, others hidden."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(
        f"{name if name in _KNOWN else HIDDEN}={quote(value) if name in HARMLESS else HIDDEN}"
        for name, value in pairs
    )


def without_query(url: str) -> str:
    """Strips a URL of its query, fragment and credentials."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=host, query="", fragment="").geturl()
    except ValueError:  # a Location header can hold anything
        return HIDDEN


def request_line(request: requests.PreparedRequest) -> str:
    """Writes the method and the path of a request, without its query: `GET /api/v1/orders`."""
    return f"{request.method} {request.path_url.partition('?')[0]}"


class Redactor:
    """Hides in what is kept of a response what its request carried: the key, the customer's data.

    In any case of letters, and as HTML, JSON, URLs and headers spell it. E-mail addresses are
    hidden even if the request did not carry them.

    Args:
        request: of the response; None where a caller made the response by hand.
    """

    def __init__(self, request: requests.PreparedRequest | None) -> None:
        values: set[str] = set() if request is None else set(_values_of(request))
        self._is_too_much = sum(map(len, values)) > _MOST_SECRETS
        self._patterns: list[re.Pattern[str]] = []
        if not self._is_too_much:
            # The longest first, lest a part of one that is part of another is left.
            pieces = [piece for v in sorted(values, key=len, reverse=True) for piece in _pieces(v)]
            for some in _batches(pieces):
                self._patterns.append(re.compile("|".join(map(_spelled, some)), re.IGNORECASE))

    def text(self, text: str) -> str:
        """Hides confidential values and e-mail addresses in a text."""
        if self._is_too_much:
            return HIDDEN if text else text
        text = text.encode("utf-8", "replace").decode()  # JSON can hold what no log could be sent
        for pattern in self._patterns:
            text = pattern.sub(HIDDEN, text)
        return re.sub(_EMAIL, HIDDEN, text)

    def json(self, value: Any, levels: int = _DEEPEST) -> Any:
        """Redacts every string and number of parsed JSON, keys too.

        Raises:
            ValueError: it is nested deeper than `levels`.
        """
        if not levels:
            raise ValueError("nested too deep")
        if isinstance(value, str):
            return self.text(value)
        if is_array(value):
            return [self.json(item, levels - 1) for item in value]
        if is_object(value):
            return {self.text(key): self.json(item, levels - 1) for key, item in value.items()}
        if value is None or isinstance(value, bool):
            return value
        return HIDDEN if self.text(str(value)) == HIDDEN else value

    def url(self, url: str) -> str:
        """Strips a URL of its query, and redacts the rest."""
        return self.text(without_query(url))

    def response(self, response: requests.Response, body: Any = None) -> requests.Response:
        """Copies what can be kept of a response: status, reason, headers, the redacted body.

        Args:
            response: of the request.
            body: the parsed or decoded body, redacted; None where it is not to be kept.
        """
        copy = requests.Response()
        copy.status_code = response.status_code
        copy.reason = self.text(str(response.reason or ""))
        copy.url = self.url(str(response.url or ""))
        copy.elapsed = response.elapsed
        copy.encoding = "utf-8"
        for name, value in response.headers.items():
            if name.lower() not in ("set-cookie", "set-cookie2"):
                copy.headers[name] = self._header(name.lower(), value)
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        copy.raw = io.BytesIO(b"" if body is None else text.encode("utf-8", "replace"))
        _ = copy.content  # reads it, so that it is there as often as it is asked for
        return copy

    def _header(self, name: str, value: str) -> str:
        if name in ("location", "content-location"):
            return self.url(value)
        if name in ("link", "refresh"):
            value = re.sub(r"[?#][^\s>\"']*", "", value)
        return self.text(value)


# What a request carries --------------------------------------------------------------------------


def _values_of(request: requests.PreparedRequest) -> Iterator[str]:
    """Collects what a response must not repeat, each value without white space around it."""
    query = parse_qsl(urlsplit(request.url or "").query, keep_blank_values=True)
    values = [*_of_headers(request.headers), *_of_fields(query), *_of_body(request)]
    for value in map(str.strip, values):
        if len(value) >= _SHORTEST_SECRET:
            yield value


def _of_headers(headers: Mapping[str, str | bytes] | None) -> Iterator[str]:
    for name, given in (headers or {}).items():
        value = given.decode("latin-1") if isinstance(given, bytes) else str(given)
        if name.lower() == "cookie":
            yield from (cookie.partition("=")[2].strip().strip('"') for cookie in value.split(";"))
        if name.lower() not in _HARMLESS_HEADERS:
            yield value
            yield value.partition(" ")[2]  # what follows the scheme of an Authorization


def _of_body(request: requests.PreparedRequest) -> Iterator[str]:
    body: Any = request.body
    if isinstance(body, (bytes, bytearray)):
        body = bytes(body).decode("utf-8", "replace")
    if not isinstance(body, str):  # nothing, or what is read from a file or a generator
        return
    headers: Any = request.headers or {}
    kind = str(headers.get("Content-Type"))
    try:
        yield from _of_json(json.loads(body))
    except (ValueError, RecursionError):
        if "urlencoded" in kind:
            yield from _of_fields(parse_qsl(body, keep_blank_values=True))
        else:  # a text, or the parts of a form with files
            yield from body.splitlines()


def _of_fields(fields: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in fields:
        if name not in HARMLESS_FIELDS:
            yield value
            if not value or not re.fullmatch(_NAME, name):
                yield name


def _of_json(value: Any) -> Iterator[str]:
    if is_object(value):
        for name, item in value.items():
            if name not in HARMLESS_FIELDS:
                yield from _of_json(item)
                if not re.fullmatch(_NAME, name):
                    yield name
    elif is_array(value):
        for item in value:
            yield from _of_json(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


# How it may be spelled ---------------------------------------------------------------------------


def _pieces(value: str) -> Iterator[str]:
    """Splits a long value: one pattern for all of it would take long to compile."""
    while len(value) > _LONGEST_PIECE:
        end = value.rfind(" ", _LONGEST_PIECE // 2, _LONGEST_PIECE)
        end = _LONGEST_PIECE if end < 0 else end
        yield value[:end].strip()
        value = value[end:].strip()
    if len(value) >= _SHORTEST_SECRET:
        yield value


def _batches(pieces: list[str]) -> Iterator[list[str]]:
    """Groups the pieces by a size that compiles quickly."""
    batch: list[str] = []
    for piece in pieces:
        batch.append(piece)
        if sum(map(len, batch)) >= _LONGEST_PIECE:
            yield batch
            batch = []
    if batch:
        yield batch


def _spelled(value: str) -> str:
    """Builds a pattern for the value: each character as it is or in a spelling of its own."""
    words = ("".join(map(_spelled_character, word)) for word in value.split())
    return _SPACE.join(words)


@lru_cache(maxsize=1000)
def _spelled_character(character: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_.-]", character):
        return re.escape(character)
    cases = {character, character.lower(), character.upper()}
    spellings = [spelling for case in sorted(cases) if len(case) == 1 for spelling in _each(case)]
    return f"(?:{'|'.join(dict.fromkeys(spellings))})"


def _each(character: str) -> Iterator[str]:
    """Lists patterns for the spellings of a character that is no plain letter or digit."""
    import unicodedata  # only when something has failed: they take time to import
    from html.entities import codepoint2name

    code = ord(character)
    names = [f"#0{{0,4}}{code}", f"#x0{{0,4}}{code:x}"]
    if name := {39: "apos"}.get(code, codepoint2name.get(code)):
        names.append(name)
    yield f"&(?:amp;){{0,2}}(?:{'|'.join(names)});"
    octets = character.encode("utf-8", "replace")
    yield "".join(f"%(?:25){{0,2}}{octet:02x}" for octet in octets)
    units = character.encode("utf-16-be", "surrogatepass").hex()
    yield "".join(rf"\\{{1,3}}u{units[at : at + 4]}" for at in range(0, len(units), 4))
    yield rf"\\{{1,3}}(?:x{code:02x}|u\{{{code:x}\}}|U{code:08x})"
    if not character.isascii():
        yield "".join(rf"\\{{1,3}}x{octet:02x}" for octet in octets)
        for encoding in ("latin-1", "cp1252"):  # UTF-8 that was taken for another encoding
            yield re.escape(octets.decode(encoding, "replace"))
        yield re.escape(unicodedata.normalize("NFD", character))
        if code < 256:
            yield f"%(?:25){{0,2}}{code:02x}"
    # Last, for it may be what another spelling begins with. Quotes are doubled, slashes escaped.
    yield rf"\\{{0,3}}{re.escape(character)}{{1,2}}"
