"""The errors, one tree.

Every error says what happened, to which order, whether a write may have been applied and what to do
next. None holds the key, the request or a query string. All of them can be pickled and copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests

_MAYBE_APPLIED = (
    "The change may have been applied: read the order back (get_order) before sending it again."
)


def _restore(cls: type[StatusProError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class StatusProError(Exception):
    """Base of everything this library raises on its own account.

    Attributes:
        page: where the error ended a walk over a list: the page to go on from (`start_page`).
    """

    page: int | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors take keywords, which BaseException's own pickling does not know of.
        return _restore, (type(self), self.args, self.__dict__.copy())


class TruncatedListWarning(UserWarning):
    """A list ended before its end: at `max_pages`, or because it moved too much to be read."""


class ConfigurationError(StatusProError, ValueError):
    """No key was found, or the key, the base URL or a URL cannot be used."""


class APIError(StatusProError, requests.HTTPError):
    """The service answered, but not with what was asked for.

    Attributes:
        message: what the service said, without secrets.
        status_code: the HTTP status.
        error_response: the parsed body, without secrets; None when there was none.
        response: a copy of the response without request and secrets; None when nothing was sent.
        maybe_applied: True where a write was sent and its outcome is not known.
    """

    status_code: int | None = None

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        error_response: Any = None,
        response: requests.Response | None = None,
        request_line: str = "",
        maybe_applied: bool = False,
    ) -> None:
        super().__init__(message, response=response)
        self.message = message
        if status_code is not None:
            self.status_code = status_code
        self.error_response = error_response
        self.request_line = request_line
        self.maybe_applied = maybe_applied

    def __str__(self) -> str:
        head = " ".join(str(part) for part in (self.request_line, self.status_code) if part)
        lines = [f"{head}: {self.message}" if head else self.message, *self._details()]
        if self.maybe_applied:
            lines.append(_MAYBE_APPLIED)
        return "\n".join(lines)

    def _details(self) -> list[str]:
        return []


class AuthenticationError(APIError):
    """401: the key is missing, wrong or revoked."""

    status_code = 401

    def _details(self) -> list[str]:
        return ["Check the API key (STATUSPRO_API_KEY)."]


class PermissionDeniedError(APIError):
    """403: the key may not do this."""

    status_code = 403


class NotFoundError(APIError):
    """404: there is no such order (or no such address)."""

    status_code = 404


class ValidationError(APIError):
    """422: the service refused the values.

    Attributes:
        validation_errors: what is wrong with each field: `{field: [sentence, …]}`.
    """

    status_code = 422

    def __init__(
        self,
        message: str = "",
        *,
        validation_errors: Mapping[str, Sequence[str]] | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(message, **keywords)
        self.validation_errors = {k: list(v) for k, v in (validation_errors or {}).items()}

    def _details(self) -> list[str]:
        return [f"  {field}: {' '.join(said)}" for field, said in self.validation_errors.items()]


class RateLimitError(APIError):
    """429, or a wait for the rate budget that would exceed `max_wait` (then nothing was sent).

    Attributes:
        retry_after: seconds until it is worth trying again, where known.
    """

    status_code = 429

    def __init__(
        self, message: str = "", *, retry_after: float | None = None, **keywords: Any
    ) -> None:
        super().__init__(message, **keywords)
        self.retry_after = retry_after

    def _details(self) -> list[str]:
        if self.retry_after is None:
            return []
        return [f"Try again in {self.retry_after:.0f} s."]


class ServerError(APIError):
    """5xx: the service failed."""


class RedirectError(APIError):
    """3xx: the service sent us elsewhere.

    Attributes:
        location: where to, without the query.
    """

    def __init__(self, message: str = "", *, location: str | None = None, **keywords: Any) -> None:
        super().__init__(message, **keywords)
        self.location = location


class InvalidResponseError(APIError):
    """2xx, but the body is not what the endpoint promises."""


class APIConnectionError(StatusProError, requests.ConnectionError):
    """There is no answer: the connection failed, was dropped, or the answer broke off.

    Attributes:
        message: what happened.
        maybe_applied: True where a write was sent and its outcome is not known.
    """

    def __init__(
        self, message: str = "", *, request_line: str = "", maybe_applied: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.request_line = request_line
        self.maybe_applied = maybe_applied

    def __str__(self) -> str:
        text = f"{self.request_line}: {self.message}" if self.request_line else self.message
        return f"{text}\n{_MAYBE_APPLIED}" if self.maybe_applied else text


class APITimeoutError(APIConnectionError, requests.Timeout):
    """No answer within the timeout."""


class BulkUpdateError(StatusProError):
    """A bulk update of many orders stopped at a batch that failed (the cause is attached).

    The four lists hold every id that was given, each once.

    Attributes:
        accepted: ids that the service accepted.
        uncertain: ids that were sent, with an outcome that is not known.
        refused: ids that the service refused.
        not_sent: ids that were not sent.
    """

    def __init__(
        self,
        message: str = "",
        *,
        accepted: Sequence[int] = (),
        uncertain: Sequence[int] = (),
        refused: Sequence[int] = (),
        not_sent: Sequence[int] = (),
    ) -> None:
        super().__init__(message)
        self.accepted = list(accepted)
        self.uncertain = list(uncertain)
        self.refused = list(refused)
        self.not_sent = list(not_sent)


class TransitionError(StatusProError, ValueError):
    """The order cannot move to this status now (`check=True`); nothing was changed.

    Attributes:
        status_code_wanted: the status that was asked for.
        viable: the codes that are possible now.
    """

    def __init__(
        self, message: str = "", *, status_code_wanted: str = "", viable: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.status_code_wanted = status_code_wanted
        self.viable = list(viable)
