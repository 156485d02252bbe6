"""Bring a mirror into step with the service, with a bar, and tell as a frame what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date
from typing import Any, Protocol, get_args

import pandas as pd

from statuspro._progress import counted
from statuspro.contrib.notebook import columns
from statuspro.contrib.notebook._progress import Progress
from statuspro.contrib.notebook._rows import OrderRows, row_of
from statuspro.contrib.notebook.interruption import kept
from statuspro.mirror import Sync
from statuspro.session import Client
from statuspro.types import (
    Change,
    FinancialStatuses,
    FulfillmentStatuses,
    OrderFilters,
    StatusDefinition,
    Strings,
)

_KINDS = get_args(Change.__annotations__["kind"])


class Syncing(Protocol):
    """What a mirror has: :class:`statuspro.mirror.Mirror`, or one in another database."""

    def sync(self, client: Client, *args: Any, **kwargs: Any) -> Sync:
        """Brings the copy into step."""
        ...

    def statuses(self) -> list[StatusDefinition]:
        """Reads the catalogue."""
        ...


def sync(
    mirror: Syncing,
    client: Client,
    *,
    progress: bool = True,
    history: bool = True,
    search: str | None = None,
    status_code: str | None = None,
    tags: Strings | None = None,
    tags_any: Strings | None = None,
    financial_status: FinancialStatuses | None = None,
    fulfillment_status: FulfillmentStatuses | None = None,
    exclude_cancelled: bool | None = None,
    due_date_from: date | str | None = None,
    due_date_to: date | str | None = None,
) -> pd.DataFrame:
    """Brings a mirror into step with the service: the whole loop over its `sync`, with a bar.

    It costs what the mirror's own `sync` costs: a request for each 100 orders, and with `history`
    one for each order that is new or has changed.

    Ctrl-C or the stop button ends it at once. What is in step stays so: the next `sync` goes on
    from there, and :func:`read_so_far` has the changes.

    Args:
        mirror: the copy.
        client: any client; `rate_limit_reserve` leaves a part of the budget to others.
        progress: whether to show how far it is, and what it waits for.
        history: whether the histories are kept too.
        search: a part of the order's name or number or of the customer's name or e-mail.
        status_code: a status such as `st000002`.
        tags: orders with all of these; no list of a filter may be empty.
        tags_any: orders with one of these.
        financial_status: orders with one of these, such as `["paid", "pending"]`.
        fulfillment_status: orders with one of these, such as `["unfulfilled"]`.
        exclude_cancelled: whether cancelled orders are left out; the service includes them.
        due_date_from: due on this day or later: a `date` or `YYYY-MM-DD`.
        due_date_to: due on this day or earlier: a `date` or `YYYY-MM-DD`.

    Returns:
        A data frame with a row for each order that has changed. Its index and columns are those of
        :func:`orders_frame`: the order as it is now, or as it was where it is gone. In front come
        `kind` (a category: `new`, `changed`, `gone`), `fields` (`string`: what differs, such as
        `status, due_date`), `status_before` (the ordered category; missing where the order is new),
        `due_date_before` (`datetime64[s]`) and `new_events` (`int64`: of its history).

    Raises:
        MirrorError: another synchronisation of this mirror is under way, or it cannot be written.
        StatusProError: the service cannot be reached, refused or failed.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    given = locals()
    filters = {name: given[name] for name in OrderFilters.__annotations__}
    rows = _Changes()

    def frame() -> pd.DataFrame:
        return rows.frame(columns.Statuses(mirror.statuses()))

    with kept(rows, frame), Progress("In step", shown=progress) as shown:
        counted = _Counted(shown)
        changes = mirror.sync(counted.asking(client), history=history, **filters)
        counted.sync = changes
        with closing(changes):
            for change in changes:
                rows.append(change)
                counted.show()
        counted.show()
        return frame()


class _Counted:
    """Counts the requests of a synchronisation, each of which may bring it further."""

    def __init__(self, progress: Progress) -> None:
        self.sync: Sync  # from the moment on in which it begins: it asks nothing before
        self._progress = progress
        self._requests = 0

    def asking(self, client: Client) -> Client:
        """Returns a client like this one whose waits and responses are shown."""
        if not self._progress.is_shown:
            return client
        return self._progress.asking(client).with_options(hooks={"response": self._count})

    def _count(self, *_: Any, **__: Any) -> None:
        self._requests += 1
        self.show()

    def show(self) -> None:
        """Shows how far it is."""
        requests = counted(self._requests, "request")
        self._progress.at(self.sync.done, self.sync.total, requests)


class _Changes:
    """The changes so far."""

    def __init__(self) -> None:
        self._orders = OrderRows()
        self._changes: list[tuple[str, str, Mapping[str, Any] | None, int]] = []

    def __len__(self) -> int:
        return len(self._changes)

    def append(self, change: Change) -> None:
        """Takes in a change."""
        before = None if change["before"] is None else row_of(change["before"])
        fields = ", ".join(change["fields"])
        self._orders.append(change["order"])
        self._changes.append((change["kind"], fields, before, len(change["events"])))

    def frame(self, statuses: columns.Statuses) -> pd.DataFrame:
        """Makes the frame."""
        before = [row for _, _, row, _ in self._changes]
        had = [None if row is None else row["status"] for row in before]
        statuses.meet(had)
        frame = self._orders.frame(statuses)
        in_front = {
            "kind": columns.categories([change[0] for change in self._changes], _KINDS),
            "fields": columns.texts(change[1] for change in self._changes),
            "status_before": statuses.column(had),
            "due_date_before": columns.days(
                None if row is None else row["due_date"] for row in before
            ),
            "new_events": columns.ids(change[3] for change in self._changes),
        }
        for place, (name, values) in enumerate(in_front.items()):
            frame.insert(place, name, values)
        return frame
