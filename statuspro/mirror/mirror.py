"""Mirror: a local copy of the orders, in one SQLite file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, datetime
from types import TracebackType
from typing import Any, cast

from statuspro import _arguments
from statuspro.api.orders import filter_params
from statuspro.api.summary import filterable
from statuspro.mirror.connection import Connection
from statuspro.mirror.filters import as_received
from statuspro.mirror.sqlite import SQLiteStorage
from statuspro.mirror.sync import Steps, Sync
from statuspro.session import Client
from statuspro.types import (
    FinancialStatuses,
    FulfillmentStatuses,
    HistoryItem,
    Order,
    OrderListItem,
    OrdersSummary,
    StatusCount,
    StatusDefinition,
    Strings,
)

#: How many orders are read at once.
_AT_ONCE = 500

#: SQLite holds no larger number, and no order has this one.
_LARGEST = 2**63 - 1


class Mirror:
    """A local copy of the orders.

    Reading costs no request, and goes on while another thread or process synchronises. Many threads
    may use one mirror; a forked child opens the file anew.

    Args:
        path: the file. It is made, readable by its owner alone, where there is none; its folder
            must exist.

    Raises:
        MirrorError: the file is no mirror, was written by a newer version, or cannot be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.realpath(os.fsdecode(path))  # one lock, also through symbolic links
        self._connection = Connection(self.path)
        self._storage = SQLiteStorage(self.path)
        self._connection.rows("SELECT 1")  # a file that cannot be used fails here

    def __enter__(self) -> Mirror:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Mirror({self.path!r})"

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        self._connection.close()
        self._storage.close()

    def sync(
        self,
        client: Client,
        *,
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
    ) -> Sync:
        """Brings the copy into step with the service, and tells what has changed.

        Costs a walk over the list (`GET /orders`, about 115 requests for 10,000 orders); with
        `history` a request for each order that is new or whose line in the list differs
        (`GET /orders/{id}`); a request for each order that is not in the list any more; and once
        in a while one for the catalogue (`GET /statuses`).

        A change is stored when the loop comes back for the next one. A loop that ends early, raises
        or is killed gets that change again from the next synchronisation.

        An order is gone when the service answers 404 for it. One that is there and has fallen out
        of the filters has changed: it stays in the copy as it was then, :meth:`orders` leaves it
        out, and it is not looked at again until the list shows it.

        Args:
            client: any client; `rate_limit_reserve` leaves a part of the budget to others.
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
            An iterator of changes. Its `done` and `total` say how far it is, in orders. A change is
            a dict: its `kind` is `"new"`, `"changed"` or `"gone"`. `order` is the order as it is
            now, or as it was where it is gone; `before` is how it was, or None. `fields` names what
            differs, and `"filtered"` where an order came into the filters or fell out of them for a
            reason that it does not show. `events` are the new entries of its history.

        Raises:
            MirrorError: another synchronisation of this file is under way, or it cannot be written.
            StatusProError: the service cannot be reached, refused or failed. What was stored stays,
                and the next synchronisation goes on from there.
            TypeError, ValueError: an argument makes no sense. Nothing was sent.

        Warns:
            TruncatedListWarning: the list moved too much to be read. Nothing is said to be gone.
        """
        params = as_received(filter_params(locals()))
        wants_history = _arguments.flag("history", history)
        return Sync(Steps(self._storage, client, params, history=wants_history))

    @property
    def synced_at(self) -> datetime | None:
        """When the last synchronisation began that ran through, in UTC; None before the first.

        What had happened by then is in the copy.
        """
        text = self._storage.state().get("synced_at")
        return None if text is None else datetime.fromisoformat(text)

    def order(self, order_id: int | str) -> Order | None:
        """Reads one order, in the shape of `get_order`; None if it is not in the copy.

        Args:
            order_id: a positive whole number, or a string of digits.

        Returns:
            The order. It has no `history` where it was synchronised without.
        """
        return cast("Order | None", self._first("id = ?", [_storable_id(order_id)]))

    def find(self, number: str | int) -> Order | None:
        """Finds an order by its number or name: `1188` or `#1188`; None if there is none.

        Args:
            number: the whole number or name.

        Returns:
            The order, in the shape of `get_order`; the newest one of several.
        """
        if not isinstance(number, str):
            number = str(_arguments.whole_number("number", number, 1))
        text = _arguments.text("number", number).strip()
        digits = text.removeprefix("#")
        where = "name IN (?, ?) OR order_number = ?"
        return cast("Order | None", self._first(where, [text, f"#{digits}", digits]))

    def orders(
        self,
        *,
        search: str | None = None,
        status_code: str | None = None,
        due_date_from: date | str | None = None,
        due_date_to: date | str | None = None,
        has_status: bool | None = None,
    ) -> Iterator[OrderListItem]:
        """Walks the orders, newest first, in the shape of `iter_orders`.

        The service filters by tags, payment, delivery and cancellation too, and shows none of them:
        they are filters of :meth:`sync`. An order that fell out of those is left out here.

        Args:
            search: a part of the order's name or number or of the customer's name or e-mail.
            status_code: a status such as `st000002`.
            due_date_from: due on this day or later: a `date` or `YYYY-MM-DD`.
            due_date_to: due on this day or earlier: a `date` or `YYYY-MM-DD`.
            has_status: only orders that have a status set, or only those that have none.

        Yields:
            One order after the other.

        Raises:
            MirrorError: the file cannot be used.
            TypeError, ValueError: an argument makes no sense.
        """
        params = as_received(filter_params(locals()))
        where, values = ["listed"], list[Any]()
        for name, condition in _CONDITIONS.items():
            if name in params:
                where.append(condition)
                values.append(params[name])
        if has_status is not None:
            is_set = _arguments.flag("has_status", has_status)
            where.append("status_is_set" if is_set else "NOT status_is_set")
        return self._items(" AND ".join(where), values)

    def history(self, order_id: int | str) -> list[HistoryItem]:
        """Reads an order's history, oldest first as the service has it; empty if there is none.

        Args:
            order_id: a positive whole number, or a string of digits.
        """
        sql = "SELECT entry FROM history WHERE order_id = ? ORDER BY position"
        return [json.loads(row[0]) for row in self._rows(sql, [_storable_id(order_id)])]

    def statuses(self) -> list[StatusDefinition]:
        """Reads the catalogue, in the shape of `get_statuses`."""
        rows = self._rows("SELECT status FROM statuses ORDER BY position")
        return [json.loads(row[0]) for row in rows]

    def summary(self) -> OrdersSummary:
        """Counts the orders, in the shape of `summarize_orders`.

        Returns:
            A dict with these counts. `by_financial_status` and `by_fulfillment_status` are empty,
            as no order shows its payment or its delivery.
        """
        sql = "SELECT status_code, count(*) FROM orders WHERE listed GROUP BY status_code"
        counts = dict(self._rows(sql))
        by_status: list[StatusCount] = [
            {
                "code": status["code"],
                "name": status.get("name", ""),
                "color": status.get("color", ""),
                "count": counts.get(status["code"], 0),
            }
            for status in filterable(self.statuses())
        ]
        total = sum(counts.values())
        return {
            "total": total,
            "without_status": total - sum(status["count"] for status in by_status),
            "by_status": by_status,
            "by_financial_status": {},
            "by_fulfillment_status": {},
        }

    def _rows(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        return self._connection.rows(sql, values)

    def _first(self, where: str, values: list[Any]) -> Any:
        sql = f"SELECT ifnull(detail, item) FROM orders WHERE {where} ORDER BY id DESC LIMIT 1"
        for (text,) in self._rows(sql, values):
            return json.loads(text)
        return None

    def _items(self, where: str, values: list[Any]) -> Iterator[OrderListItem]:
        # By id, and not by one long read: that would keep SQLite from clearing its journal.
        sql = (
            f"SELECT id, item FROM orders WHERE id < ? AND {where} "
            f"ORDER BY id DESC LIMIT {_AT_ONCE}"
        )
        last = _LARGEST
        while rows := self._rows(sql, [last, *values]):
            for last, text in rows:  # noqa: B007 - where to go on
                yield json.loads(text)


def _storable_id(order_id: int | str) -> int:
    return min(_arguments.order_id(order_id), _LARGEST)


_CONDITIONS = {
    "search": "is_found(?, name, order_number, customer_name, customer_email)",
    "status_code": "status_code = ?",
    "due_date_from": "due_date >= ?",
    "due_date_to": "due_date <= ?",
}
