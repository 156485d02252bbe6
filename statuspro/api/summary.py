"""How many orders there are of each kind: what dashboards ask for."""

from __future__ import annotations

from typing import Any, get_args

from statuspro.api.orders import PATH, filter_params
from statuspro.api.statuses import get_statuses
from statuspro.pagination.page import read_page
from statuspro.session import Client
from statuspro.types import (
    FinancialStatus,
    FulfillmentStatus,
    OrdersSummary,
    StatusCount,
    StatusDefinition,
)


def summarize_orders(client: Client) -> OrdersSummary:
    """Counts the orders that are not cancelled.

    Costs 14 requests and one for each status of the account: `GET /statuses`, and for each figure a
    `GET /orders` for one order, of which only `meta.total` is used. Each request has the client's
    `deadline` and `max_wait` for itself.

    Args:
        client: any client.

    Returns:
        A dict with these counts. `total` counts all orders that are not cancelled. `by_status` is a
        list with a dict for each status (`code`, `name`, `color`, `count`). `by_financial_status`
        and `by_fulfillment_status` map each value to its count. `without_status` is `total` less
        the counts of all statuses. It is not exact while orders move.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
    """
    by_status: list[StatusCount] = [
        {
            "code": status["code"],
            "name": status.get("name", ""),
            "color": status.get("color", ""),
            "count": _count(client, status_code=status["code"]),
        }
        for status in filterable(get_statuses(client))
    ]
    total = _count(client)
    return {
        "total": total,
        "without_status": max(0, total - sum(status["count"] for status in by_status)),
        "by_status": by_status,
        "by_financial_status": _counts(client, "financial_status", FinancialStatus),
        "by_fulfillment_status": _counts(client, "fulfillment_status", FulfillmentStatus),
    }


def filterable(statuses: list[StatusDefinition]) -> list[StatusDefinition]:
    """The statuses that a list can be filtered by, each once.

    One without a code is no filter. Orders of one that is listed twice would be counted twice.
    """
    by_code: dict[str, StatusDefinition] = {}
    for status in statuses:
        code: Any = status.get("code")
        if isinstance(code, str) and code.strip():
            by_code.setdefault(code, status)
    return list(by_code.values())


def _counts(client: Client, name: str, values: Any) -> dict[str, int]:
    return {value: _count(client, **{name: [value]}) for value in get_args(values)}


def _count(client: Client, **filters: Any) -> int:
    params = filter_params({**filters, "exclude_cancelled": True})
    page = read_page(client, PATH, params, 1, 1)
    if page.total is None:
        page.refuse("its meta has no total")
    return page.total
