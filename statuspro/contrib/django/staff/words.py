"""What the staff are told of an error: what happened, and what became of the order."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from statuspro.contrib.django.models import Status
from statuspro.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    StatusProError,
    TransitionError,
    ValidationError,
    without_section,
)

#: What a page tells of, in place of failing.
FAILURES = (StatusProError, ImproperlyConfigured)

#: What may go wrong with the copy after the service has been asked.
FAILURES_OF_COPY = (*FAILURES, DatabaseError)

#: An order's own faults: the next order may fare better.
FAULTS_OF_ORDER = (NotFoundError, TransitionError, ValidationError)

UNCERTAIN = (
    "The service did not confirm the change. It may have been made: look before you try again."
)


def is_uncertain(error: BaseException) -> bool:
    """Tells whether the change may have been made in spite of the error."""
    return bool(getattr(error, "maybe_applied", False))


def told(error: BaseException) -> str:
    """Says in a sentence what happened; nothing of the request, and no key."""
    if is_uncertain(error):
        return UNCERTAIN
    if isinstance(error, RateLimitError):
        seconds = math.ceil(error.retry_after)
        return f"The rate limit is used up for now. Try again in {seconds} s."
    if isinstance(error, TransitionError):
        names = listed(list(Status.objects.filter(pk__in=error.viable))) or "no status"
        return f"The order cannot move there now. It can move to {names}."
    if isinstance(error, ValidationError):
        return f"The service refused this: {_faults(error)}"
    return _other(error)


def _faults(error: ValidationError) -> str:
    faults = [fault for of_field in error.validation_errors.values() for fault in of_field]
    return " ".join(faults) or error.message


def _other(error: BaseException) -> str:
    if isinstance(error, NotFoundError):
        return "The service does not know this order."
    if isinstance(error, (AuthenticationError, PermissionDeniedError)):
        return "The service does not accept the API key of this site for this."
    if isinstance(error, APITimeoutError):
        return "The service did not respond in time."
    if isinstance(error, APIConnectionError):
        return "The service cannot be reached."
    if isinstance(error, APIError):
        return f"The service failed ({error.status_code})."
    if isinstance(error, ImproperlyConfigured):
        return (
            "This site has no usable key or settings for the service (manage.py check says more)."
        )
    if isinstance(error, DatabaseError):
        return "The local copy could not be written."
    return without_section(error) if isinstance(error, StatusProError) else "The service failed."


def listed(names: list[Any], most: int = 10) -> str:
    """Names the first ones, and how many more there are."""
    more = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {more} more" if more > 0 else "")
