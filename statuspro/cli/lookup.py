"""Finds many orders by their numbers or names, in as few requests as it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any

import click

from statuspro.api.orders import find_order, iter_order_pages
from statuspro.cli.exits import NOT_FOUND
from statuspro.cli.references import is_id
from statuspro.cli.sheets import Reference
from statuspro.pagination.page import MOST_PER_PAGE
from statuspro.session import Client

#: So few numbers are looked up one by one, without a look at the list.
_FEW = 2

#: So many unknown ones are named at the most.
_MOST_TOLD = 10


class UnknownOrders(click.ClickException):
    """No order has some of the numbers or names that the command was given."""

    exit_code = NOT_FOUND

    def __init__(self, unknown: Sequence[Reference]) -> None:
        told = [
            f"{each.word} ({each.place})" if each.place else each.word
            for each in unknown[:_MOST_TOLD]
        ]
        more = f" and {len(unknown) - _MOST_TOLD} more" if len(unknown) > _MOST_TOLD else ""
        super().__init__(f"No order is called {', '.join(told)}{more}. Nothing was sent.")


def found_orders(
    client: Client, references: Iterable[Reference], tell: Callable[[int, int], object]
) -> dict[int, str]:
    """Finds the ids of orders, each once, in the order in which they were given.

    An id costs nothing. Numbers and names cost a request each, or one for each 100 orders of the
    list, whichever is less.

    Args:
        client: any client.
        references: ids, numbers and names.
        tell: is told how many numbers are left to find, and the most requests that this takes.

    Returns:
        How each order was given, by its id.

    Raises:
        UnknownOrders: no order has some of the numbers or names.
    """
    references = list(references)
    search = _Search(client, (each.word for each in references if not is_id(each.word)), tell)
    found = search.run()
    orders: dict[int, str] = {}
    unknown: dict[str, Reference] = {}
    for each in references:
        order_id = int(each.word) if is_id(each.word) else found.get(_called(each.word))
        if order_id is None:
            unknown.setdefault(_called(each.word), each)
        else:
            orders.setdefault(order_id, each.word)
    if unknown:
        raise UnknownOrders(list(unknown.values()))
    return orders


class _Search:
    """A search for many numbers: through the list as long as that takes fewer requests."""

    def __init__(
        self, client: Client, words: Iterable[str], tell: Callable[[int, int], object]
    ) -> None:
        self._client = client
        self._tell = tell
        self._left = dict.fromkeys(map(_called, words))
        self._found: dict[str, int] = {}
        #: Orders that have such a number, but another name.
        self._by_number: dict[str, int] = {}

    def run(self) -> dict[str, int]:
        """Searches, and returns the ids by what the orders are called."""
        if len(self._left) > _FEW and self._is_list_read():
            return {**self._by_number, **self._found}
        for word in list(self._left):
            self._tell(len(self._left), len(self._left))
            order = find_order(self._client, word)
            if order is not None:
                self._note(word, order["id"])
            else:
                del self._left[word]
        return self._found

    def _is_list_read(self) -> bool:
        """Walks the list; gives up where a request for each number left takes fewer."""
        with closing(iter_order_pages(self._client, max_pages=sys.maxsize)) as pages:
            for number, page in enumerate(pages, 1):
                for order in page["data"]:
                    self._meet(order)
                rest = -(-page["meta"]["total"] // MOST_PER_PAGE) - number
                if not self._left:
                    return True
                if rest > len(self._left):
                    return False
                self._tell(len(self._left), max(rest, 0))
        return True

    def _meet(self, order: Any) -> None:
        for key in ("order_number", "name"):
            word = _called(str(order.get(key) or ""))
            if word in self._left:
                if key == "name":
                    self._note(word, order["id"])
                else:
                    self._by_number.setdefault(word, order["id"])

    def _note(self, word: str, order_id: int) -> None:
        self._found[word] = order_id
        del self._left[word]


def _called(word: str) -> str:
    """A number or name as it is compared: without `#`, in small letters."""
    return word.strip("\ufeff\u200b \t").lstrip("#").casefold()
