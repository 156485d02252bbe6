"""An order as one flat row, for tables and CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

#: The service writes a day as its midnight in UTC.
_DAYS = frozenset({"due_date", "due_date_to"})


def flat(order: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a flat row of an order; what it does not have is None."""
    return {name: shown(order, path) for name, path in COLUMNS.items()}


def shown(record: Mapping[str, Any], path: str) -> Any:
    """Finds the value at a path such as `status.name`, a due date as its day; else None."""
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value[:10] if path in _DAYS and isinstance(value, str) else value
