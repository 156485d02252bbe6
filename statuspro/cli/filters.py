"""The filters of `list` and `sync`: which orders are meant."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_args

import click

from statuspro.api.statuses import get_statuses
from statuspro.cli.parameters import day
from statuspro.cli.references import status_code
from statuspro.session import Client
from statuspro.types import FinancialStatus, FulfillmentStatus

Function = TypeVar("Function", bound=Callable[..., Any])
_Value = str | bool | tuple[str, ...] | None


class Filters:
    """What the user said of the orders that are meant.

    Args:
        status: a code or a name.
        others: the other filters by their keywords, empty where they were not given.

    Attributes:
        status: see above; None for any.
    """

    def __init__(self, status: str | None, others: Mapping[str, _Value]) -> None:
        self.status = status
        self._others = others
        self._code: str | None = None

    def keywords(self, client: Client) -> dict[str, Any]:
        """Makes them keywords of `iter_orders` and of `Mirror.sync`.

        Args:
            client: asked once for the catalogue, where a status was named.

        Raises:
            UnknownStatus: there is no such status, or several have the name.
        """
        given = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self._others.items()
            if value not in (None, (), False)
        }
        if self.status is None:
            return given
        if self._code is None:
            self._code = status_code(self.status, get_statuses(client))
        return {**given, "status_code": self._code}


_OPTIONS = (
    click.option(
        "--status",
        metavar="NAME|CODE",
        help="Orders in this status: a code or a name of `statuspro statuses`, in capitals or not.",
    ),
    click.option(
        "--search",
        metavar="TEXT",
        help="Orders with this in their name or number or in their customer's name or address.",
    ),
    click.option(
        "--tag",
        "tags",
        metavar="T",
        multiple=True,
        help="Orders with this tag; with all, if several.",
    ),
    click.option(
        "--any-tag",
        "tags_any",
        metavar="T",
        multiple=True,
        help="Orders with one of these tags.",
    ),
    click.option(
        "--financial",
        "financial_status",
        metavar="S",
        multiple=True,
        type=click.Choice(get_args(FinancialStatus), case_sensitive=False),
        help=f"Orders with one of these payments: {', '.join(get_args(FinancialStatus))}.",
    ),
    click.option(
        "--fulfillment",
        "fulfillment_status",
        metavar="S",
        multiple=True,
        type=click.Choice(get_args(FulfillmentStatus), case_sensitive=False),
        help=f"Orders with one of these deliveries: {', '.join(get_args(FulfillmentStatus))}.",
    ),
    click.option("--due-from", "due_date_from", type=day, help="Orders due on this day or later."),
    click.option("--due-to", "due_date_to", type=day, help="Orders due on this day or earlier."),
    click.option("--exclude-cancelled", is_flag=True, help="Leave out orders that are cancelled."),
)

_NAMES = (
    *("search", "tags", "tags_any", "financial_status", "fulfillment_status"),
    *("due_date_from", "due_date_to", "exclude_cancelled"),
)


def filters(function: Function) -> Function:
    """Gives a command the argument `filters`, and the options that say which orders are meant."""

    @functools.wraps(function)
    def with_filters(*args: Any, status: str | None, **options: Any) -> Any:
        others = {name: options.pop(name) for name in _NAMES}
        return function(*args, filters=Filters(status, others), **options)

    decorated: Any = with_filters
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return cast(Function, decorated)
