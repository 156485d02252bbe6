"""`statuspro sync`: keep a copy of the orders in a file, and tell what has changed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from statuspro._flat import COLUMNS, flat
from statuspro._progress import counted
from statuspro.cli.command import command
from statuspro.cli.filters import Filters, filters
from statuspro.cli.output import Column, Output, prints, say
from statuspro.cli.parameters import whole_number
from statuspro.cli.pipe import wait_for_reader
from statuspro.cli.session import asks_service
from statuspro.cli.waiting import Progress, is_live, line
from statuspro.client import StatusProClient
from statuspro.errors import (
    AuthenticationError,
    ConfigurationError,
    MirrorError,
    PermissionDeniedError,
    StatusProError,
    ValidationError,
    without_section,
)
from statuspro.types import Change

if TYPE_CHECKING:
    from statuspro.mirror import Mirror, Sync

#: Seconds.
_MINUTE = 60.0

#: What no later turn of --watch can mend.
_ENDS_WATCH = (AuthenticationError, PermissionDeniedError, ConfigurationError, ValidationError)

#: How an order was, beside how it is.
_BEFORE = ("status_code", "status_name", "due_date", "due_date_to")

_ROW = ("kind", "fields", "comments", *COLUMNS, *(f"was_{name}" for name in _BEFORE))

_TSV_COLUMNS = tuple(
    Column(name, name)
    for name in ("kind", "name", "was_status_name", "status_name", "fields", "id")
)

_EXAMPLES = """
    statuspro sync orders.sqlite3
    statuspro sync orders.sqlite3 --no-history --exclude-cancelled
    statuspro sync orders.sqlite3 --reserve 20 --watch 15
    statuspro sync orders.sqlite3 -o jsonl >> changes.jsonl
    sqlite3 orders.sqlite3 'SELECT name, status_name, due_date FROM orders'
"""


@command("sync", _EXAMPLES)
@click.argument("file", type=click.Path(dir_okay=False))
@click.option(
    "--no-history",
    is_flag=True,
    help="Keep the orders as lists show them: a request for each 100 orders, and none for each "
    "order that is new or has changed.",
)
@filters
@click.option(
    "--reserve",
    metavar="N",
    type=whole_number(),
    default=0,
    show_default=True,
    help="Leave so many requests of each minute to others that use the key.",
)
@click.option(
    "--watch",
    metavar="MINUTES",
    type=whole_number(1),
    help="Go on until Ctrl-C: sync again so many minutes after each sync.",
)
@prints
@asks_service
def sync_command(
    client: StatusProClient,
    *,
    output: Output,
    filters: Filters,
    file: str,
    no_history: bool,
    reserve: int,
    watch: int | None,
) -> None:
    """Bring a copy of the orders in FILE into step with the service.

    FILE is a SQLite database, made by the first sync: the tables orders, history and statuses, for
    sqlite3, Datasette or pandas, and for statuspro.mirror in Python. Others can read it meanwhile;
    a second sync of it is refused.

    Prints each change: an order that is new, has changed or is gone (the service does not have it
    any more). On a terminal it is a line for each change. Without a terminal it is tab-separated
    values without a heading: kind, name, status before, status now, what differs, id. JSON is the
    change as statuspro.mirror has it; CSV has the order as it is now, and its status and due date
    as they were.

    A change is stored when it has been printed, and read where the output is a pipe. A sync that
    is cut off, by Ctrl-C or by `head`, tells the rest next time, and may tell one change again.

    With filters an order that falls out of them stays in FILE as it was then. DAY is a day such as
    2026-03-15.

    --watch goes on where the service fails or cannot be reached, and says so on standard error. It
    ends where the service does not take the key.

    Exit codes: 0 in step, 1 the service or the file failed, 2 usage, 3 rate limit or deadline, 5 no
    key or a wrong one, 130 Ctrl-C.
    """
    from statuspro.mirror import Mirror

    if watch and output.form == "json":
        raise click.UsageError("JSON ends with the command, and --watch does not: use -o jsonl.")
    progress = _SyncProgress()
    client = _asking(client, progress, reserve)
    with Mirror(file) as mirror:
        turns = _Turns(mirror, client, filters, progress, with_history=not no_history)
        with closing(turns.again(watch) if watch else turns.once()) as changes:
            _print(changes, output)


def _asking(client: StatusProClient, progress: _SyncProgress, reserve: int) -> StatusProClient:
    try:
        return client.with_options(
            rate_limit_reserve=reserve,
            on_wait=progress.wait,
            hooks={"response": progress.count},
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--reserve'") from None


class _SyncProgress:
    """Tells how far a sync is, with its requests and its waits."""

    def __init__(self) -> None:
        self._sync: Sync | None = None
        self._requests = 0
        self._progress = Progress()

    def begin(self, sync: Sync) -> None:
        """Tells of this sync from now on."""
        self._sync, self._requests, self._progress = sync, 0, Progress()

    def count(self, *_: Any, **__: Any) -> None:
        """Counts a response: a hook of the client."""
        self._requests += 1
        self._tell()

    def wait(self, seconds: float, reason: str) -> None:
        """Counts a wait down: the client's `on_wait`."""
        if is_live():
            line.wait(seconds, reason)
        else:
            self._tell(f", waiting {seconds:.0f} s: {reason}")

    def _tell(self, more: str = "") -> None:
        if self._sync is not None and self._sync.total is not None:
            done = f"{self._sync.done:,} of {self._sync.total:,} orders in step"
            self._progress.tell(f"{done}, {counted(self._requests, 'request')}{more}")


