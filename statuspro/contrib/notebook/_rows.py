"""Orders that have been read, row by row, and the frame of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from statuspro import _arguments
from statuspro._flat import flat
from statuspro.contrib.notebook import columns
from statuspro.values import due_days

_COLUMNS: columns.Makers = {
    "name": columns.texts,
    "order_number": columns.texts,
    "customer_name": columns.texts,
    "customer_email": columns.texts,
    "customer_locale": columns.texts,
    "status": None,
    "status_code": columns.texts,
    "status_name": columns.texts,
    "status_color": columns.colors,
    "status_set_at": columns.moments,
    "auto_change_at": columns.moments,
    "due_date": columns.days,
    "due_date_to": columns.days,
    "history_count": columns.counts,
}


class OrderRows:
    """The orders that have been read so far."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._rows: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, order: Mapping[str, Any]) -> None:
        """Takes in an order, of a list or in detail."""
        self.ids.append(_arguments.order_id(order.get("id")))
        self._rows.append(row_of(order))

    def frame(self, statuses: columns.Statuses) -> pd.DataFrame:
        """Makes the frame of the orders.

        Args:
            statuses: takes in those of the orders.
        """
        index = pd.Index(columns.ids(self.ids), name="id")
        return columns.table(self._rows, _COLUMNS, statuses, index)


def row_of(order: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a flat row of an order, with its due dates as days."""
    row = flat(order)
    row["due_date"], row["due_date_to"] = due_days(order)
    row["status"] = row["status_code"], row["status_name"], row["status_color"]
    return row
