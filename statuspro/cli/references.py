"""What the shell's words name: an order by its number, name or id; a status by its code or name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from statuspro.api.orders import find_order, get_order
from statuspro.api.statuses import status_named
from statuspro.cli.exits import NOT_FOUND, USAGE
from statuspro.session import Client
from statuspro.types import Order, OrderListItem, StatusDefinition

Function = TypeVar("Function", bound=Callable[..., Any])


class UnknownOrder(click.ClickException):
    """No order has the number or the name that the command was given."""

    exit_code = NOT_FOUND

    def __init__(self, reference: str) -> None:
        super().__init__(f"No order is called {reference}.")


class UnknownStatus(click.ClickException):
    """No status of the account is meant, or more than one may be."""

    exit_code = USAGE


#: A number of an order is shorter; an id is not.
_LEAST_DIGITS_OF_AN_ID = 10

REF_HELP = (
    "REF is an order's number or name, such as #1188 or 1188 (quote the # in the shell), or its "
    "id: of digits only, 10 or more are an id, fewer a number."
)

STATUS_HELP = (
    "STATUS is a code or a name of `statuspro statuses`, such as st000003 or 'in production', in "
    "capitals or not."
)


def takes_ref(function: Function) -> Function:
    """Gives a command the argument `reference`, and says in its help what REF may be."""
    return _argument(function, "reference", "REF", REF_HELP)


def takes_status(function: Function) -> Function:
    """Gives a command the argument `status`, and says in its help what STATUS may be."""
    return _argument(function, "status", "STATUS", STATUS_HELP)


def _argument(function: Function, name: str, metavar: str, help: str) -> Function:
    first, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
    function.__doc__ = f"{first}\n\n{help}\n\n{rest}"
    return click.argument(name, metavar=metavar, callback=_not_blank)(function)


def _not_blank(_: click.Context, parameter: click.Parameter, word: str) -> str:
    if not word.strip("# \t"):
        raise click.BadParameter("must not be blank")
    return word


def is_id(reference: str) -> bool:
    """Tells whether a reference is an id, and not a number or a name."""
    return reference.isascii() and reference.isdigit() and len(reference) >= _LEAST_DIGITS_OF_AN_ID


def order_id(client: Client, reference: str) -> int:
    """Finds the id of an order.

    Raises:
        UnknownOrder: no order has this number or name.
    """
    if is_id(reference):
        return int(reference)
    return _found(client, reference)["id"]


def order_of(client: Client, reference: str) -> Order | OrderListItem:
    """Fetches an order, by one request: in detail by its id, else as lists have it.

    Raises:
        UnknownOrder: no order has this number or name.
        NotFoundError: no order has this id.
    """
    return get_order(client, reference) if is_id(reference) else _found(client, reference)


def _found(client: Client, reference: str) -> OrderListItem:
    order = find_order(client, reference)
    if order is None:
        raise UnknownOrder(reference)
    return order


def status_code(word: str, statuses: Sequence[StatusDefinition]) -> str:
    """Finds the code of a status by its code or its name, in capitals or not.

    Raises:
        UnknownStatus: there is no such status, or several have the name.
    """
    return status_of(word, statuses)["code"]


def status_of(word: str, statuses: Sequence[StatusDefinition]) -> StatusDefinition:
    """Finds a status by its code or else its name, in capitals or not.

    Raises:
        UnknownStatus: there is no such status (it names the near ones), or several have the name.
    """
    try:
        return status_named(word, statuses)
    except ValueError as error:
        raise UnknownStatus(str(error)) from None
