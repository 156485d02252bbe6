"""What each local copy of the orders can do, wherever it is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, cast

from statuspro import _arguments
from statuspro.api.orders import filter_params
from statuspro.api.summary import filterable
from statuspro.mirror.filters import as_received
from statuspro.mirror.storage import LARGEST, Storage
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


class BaseMirror(ABC):
    """A local copy of the orders.

    Args:
        storage: where a synchronisation keeps them.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

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
            MirrorError: another synchronisation of this copy is under way, or it cannot be written.
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
        return cast("Order | None", self._order(storable_id(order_id)))

    def find(self, number: str | int) -> Order | None:
        """Finds an order by its number or name: `1188` or `#1188`; None if there is none.

        Args:
            number: the whole number or name.

        Returns:
            The order, in the shape of `get_order`; the newest one of several.
        """
        return cast("Order | None", next(self._named(*names_of(number)), None))

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
            MirrorError: the copy cannot be read.
            TypeError, ValueError: an argument makes no sense.
        """
        params = as_received(filter_params(locals()))
        if has_status is not None:
            has_status = _arguments.flag("has_status", has_status)
        return self._items(params, has_status)

    def history(self, order_id: int | str) -> list[HistoryItem]:
        """Reads an order's history, oldest first as the service has it; empty if there is none.

        Args:
            order_id: a positive whole number, or a string of digits.
        """
        return cast("list[HistoryItem]", self._entries(storable_id(order_id)))

    @abstractmethod
    def statuses(self) -> list[StatusDefinition]:
        """Reads the catalogue, in the shape of `get_statuses`."""

    def summary(self) -> OrdersSummary:
        """Counts the orders, in the shape of `summarize_orders`.

        Returns:
            A dict with these counts. `by_financial_status` and `by_fulfillment_status` are empty,
            as no order shows its payment or its delivery.
        """
        counts = self._counts()
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

    # What is asked of the place where the orders are kept.

    @abstractmethod
    def _order(self, order_id: int) -> Any:
        """The detail of an order, or else its item of a list; None if it is not kept."""

    @abstractmethod
    def _named(self, names: tuple[str, str], digits: str) -> Iterator[Any]:
        """The orders of one of the names, or of this number, the newest first."""

    @abstractmethod
    def _items(self, params: Mapping[str, Any], has_status: bool | None) -> Iterator[OrderListItem]:
        """The items of the orders that are listed and pass the filters, the newest first."""

    @abstractmethod
    def _entries(self, order_id: int) -> list[Any]:
        """The history of an order."""

    @abstractmethod
    def _counts(self) -> Mapping[Any, int]:
        """How many orders are listed, by the code of their status."""


def storable_id(order_id: int | str) -> int:
    """Checks the id of an order; makes one that no order has of one that is too large to be kept.

    Args:
        order_id: a positive whole number, or a string of digits.
    """
    return min(_arguments.order_id(order_id), LARGEST)


def names_of(number: str | int) -> tuple[tuple[str, str], str]:
    """Makes of a number or name as people write it the names and the number that an order has.

    Args:
        number: such as `1188` or `#1188`.
    """
    if not isinstance(number, str):
        number = str(_arguments.whole_number("number", number, 1))
    text = _arguments.text("number", number).strip()
    digits = text.removeprefix("#")
    return (text, f"#{digits}"), digits
