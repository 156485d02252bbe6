"""Exit codes of errors, and how an error is told."""

from __future__ import annotations

import pytest

import statuspro
from statuspro.cli.exits import code_of, told
from statuspro.errors import (
    APITimeoutError,
    AuthenticationError,
    BulkUpdateError,
    ConfigurationError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    StatusProError,
    TransitionError,
)
from statuspro.sandbox import Sandbox
from tests.support.terminal import invoke

#: The codes of the errors whose code is not 1, the service said no.
CODES: dict[type[StatusProError], int] = {
    RateLimitError: 3,
    APITimeoutError: 3,
    NotFoundError: 4,
    AuthenticationError: 5,
    ConfigurationError: 5,
    PermissionDeniedError: 5,
    TransitionError: 7,
}


PUBLIC = [getattr(statuspro, name) for name in statuspro.__all__]
TREE = [each for each in PUBLIC if isinstance(each, type) and issubclass(each, StatusProError)]


@pytest.mark.parametrize("kind", TREE)
def test_code_of_an_error(kind: type[StatusProError]) -> None:
    assert code_of(kind("It failed.")) == CODES.get(kind, 1)


@pytest.mark.parametrize(("error", "code"), [(ValueError("x"), 2), (TypeError("x"), 2)])
def test_an_argument_that_is_refused_is_usage(error: Exception, code: int) -> None:
    assert code_of(error) == code


@pytest.mark.parametrize("kind", [ServerError, APITimeoutError, InvalidResponseError])
def test_what_may_have_been_applied_is_6(kind: type[StatusProError]) -> None:
    error = kind("It failed.", maybe_applied=True)  # type: ignore[call-arg]
    assert code_of(error) == 6


def test_a_bulk_update_has_the_code_of_what_stopped_it() -> None:
    stopped = BulkUpdateError("It stopped.", accepted=[1], not_sent=[2])
    stopped.__cause__ = RateLimitError("Too many.")
    assert code_of(stopped) == 3
    uncertain = BulkUpdateError("It stopped.", uncertain=[1])
    uncertain.__cause__ = RateLimitError("Too many.")
    assert code_of(uncertain) == 6


def test_an_error_is_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(StatusProError("Order 7 is not there.")) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "Error: Order 7 is not there. (docs: errors.html#status-pro-error)\n"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FileNotFoundError(2, "No such file or directory", "a.csv"), "a.csv: No such file or dir"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("it broke"), "OSError: it broke (--debug shows where)"),
        (RuntimeError(), "RuntimeError (--debug shows where)"),
        (StatusProError(""), "StatusProError"),
    ],
)
def test_the_text_of_an_error(
    error: Exception, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(error) == 1
    assert capsys.readouterr().err.startswith(f"Error: {text}")


def test_advice_names_the_command_and_not_the_function(capsys: pytest.CaptureFixture[str]) -> None:
    told(ServerError("It failed.", maybe_applied=True))
    assert "read the order back (statuspro view) before" in capsys.readouterr().err
    crowded = Sandbox(orders=401)
    with (
        crowded.client(adapter=crowded.adapter()) as client,
        pytest.raises(StatusProError) as wide,
    ):
        client.find_order("@")
    told(wide.value)
    assert "statuspro list --all --search ... reads them all. (docs: " in capsys.readouterr().err


def test_a_wait_that_is_too_long_is_told_without_the_name_of_an_argument(shop: Sandbox) -> None:
    assert invoke("statuses", STATUSPRO_RATE_LIMIT="1/1/600").exit_code == 0
    shown = invoke("statuses", STATUSPRO_RATE_LIMIT="1/1/600")
    assert shown.exit_code == 3
    assert "longer than a command waits (120 s in all): nothing was sent." in shown.stderr
    assert "max_wait" not in shown.stderr


def test_a_traceback_shows_no_variables(capsys: pytest.CaptureFixture[str]) -> None:
    def call() -> None:
        key = "sk-" + "secret"
        raise NotFoundError(f"Order {len(key)} is not there.")

    try:
        call()
    except NotFoundError as error:
        told(error, with_traceback=True)
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback (most recent call last)")
    assert "in call" in shown
    assert "sk-secret" not in shown
