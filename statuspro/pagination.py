"""Page by page: nothing skipped, nothing twice, also while the list moves underneath.

The service pages by number, over live data. An order that arrives at the top pushes the others
down: the next page begins with what the last one ended with, which is dropped by its id. An order
that leaves the list pulls the others up: the first of the next page slide onto one that was read
already. `meta.total` tells, see :mod:`statuspro.coverage`; then those positions are read again.

What cannot be told is an order that leaves and another that comes in further down between the same
two reads: the total stays as it was.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, NoReturn

import requests

from statuspro import checks
from statuspro.coverage import Coverage
from statuspro.errors import StatusProError, TruncatedListWarning
from statuspro.lookahead import Lookahead
from statuspro.session import Client
from statuspro.unwrap import refuse_body, unwrap_object

#: The most that the service gives at once.
MOST_PER_PAGE = 100

#: Pages in a row after which the end of the list has come no nearer.
_MOST_STALLED = 10

Params = Mapping[str, Any] | Iterable[tuple[str, Any]]
Page = dict[str, Any]


def paginate(
    client: Client,
    path: str,
    params: Params | None = None,
    *,
    per_page: int = MOST_PER_PAGE,
    max_items: int | None = None,
    max_pages: int | None = None,
    start_page: int = 1,
    prefetch: int = 0,
) -> Generator[dict[str, Any], None, None]:
    """Walks a list of the form `{"data": […], "meta": {…}}`, lazily.

    Nothing is sent before the first item is asked for, and then a page at a time.

    Args:
        client: any client.
        path: of the list, such as `/orders`.
        params: filters, as requests takes `params`.
        per_page: items a page; more than 100 is more than the service gives and becomes 100.
        max_items: stops after so many.
        max_pages: reads no page beyond this one; the client's `max_pages` by default.
        start_page: the page to begin with, such as the `page` of an error that ended a walk.
        prefetch: how many pages to fetch ahead, by threads, while the caller works.

    Yields:
        The items, each once (by its `id`).

    Raises:
        StatusProError: a page could not be had; its `page` is where to go on from.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    walk = Walk(
        client,
        path,
        params,
        per_page=per_page,
        max_items=max_items,
        max_pages=max_pages,
        start_page=start_page,
        prefetch=prefetch,
    )
    return walk.items()


