"""Exit codes, and errors in one or two plain lines."""

from __future__ import annotations

import sys
import traceback

from statuspro.cli import MISSING
from statuspro.errors import (
    APITimeoutError,
    AuthenticationError,
    BulkUpdateError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    StatusProError,
    TransitionError,
    without_section,
)

DONE = 0
REFUSED = 1
USAGE = 2
TOO_LATE = 3
NOT_FOUND = 4
AUTHENTICATION = 5
MAYBE_APPLIED = 6
NOT_VIABLE = 7

#: The first class that an error is of decides.
_CODES: tuple[tuple[type[Exception], int], ...] = (
    (RateLimitError, TOO_LATE),
    (APITimeoutError, TOO_LATE),
    (NotFoundError, NOT_FOUND),
    (AuthenticationError, AUTHENTICATION),
    (PermissionDeniedError, AUTHENTICATION),
    (ConfigurationError, AUTHENTICATION),
    (TransitionError, NOT_VIABLE),
    (StatusProError, REFUSED),
    (ValueError, USAGE),
    (TypeError, USAGE),
)

#: Packages that a command imports when it needs them.
_OF_THE_EXTRA = frozenset({"platformdirs", "rich"})

#: What errors advise in Python, and what does the same in the shell.
_IN_THE_SHELL = {
    "the argument api_key, or ": "",
    "the argument api_key, ": "",  # nor has the command line such an option
    "the argument base_url or ": "",
    "the argument base_url": "the environment variable STATUSPRO_BASE_URL",
    "(get_order)": "(statuspro view)",
    "max_wait allows": "a command waits",
    "iter_orders(search=...)": "statuspro list --all --search ...",
}


def told(error: Exception, *, with_traceback: bool = False) -> int:
    """Tells of an error on standard error, and returns the exit code that goes with it.

    Args:
        error: what a command raised.
        with_traceback: whether its traceback comes first.
    """
    if with_traceback:
        traceback.print_exception(error)
    if isinstance(error, ModuleNotFoundError) and _package(error) in _OF_THE_EXTRA:
        print(MISSING, file=sys.stderr)
        return USAGE
    print(f"Error: {text_of(error)}", file=sys.stderr)
    return code_of(error)


def _package(error: ModuleNotFoundError) -> str:
    return (error.name or "").partition(".")[0]


def text_of(error: Exception) -> str:
    """Makes the text of an error that a user of the shell reads."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, StatusProError):
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text, kind = str(error).strip(), type(error).__name__
    if isinstance(error, (StatusProError, ValueError)) and without_section(error):
        return in_the_shell(text)
    # Nothing that a user can do: a fault of a command, whose text alone would say little.
    return f"{kind}: {text} (--debug shows where)" if text else f"{kind} (--debug shows where)"


def in_the_shell(text: str) -> str:
    """Says with a user of the shell's words what a text says with Python's."""
    for words, others in _IN_THE_SHELL.items():
        text = text.replace(words, others)
    return text


def code_of(error: Exception) -> int:
    """Returns the exit code of an error."""
    if getattr(error, "maybe_applied", False):
        return MAYBE_APPLIED
    if isinstance(error, BulkUpdateError):
        return _code_of_bulk(error)
    return next((code for kind, code in _CODES if isinstance(error, kind)), REFUSED)


def _code_of_bulk(error: BulkUpdateError) -> int:
    if error.uncertain:
        return MAYBE_APPLIED
    cause = error.__cause__
    if isinstance(cause, Exception):
        return code_of(cause)
    return TOO_LATE if error.not_sent else REFUSED  # the service asks for too long a wait
