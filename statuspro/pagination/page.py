"""One page of a list, checked."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlencode

import requests

from statuspro import _arguments
from statuspro._logging import warn
from statuspro.responses import refuse_body, unwrap_object
from statuspro.session import Client

#: The most that the service gives at once.
MOST_PER_PAGE = 100


Params = Mapping[str, Any] | Iterable[tuple[str, Any]]


Item = dict[str, Any]


class Read(NamedTuple):
    """What to ask the service for: the page of that number, of pages of that size."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """The position of its first item, from 0."""
        return self.end - self.size

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.number * self.size


class Page:
    """One page as it was read, checked.

    Attributes:
        has_ids: whether each of its items has an id.
        by_id: its items by their ids; none where `has_ids` is false.

    Raises:
        InvalidResponseError: it is not a page of a list.
    """

    def __init__(self, body: dict[str, Any], response: requests.Response) -> None:
        self.body = body
        self._response = response
        self.items = self._checked_items(body.get("data"))
        self.by_id = self._items_by_id()
        self.has_ids = len(self.by_id) > 0 or not self.items
        meta = body.get("meta")
        if not isinstance(meta, dict):
            self.refuse("its meta is not an object")
        last_page = self._number(meta, "last_page", 0)
        if last_page is None:
            self.refuse("its meta has no last_page")
        self.last_page = last_page
        self.total = self._number(meta, "total", 0)
        self._per_page = self._number(meta, "per_page", 1)

    def size_for(self, read: Read, *, is_plain: bool) -> int:
        """How many items the service has on such a page, which may be less than was asked for."""
        given = len(self.items)
        told = self._per_page
        if told is not None and given <= told < read.size:
            return told
        # Plain pages may be short for another reason, and only their numbers count.
        is_less = 0 < given < read.size and read.number < self.last_page
        return given if is_less and not (is_plain and told) else read.size

    def cut(self, count: int) -> None:
        """Leaves out what is behind `count` items, as if it were on a page to come."""
        if len(self.items) > count:
            self.items = self.items[:count]
            self.by_id = self._items_by_id()
            self.last_page += 1

    def without(self, seen: Container[Any]) -> list[Item]:
        """The items that were not seen, each once; one without an id always counts as new."""
        if not self.has_ids:
            return self.items
        return [item for one, item in self.by_id.items() if one not in seen]

    def refuse(self, reason: str) -> NoReturn:
        """Ends the walk over what the service sent."""
        refuse_body(self._response, reason)

    def _checked_items(self, items: Any) -> list[Item]:
        if not isinstance(items, list):
            self.refuse("its data is not an array")
        return items

    def _items_by_id(self) -> dict[Any, Item]:
        try:
            by_id = {item["id"]: item for item in self.items}
        except (KeyError, TypeError):
            if not all(isinstance(item, dict) for item in self.items):
                self.refuse("its data is not an array of objects")
            if any(isinstance(item.get("id"), (dict, list)) for item in self.items):
                self.refuse("an item's id is neither a number nor a string")
            return {}
        return {} if None in by_id else by_id

    def _number(self, meta: dict[str, Any], name: str, least: int) -> int | None:
        value = meta.get(name)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
            value = int(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.refuse(f"its {name} is not a whole number from {least} on")
        return value


def read_page(
    client: Client, path: str, params: Mapping[str, Any], number: int, per_page: int
) -> Page:
    """Reads one page of a list (one request)."""
    # Encoded here, as requests does it too, but after several detours.
    query = [urlencode(params, doseq=True), f"page={number}&per_page={per_page}"]
    response = client.get(f"{path}{'&' if '?' in path else '?'}{'&'.join(filter(None, query))}")
    return Page(unwrap_object(response), response)


def checked_per_page(per_page: Any) -> int:
    """A whole number from 1 on; more than the service gives becomes that, with a warning."""
    number = _arguments.whole_number("per_page", per_page, 1)
    if number > MOST_PER_PAGE:
        warn(f"per_page={number} is more than the service gives: {MOST_PER_PAGE} is used.")
    return min(number, MOST_PER_PAGE)


def query_of(params: Params | None) -> dict[str, list[Any]]:
    """The parameters by name, as the service and a session's own parameters need them."""
    given: Any = params.items() if isinstance(params, Mapping) else params or []
    query: dict[str, list[Any]] = {}
    for name, value in given:
        if name in ("page", "per_page"):
            raise ValueError(f"{name} is an argument of its own (start_page, per_page)")
        values = value if isinstance(value, (list, tuple)) else [value]
        query.setdefault(name, []).extend(
            _arguments.parameter(one) for one in values if one is not None
        )
    return query
