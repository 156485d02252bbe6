"""DatabaseMirror: the local copy of the orders, in the project's database."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import router, transaction
from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from statuspro import _arguments
from statuspro._payload import object_in
from statuspro.api.orders import get_order
from statuspro.contrib.django.models import TEXT, HistoryEvent, Order, Status, storable
from statuspro.contrib.django.outbox import tell
from statuspro.contrib.django.storage import ORMStorage
from statuspro.errors import NotFoundError
from statuspro.mirror.base import BaseMirror, names_of
from statuspro.mirror.comparison import change_between, gone, item_of, kept
from statuspro.mirror.storage import LARGEST
from statuspro.session import Client
from statuspro.types import Change, OrderListItem, StatusDefinition
from statuspro.types import Order as OrderPayload

#: How many orders are read at once.
_AT_ONCE = 500

#: The id that no order has.
_NO_ORDER = 0

#: What each filter asks of a row.
_CONDITIONS = {
    "status_code": "status_code",
    "due_date_from": "due_date__gte",
    "due_date_to": "due_date__lte",
}


class DatabaseMirror(BaseMirror):
    """A local copy of the orders in the tables of this app.

    It reads and synchronises as :class:`statuspro.mirror.Mirror` does. Reading costs no request,
    and goes on while another process synchronises. What a sync stores is committed order by order,
    and the signals of `statuspro.contrib.django.signals` tell of it then.

    Args:
        using: the alias of the database; by default the one that the project's routers name.
    """

    def __init__(self, using: str | None = None) -> None:
        self.using: str = using or router.db_for_write(Order)
        self._orders = Order.objects.using(self.using)
        super().__init__(ORMStorage(self.using))

    def __repr__(self) -> str:
        return f"DatabaseMirror({self.using!r})"

    @property
    def is_in_use(self) -> bool:
        """Whether a synchronisation has run through, so that all orders are here."""
        return self.synced_at is not None

    def lookup(self, number: str | int, email: str) -> OrderPayload | None:
        """Finds a customer's order, as `lookup_order` of the service does.

        Args:
            number: the whole number or name of the order: `1188` or `#1188`.
            email: the customer's address, in capitals or not.

        Returns:
            The order, in the shape of `get_order`; None if the two do not fit.
        """
        wanted = _arguments.text("email", email).strip().casefold()
        rows = self._orders.filter(_is_named(*names_of(number)))
        fitting = [
            pk for pk, known in rows.values_list("pk", "customer_email") if _is_same(known, wanted)
        ]
        # Always two queries: time does not tell a wrong number from a wrong address.
        found = self._details(Q(pk__in=fitting or [_NO_ORDER]))
        return next((order for order in found if _email_of(order) == wanted), None)

    def fetch(self, client: Client, order_id: int | str) -> Change | None:
        """Asks the service for one order now, and stores it.

        It need not wait for a synchronisation that is under way.

        Args:
            client: any client.
            order_id: a positive whole number, or a string of digits.

        Returns:
            What has changed, as a synchronisation tells it; None if nothing has.

        Raises:
            NotFoundError: neither the service nor the copy has the order.
            StatusProError: the service cannot be reached, refused or failed. The copy is as it was.
        """
        one = _arguments.order_id(order_id)
        before = self._storage.read(one)
        try:
            detail: Any = get_order(client, one)
        except NotFoundError:
            if before is None:
                raise
            return self._forget(one, gone(before))
        item, listed = (before.item, before.listed) if before else (item_of(detail), True)
        now = kept(item, detail, None, listed=listed)
        change = change_between(before, now, is_explained=False)
        with transaction.atomic(self.using):
            self._storage.store(one, now)
            if change is not None:
                tell(change, self.using)
        return change

    def _forget(self, order_id: int, change: Change) -> Change:
        with transaction.atomic(self.using):
            self._storage.remove(order_id)
            tell(change, self.using)
        return change

    def statuses(self) -> list[StatusDefinition]:
        """Reads the catalogue, in the shape of `get_statuses`."""
        return [status.payload() for status in Status.objects.using(self.using)]

    def _order(self, order_id: int) -> Any:
        return next(self._details(Q(pk=order_id)), None)

    def _named(self, names: tuple[str, str], digits: str) -> Iterator[Any]:
        return self._details(_is_named(names, digits))

    def _details(self, which: Q) -> Iterator[Any]:
        rows = self._orders.filter(which)
        for text in rows.values_list(Coalesce("detail", "item"), flat=True):
            yield json.loads(text)

    def _items(self, params: Mapping[str, Any], has_status: bool | None) -> Iterator[OrderListItem]:
        rows = self._orders.listed()
        if "search" in params:
            rows = rows.search(params["search"])
        for name, condition in _CONDITIONS.items():
            if name in params:
                rows = rows.filter(**{condition: storable(params[name])})
        if has_status is not None:
            rows = rows.filter(status_is_set=has_status)
        return self._walk(rows.values_list("pk", "item"))

    def _walk(self, rows: Any) -> Iterator[OrderListItem]:
        # By id, and not by one long read: that would keep databases from cleaning up meanwhile.
        last = LARGEST
        while some := list(rows.filter(pk__lt=last)[:_AT_ONCE]):
            for last, text in some:  # noqa: B007 - where to go on
                yield json.loads(text)

    def _entries(self, order_id: int) -> list[Any]:
        events = HistoryEvent.objects.using(self.using).filter(order_id=order_id)
        return [event.payload() for event in events.order_by("position")]

    def _counts(self) -> dict[Any, int]:
        codes = self._orders.listed().order_by().values_list("status_code")
        return dict(codes.annotate(Count("pk")))


def _is_named(names: tuple[str, str], digits: str) -> Q:
    return Q(name__in=list(map(storable, names))) | Q(order_number=storable(digits))


def _is_same(known: str, wanted: str) -> bool:
    """Compares an address with what its column holds, in a time that tells nothing."""
    begins = storable(wanted)[:TEXT].strip()
    return hmac.compare_digest(known.strip().casefold().encode(), begins.encode())


def _email_of(order: Mapping[str, Any]) -> str | None:
    email = object_in(order, "customer").get("email")
    return email.strip().casefold() if isinstance(email, str) else None
