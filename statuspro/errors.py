"""The errors, one tree.

Every error says what happened, to which order, whether a write may have been applied and what to do
next. Its text ends with the section of the documentation that tells more. None holds the key, the
request or a query string. All of them can be pickled, copied, and made anew from their `args`, also
where those have been JSON in between.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import requests

from statuspro._kinds import is_mapping

_MAYBE_APPLIED = (
    "The change may have been applied: read the order back (get_order) before sending it again."
)

#: Of a proxy that requests of plain http pass through: others refuse before there is a response.
_PROXY_ASKS = "A proxy on the way asks for a name and a password: http://name:password@host:port."

#: The service's window: after so many seconds a request is counted anew.
_WINDOW = 60.0


def _restore(cls: type[StatusProError], state: dict[str, Any]) -> Any:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    return error


class StatusProError(Exception):
    """Base of everything this library raises on its own account.

    Attributes:
        message: what happened.
        page: where the error ended a walk over a list: the first page that was not read, as the
            list was then. On a list that has moved since, that page holds other orders.
        args: the message and, where there is more to tell, a dict of it that JSON can hold. Task
            queues carry an error as its class and `args`, and call the class with them.
    """

    page: int | None = None

    #: The attributes that `args` carries beside the message.
    _carried: ClassVar[tuple[str, ...]] = ("page",)

    def __init__(self, message: str = "", carried: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self._take(carried)

    def _told(self) -> tuple[Any, ...]:
        """The message, and what else must not be lost: as it is now, not as it was at first."""
        state = vars(self)
        told = {name: state[name] for name in self._carried if _is_told(state.get(name))}
        return (self.message, told) if told else (self.message,)

    def _tell(self, values: tuple[Any, ...]) -> None:
        self.message = str(values[0]) if values else ""
        self._take(values[1] if len(values) > 1 else None)

    if not TYPE_CHECKING:  # there it stays the plain attribute of BaseException
        args = property(_told, _tell)

    def _take(self, carried: Any) -> None:
        """Sets what the `args` of another error carried.

        Raises:
            TypeError: it is no such dict. An error that would look harmless is not made of it.
        """
        if carried is None:
            return
        if not is_mapping(carried) or not carried.keys() <= set(self._carried):
            raise TypeError(f"{type(self).__name__} takes one message and keywords")
        vars(self).update(copy.deepcopy(dict(carried)))

    def __str__(self) -> str:
        text = self._text()
        gap = "\n" if "\n" in text else " "
        return f"{text}{gap}{_end_of(type(self))}".lstrip()

    def _text(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors take keywords, which BaseException's own pickling does not know of.
        return _restore, (type(self), self.__dict__.copy())


def _end_of(kind: type[StatusProError]) -> str:
    """Names the section of the documentation, such as `(docs: errors.html#not-found-error)`.

    The errors of a user's own, and those of higher rooms, have the section of their next ancestor.
    """
    name = next(each.__name__ for each in kind.__mro__ if each.__module__ == __name__)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name)
    return f"(docs: errors.html#{words.lower()})"


def without_section(error: BaseException) -> str:
    """Returns an error's text without its end: for a text that goes on behind it."""
    text = str(error)
    if isinstance(error, StatusProError):
        return text.removesuffix(_end_of(type(error))).rstrip()
    return text


def _is_told(value: Any) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return True  # 0 too
    return bool(value)


class TruncatedListWarning(UserWarning):
    """A list may not be complete: it goes on behind `max_pages`, or moved too much to be read."""


class ConfigurationError(StatusProError, ValueError):
    """No key was found, or the key, the base URL or a URL cannot be used."""


class APIError(StatusProError, requests.HTTPError):
    """The service sent a response, but not what was asked for.

    Attributes:
        message: what the service said, without secrets.
        status_code: the HTTP status.
        error_response: the parsed body, without secrets; None when there was none.
        response: a copy of the response without request and secrets; None when nothing was sent.
        maybe_applied: True where a write was sent and its outcome is not known.
    """

    status_code: int | None = None

    _carried: ClassVar[tuple[str, ...]] = ("page", "status_code", "request_line", "maybe_applied")

    def __init__(
        self,
        message: str = "",
        carried: Mapping[str, Any] | None = None,
        *,
        status_code: int | None = None,
        error_response: Any = None,
        response: requests.Response | None = None,
        request_line: str = "",
        maybe_applied: bool = False,
    ) -> None:
        requests.HTTPError.__init__(self, message, response=response)
        self.message = message
        if status_code is not None:
            self.status_code = status_code
        self.error_response = error_response
        self.request_line = request_line
        self.maybe_applied = maybe_applied
        self._take(carried)

    def _text(self) -> str:
        status = str(self.status_code or "")
        head = " ".join(part for part in (self.request_line, status) if part)
        # A message that is the status line, as the service has said nothing, begins with it too.
        said = self.message.removeprefix(f"{status} ")
        lines = [f"{head}: {said}" if head else said, *self._details()]
        if self.maybe_applied:
            lines.append(_MAYBE_APPLIED)
        return "\n".join(lines)

    def _details(self) -> list[str]:
        return [_PROXY_ASKS] if self.status_code == requests.codes.proxy_authentication else []


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

    _carried = (*APIError._carried, "validation_errors")

    def __init__(
        self,
        message: str = "",
        carried: Mapping[str, Any] | None = None,
        *,
        validation_errors: Mapping[str, Sequence[str]] | None = None,
        status_code: int | None = None,
        error_response: Any = None,
        response: requests.Response | None = None,
        request_line: str = "",
        maybe_applied: bool = False,
    ) -> None:
        self.validation_errors = {k: list(v) for k, v in (validation_errors or {}).items()}
        super().__init__(
            message,
            carried,
            status_code=status_code,
            error_response=error_response,
            response=response,
            request_line=request_line,
            maybe_applied=maybe_applied,
        )

    def _details(self) -> list[str]:
        return [f"  {field}: {' '.join(said)}" for field, said in self.validation_errors.items()]


