"""`manage.py statuspro_sync`: brings the copy of the orders in the database into step."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import datetime
from typing import Any, NoReturn, get_args

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, InterfaceError, OperationalError, ProgrammingError, connections

from statuspro import _arguments
from statuspro._progress import counted
from statuspro.api.statuses import get_statuses, status_named
from statuspro.contrib.django.client import DjangoClient, get_client
from statuspro.contrib.django.management.progress import Progress
from statuspro.contrib.django.mirror import DatabaseMirror
from statuspro.errors import (
    APITimeoutError,
    AuthenticationError,
    MirrorError,
    PermissionDeniedError,
    RateLimitError,
    StatusProError,
    ValidationError,
    without_section,
)
from statuspro.mirror import Sync
from statuspro.options import OPTIONS
from statuspro.types import FinancialStatus, FulfillmentStatus

_MINUTE = 60.0

#: What no later turn of --watch can mend.
_ENDS_WATCH = (AuthenticationError, PermissionDeniedError, ValidationError)

#: What the text of a database's error is shown of: the others may quote a customer's data.
_WITHOUT_DATA = (OperationalError, InterfaceError, ProgrammingError)

#: Exit codes, those of the command `statuspro`.
_FAILED, _USAGE, _TOO_LATE, _NO_KEY = 1, 2, 3, 5

_FILTERS = (
    *("search", "tags", "tags_any", "financial_status", "fulfillment_status"),
    *("due_date_from", "due_date_to", "exclude_cancelled"),
)

#: In the place of one without a handler: Python would write its records over the line.
_silent = logging.getLogger("statuspro.contrib.django.sync")
_silent.addHandler(logging.NullHandler())


class Command(BaseCommand):
    """Synchronises once, or again and again."""

    help = (
        "Brings the copy of the orders in the database into step with the service, and has the "
        "signals tell of what has changed. One sync at a time: a second one is refused. A sync "
        "that is cut off goes on from there the next time."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Adds the filters, as the command `statuspro` has them, and how the sync is done."""
        _add_filters(parser)
        parser.add_argument(
            "--no-history",
            action="store_true",
            help="keep the orders as lists show them: a request for each 100 orders, and none for "
            "each order that is new or has changed",
        )
        parser.add_argument(
            "--watch",
            metavar="MINUTES",
            type=_whole_number(1),
            help="go on until Ctrl-C: sync again so many minutes after each sync",
        )
        parser.add_argument(
            "--reserve",
            metavar="N",
            type=_whole_number(0),
            help="leave so many requests of each minute to the pages; by default a third of them",
        )
        parser.add_argument(
            "--database", choices=tuple(connections), help="where the orders are kept"
        )

    def run_from_argv(self, argv: list[str]) -> None:
        """Runs the command, and ends at Ctrl-C and at SIGTERM as the shell expects it."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminate)
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt as stop:
            sign = stop.args[0] if stop.args else signal.SIGINT
            self.stderr.write(
                "Stopped. What was stored is kept, and the next sync goes on from it."
            )
            signal.signal(sign, signal.SIG_DFL)
            os.kill(os.getpid(), sign)

    def handle(self, *args: Any, **options: Any) -> None:
        """Synchronises.

        Raises:
            CommandError: the service, the database or an argument makes it impossible.
        """
        is_quiet = options["verbosity"] == 0
        progress = Progress(self.stderr)
        try:
            turns = _Turns(self, progress, options, is_quiet=is_quiet)
            if options["watch"]:
                turns.again(options["watch"])
            else:
                turns.once()
        except (ImproperlyConfigured, StatusProError, Error) as error:
            progress.hide()
            told = str(error) if isinstance(error, StatusProError) else _text_of(error)
            raise CommandError(told, returncode=_code_of(error)) from error
        finally:
            progress.hide()


class _Turns:
    """One synchronisation after the other."""

    def __init__(
        self, command: Command, progress: Progress, options: dict[str, Any], *, is_quiet: bool
    ) -> None:
        self._command = command
        self._progress = progress
        self._options = options
        self._is_quiet = is_quiet
        self._mirror = DatabaseMirror(options["database"])
        self._filters = {name: options[name] for name in _FILTERS if options[name]}

    def once(self) -> None:
        self._say(self._sum(self._sync()))

    def again(self, minutes: int) -> NoReturn:
        is_first = True
        while True:
            try:
                counts = self._sync()
                if counts or is_first:
                    self._say(f"{_now()}: {self._sum(counts)}")
            except (StatusProError, Error) as error:
                is_about_database = isinstance(error, (MirrorError, Error))
                if isinstance(error, _ENDS_WATCH) or (is_first and is_about_database):
                    raise
                self._tell_failure(error, minutes)
            is_first = False
            self._pause(minutes)

    def _sync(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        sync = self._begun()
        self._progress.begin(sync)
        with closing(sync):
            for change in sync:
                counts[change["kind"]] += 1
                if not self._is_quiet:
                    self._progress.tell()
        return counts

    def _begun(self) -> Sync:
        try:
            client = self._client()
            filters: dict[str, Any] = {**self._filters, **self._status(client)}
            with_history = not self._options["no_history"]
            return self._mirror.sync(client, history=with_history, **filters)
        except StatusProError:
            raise
        except ValueError as error:
            raise CommandError(str(error), returncode=_USAGE) from error

    def _client(self) -> DjangoClient:
        client = get_client()
        reserve = self._options["reserve"]
        if reserve is None:
            reserve = client.rate_limit.requests // 3 if client.rate_limit else 0
        # A deadline and a limit of waits in the settings are for pages: a sync has time.
        options: dict[str, Any] = {"deadline": None, "max_wait": OPTIONS["max_wait"].default}
        if isinstance(client.logger, logging.Logger) and not client.logger.hasHandlers():
            options["logger"] = _silent
        if not self._is_quiet:
            progress = self._progress
            options.update(on_wait=progress.wait, hooks={"response": progress.count})
        return client.with_options(rate_limit_reserve=reserve, **options)

    def _status(self, client: DjangoClient) -> dict[str, str]:
        named = self._options["status"]
        if not named:
            return {}
        return {"status_code": status_named(named, get_statuses(client))["code"]}

    def _pause(self, minutes: int) -> None:
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()  # a server would cut it while it is idle
        if not self._is_quiet:
            self._progress.pause(minutes * _MINUTE)
        time.sleep(minutes * _MINUTE)

    def _sum(self, counts: Counter[str]) -> str:
        parts = [f"{counts[kind]:,} {kind}" for kind in ("new", "changed", "gone") if counts[kind]]
        total = self._mirror.summary()["total"]
        return f"{', '.join(parts) or 'No changes'}; {counted(total, 'order')}."

    def _say(self, sentence: str) -> None:
        self._progress.hide()
        if not self._is_quiet:
            self._command.stdout.write(sentence)
            self._command.stdout.flush()

    def _tell_failure(self, error: Exception, minutes: int) -> None:
        self._progress.hide()
        next_try = f"The next try is in {counted(minutes, 'minute')}."
        self._command.stderr.write(f"{_now()}: {_text_of(error)} {next_try}", str)
        self._command.stderr.flush()


def _terminate(sign: int, _: Any) -> NoReturn:
    raise KeyboardInterrupt(sign)  # which ends a wait, a read and a transaction at once


def _text_of(error: Exception) -> str:
    if not isinstance(error, Error):
        return " ".join(without_section(error).split())
    said = str(error).partition("\n")[0] if isinstance(error, _WITHOUT_DATA) else "it refused"
    is_of_tables = isinstance(error, ProgrammingError) or "no such" in said
    hint = " Run `manage.py migrate`." if is_of_tables else ""
    return f"The database failed ({type(error).__name__}): {said.rstrip('.')}.{hint}"


def _code_of(error: Exception) -> int:
    if isinstance(error, (RateLimitError, APITimeoutError)):
        return _TOO_LATE
    if isinstance(error, (AuthenticationError, PermissionDeniedError, ImproperlyConfigured)):
        return _NO_KEY
    return _FAILED


def _now() -> str:
    return f"{datetime.now():%Y-%m-%d %H:%M}"


# What the command takes


def _add_filters(parser: CommandParser) -> None:
    parser.add_argument("--status", metavar="NAME|CODE", help="orders in this status")
    parser.add_argument(
        "--search",
        metavar="TEXT",
        help="orders with this in their name or number or in their customer's name or address",
    )
    for name, dest, meaning in (
        ("--tag", "tags", "this tag; with all, if several"),
        ("--any-tag", "tags_any", "one of these tags"),
    ):
        parser.add_argument(
            name, dest=dest, metavar="T", action="append", help=f"orders with {meaning}"
        )
    for name, dest, kind in (
        ("--financial", "financial_status", FinancialStatus),
        ("--fulfillment", "fulfillment_status", FulfillmentStatus),
    ):
        parser.add_argument(
            name,
            dest=dest,
            metavar="S",
            action="append",
            type=str.lower,
            choices=get_args(kind),
            help=f"orders with one of these: {', '.join(get_args(kind))}",
        )
    for name, dest, meaning in (
        ("--due-from", "due_date_from", "later"),
        ("--due-to", "due_date_to", "earlier"),
    ):
        parser.add_argument(
            name, dest=dest, metavar="DAY", type=_day, help=f"due on this day or {meaning}"
        )
    parser.add_argument(
        "--exclude-cancelled", action="store_true", help="leave out cancelled orders"
    )


def _day(text: str) -> str:
    try:
        return _arguments.day("day", text)
    except ValueError:
        hint = f"must be a day such as 2026-02-10, not {text!r}"
        raise argparse.ArgumentTypeError(hint) from None


def _whole_number(least: int) -> Any:
    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and int(text) >= least:
            return int(text)
        raise argparse.ArgumentTypeError(f"must be a whole number, {least} or more, not {text!r}")

    return read
