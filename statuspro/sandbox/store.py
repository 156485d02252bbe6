"""The sandbox's state: its orders, the writes, and the mails that the service would have sent."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, NamedTuple

from statuspro._typing import Unpack

from .catalogue import CATALOGUE, Catalogue
from .data import FIRST_NUMBER, arrival, id_at, index_of, midnight, seeded_order, subject_of
from .filters import EVERYTHING, Filters
from .orders import Customer, Event, Mail, Order, OrderFields
from .render import list_item, to_json
from .rules import is_date


class Applied(NamedTuple):
    """One write that was applied. `kind` is the last part of the endpoint's path."""

    order_id: int
    kind: str
    time: float


@dataclass(frozen=True)
class StatusChange:
    """A new status and what the caller asks for with it."""

    status_code: str
    comment: str | None = None
    public: bool = False
    email_customer: bool = True
    email_additional: bool = True
    send_at: int | None = None
    due_date: str | None = None


class UnknownOrderError(KeyError):
    """There is no such order."""


class NotViableError(Exception):
    """The order cannot move to the status that the caller asked for."""


class Store:
    """Holds the orders. Many threads may use one store.

    The store makes an order when a caller first asks for it, so that a store of a million orders
    starts at once. It keeps an order's line in a list as bytes until the order changes.
    """

    def __init__(
        self,
        orders: int,
        seed: int,
        *,
        clock: Callable[[], float],
        enforce_viable: bool = True,
        catalogue: Catalogue = CATALOGUE,
    ) -> None:
        self.catalogue = catalogue
        self.mails: list[Mail] = []
        self.applied: list[Applied] = []
        self._seed = seed
        self._seeded = self._made = orders
        self._clock = clock
        self._today = midnight(clock())
        self._enforce_viable = enforce_viable
        self._lock = threading.RLock()
        self._ids = [id_at(index) for index in range(orders)]  # ascending: the oldest first
        self._orders: dict[int, Order] = {}
        self._lines: dict[int, bytes] = {}
        self._matches: dict[Filters, list[int]] = {}

    # Reading

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, order_id: int) -> bool:
        with self._lock:
            index = bisect_left(self._ids, order_id)
            return index < len(self._ids) and self._ids[index] == order_id

    def get(self, order_id: int) -> Order | None:
        """Returns a copy of the order; None if there is none."""
        with self._lock:
            order = self._find(order_id)
            return None if order is None else replace(order, history=list(order.history))

    def lookup(self, number: str, email: str) -> Order | None:
        """Returns a copy of the order with this number or name and this customer's address."""
        digits = number.removeprefix("#")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            return None
        order = self.get(id_at(max(int(digits) - FIRST_NUMBER, -1)))
        if order is None or order.customer.email.casefold() != email.casefold():
            return None
        return order

    def page(self, filters: Filters, page: int, per_page: int) -> tuple[list[bytes], int]:
        """Returns the lines of one page of the list, as JSON, and how many orders match in all."""
        with self._lock:
            ids = self._matching(filters)
            end = max(len(ids) - (page - 1) * per_page, 0)
            newest_first = reversed(ids[max(end - per_page, 0) : end])
            return [self._line(order_id) for order_id in newest_first], len(ids)

    def _find(self, order_id: int) -> Order | None:
        order = self._orders.get(order_id)
        if order is None and order_id in self:
            order = self._orders[order_id] = self._seeded_order(order_id)
        return order

    def _seeded_order(self, order_id: int) -> Order:
        index = index_of(order_id) or 0
        created = arrival(index, self._seeded, self._today)
        return seeded_order(self._seed, index, created, self._today, self.catalogue)

    def _matching(self, filters: Filters) -> list[int]:
        if filters == EVERYTHING:
            return self._ids
        found = self._matches.get(filters)
        if found is None:
            found = [
                order_id
                for order_id in self._ids
                if (order := self._find(order_id)) is not None and filters.match(order)
            ]
            self._matches[filters] = found
        return found

    def _line(self, order_id: int) -> bytes:
        line = self._lines.get(order_id)
        if line is None:
            order = self._orders.get(order_id) or self._seeded_order(order_id)
            line = self._lines[order_id] = to_json(list_item(order))
        return line

    # Writing

    def update_status(self, order_id: int, change: StatusChange, kind: str = "status") -> None:
        """Sets the order's status, writes its history and sends its mail.

        Raises:
            UnknownOrderError: there is no such order.
            NotViableError: the order cannot move to this status.
        """
        with self._lock:
            order = self._known(order_id)
            viable = self.catalogue.viable_after(order.status_code)
            if self._enforce_viable and change.status_code not in viable:
                raise NotViableError(change.status_code)
            now = int(self._clock())
            order.status_code, order.status_set_at = change.status_code, now
            if change.due_date is not None:
                order.due_date, order.due_date_to = change.due_date, None
            event = Event(
                "status_updated",
                now,
                change.status_code,
                change.comment,
                change.public,
                self._send_mail(order, change),
            )
            self._written(order, event, kind)

    def add_comment(self, order_id: int, comment: str, public: bool) -> None:
        """Adds a comment to the order's history.

        Raises:
            UnknownOrderError: there is no such order.
        """
        with self._lock:
            order = self._known(order_id)
            event = Event("comment_added", int(self._clock()), None, comment, public)
            self._written(order, event, "comment")

    def set_due_date(self, order_id: int, due_date: str | None, due_date_to: str | None) -> None:
        """Sets the order's due date, or clears it (None).

        Raises:
            UnknownOrderError: there is no such order.
        """
        with self._lock:
            order = self._known(order_id)
            order.due_date = due_date
            order.due_date_to = due_date_to if due_date is not None else None
            self._written(order, Event("due_date_updated", int(self._clock())), "due-date")

    def _known(self, order_id: int) -> Order:
        order = self._find(order_id)
        if order is None:
            raise UnknownOrderError(order_id)
        return order

    def _written(self, order: Order, event: Event, kind: str) -> None:
        order.history.append(event)
        self.applied.append(Applied(order.id, kind, self._clock()))
        self._forget(order.id)

    def _forget(self, order_id: int) -> None:
        """Drops what the store has derived from the order."""
        self._lines.pop(order_id, None)
        self._matches.clear()

    def _send_mail(self, order: Order, change: StatusChange) -> Mail | None:
        to = ((order.customer.email,) if change.email_customer else ()) + (
            order.additional_emails if change.email_additional else ()
        )
        if not to:
            return None
        mail = Mail(
            order_id=order.id,
            to=to,
            subject=subject_of(order.name, self.catalogue[change.status_code].name),
            status_code=change.status_code,
            comment=change.comment if change.public else None,
            time=self._clock(),
            send_at=change.send_at,
        )
        self.mails.append(mail)
        return mail

    # Changes without the API: what other clients do to the list meanwhile

    def add(self, **fields: Unpack[OrderFields]) -> int:
        """Adds an order at the top of the list, and returns its id.

        Args:
            **fields: see `OrderFields`. The seed decides the others.
        """
        values: dict[str, Any] = dict(fields)
        with self._lock:
            now = int(self._clock())
            order = seeded_order(self._seed, self._made, now, now, self.catalogue)
            order.status_code = order.status_set_at = order.cancelled_at = None
            order.history = []
            order.customer = _customer_in(values, order.customer)
            self._assign(order, values)
            self._made += 1
            self._orders[order.id] = order
            self._ids.append(order.id)
            self._matches.clear()
            return order.id

    def change(self, order_id: int, **values: Any) -> None:
        """Sets fields of the order, without history and mail.

        Raises:
            UnknownOrderError: there is no such order.
        """
        with self._lock:
            self._assign(self._known(order_id), values)
            self._forget(order_id)

    def remove(self, order_id: int) -> None:
        """Removes the order.

        Raises:
            UnknownOrderError: there is no such order.
        """
        with self._lock:
            self._known(order_id)
            del self._ids[bisect_left(self._ids, order_id)]
            del self._orders[order_id]
            self._forget(order_id)

    def _assign(self, order: Order, values: dict[str, Any]) -> None:
        unknown = values.keys() - _ASSIGNABLE
        if unknown:
            raise TypeError(f"an order has no field to set named {', '.join(sorted(unknown))}")
        if values.get("status_code") is not None:
            self.catalogue[values["status_code"]]  # an unknown code fails here, not in a response
            values.setdefault("status_set_at", int(self._clock()))
        for name, value in values.items():
            setattr(order, name, _AS_STORED[name](value) if name in _AS_STORED else value)


def _customer_in(values: dict[str, Any], customer: Customer) -> Customer:
    """Takes what is said of the customer out of `values`, and returns the customer it makes."""
    said = dict(values.pop("customer", None) or {})
    said |= {name: values.pop(name) for name in Customer._fields if name in values}
    if unknown := said.keys() - set(Customer._fields):
        raise TypeError(f"a customer has no field named {', '.join(sorted(unknown))}")
    return customer._replace(**said)


def _day(value: date | str | None) -> str | None:
    """Returns `YYYY-MM-DD` for a day, given as the API takes it or as the API shows it."""
    if value is None:
        return None
    day = (value.isoformat() if isinstance(value, date) else value)[:10]
    if not is_date(day):
        raise ValueError(f"a due date must be a date or YYYY-MM-DD, not {value!r}")
    return day


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError(f"tags and additional_emails take several texts, not {value!r}")
    return tuple(value)


_ASSIGNABLE = {field.name for field in fields(Order)} - {"id", "number", "catalogue"}

_AS_STORED: dict[str, Callable[[Any], Any]] = {
    "due_date": _day,
    "due_date_to": _day,
    "tags": _texts,
    "additional_emails": _texts,
}
