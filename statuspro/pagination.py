"""Page by page: nothing skipped, nothing twice, also while the list moves underneath.

The service pages by number, over live data. An order that arrives at the top pushes the others
down: the next page begins with what the last one ended with, which is dropped by its id. An order
that leaves the list pulls the others up: the first of the next page slide onto one that was read
already. `meta.total` tells, see :mod:`statuspro.coverage`; then those positions are read again, at
the most 10 pages and six times as many as there are.

What cannot be told is an order that leaves and another that comes in further down between the same
two reads: the total stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, NoReturn
from urllib.parse import urlencode

import requests

from statuspro import checks
from statuspro._logging import warn
from statuspro.coverage import Coverage
from statuspro.errors import StatusProError, TruncatedListWarning
from statuspro.lookahead import Lookahead
from statuspro.session import Client
from statuspro.unwrap import refuse_body, unwrap_object

#: The most that the service gives at once.
MOST_PER_PAGE = 100

#: Pages in a row after which the end of the list has come no nearer.
_MOST_STALLED = 10

#: Pages that are read again, and how many more for each page of the list. A loop that moves every
#: order that it gets needs one for each page, one that moves every tenth needs two.
_MOST_READ_AGAIN = 10, 6

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
        self._params = _query(params)
        self._per_page = checked_per_page(per_page)
        self._max_pages = checks.whole_number(
            "max_pages", client.max_pages if max_pages is None else max_pages, 1
        )
        self._left = None if max_items is None else checks.whole_number("max_items", max_items, 0)
        self._start_page = checks.whole_number("start_page", start_page, 1)
        self._prefetch = checks.whole_number("prefetch", prefetch, 0)
        self._keep = keep
        self._coverage = Coverage((self._start_page - 1) * self._per_page)
        self._seen: set[Any] = set()
        self._last_page = self._most_pages = self._start_page
        self._furthest: Reading | None = None
        self._repeated: tuple[Reading, int] | None = None
        self._asked = self._found = self._read_again = self._stalled = self._rises = 0

    def pages(self) -> Generator[Page, None, None]:
        """The pages as the service sent them, without the items that an earlier one had."""
        lookahead = Lookahead(self._fetch, self._prefetch)
        try:
            self._plan(lookahead)
            while lookahead.asked():
                reading, asked = lookahead.next_answer()[1]
                is_new = self._furthest is None or reading.number > self._furthest.number
                self._note(reading, asked)
                if not lookahead.asked():
                    self._check_repetition()
                items = self._fresh(reading)
                self._plan(lookahead)
                if items or is_new:
                    yield {**reading.page, "data": items}
            self._warn_if_cut_off()
        except StatusProError as error:
            error.page = self._resume_page()
            raise
        finally:
            lookahead.close()

    def items(self) -> Generator[dict[str, Any], None, None]:
        """The items of the pages."""
        for page in self.pages():
            yield from page["data"]

    # What to read -----------------------------------------------------------------------------

    def _plan(self, lookahead: Lookahead[int, tuple[Reading, int]]) -> None:
        """Asks for the next pages, as many as may be under way."""
        while lookahead.has_room() and self._may_ask(len(lookahead.asked())):
            number = self._resume_page() + len(lookahead.asked())
            if number > min(self._last_page, self._max_pages):
                return
            self._asked += 1
            lookahead.ask(number)

    def _may_ask(self, under_way: int) -> bool:
        if self._moved_too_much():
            return False
        if self._left is not None and under_way * self._per_page >= self._left:
            return False
        # Which of several came first cannot be told, and matters while the list moves.
        return not under_way or (self._coverage.is_calm and self._repeated is None)

    def _resume_page(self) -> int:
        """The first page that has not been read, as the list is now."""
        return self._coverage.end // self._per_page + 1

    def _moved_too_much(self) -> bool:
        # By what was found too, for what a service says of its pages may be nonsense.
        pages = min(self._most_pages, self._found // self._per_page + 1)
        least, for_each = _MOST_READ_AGAIN
        return self._read_again > least + for_each * pages

    def _fetch(self, number: int) -> tuple[Reading, int]:
        """The page, and how many had been asked for when it had come in."""
        reading = read_page(self._client, self._path, self._params, number, self._per_page)
        return reading, self._asked

    # What was read ----------------------------------------------------------------------------

    def _note(self, reading: Reading, asked: int) -> None:
        """Takes in what the page says of the list."""
        if self._furthest is None and (reading.per_page or self._per_page) < self._per_page:
            # The service gives less than it was asked for; from now on that is the page.
            self._per_page = reading.per_page or self._per_page
            self._coverage = Coverage((self._start_page - 1) * self._per_page)
        rises = self._coverage.rises
        end = reading.number * self._per_page
        # What has no id cannot be told apart when it is read again, so it never is.
        total = None if None in reading.ids else reading.total
        self._coverage.add(end - self._per_page, end, total, asked)
        self.total = reading.total
        if self._furthest is not None and reading.number <= self._furthest.number:
            self._read_again += 1
        else:
            self._check_progress(reading)
            self._furthest, self._rises = reading, rises
        self._last_page = reading.last_page
        self._most_pages = max(self._most_pages, reading.last_page)

    def _check_progress(self, reading: Reading) -> None:
        """Refuses a last page that runs away, and notices a page that repeats itself."""
        before = self._furthest
        if before is None:
            return
        if self._repeated is None and reading.repeats(before):
            self._repeated = reading, self._rises
        is_nearer = reading.last_page - reading.number < before.last_page - before.number
        has_grown = self._coverage.rises > self._rises and not self._seen.isdisjoint(reading.ids)
        self._stalled = 0 if reading.ids and (is_nearer or has_grown) else self._stalled + 1
        if self._stalled >= _MOST_STALLED and reading.number < reading.last_page:
            reading.refuse(f"its end has come no nearer for {_MOST_STALLED} pages")

    def _check_repetition(self) -> None:
        """Refuses a page that was the one before once more, unless as many items came in."""
        if self._repeated is not None:
            reading, rises = self._repeated
            if self._coverage.rises - rises < len(reading.ids):
                reading.refuse(f"page {reading.number} repeats the page before")
            self._repeated = None

    def _fresh(self, reading: Reading) -> list[dict[str, Any]]:
        """The items of the page that are wanted and were not there before."""
        fresh = reading.without(self._seen)
        self._seen.update(reading.ids)
        self._found += len(fresh)
        if self._keep is not None:
            fresh = [item for item in fresh if self._keep(item)]
        if self._left is not None:
            fresh = fresh[: self._left]
            self._left -= len(fresh)
        return fresh

    def _warn_if_cut_off(self) -> None:
        next_page = self._resume_page()
        if self._left == 0 or next_page > self._last_page:
            return
        if next_page > self._max_pages:
            reason = f"it goes on behind max_pages={self._max_pages}"
        else:
            reason = "it moved too much while it was read"
        warn(
            f"{self._path}: the list is not complete: {self._found} of {self.total}; {reason}.",
            TruncatedListWarning,
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
        last_page = self._number(meta, "last_page", 0)
        if last_page is None:
            self.refuse("its meta has no last_page")
        self.last_page = last_page
        self.is_another = meta.get("current_page", number) not in (number, str(number), None)
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
        """Whether it is the page before once more."""
        if self.is_another and not set(self.ids).isdisjoint(before.ids):
            return True
        is_same = self.ids == before.ids and (None not in self.ids or self.items == before.items)
        return bool(self.ids) and is_same

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
    client: Client, path: str, params: Mapping[str, Any], number: int, per_page: int
) -> Reading:
    """Reads one page of a list (one request)."""
    # Encoded here, as requests does it too, but after several detours.
    query = urlencode({**params, "page": number, "per_page": per_page}, doseq=True)
    response = client.get(f"{path}{'&' if '?' in path else '?'}{query}")
    return Reading(number, unwrap_object(response), response)


def checked_per_page(per_page: Any) -> int:
    """A whole number from 1 on; more than the service gives becomes that, with a warning."""
    number = checks.whole_number("per_page", per_page, 1)
    if number > MOST_PER_PAGE:
        warn(f"per_page={number} is more than the service gives: {MOST_PER_PAGE} is used.")
    return min(number, MOST_PER_PAGE)


def _query(params: Params | None) -> dict[str, list[Any]]:
    """The parameters by name, as the service and a session's own parameters need them."""
    given: Any = params.items() if isinstance(params, Mapping) else params or []
    query: dict[str, list[Any]] = {}
    for name, value in given:
        if name in ("page", "per_page"):
            raise ValueError(f"{name} is an argument of its own (start_page, per_page)")
        values = value if isinstance(value, (list, tuple)) else [value]
        query.setdefault(name, []).extend(
            checks.parameter(one) for one in values if one is not None
        )
    return query