class _Turns:
    """One synchronisation after the other.

    Args:
        mirror: the copy.
        client: asks the service.
        filters: what the user said of the orders that are meant.
        progress: told of each sync.
        with_history: whether the histories are kept too.
    """

    def __init__(
        self,
        mirror: Mirror,
        client: StatusProClient,
        filters: Filters,
        progress: _SyncProgress,
        *,
        with_history: bool,
    ) -> None:
        self._mirror = mirror
        self._client = client
        self._filters = filters
        self._progress = progress
        self._with_history = with_history

    def once(self) -> Generator[Change, None, None]:
        """Yields the changes of one synchronisation, and sums them up on standard error."""
        counts = yield from self._changes()
        say(self._sum(counts))

    def again(self, minutes: int) -> Generator[Change, None, None]:
        """Yields the changes of one synchronisation after the other.

        Args:
            minutes: the pause between two.
        """
        is_first = True
        while True:
            try:
                counts = yield from self._changes()
                if counts or is_first:
                    say(f"{_now()}: {self._sum(counts)}")
            except _ENDS_WATCH:
                raise
            except StatusProError as error:
                if is_first and isinstance(error, MirrorError):
                    raise
                told = " ".join(without_section(error).split())
                say(f"{_now()}: {told} The next try is in {counted(minutes, 'minute')}.")
            is_first = False
            _pause(minutes * _MINUTE)

    def _changes(self) -> Generator[Change, None, Counter[str]]:
        counts: Counter[str] = Counter()
        keywords = self._filters.keywords(self._client)
        sync = self._mirror.sync(self._client, history=self._with_history, **keywords)
        self._progress.begin(sync)
        with closing(sync):
            for change in sync:
                yield change
                wait_for_reader()  # a change that the loop comes back from is stored
                counts[change["kind"]] += 1
        return counts

    def _sum(self, counts: Counter[str]) -> str:
        parts = [f"{counts[kind]:,} {kind}" for kind in ("new", "changed", "gone") if counts[kind]]
        total = self._mirror.summary()["total"]
        return f"{', '.join(parts) or 'No changes'}; {counted(total)}."


def _pause(seconds: float) -> None:
    if is_live():
        line.wait(seconds, "the next sync")
    time.sleep(seconds)
    line.hide()


def _print(changes: Iterable[Change], output: Output) -> None:
    """Prints each change before it asks for the next one."""
    if output.is_for_people:
        _print_lines(changes)
    elif output.form in ("csv", "tsv") and not output.has_fields:
        columns = [Column(name, name) for name in _ROW] if output.form == "csv" else _TSV_COLUMNS
        output.one_by_one(map(_row, changes), columns, Change)
    else:
        output.one_by_one(changes, (), Change)


def _print_lines(changes: Iterable[Change]) -> None:
    from statuspro.cli.changes import draw_change

    for change in changes:
        draw_change(change)


def _row(change: Change) -> dict[str, Any]:
    before: Mapping[str, Any] = change["before"] or {}
    was = flat(before)
    comments = [event.get("comment") for event in change["events"]]
    return {
        "kind": change["kind"],
        "fields": " ".join(change["fields"]),
        "comments": "\n".join(filter(None, comments)),
        **flat(change["order"]),
        **{f"was_{name}": was[name] for name in _BEFORE},
    }


def _now() -> str:
    return f"{datetime.now():%Y-%m-%d %H:%M}"
