"""Where a frame's orders come from: a client, a mirror, or orders that the caller has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, TypeGuard

from statuspro import _arguments
from statuspro.api.orders import iter_order_pages
from statuspro.api.statuses import get_statuses
from statuspro.contrib.notebook._progress import Progress
from statuspro.session import Client
from statuspro.types import OrderFilters, OrderList, StatusDefinition

Order = Mapping[str, Any]


class Copy(Protocol):
    """What a mirror has: :class:`statuspro.mirror.Mirror`, or one in another database."""

    def orders(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Walks the orders."""
        ...

    def order(self, order_id: int) -> Any:
        """Reads one order in detail."""
        ...

    def statuses(self) -> list[StatusDefinition]:
        """Reads the catalogue."""
        ...


Source = Client | Copy | Iterable[Mapping[str, Any]]

#: The filters of a client.
_FILTERS = (*OrderFilters.__annotations__, "has_status", "max_pages")

#: The filters that a mirror has too: what the service shows of an order tells them.
_OF_MIRRORS = frozenset({"search", "status_code", "due_date_from", "due_date_to", "has_status"})


def is_copy(source: Any) -> TypeGuard[Copy]:
    """Tells whether a source is a mirror."""
    return callable(getattr(source, "orders", None)) and not isinstance(source, Client)


def check_filters(source: Any, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Picks the filters among the keywords that were given; refuses those the source does not have.

    Raises:
        TypeError: the source is none.
        ValueError: the source has no such filter.
    """
    given = {name: keywords[name] for name in _FILTERS if keywords[name] is not None}
    if isinstance(source, Client):
        return given
    if is_copy(source):
        if unknown := [name for name in given if name not in _OF_MIRRORS]:
            raise ValueError(
                f"a mirror cannot filter by {', '.join(unknown)}: only the service knows. Give it "
                "to the mirror's sync, or read from a client."
            )
    else:
        check_source(source)
        if given:
            raise ValueError(
                f"{', '.join(given)}: orders that are there already are not filtered here. Filter "
                "the frame."
            )
    return given


def check_source(source: Any) -> None:
    """Checks for a client, a mirror or an iterable of orders.

    Raises:
        TypeError: it is none.
    """
    if isinstance(source, Client) or is_copy(source):
        return
    if isinstance(source, Mapping) and "data" in source:
        raise TypeError('source is a list of orders with its meta: give its ["data"]')
    if isinstance(source, (str, bytes, Mapping)) or not isinstance(source, Iterable):
        raise _arguments.wrong_kind("source", "a client, a mirror or an iterable of orders", source)


def read_orders(
    source: Source,
    filters: Mapping[str, Any],
    progress: Progress,
    *,
    max_items: int | None = None,
) -> Iterator[Order]:
    """Walks the orders of a source, and tells how far it is; nothing is sent before the first.

    Args:
        source: a client, a mirror or an iterable of orders.
        filters: what :func:`check_filters` returned.
        progress: told of each page, or of each order that is there already.
        max_items: stops after so many orders.

    Raises:
        TypeError, ValueError: an argument makes no sense.
    """
    if isinstance(source, Client):
        pages = iter_order_pages(progress.asking(source), **filters, max_items=max_items)
        # How many of the orders have a status is not known before the end.
        has_total = "has_status" not in filters
        return _orders_of(pages, progress, max_items, has_total=has_total)
    most = None if max_items is None else _arguments.whole_number("max_items", max_items, 0)
    there: Any = source.orders(**filters) if is_copy(source) else source
    total = len(there) if hasattr(there, "__len__") else None
    return _counted(islice(there, most), _least(total, most), progress)


def _orders_of(
    pages: Iterable[OrderList], progress: Progress, most: int | None, *, has_total: bool
) -> Iterator[Order]:
    done = 0
    for page in pages:
        yield from page["data"]
        done += len(page["data"])
        progress.at(done, _least(page["meta"].get("total"), most) if has_total else None)


def _counted(orders: Iterable[Order], total: int | None, progress: Progress) -> Iterator[Order]:
    for done, order in enumerate(orders, 1):
        yield _arguments.mapping("each order", order)
        progress.at(done, total)


def _least(total: Any, most: int | None) -> int | None:
    known = [number for number in (total, most) if isinstance(number, int)]
    return min(known, default=None)


def read_catalogue(source: Source, progress: Progress) -> list[StatusDefinition]:
    """Reads the statuses in their order: none where the orders are all that is known."""
    if isinstance(source, Client):
        return get_statuses(progress.asking(source))
    return source.statuses() if is_copy(source) else []
