"""One page of a list, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlencode

import requests

from statuspro import _arguments
from statuspro._json import is_array, is_object
from statuspro._kinds import is_list_or_tuple, is_mapping
from statuspro._logging import warn
from statuspro.responses import refuse_body, unwrap_object
from statuspro.session import Client

#: The most that the service gives at once.
MOST_PER_PAGE = 100

Params = Mapping[str, Any] | Iterable[tuple[str, Any]]
Item = dict[str, Any]

_id_of = itemgetter("id")


class Read(NamedTuple):
    """What to ask the service for, and how far the walk had come when it asked.

    Attributes:
        number: of the page.
        size: how many items a page has.
        known: how many ids had been read.
        stretch: the position behind what had been read without a gap.
    """

    number: int
    size: int
    known: int
    stretch: int

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
        by_id: its items by their ids; none where not each of them has one.

    Raises:
        InvalidResponseError: it is not a page of a list.
    """

    def __init__(self, body: dict[str, Any], response: requests.Response) -> None:
        self.body, self._response = body, response
        items, meta = body.get("data"), body.get("meta")
        if not is_array(items):
            self.refuse("its data is not an array")
        self.items: list[Item] = items
        self.by_id = self._items_by_id()
        if not is_object(meta):
            self.refuse("its meta is not an object")
        last_page = self._number(meta, "last_page", 0)
        if last_page is None:
            self.refuse("its meta has no last_page")
        self.last_page: int = last_page
        self.total: int | None = self._number(meta, "total", 0)
        self._per_page: int | None = self._number(meta, "per_page", 1)

    @property
    def has_ids(self) -> bool:
        """Whether each of its items has an id."""
        return len(self.by_id) > 0 or not self.items

    def size_for(self, read: Read, *, is_plain: bool) -> int:
        """How many items the service has on such a page, which may be less than was asked for."""
        given, told = len(self.items), self._per_page
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

    def without(self, seen: Mapping[Any, Any]) -> list[Item]:
        """The items that were not seen, each once; one without an id always counts as new."""
        if not self.has_ids:
            return self.items
        if seen.keys().isdisjoint(self.by_id):  # at once, as almost always
            return list(self.by_id.values())
        return [item for one, item in self.by_id.items() if one not in seen]

    def refuse(self, reason: str) -> NoReturn:
        """Ends the walk over what the service sent."""
        refuse_body(self._response, reason)

    def _items_by_id(self) -> dict[Any, Item]:
        try:
            by_id = dict(zip(map(_id_of, self.items), self.items, strict=True))
        except (KeyError, TypeError):
            if not all(map(is_object, self.items)):
                self.refuse("its data is not an array of objects")
            if any(isinstance(item.get("id"), (dict, list)) for item in self.items):
                self.refuse("an item's id is neither a number nor a string")
            return {}
        return {} if None in by_id else by_id

    def _number(self, meta: dict[str, Any], name: str, least: int) -> Any:
        value = meta.get(name)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
            value = int(value)
        if value is not None and (type(value) is not int or value < least):
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
    query: dict[str, list[Any]] = {}
    given: Any = params or ()
    for name, value in given.items() if is_mapping(given) else given:
        if name in ("page", "per_page"):
            raise ValueError(f"{name} is an argument of its own (start_page, per_page)")
        values = value if is_list_or_tuple(value) else [value]
        query.setdefault(name, []).extend(
            _arguments.parameter(one) for one in values if one is not None
        )
    return query
