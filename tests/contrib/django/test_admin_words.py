"""What the staff are told of each error: a sentence, with nothing of the request in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from statuspro import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    MirrorError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ValidationError,
)

pytestmark = pytest.mark.usefixtures("project")

ERRORS: list[tuple[Any, str]] = [
    (RateLimitError("Full.", retry_after=2.1), "The rate limit is used up for now. Try again in 3"),
    (NotFoundError("Gone.", status_code=404), "The service does not know this order."),
    (
        PermissionDeniedError("No.", status_code=403),
        "The service does not accept the API key",
    ),
    (APITimeoutError("Late."), "The service did not respond in time."),
    (APIConnectionError("Refused."), "The service cannot be reached."),
    (ServerError("Down.", status_code=503), "The service failed (503)."),
    (APIError("Odd.", status_code=418), "The service failed (418)."),
    (
        ServerError("Down.", status_code=502, maybe_applied=True),
        "The service did not confirm the change.",
    ),
    (ValidationError("Given.", status_code=422), "The service refused this: Given."),
    (ImproperlyConfigured("key-1234"), "This site has no usable key or settings for the service"),
    (DatabaseError("Ann Lee"), "The local copy could not be written."),
    (MirrorError("The file is of another program."), "The file is of another program."),
    (KeyError("Ann Lee"), "The service failed."),
]


@pytest.mark.parametrize(("error", "said"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_is_told_in_a_sentence(error: Any, said: str) -> None:
    from statuspro.contrib.django.staff.words import told

    assert told(error).startswith(said)
    assert not {"key-1234", "Ann Lee"} & set(told(error).split("'"))


def test_the_first_names_are_listed_and_the_others_counted() -> None:
    from statuspro.contrib.django.staff.words import listed

    assert listed(["#1", "#2"]) == "#1, #2"
    assert listed(["#1", "#2", "#3"], most=2) == "#1, #2 and 1 more"
