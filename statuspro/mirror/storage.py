"""What a synchronisation asks of the place where the orders are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from statuspro.types import Change

Json = dict[str, Any]

#: SQLite and other databases hold no larger number, and no order has this one.
LARGEST = 2**63 - 1


class Known(NamedTuple):
    """What a walk has to know of an order that is kept.

    Attributes:
        fingerprint: of the item that a list will show while the order stays as it is.
        has_detail: whether its detail is kept.
        listed: whether the last walk that could tell showed it.
    """

    fingerprint: str
    has_detail: bool
    listed: bool


class Kept(NamedTuple):
    """An order as it is kept.

    Attributes:
        item: as the list shows it.
        detail: as `GET /orders/{id}` shows it; None without histories.
        fingerprint: see `Known`.
        seen: the fingerprint of the item that a list had shown before the detail was read.
        listed: see `Known`.
    """

    item: Json
    detail: Json | None
    fingerprint: str
    seen: str
    listed: bool

    @property
    def known(self) -> Known:
        """What a walk has to know of it."""
        return Known(self.fingerprint, self.detail is not None, self.listed)


class Queued(NamedTuple):
    """An order that a walk has shown as new or as changed, and that is not kept yet.

    Attributes:
        item: as the list shows it.
        detail: if it has been fetched.
    """

    item: Json
    detail: Json | None


class Storage(Protocol):
    """Where orders are kept: each method is one transaction.

    A synchronisation that is killed leaves its queue. The next one uses the details in the queue.
    """

    def alone(self) -> AbstractContextManager[None]:
        """Keeps other synchronisations out, also those of other processes.

        Raises:
            MirrorError: another synchronisation is under way.
        """
        ...

    def state(self) -> Mapping[str, str]:
        """Returns what `save_state` has saved."""
        ...

    def save_state(self, **values: str) -> None:
        """Saves short texts by their names."""

    def known(self, order_ids: Sequence[int]) -> Mapping[int, Known]:
        """Looks up at most a page of orders; those that are not kept are left out."""
        ...

    def read(self, order_id: int) -> Kept | None:
        """Reads one order; None if it is not kept."""
        ...

    def listed(self) -> Iterable[int]:
        """Returns the ids of all orders that are listed, newest first."""
        ...

    def store(self, order_id: int, kept: Kept, change: Change | None = None) -> None:
        """Keeps an order, and takes it out of the queue.

        Args:
            order_id: of the order.
            kept: how it is kept from now on.
            change: what the loop was told of it, for storages that tell others too.
        """

    def remove(self, order_id: int, change: Change | None = None) -> None:
        """Forgets an order, also in the queue.

        Args:
            order_id: of the order.
            change: see `store`.
        """

    def begin_queue(self) -> None:
        """Begins a queue; an order of an earlier queue counts once it is queued again."""

    def queue(self, items: Mapping[int, Json]) -> None:
        """Queues orders at the end, by their ids. A detail that was fetched before stays."""

    def attach(self, order_id: int, detail: Json) -> None:
        """Adds its detail to an order in the queue."""

    def end_queue(self) -> None:
        """Drops the orders that were not queued again."""

    def queued(self) -> Iterator[tuple[int, Queued]]:
        """Yields the queue, each order as it is by then."""
        ...

    def keep_statuses(self, statuses: Sequence[Mapping[str, Any]]) -> None:
        """Keeps the catalogue."""
