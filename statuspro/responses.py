"""From a Response to its JSON, or to a typed error."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import requests

from statuspro import _json
from statuspro._http.call import SAFE_METHODS
from statuspro._http.retry import seconds_to_wait
from statuspro._json import as_object, is_array, is_object
from statuspro.errors import (
    APIError,
    AuthenticationError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    ValidationError,
)
from statuspro.redaction import Redactor, request_line

T = TypeVar("T")

#: The others need more than the status.
_BY_STATUS: dict[int, type[APIError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
}

#: What errors call the kinds of JSON.
_KINDS: dict[type, str] = {
    type(None): "nothing",
    dict: "an object",
    list: "an array",
    str: "a string",
}

#: A message longer than this is a page, not a message.
_LONGEST_MESSAGE = 1000

#: Bytes. What is larger is no message of the service, and takes long to redact.
_LARGEST_ERROR = 2**20

#: Python knows more, some of which take long to decode.
_USUAL_ENCODING = r"^(?:utf-?(?:8|16|32)|iso-?8859|latin|windows-|cp)[\w-]*$"


def is_success(response: requests.Response) -> bool:
    """Tells whether the status is 2xx."""
    return 200 <= response.status_code < 300


def is_error(response: requests.Response) -> bool:
    """Tells whether the status is 4xx or 5xx. A redirect is neither an error nor a success."""
    return response.status_code >= 400


def get_error_message(response: requests.Response) -> str | None:
    """Says what went wrong in the service's words, without secrets; else the status in words.

    Returns:
        The message, or None for a 2xx.
    """
    return None if is_success(response) else _error_of(response).message


def unwrap(response: requests.Response, *, raise_on_error: bool = True) -> Any:
    """Parses the JSON of a 2xx.

    Args:
        response: of any request to the service.
        raise_on_error: whether anything but a 2xx raises; otherwise it gives None.

    Returns:
        The parsed body; None for an empty or `null` one.

    Raises:
        APIError: the subclass for the status.
        InvalidResponseError: the body of a 2xx is not JSON.
    """
    if is_success(response):
        return _parsed(response)
    if raise_on_error:
        raise _error_of(response)
    return None


def unwrap_as(
    response: requests.Response, expected_type: type[T], *, raise_on_error: bool = True
) -> T | None:
    """:func:`unwrap`, for a value of one type.

    Returns:
        The parsed body; None for anything but a 2xx when `raise_on_error` is False.

    Raises:
        TypeError: the body is of another type.
    """
    if not raise_on_error and not is_success(response):
        return None
    value = unwrap(response)
    if not isinstance(value, expected_type):
        raise TypeError(f"Expected {expected_type.__name__}, got {type(value).__name__}.")
    return value


def unwrap_data(
    response: requests.Response, *, raise_on_error: bool = True, default: Any = None
) -> Any:
    """Takes what a list holds: the `data` of an object, or a raw array as it is.

    Returns:
        The data, or `default` where there is none.
    """
    value = unwrap(response, raise_on_error=raise_on_error)
    if is_object(value):
        value = value.get("data")
    return default if value is None else value


def handle_response(
    response: requests.Response,
    *,
    on_success: Callable[[Any], Any] | None = None,
    on_error: Callable[[APIError], Any] | None = None,
    raise_on_error: bool = False,
) -> Any:
    """Hands the value to one function or the error to another.

    Args:
        response: of any request to the service.
        on_success: gets the parsed body of a 2xx.
        on_error: gets the :class:`APIError` of anything else.
        raise_on_error: whether an error that no `on_error` takes is raised.

    Returns:
        What the function returns; without `on_success` the parsed body, without `on_error` None.
    """
    try:
        value = unwrap(response)
    except APIError as error:
        if on_error is not None:
            return on_error(error)
        if raise_on_error:
            raise
        return None
    return value if on_success is None else on_success(value)


def unwrap_object(response: requests.Response) -> dict[str, Any]:
    """Parses the JSON object that an endpoint promises.

    Raises:
        InvalidResponseError: the body of a 2xx is something else.
    """
    value = unwrap(response)
    if not is_object(value):
        refuse_body(response, f"an object was promised, not {_kind(value)}")
    return value


def unwrap_array(response: requests.Response) -> list[dict[str, Any]]:
    """Parses the JSON array of objects that an endpoint promises.

    Raises:
        InvalidResponseError: the body of a 2xx is something else.
    """
    value = unwrap(response)
    if not is_array(value):
        refuse_body(response, f"an array was promised, not {_kind(value)}")
    for item in value:
        if not is_object(item):
            refuse_body(response, f"an array of objects was promised, not of {_kind(item)}")
    return value


def refuse_body(response: requests.Response, reason: str) -> NoReturn:
    """Ends the call over a 2xx whose body cannot be used.

    Raises:
        InvalidResponseError: always. The body is not kept.
    """
    raise InvalidResponseError(
        f"The service sent a body that cannot be used: {reason}.",
        status_code=response.status_code,
        response=Redactor(response.request).response(response),
        request_line=_request_line(response),
        maybe_applied=_is_write(response),
    )


def _parsed(response: requests.Response) -> Any:
    content = response.content
    if not content.strip():
        return None
    try:
        return _json.parse(content)
    except ValueError:
        pass  # whose text would show the body
    refuse_body(response, "it is not JSON")


def _error_of(response: requests.Response) -> APIError:
    redactor = Redactor(response.request)
    body = _error_body(response, redactor)
    status = response.status_code
    keywords: dict[str, Any] = {
        "status_code": status,
        "error_response": body if isinstance(body, (dict, list)) else None,
        "response": redactor.response(response, body),
        "request_line": _request_line(response),
        "maybe_applied": status >= 500 and _is_write(response),
    }
    message = _message(response, body, redactor)
    if status == 422:
        errors = _validation_errors(body)
        return ValidationError(message, validation_errors=errors, **keywords)
    if status == 429:
        return RateLimitError(message, retry_after=seconds_to_wait(response), **keywords)
    if 300 <= status < 400:
        location = response.headers.get("Location")
        if location is not None:
            keywords["location"] = redactor.url(location)
        return RedirectError(message, **keywords)
    if 500 <= status < 600:
        return ServerError(message, **keywords)
    return _BY_STATUS.get(status, APIError)(message, **keywords)


def _error_body(response: requests.Response, redactor: Redactor) -> Any:
    """Reads the body, redacted: parsed JSON, or a text; None where there is nothing to keep."""
    content = response.content
    if len(content) > _LARGEST_ERROR:
        return None
    try:
        return redactor.json(_json.parse(content))
    except (ValueError, RecursionError):
        return redactor.text(_decoded(content, response.encoding)) or None


def _decoded(content: bytes, declared: str | None) -> str:
    """Decodes a body as it was encoded, for in other signs nothing would be recognized."""
    encodings = ["utf-8-sig", *(re.findall(_USUAL_ENCODING, declared or "", re.IGNORECASE))]
    for encoding in encodings:
        with contextlib.suppress(UnicodeError, LookupError):
            return content.decode(encoding).replace("\0", "")
    return content.decode("latin-1").replace("\0", "")


def _message(response: requests.Response, body: Any, redactor: Redactor) -> str:
    said = as_object(body).get("message")
    if isinstance(said, str) and said.strip() and len(said) <= _LONGEST_MESSAGE:
        return said
    reason = redactor.text(str(response.reason or ""))
    return f"{response.status_code} {reason}".strip()


def _validation_errors(body: Any) -> dict[str, list[str]]:
    return {
        field: [str(item) for item in said] if is_array(said) else [str(said)]
        for field, said in as_object(as_object(body).get("errors")).items()
    }


def _request_line(response: requests.Response) -> str:
    request = _request(response)
    return request_line(request) if request else ""


def _is_write(response: requests.Response) -> bool:
    request = _request(response)
    return request is not None and request.method not in SAFE_METHODS


def _request(response: requests.Response) -> requests.PreparedRequest | None:
    return response.request  # None in a Response made by hand, whatever its type says


def _kind(value: object) -> str:
    kind = type(value)
    return _KINDS.get(kind, kind.__name__)
