"""An order as a test reads it: the sandbox's own record, and the API's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .orders import Order
from .render import detail, list_item


class OrderRecord(Order, Mapping[str, Any]):
    """A copy of one order. Its items read like the API's order, its attributes are the sandbox's.

    `order["status"]["code"]`, `order["customer"]["email"]` and `order["history"]` are what
    :func:`statuspro.get_order` returns, and `history_count` what a list shows beside it. The
    attributes of `Order` also have what the API does not show, such as `order.tags` and
    `order.cancelled_at`; times are seconds since 1970 there, and due dates `YYYY-MM-DD`.
    """

    def __getitem__(self, name: str) -> Any:
        return self._shown()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown())

    def __len__(self) -> int:
        return len(self._shown())

    def _shown(self) -> dict[str, Any]:
        return {**list_item(self), **detail(self)}
