"""The bearer token: sent to this origin only, never shown."""

from __future__ import annotations

import requests
from requests.auth import AuthBase
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from statuspro.config import check_api_key, check_bearer_url
from statuspro.redaction import HIDDEN, Secret, sealed

_DEFAULT_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int | None]


def origin_of(url: str) -> Origin | None:
    """Scheme, host and port of an absolute URL; None where it has none or cannot be parsed."""
    try:
        # The parser that requests and urllib3 connect by: another one could disagree on the host.
        parts = parse_url(url)
    except LocationParseError:
        return None
    if not parts.scheme or not parts.host:
        return None
    return parts.scheme, parts.host, parts.port or _DEFAULT_PORTS.get(parts.scheme)


class BearerAuth(AuthBase):
    """`Authorization: Bearer TOKEN`, for the origin of `base_url` and no other.

    Being the session's `auth`, it also keeps requests from looking into `.netrc`.

    Raises:
        ConfigurationError: the token cannot be sent, or would travel unencrypted.
    """

    def __init__(self, token: str, base_url: str) -> None:
        token = sealed(token)
        check_bearer_url(base_url)
        self.token = check_api_key(token)
        self._header = Secret(f"Bearer {token}")
        self._origin = origin_of(base_url)
        self._below = f"{base_url}/"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the header, to a request for the origin."""
        url = request.url or ""
        # A URL below the base URL needs no parsing to know where it leads.
        if url.startswith(self._below) or origin_of(url) == self._origin:
            request.headers["Authorization"] = self._header
        return request

    def __repr__(self) -> str:
        return f"{type(self).__name__}({HIDDEN})"
