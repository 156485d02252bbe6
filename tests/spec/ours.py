"""What the endpoint functions send and declare, seen by calling each with every keyword."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple, get_type_hints

from statuspro.api import bulk, orders, statuses, updates
from statuspro.sandbox import Sandbox

#: Each sends one request of its own kind. The other functions are made of these.
FUNCTIONS: tuple[Callable[..., Any], ...] = (
    orders.list_orders,
    orders.get_order,
    orders.lookup_order,
    orders.get_viable_statuses,
    statuses.get_statuses,
    updates.update_order_status,
    updates.add_order_comment,
    updates.set_order_due_date,
    bulk.bulk_update_order_status,
)

#: A value for each argument of theirs.
VALUES: dict[str, Any] = {
    "comment": "Oiled twice",
    "due_date": date(2026, 3, 15),
    "due_date_from": date(2026, 3, 15),
    "due_date_to": date(2026, 3, 17),
    "email": "ada@example.com",
    "email_additional": False,
    "email_customer": False,
    "exclude_cancelled": True,
    "financial_status": ["paid"],
    "fulfillment_status": ["partial"],
    "page": 1,
    "per_page": 10,
    "public": True,
    "search": "oak",
    "send_at": 2_000_000_000,
    "status_code": "st000003",
    "tags": ["rush"],
    "tags_any": ["oak"],
}
#: What decides about the call itself, or stands for two other arguments, as `notify` does.
NOT_SENT = {"check", "client", "confirm", "max_items", "max_pages", "notify"}


class Operation(NamedTuple):
    """One request of a function's.

    Attributes:
        name: the method and the path, with `{}` for the order's id.
        query: the names of its parameters.
        body: the names of its fields.
        returned: what the function declares to return.
    """

    name: str
    query: frozenset[str]
    body: frozenset[str]
    returned: Any


def operations(functions: Iterable[Callable[..., Any]] = FUNCTIONS) -> list[Operation]:
    """Calls each function with every argument, and returns what it sends."""
    sandbox = Sandbox(orders=0, enforce_viable=False)
    order_id = sandbox.add_order(email=VALUES["email"])
    number = sandbox.order(order_id)["order_number"]
    with sandbox.client(adapter=sandbox.adapter()) as client:
        given = {"client": client, "order_id": order_id, "order_ids": [order_id], "number": number}
        return [_operation(sandbox, function, {**VALUES, **given}) for function in functions]


def _operation(sandbox: Sandbox, function: Callable[..., Any], values: dict[str, Any]) -> Operation:
    names = inspect.signature(function).parameters.keys() - NOT_SENT | {"client"}
    if unknown := names - values.keys():
        raise LookupError(
            f"{function.__name__} takes {', '.join(sorted(unknown))}: give VALUES a value for it, "
            "or name it in NOT_SENT"
        )
    sandbox.requests.clear()
    function(**{name: values[name] for name in names})
    (request,) = sandbox.requests
    path = request.path.removeprefix("/api/v1").replace(str(values["order_id"]), "{}")
    return Operation(
        f"{request.method} {path}",
        frozenset(request.query),
        frozenset(request.json() if request.body else ()),
        get_type_hints(function)["return"],
    )