class RateLimitError(APIError):
    """429, or a wait for the rate budget beyond `max_wait` or the deadline (nothing was sent).

    Attributes:
        retry_after: seconds until it is worth trying again: what the service said, or else what
            the call would have waited.
    """

    status_code = 429
    retry_after: float = _WINDOW

    _carried = (*APIError._carried, "retry_after")

    def __init__(
        self,
        message: str = "",
        carried: Mapping[str, Any] | None = None,
        *,
        retry_after: float | None = None,
        status_code: int | None = None,
        error_response: Any = None,
        response: requests.Response | None = None,
        request_line: str = "",
        maybe_applied: bool = False,
    ) -> None:
        if retry_after is not None:
            self.retry_after = retry_after
        super().__init__(
            message,
            carried,
            status_code=status_code,
            error_response=error_response,
            response=response,
            request_line=request_line,
            maybe_applied=maybe_applied,
        )

    def _details(self) -> list[str]:
        # Rounded up, but for a twentieth: a caller that waits so long does not come too early.
        return [f"Try again in {self.retry_after + 0.45:.0f} s."]


class ServerError(APIError):
    """5xx: the service failed."""


class RedirectError(APIError):
    """3xx: the service sent us elsewhere.

    Attributes:
        location: where to, without the query.
    """

    _carried = (*APIError._carried, "location")

    def __init__(
        self,
        message: str = "",
        carried: Mapping[str, Any] | None = None,
        *,
        location: str | None = None,
        status_code: int | None = None,
        error_response: Any = None,
        response: requests.Response | None = None,
        request_line: str = "",
        maybe_applied: bool = False,
    ) -> None:
        self.location = location
        super().__init__(
            message,
            carried,
            status_code=status_code,
            error_response=error_response,
            response=response,
            request_line=request_line,
            maybe_applied=maybe_applied,
        )


class InvalidResponseError(APIError):
    """2xx, but the body is not what the endpoint promises."""


class APIConnectionError(StatusProError, requests.ConnectionError):
    """There is no response: the connection failed, was dropped, or the response broke off.

    Attributes:
        message: what happened.
        maybe_applied: True where a write was sent and its outcome is not known.
    """

    _carried = ("page", "request_line", "maybe_applied")

    def __init__(
        self,
        message: str = "",
        carried: Mapping[str, Any] | None = None,
        *,
        request_line: str = "",
        maybe_applied: bool = False,
    ) -> None:
        requests.ConnectionError.__init__(self, message)
        self.message = message
        self.request_line = request_line
        self.maybe_applied = maybe_applied
        self._take(carried)

    def _text(self) -> str:
        text = f"{self.request_line}: {self.message}" if self.request_line else self.message
        return f"{text}\n{_MAYBE_APPLIED}" if self.maybe_applied else text


class APITimeoutError(APIConnectionError, requests.Timeout):
    """No response came within the timeout, or before the deadline."""


class BulkUpdateError(StatusProError):
    """A bulk update of many orders stopped at a batch that failed (the cause is attached).

    The four lists hold every id of a collection, each once; of another iterable the ids that were
    read before it stopped.

    Attributes:
        accepted: ids that the service accepted.
        uncertain: ids that were sent, with an outcome that is not known.
        refused: ids that the service refused.
        not_sent: ids that were not sent.
    """

    _carried = ("page", "accepted", "uncertain", "refused", "not_sent")

    def __init__(
        self,
        message: str = "",
        carried: Mapping[str, Any] | None = None,
        *,
        accepted: Sequence[int] = (),
        uncertain: Sequence[int] = (),
        refused: Sequence[int] = (),
        not_sent: Sequence[int] = (),
    ) -> None:
        self.accepted = list(accepted)
        self.uncertain = list(uncertain)
        self.refused = list(refused)
        self.not_sent = list(not_sent)
        super().__init__(message, carried)


class TransitionError(StatusProError, ValueError):
    """The order cannot move to this status now (`check=True`); nothing was changed.

    Attributes:
        status_code_wanted: the status that was asked for.
        viable: the codes that are possible now.
    """

    _carried = ("page", "status_code_wanted", "viable")

    def __init__(
        self,
        message: str = "",
        carried: Mapping[str, Any] | None = None,
        *,
        status_code_wanted: str = "",
        viable: Sequence[str] = (),
    ) -> None:
        self.status_code_wanted = status_code_wanted
        self.viable = list(viable)
        super().__init__(message, carried)


class MirrorError(StatusProError):
    """A local copy of the orders cannot be used; what was stored in it before is kept."""