class Walk:
    """One walk over a list; arguments as for :func:`paginate`.

    Args:
        keep: which items are wanted; all by default.

    Attributes:
        total: how many items there are, as the service last said.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        params: Params | None = None,
        *,
        per_page: int = MOST_PER_PAGE,
        max_items: int | None = None,
        max_pages: int | None = None,
        start_page: int = 1,
        prefetch: int = 0,
        keep: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        self.total: int | None = None
        self._client = client
        self._path = path
        self._params = _pairs(params)
        self._per_page = checked_per_page(per_page)
        self._max_pages = checks.whole_number(
            "max_pages", client.max_pages if max_pages is None else max_pages, 1
        )
        self._left = None if max_items is None else checks.whole_number("max_items", max_items, 0)
        self._start_page = checks.whole_number("start_page", start_page, 1)
        self._prefetch = checks.whole_number("prefetch", prefetch, 0)
        self._keep = keep
        self._coverage: Coverage | None = None
        self._seen: set[Any] = set()
        self._last_page = self._start_page
        self._furthest: Reading | None = None
        self._read_again = self._stalled = 0

    def pages(self) -> Generator[Page, None, None]:
        """The pages as the service sent them, without the items that an earlier one had."""
        lookahead = Lookahead(self._fetch, self._prefetch)
        try:
            self._plan(lookahead)
            while lookahead.asked():
                reading = self._next_reading(lookahead)
                is_new = self._furthest is None or reading.number > self._furthest.number
                items = self._fresh(reading)
                self._note(reading)
                self._plan(lookahead)
                if items or is_new:
                    yield {**reading.page, "data": items}
            self._warn_if_cut_off()
        finally:
            lookahead.close()

    def items(self) -> Generator[dict[str, Any], None, None]:
        """The items of the pages."""
        for page in self.pages():
            yield from page["data"]

    # What to read -----------------------------------------------------------------------------

    def _plan(self, lookahead: Lookahead[int, Reading]) -> None:
        """Asks for the next pages, as many as may be under way."""
        while lookahead.has_room() and self._left != 0 and not self._moved_too_much():
            number = self._resume_page()
            while number in lookahead.asked() or (lookahead.asked() and self._has(number)):
                number += 1
            if number > min(self._last_page, self._max_pages):
                return
            lookahead.ask(number)

    def _resume_page(self) -> int:
        """The first page that has not been read, as the list is now."""
        if self._coverage is None:
            return self._start_page
        return self._coverage.end // self._per_page + 1

    def _has(self, number: int) -> bool:
        end = number * self._per_page
        return self._coverage is not None and self._coverage.has(end - self._per_page, end)

    def _moved_too_much(self) -> bool:
        return self._read_again > 10 + 4 * self._last_page

    def _next_reading(self, lookahead: Lookahead[int, Reading]) -> Reading:
        try:
            return lookahead.next_answer()[1]
        except StatusProError as error:
            error.page = self._resume_page()
            raise

    def _fetch(self, number: int) -> Reading:
        return read_page(self._client, self._path, self._params, number, self._per_page)

    # What was read ----------------------------------------------------------------------------

    def _note(self, reading: Reading) -> None:
        """Takes in what the page says of the list."""
        if self._coverage is None:
            # The service may give less than it was asked for; from then on that is the page.
            self._per_page = min(self._per_page, reading.per_page or self._per_page)
            self._coverage = Coverage((self._start_page - 1) * self._per_page)
        end = reading.number * self._per_page
        self._coverage.add(end - self._per_page, end, reading.total)
        self.total = reading.total
        if self._furthest is not None and reading.number <= self._furthest.number:
            self._read_again += 1
        else:
            self._check_progress(reading)
            self._furthest = reading
        self._last_page = reading.last_page

    def _check_progress(self, reading: Reading) -> None:
        """Refuses a list without end: a page that repeats itself, a last page that runs away."""
        before = self._furthest
        if before is None:
            return
        if reading.repeats(before):
            reading.refuse(f"page {reading.number} repeats page {before.number}")
        is_nearer = reading.last_page - reading.number < before.last_page - before.number
        self._stalled = 0 if is_nearer and reading.ids else self._stalled + 1
        if self._stalled >= _MOST_STALLED and reading.number < reading.last_page:
            reading.refuse(f"its end has come no nearer for {_MOST_STALLED} pages")

    def _fresh(self, reading: Reading) -> list[dict[str, Any]]:
        """The items of the page that are wanted and were not there before."""
        fresh = reading.without(self._seen)
        self._seen.update(reading.ids)
        if self._keep is not None:
            fresh = [item for item in fresh if self._keep(item)]
        if self._left is not None:
            fresh = fresh[: self._left]
            self._left -= len(fresh)
        return fresh

    def _warn_if_cut_off(self) -> None:
        if self._left == 0 or self._resume_page() > self._last_page:
            return
        if self._moved_too_much():
            reason = "it moved too much while it was read"
        else:
            reason = f"it goes on behind max_pages={self._max_pages}"
        warnings.warn(
            f"{self._path}: the list is not complete: {len(self._seen)} of {self.total}; {reason}.",
            TruncatedListWarning,
            stacklevel=4,
        )


class Reading:
    """One page as it was read, checked.

    Raises:
        InvalidResponseError: it is not a page of a list.
    """

    def __init__(self, number: int, page: Page, response: requests.Response) -> None:
        self.number = number
        self.page = page
        self._response = response
        self.items = self._checked_items(page.get("data"))
        self.ids = self._checked_ids([item.get("id") for item in self.items])
        meta = page.get("meta")
        if not isinstance(meta, dict):
            self.refuse("its meta is not an object")
        last_page = self._number(meta, "last_page", 1)
        if last_page is None:
            self.refuse("its meta has no last_page")
        self.last_page = last_page
        self.total = self._number(meta, "total", 0)
        self.per_page = self._number(meta, "per_page", 1)

    def without(self, seen: set[Any]) -> list[dict[str, Any]]:
        """The items that were not seen, each once; one without an id always counts as new."""
        ids = set(self.ids)
        if len(ids) == len(self.ids) and seen.isdisjoint(ids):
            return self.items
        unique = dict(zip(self.ids, self.items, strict=True))
        return [
            item
            for key, item in zip(self.ids, self.items, strict=True)
            if key is None or (key not in seen and unique.pop(key, None) is not None)
        ]

    def repeats(self, before: Reading) -> bool:
        """Whether it is the page before once more, though the list has not grown."""
        has_grown = (self.total or 0) > (before.total or 0)
        return bool(self.ids) and self.ids == before.ids and not has_grown

    def refuse(self, reason: str) -> NoReturn:
        """Ends the walk over what the service answered."""
        refuse_body(self._response, reason)

    def _checked_items(self, items: Any) -> list[dict[str, Any]]:
        if not isinstance(items, list):
            self.refuse("its data is not an array")
        if set(map(type, items)) - {dict}:
            self.refuse("its data is not an array of objects")
        return items

    def _checked_ids(self, ids: list[Any]) -> list[Any]:
        if set(map(type, ids)) & {dict, list}:
            self.refuse("an item's id is neither a number nor a string")
        return ids

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
    client: Client, path: str, params: Iterable[tuple[str, Any]], number: int, per_page: int
) -> Reading:
    """Reads one page of a list (one request)."""
    paging = [("page", number), ("per_page", per_page)]
    response = client.request("GET", path, params=[*params, *paging])
    return Reading(number, unwrap_object(response), response)


def checked_per_page(per_page: Any) -> int:
    """A whole number from 1 on; more than the service gives becomes that, with a warning."""
    number = checks.whole_number("per_page", per_page, 1)
    if number > MOST_PER_PAGE:
        warnings.warn(
            f"per_page={number} is more than the service gives: {MOST_PER_PAGE} is used.",
            UserWarning,
            stacklevel=5,
        )
    return min(number, MOST_PER_PAGE)


def _pairs(params: Params | None) -> list[tuple[str, Any]]:
    given: Any = params.items() if isinstance(params, Mapping) else params or []
    pairs: list[tuple[str, Any]] = list(given)
    for name, _ in pairs:
        if name in ("page", "per_page"):
            raise ValueError(f"{name} is an argument of its own (start_page, per_page)")
    return pairs
