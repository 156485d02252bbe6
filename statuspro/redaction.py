"""What may be shown: in logs, in errors and in anything that is pickled.

Works by allow-list. Of a query string only the values of parameters that are known to be harmless
are shown. Of an answer nothing is kept that repeats what the request carried in confidence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import requests

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

#: Body fields whose values say nothing about a customer.
HARMLESS_FIELDS = frozenset({"status_code", "due_date", "due_date_to", "order_ids", "send_at"})

_WORD = r"[^\s/@\"'<>(),;:]"

# The look behind it keeps a long word without an @ from being read once for each of its letters.
_EMAIL = rf"(?<!{_WORD}){_WORD}+@{_WORD}+\.{_WORD}+"

#: Shorter values would blacken every other word of a message and identify nobody.
_SHORTEST_SECRET = 3

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
    """The value in a form that no listing of variables shows; None stays None."""
    if value is None or isinstance(value, (Secret, Sealed)):
        return value
    return Secret(value) if isinstance(value, str) else Sealed(value)


def loggable_query(query: str) -> str:
    """The query string as it may be logged: harmless values as they are, others hidden."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(
        f"{quote(name, safe='[]')}={quote(value) if name in HARMLESS else HIDDEN}"
        for name, value in pairs
    )


def without_query(url: str) -> str:
    """The URL without its query, fragment and credentials."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=host, query="", fragment="").geturl()
    except ValueError:  # a Location header can hold anything
        return HIDDEN


def confidential_values(request: requests.PreparedRequest | None) -> list[str]:
    """What the request carried that its answer must not repeat: the key, the customer's data.

    Each as it is and as HTML, JSON, URLs and headers spell it, the longest first.
    """
    if request is None:  # a Response that somebody made by hand
        return []
    header = request.headers.get("Authorization") or ""
    authorization = header.decode("latin1") if isinstance(header, bytes) else header
    values = [authorization, authorization.partition(" ")[2]]
    query = parse_qsl(urlsplit(request.url or "").query)
    values += [value for name, value in query if name not in HARMLESS]
    values += _body_values(request.body)
    spelled = {s for v in values if len(v) >= _SHORTEST_SECRET for s in _spellings(v)}
    return sorted(spelled, key=len, reverse=True)


def _spellings(value: str) -> tuple[str, ...]:
    import html  # only when something has failed: its table of entities takes time to import

    return (
        value,
        html.escape(value),
        json.dumps(value)[1:-1],
        quote(value, safe="", errors="replace"),
        quote_plus(value, errors="replace"),
        value.encode("utf-8", "replace").decode("latin-1"),  # in headers, as they are read
    )


def _body_values(body: Any) -> list[str]:
    try:
        fields = json.loads(body) if body else None
    except (TypeError, ValueError, RecursionError):
        return []
    if not isinstance(fields, dict):
        return []
    return [v for k, v in fields.items() if isinstance(v, str) and k not in HARMLESS_FIELDS]


def redact(text: str, confidential: Iterable[str]) -> str:
    """The text without the confidential values, in any case, and without e-mail addresses."""
    text = text.encode("utf-8", "replace").decode()  # JSON can hold what no log could be sent
    if pattern := "|".join(map(re.escape, confidential)):
        text = re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)
    return re.sub(_EMAIL, HIDDEN, text)


def redact_json(value: Any, confidential: Iterable[str], levels: int = _DEEPEST) -> Any:
    """The parsed JSON with every string in it redacted, keys too.

    Raises:
        ValueError: it is nested deeper than `levels`.
    """
    if not levels:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return redact(value, confidential)
    if isinstance(value, list):
        return [redact_json(item, confidential, levels - 1) for item in value]
    if isinstance(value, dict):
        return {
            redact(key, confidential): redact_json(item, confidential, levels - 1)
            for key, item in value.items()
        }
    return value


def scrubbed(response: requests.Response, body: Any, confidential: list[str]) -> requests.Response:
    """A copy of the response that can be kept: status, reason, headers, the redacted `body`.

    Args:
        response: what the service answered.
        body: the parsed and redacted body, or None when it is not to be kept.
        confidential: see :func:`confidential_values`.
    """
    copy = requests.Response()
    copy.status_code = response.status_code
    copy.reason = redact(str(response.reason or ""), confidential)
    copy.url = redact(without_query(str(response.url or "")), confidential)
    copy.elapsed = response.elapsed
    copy.encoding = "utf-8"
    for name, value in response.headers.items():
        if name.lower() == "location":
            value = without_query(value)
        copy.headers[name] = redact(value, confidential)
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    content = b"" if body is None else text.encode("utf-8", "replace")
    vars(copy).update(_content=content, _content_consumed=True)
    return copy
