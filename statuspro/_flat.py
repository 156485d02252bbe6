"""An order as one flat row: for CSV, for tables, for data frames."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from statuspro._kinds import is_mapping

#: Each column of an order, and where its value stands.
COLUMNS = {
    "id": "id",
    "name": "name",
    "order_number": "order_number",
    "customer_name": "customer.name",
    "customer_email": "customer.email",
    "customer_locale": "customer.locale",
    "status_code": "status.code",
    "status_name": "status.name",
    "status_color": "status.color",
    "status_set_at": "status.set_at",
    "auto_change_at": "status.auto_change_at",
    "due_date": "due_date",
    "due_date_to": "due_date_to",
    "history_count": "history_count",
}

#: The service writes a day as its midnight in UTC, which means that day everywhere.
_DAYS = frozenset({"due_date", "due_date_to"})
_MIDNIGHT = r"([0-9]{4}-[0-9]{2}-[0-9]{2})T00:00:00.*"


def flat(order: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a flat row of an order; what it does not have is None.

    Args:
        order: of a list or in detail.

    Returns:
        A dict with each of `COLUMNS`, in their order. Due dates are days as `YYYY-MM-DD`.
    """
    row = {name: shown(order, path) for name, path in COLUMNS.items()}
    if row["history_count"] is None and isinstance(order.get("history"), list):
        row["history_count"] = len(order["history"])  # the detail has the history in its place
    return row


def shown(record: Mapping[str, Any], path: str) -> Any:
    """Finds the value at a path such as `status.name`, a due date as its day; else None."""
    value = value_at(record, path)
    if path in _DAYS and isinstance(value, str):
        return re.sub(_MIDNIGHT, r"\1", value)
    return value


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """Finds the value at a path such as `status.name`, as the service sent it; else None."""
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if is_mapping(value) else None
    return value
