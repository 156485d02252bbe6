"""What `statuspro doctor` makes of the service's response, and of an error in its place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import requests

from statuspro.cli.doctor import Finding
from statuspro.cli.exits import AUTHENTICATION, REFUSED
from statuspro.config import RATE_LIMIT
from statuspro.errors import (
    APIConnectionError,
    AuthenticationError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProError,
)
from statuspro.pacing import RateLimit
from statuspro.responses import unwrap_array

#: Seconds. The service's clock shows whole ones, and the response takes its time.
_MOST_DIFFERENCE = 5.0

_OF_LIMIT = ("Limit", "Remaining")

#: What to do, by what an error of a connection says.
_OF_CONNECTIONS = (
    (
        "The proxy refused",
        "Check the proxy, and the name and the password that it wants: {proxies}.",
    ),
    ("by way of the proxy", "Check the proxy of the environment: {proxies}."),
    ("cannot be resolved", "Check the network, and the host in the base URL."),
    (
        "No secure connection",
        "Check this machine's clock. Where a company's proxy looks into what is encrypted, "
        "REQUESTS_CA_BUNDLE must name its certificates.",
    ),
    ("refused", "Nothing listens there: check the host and the port in the base URL."),
    ("in time", "Check the network, a firewall, and the base URL."),
    ("", "Check the network and the base URL, and try again."),
)

_CHECK_URL = "Check the base URL: it ends in /api/v1."

#: What to do, by the kind of the service's error.
_OF_RESPONSES: tuple[tuple[type[StatusProError], str, int], ...] = (
    (AuthenticationError, "Put a valid key of the account in its place.", AUTHENTICATION),
    (PermissionDeniedError, "Ask in StatusPro what this key may do.", AUTHENTICATION),
    (RateLimitError, "Others have used the limit of this key: try again in a minute.", REFUSED),
    (NotFoundError, _CHECK_URL, REFUSED),
    (RedirectError, _CHECK_URL, REFUSED),
    (InvalidResponseError, f"It may not be StatusPro. {_CHECK_URL}", REFUSED),
    (ServerError, "The service fails: try again later.", REFUSED),
    (StatusProError, "Try again.", REFUSED),
)


def not_reached(error: APIConnectionError, proxies: str) -> Finding:
    """Says why the service was not reached, and what to do.

    Args:
        error: of the request.
        proxies: where those of the environment are set.
    """
    advice = next(advice for words, advice in _OF_CONNECTIONS if words in error.message)
    said = advice.format(proxies=proxies)
    return Finding("service", "problem", error.message, said, REFUSED)


def findings_of(
    response: requests.Response, key_from: str | None, limit: RateLimit | None
) -> Iterator[Finding]:
    """Yields what the response to `GET /statuses` tells.

    Args:
        response: as it came.
        key_from: where the key was found; None if it was asked without one.
        limit: that requests are paced to.
    """
    yield _reached(response, key_from)
    yield from _limit_of(response, limit)
    yield from _clock(response)


def _reached(response: requests.Response, key_from: str | None) -> Finding:
    milliseconds = round(response.elapsed.total_seconds() * 1000)
    in_time = f"in {milliseconds} ms"
    if key_from is None and response.status_code == requests.codes.unauthorized:
        return Finding("service", "ok", f"reached {in_time}; there was no key to try")
    try:
        count = len(unwrap_array(response))
    except StatusProError as error:
        advice, code = next(
            (advice, code) for kind, advice, code in _OF_RESPONSES if isinstance(error, kind)
        )
        said = getattr(error, "message", str(error))
        status = response.status_code
        if status == requests.codes.unauthorized:
            advice = f"{advice} It was found in {key_from}."
        return Finding("service", "problem", f"{status}: {said}", advice, code)
    if key_from is None:
        said = f"reached {in_time}; it wants no key, so it may not be StatusPro"
        return Finding("service", "warning", said, _CHECK_URL)
    return Finding("service", "ok", f"reached {in_time}; it takes the key ({count} statuses)")


def _limit_of(response: requests.Response, limit: RateLimit | None) -> Iterator[Finding]:
    """Compares the limit that the service tells, if it does, with ours."""
    told, left = (response.headers.get(f"X-RateLimit-{name}", "") for name in _OF_LIMIT)
    if not told.isdecimal():
        return
    said = f"the service says {told} requests"
    said += f", {left} of them left" if left.isdecimal() else ""
    if limit is not None and int(told) < limit.requests:
        advice = f"Set {RATE_LIMIT}={told}."
        yield Finding("limit", "warning", f"{said}: less than we keep to", advice)
    else:
        yield Finding("limit", "ok", said)


def _clock(response: requests.Response) -> Iterator[Finding]:
    """Compares this machine's clock with the service's."""
    try:
        theirs = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return
    ahead = time.time() - response.elapsed.total_seconds() / 2 - theirs
    if abs(ahead) <= _MOST_DIFFERENCE:
        yield Finding("clock", "ok", "goes with the service's")
        return
    way = "ahead of" if ahead > 0 else "behind"
    said = f"this machine's is {abs(ahead):,.0f} s {way} the service's"
    yield Finding("clock", "warning", said, "Set it, or have it set by NTP.")
