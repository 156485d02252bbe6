"""What the service filters by and does not show of an order: found out by filtering."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from statuspro import _arguments
from statuspro.api.orders import PATH, filter_params, iter_order_pages
from statuspro.contrib.notebook import columns
from statuspro.contrib.notebook._progress import Progress
from statuspro.pagination.walk import Walk
from statuspro.session import Client
from statuspro.types import OrderFilters

Label = Literal["fulfillment_status", "financial_status", "cancelled"]

#: The values of a label, in the order in which orders go through them: one that moves on while the
#: lists are read is met twice rather than missed.
VALUES: dict[str, tuple[str, ...]] = {
    "fulfillment_status": ("unfulfilled", "partial", "fulfilled", "restocked"),
    "financial_status": (
        "unpaid",
        "pending",
        "authorized",
        "partially_paid",
        "paid",
        "partially_refunded",
        "refunded",
        "voided",
    ),
}

#: A walk goes as far as the frame's orders do, and not to a number of pages.
_ALL_PAGES = 10**9


def check_labels(source: Any, labels: Collection[Label]) -> list[Label]:
    """Checks the labels that are wanted, each once.

    Raises:
        TypeError: they are no collection of strings.
        ValueError: there is no such label, or the source is not the service.
    """
    is_one = isinstance(labels, (str, bytes, Mapping))
    if is_one or not isinstance(labels, Collection):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _arguments.wrong_kind("labels", "a list or tuple of strings", labels)
    known = get_args(Label)
    for label in labels:
        if _arguments.text("each of labels", label) not in known:
            raise ValueError(
                f"labels are {', '.join(known)}. For anything else the service filters by, read "
                "the orders with that filter, and compare the ids."
            )
    if labels and not isinstance(source, Client):
        raise ValueError("labels need a client: only the service knows them, no order shows them")
    return list(dict.fromkeys(labels))


def label_column(label: Label, values: Iterable[Any]) -> Any:
    """Makes the column of a label."""
    if label == "cancelled":
        return columns.flags(values)
    return columns.categories(values, VALUES[label])


def label_of(
    client: Any, label: Label, ids: Sequence[int], filters: Mapping[str, Any], progress: Progress
) -> dict[int, Any]:
    """Finds a label of orders.

    Args:
        client: asks the service.
        label: one of those that :func:`check_labels` knows.
        ids: of the orders, in the order of the list.
        filters: those by which these orders were listed, and `max_items`.
        progress: told how many have got their label.

    Returns:
        The label of each order of which it is known.
    """
    lists = _Lists(progress.asking(client), ids, filters, progress)
    return lists.cancelled() if label == "cancelled" else lists.value_of(label)


class _Lists:
    """The lists in which the orders may be, by another filter each."""

    def __init__(
        self, client: Client, ids: Sequence[int], filters: Mapping[str, Any], progress: Progress
    ) -> None:
        self._client = client
        self._ids = ids
        self._wanted = frozenset(ids)
        self._progress = progress
        self._filters = {
            name: filters[name] for name in OrderFilters.__annotations__ & filters.keys()
        }
        if not self._filters.get("exclude_cancelled"):
            self._filters.pop("exclude_cancelled", None)
        # A list of some of the orders that the frame's list has shows them as early at least.
        self._most = None if "has_status" in filters else filters.get("max_items")

    def value_of(self, label: str) -> dict[int, Any]:
        """Walks the list of each value."""
        values = self._filters.get(label) or VALUES[label]
        if len(values) == 1:
            return dict.fromkeys(self._ids, *values)
        found: dict[int, Any] = {}
        for value in (value for value in VALUES[label] if value in values):
            for ids, _ in self._pages(**{label: [value]}):
                found |= dict.fromkeys(self._wanted.intersection(ids), value)
                self._progress.at(len(found), len(self._wanted))
            if len(found) == len(self._wanted):
                break
        return found

    def cancelled(self) -> dict[int, Any]:
        """Walks the orders that are not cancelled; the others are, if they are still there."""
        if "exclude_cancelled" in self._filters:
            return dict.fromkeys(self._ids, False)
        current, is_whole = self._not_cancelled()
        found = dict.fromkeys(self._wanted & current, False)
        left = self._wanted - current
        if left and is_whole:
            found |= dict.fromkeys(self._still_there(left, current), True)
            self._progress.at(len(found), len(self._wanted))
        return found

    def _not_cancelled(self) -> tuple[set[int], bool]:
        """The ids of the orders that are not cancelled, and whether none of them is missing."""
        params = filter_params({**self._filters, "exclude_cancelled": True})
        # With reads that overlap from the start: an order must not be missed.
        paging: dict[str, Any] = {"max_items": self._most, "max_pages": _ALL_PAGES, "moved": True}
        walk = Walk(self._client, PATH, params, **paging)
        current: set[int] = set()
        for page in walk.pages():
            current.update(order["id"] for order in page["data"])
            self._progress.at(len(self._wanted & current), len(self._wanted))
        return current, walk.is_whole or len(current) == self._most

    def _still_there(self, left: frozenset[int], current: set[int]) -> set[int]:
        """Which of the orders are still in the list, and so were while the others were read."""
        seen: set[int] = set()
        for ids, total in self._pages():
            if not seen and self._is_as_it_was(ids, total, current):
                return set(left)
            seen.update(left.intersection(ids))
            if seen >= left:
                break
        return seen

    def _is_as_it_was(self, ids: list[int], total: Any, current: set[int]) -> bool:
        """Tells by its newest orders whether the list has neither gained nor lost an order.

        With filters it could have done both and look the same.
        """
        is_same = ids == list(self._ids[: len(ids)]) and total == len(self._ids)
        return is_same and current <= self._wanted and not self._filters

    def _pages(self, **filters: Any) -> Iterator[tuple[list[int], Any]]:
        """Yields the ids of each page of a list, and how many orders the list has."""
        given: dict[str, Any] = {**self._filters, **filters}
        paging: dict[str, Any] = {"max_items": self._most, "max_pages": _ALL_PAGES}
        for page in iter_order_pages(self._client, **given, **paging):
            yield [order["id"] for order in page["data"]], page["meta"].get("total")
