"""What the shell's words name: an order by its number, name or id; a status by its code or name."""

from __future__ import annotations

from collections.abc import Sequence

import click

from statuspro.api.orders import find_order
from statuspro.cli.exits import NOT_FOUND
from statuspro.session import Client
from statuspro.types import StatusDefinition


class UnknownOrder(click.ClickException):
    """No order has the number or the name that the command was given."""

    exit_code = NOT_FOUND

    def __init__(self, reference: str) -> None:
        super().__init__(f"No order is called {reference}.")


#: A number of an order is shorter; an id is not.
_LEAST_DIGITS_OF_AN_ID = 10

REF_HELP = (
    "REF is an order's number or name, such as #1188 or 1188 (quote the # in the shell), or its "
    "id: of digits only, 10 or more are an id, fewer a number."
)


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
    order = find_order(client, reference)
    if order is None:
        raise UnknownOrder(reference)
    return order["id"]


def status_code(word: str, statuses: Sequence[StatusDefinition]) -> str:
    """Finds a status by its code or its name, in capitals or not.

    Raises:
        BadParameter: there is no such status; it names the near ones.
    """
    wanted = word.strip().casefold()
    by_word = {
        str(status.get(name)).casefold(): status["code"]
        for name in ("name", "code")  # a code wins
        for status in statuses
    }
    if wanted in by_word:
        return by_word[wanted]
    raise click.BadParameter(f"no status is called {word!r}. {_near(wanted, statuses)}")


def _near(wanted: str, statuses: Sequence[StatusDefinition]) -> str:
    from difflib import get_close_matches

    by_name = {status["name"].casefold(): status for status in statuses if status.get("name")}
    near = get_close_matches(wanted, by_name, n=3, cutoff=0.5) or list(by_name)
    names = ", ".join(f"{by_name[name]['name']} ({by_name[name]['code']})" for name in near)
    return f"Did you mean {names}?" if len(near) <= 3 else f"There are {names}."
