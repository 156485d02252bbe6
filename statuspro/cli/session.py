"""The client of a command: its key, its shared budget and its waits."""

from __future__ import annotations

import functools
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
import requests
from urllib3.util import parse_url

from statuspro.cli.waiting import line
from statuspro.client import StatusProClient
from statuspro.config import RATE_LIMIT_STORAGE, Settings
from statuspro.pacing import IN_MEMORY

if TYPE_CHECKING:
    from pathlib import Path

Function = TypeVar("Function", bound=Callable[..., Any])

_SHARED = click.option(
    "--shared-budget/--no-shared-budget",
    default=True,
    help="Whether this user's commands count their requests together. They do by default, in a "
    "file, or where STATUSPRO_RATE_LIMIT_STORAGE says.",
)


class ShellClient(StatusProClient):
    """A client that ends the countdown on the terminal when a call is over."""

    def send(self, request: requests.PreparedRequest, **keywords: Any) -> requests.Response:
        """Sends a request as :class:`statuspro.StatusProClient` does."""
        try:
            return super().send(request, **keywords)
        finally:
            line.waited()


def asks_service(function: Function) -> Function:
    """Gives a command a client, as its first argument `client`, and the options that go with it."""

    @_SHARED
    @functools.wraps(function)
    def with_client(*args: Any, shared_budget: bool, **options: Any) -> Any:
        with opened_client(shared_budget=shared_budget) as client:
            return function(client, *args, **options)

    return cast(Function, with_client)


@contextmanager
def opened_client(*, shared_budget: bool = True, **options: Any) -> Iterator[StatusProClient]:
    """Opens a client that counts its waits down.

    Args:
        shared_budget: whether its budget is shared: with the user's other commands, or with the
            processes of the storage that a setting names.
        options: further ones of the client.
    """
    storage = _storage() if shared_budget else IN_MEMORY
    options = {"on_wait": line.wait, "logger": _logger(), "rate_limit_storage": storage, **options}
    with _plain_warnings(), ShellClient(**options) as client:
        yield client


def _storage() -> str | None:
    """The user's own file; None where a setting names a storage or no file can be made."""
    try:
        return own_storage()
    except OSError as error:
        told = f"{error.filename}: {error.strerror}; the budget is not shared with other commands"
        print(f"Warning: {told}", file=sys.stderr)
        return None


def own_storage() -> str | None:
    """Names the user's own file for the budget; None where a setting names a storage.

    Raises:
        OSError: its folder cannot be made.
    """
    if Settings().find(RATE_LIMIT_STORAGE, None):
        return None
    return f"sqlite:///{os.fspath(state_folder() / 'budget.sqlite3')}"


def place_of(storage: str | None) -> str:
    """Names the place where a budget is kept, without a password; "" if it is not shared."""
    if storage in (None, IN_MEMORY):
        return ""
    path = storage.removeprefix("sqlite:///")
    if path != storage:
        return path
    parts = parse_url(storage)
    return f"Redis at {parts.host}:{parts.port or 6379}" if parts.host else "Redis"


def state_folder() -> Path:
    """Makes the folder for what commands leave to later ones, readable by the user alone.

    Raises:
        OSError: it cannot be made.
    """
    from platformdirs import user_state_path

    folder = user_state_path("statuspro", appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Has warnings be plain lines: the line of code that they are at says nothing in a shell."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        line.hide()
        print(f"Warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _logger() -> logging.Logger:
    """The logger of a command's client: its waits are told on the terminal's line instead."""
    logger = logging.getLogger("statuspro.cli")
    logger.propagate = False
    logger.handlers = [_Plainly(logging.WARNING)]
    return logger


class _Plainly(logging.Handler):
    """Writes the records on the budget's storage to standard error, as plain lines."""

    def emit(self, record: logging.LogRecord) -> None:
        if "pacing" in os.path.dirname(record.pathname):
            line.hide()
            print(f"Warning: {record.getMessage()}", file=sys.stderr)
