"""Page by page: nothing skipped, nothing twice, also while the list moves underneath.

The service pages by number, over live data. An order that arrives above pushes the others down: the
next page begins with what the last one ended with. An order that leaves above pulls the others up:
the next page begins too far behind, and what slid up is on no page.

While nothing has moved the pages follow each other. From the first sign of movement on each read
begins inside what has been read without a gap, and shows at least one of its orders. Orders that
stay keep their order among themselves. So what stands behind that order on the page is all that
there is behind it, whatever arrived or left meanwhile, and whenever the page was read.

What cannot be seen is, on a list that has shown no movement yet, one order that leaves above and
one that enters below between the same two reads. (Of reads that are under way together either may
come first, so there it is also one that enters above and one that leaves below.)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from typing import Any

from statuspro import _arguments
from statuspro._logging import log, warn_each_time
from statuspro.errors import StatusProError, TruncatedListWarning
from statuspro.pagination.page import (
    MOST_PER_PAGE,
    Item,
    Page,
    Params,
    Read,
    checked_per_page,
    query_of,
    read_page,
)
from statuspro.pagination.prefetch import Lookahead
from statuspro.session import Client

#: An overlapping read asks for this many at least.
_LEAST_OVERLAPPING = 10

#: Reads in a row without news after which a service that says that there is more is not believed.
_MOST_WITHOUT_NEWS = 10

#: Overlapping reads, and how many more for each page of the list, after which a list moves too much
#: to be read. A loop that moves every second order that it gets needs two for each page.
_MOST_OVERLAPPING, _MOST_FOR_EACH_PAGE = 10, 6


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
) -> Generator[Item, None, None]:
    """Walks a list of the form `{"data": […], "meta": {…}}`, lazily.

    Nothing is sent before the first item is asked for, and then a page at a time.

    Args:
        client: any client.
        path: of the list, such as `/orders`.
        params: filters, as requests takes `params`.
        per_page: items a page; more than 100 is more than the service gives and becomes 100.
        max_items: stops after so many.
        max_pages: goes no further into the list than so many pages; the client's `max_pages` by
            default.
        start_page: the page to begin with, as the list is now.
        prefetch: how many pages to fetch ahead, by threads, while the caller works.

    Yields:
        The items, each once (by its `id`).

    Raises:
        StatusProError: a page could not be had; its `page` is the first that was not read.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    return Walk(**locals()).items()


class Walk:
    """One walk over a list; arguments as for :func:`paginate`.

    Args:
        keep: which items are wanted; all by default.
        moved: whether reads overlap from the start, as on a list that is known to move.
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
        keep: Callable[[Item], bool] | None = None,
        moved: bool = False,
    ) -> None:
        whole_number = _arguments.whole_number
        self._client, self._path, self._params = client, path, query_of(params)
        max_pages = client.max_pages if max_pages is None else max_pages
        self._max_pages = whole_number("max_pages", max_pages, 1)
        self._per_page = checked_per_page(per_page)
        first = whole_number("start_page", start_page, 1)
        self._cursor = Cursor(first, self._per_page, self._max_pages, moved=moved)
        self._left = sys.maxsize if max_items is None else whole_number("max_items", max_items, 0)
        self._prefetch = whole_number("prefetch", prefetch, 0)
        self._keep = keep
        self._last_write: object = None

    @property
    def total(self) -> int | None:
        """How many items there are, as the service last said."""
        return self._cursor.total

    @property
    def is_whole(self) -> bool:
        """Whether it has come to the end, and nothing says that the list is not complete."""
        return self._cursor.is_over and not self._cursor.doubt

    def items(self) -> Generator[Item, None, None]:
        """Yields the items of the pages."""
        for page in self.pages():
            yield from page.pop("data")  # so that no page is kept while the next one is read

    def pages(self) -> Generator[dict[str, Any], None, None]:
        """Yields the pages as the service sent them, without the items that an earlier one had."""
        self._last_write = self._client.last_write
        lookahead = Lookahead(self._fetch, self._prefetch)
        try:
            while self._plan(lookahead):
                yield from self._next_page(lookahead)
            self._warn_if_cut_off()
        except StatusProError as error:
            error.page = self._cursor.page
            raise
        finally:
            lookahead.close()

    def _next_page(self, lookahead: Lookahead[Read, Page]) -> list[dict[str, Any]]:
        """Waits for a page; gives none where it is one that was read again in vain."""
        read, page = lookahead.next_answer()
        self._notice_writes()
        is_plain = not self._cursor.moved
        items = self._cursor.take(read, page)
        if self._keep is not None:
            items = list(filter(self._keep, items))
        items = items[: self._left]
        self._left -= len(items)
        if self._prefetch:  # while the caller works
            self._plan(lookahead)
        return [{**page.body, "data": items}] if items or is_plain else []

    def _plan(self, lookahead: Lookahead[Read, Page]) -> bool:
        """Asks for the next pages; says whether there is one to wait for."""
        if not self._left or self._cursor.is_over:
            return False
        self._notice_writes()
        asked = lookahead.asked()
        while lookahead.has_room() and self._may_ask(asked):
            asked.append(self._cursor.next_read(asked[-1].end if asked else self._cursor.end))
            lookahead.ask(asked[-1])
        return bool(asked)

    def _may_ask(self, asked: list[Read]) -> bool:
        """Whether to ask for one more page while those of `asked` are under way."""
        cursor = self._cursor
        if not asked:
            return cursor.end < cursor.limit
        # Where the list has moved, the first of them is to begin inside what has been read.
        goes_on = asked[0].start <= cursor.end - cursor.moved
        is_inside = asked[-1].end < min(cursor.length, cursor.limit)
        return goes_on and is_inside and len(asked) * self._per_page < self._left

    def _fetch(self, read: Read) -> Page:
        return read_page(self._client, self._path, self._params, read.number, read.size)

    def _notice_writes(self) -> None:
        if self._client.last_write is not self._last_write:
            self._cursor.notice_movement()

    def _warn_if_cut_off(self) -> None:
        cursor = self._cursor
        cut = f"it goes on behind max_pages={self._max_pages}"
        reason = cursor.doubt if cursor.is_over else cut
        if reason and self._left:
            many = "an unknown number" if cursor.total is None else cursor.total
            message = "%s: the list may not be complete: %d of %s; %s."
            what = (self._path.partition("?")[0], cursor.count, many, reason)
            log(self._client.logger, "warning", message, *what)
            warn_each_time(message % what, TruncatedListWarning)


class Cursor:
    """How far a walk has come, and what it reads next.

    Attributes:
        moved: whether the list has moved, so that each read is to overlap.
        is_over: whether the walk ends here.
        doubt: why the list may not be complete, where it ended; empty where nothing speaks for it.
        end: the position behind the stretch, as the list was when it was read.
        length: how many positions there are, as far as is known.
        total: the same, as the service last said.
        count: how many items were found.
    """

    def __init__(self, start_page: int, per_page: int, max_pages: int, *, moved: bool) -> None:
        self.moved, self.is_over, self.doubt = moved, False, ""
        self.total: int | None = None
        self.end = self._base = (start_page - 1) * per_page
        self.limit = max_pages * per_page
        self.length = self.count = 0
        self._per_page, self._most = per_page, MOST_PER_PAGE
        #: Each id that was read, and whether it belongs to the stretch: whether every item that
        #: stands before it and stays has been read.
        self._seen: dict[Any, bool] = {}
        #: The items of the last page where they have no ids; None before the first page.
        self._before: list[Item] | None = None
        self._trusts_total = True
        self._allowed = self._without_news = self._furthest = self._back = 0

    @property
    def page(self) -> int:
        """The first page that has not been read, as the list was then."""
        return self.end // self._per_page + 1

    def notice_movement(self) -> None:
        """Has each read overlap from now on; items that cannot be told apart never do."""
        self.moved = not self._before
        if self._before:
            self.doubt = "it moved, and items without an id cannot be told apart"

    def next_read(self, position: int) -> Read:
        """Says what to read where everything before `position` has been read.

        On a list that moves: of the reads that begin a little before it, the one that reaches
        furthest.
        """
        if not self.moved:
            return self._read(position, self._per_page)
        last = max(0, position - 1)
        reach = MOST_PER_PAGE if self._without_news else 2 * max(self._per_page, _LEAST_OVERLAPPING)
        most = min(reach, self._most)
        reads = [self._read(last, n) for n in range(min(_LEAST_OVERLAPPING, most), most + 1)]

        def rank(read: Read) -> tuple[bool, int, int]:
            return 4 * (position - read.start) <= read.size, read.end, read.size

        later = [read for read in reads if read.start >= self._base]
        return max(later, key=rank, default=self._read(self._base, self._per_page))

    def _read(self, position: int, size: int) -> Read:
        return Read(position // size + 1, size, len(self._seen), self.end)

    def take(self, read: Read, page: Page) -> list[Item]:
        """Takes in a page.

        Args:
            read: what was asked for.
            page: what the service gave.

        Returns:
            Its items that were not seen before.

        Raises:
            InvalidResponseError: the service gives nothing new, though it says that there is more.
        """
        read = self._as_given(read, page)
        was_moved = self.moved
        if was_moved:
            page.cut(self.limit - read.start)
        fresh = page.without(self._seen)
        sign = self._is_sign(page, fresh)
        if sign and not was_moved:
            self._fall_back(read)
        self._before = [] if page.has_ids else page.items
        anchor = self._anchor(read, page, sign=sign)
        has_news = self._note_ids(page, fresh, anchor)
        self.count += len(fresh)
        if anchor is None:
            self._go_back(read, page)
        else:
            self._advance(read, page)
        self.total = page.total
        if sign or self.moved:
            self.notice_movement()
        if has_news:
            self._without_news = 0
        elif anchor is None or self.end > self._furthest:  # not what had to be read once more
            self._without_news += 1
        self._furthest = max(self._furthest, self.end)
        self._allowed -= was_moved
        if not self.is_over:
            self._lose_patience(page)
        return fresh

    def _as_given(self, read: Read, page: Page) -> Read:
        """The read with the size that the service gave it, which may be less than was asked for."""
        is_first = self._before is None
        if self.moved or is_first:
            size = page.size_for(read, is_plain=not self.moved)
            if size < read.size:
                self._most = size
                self._shrink(min(size, self._per_page))
            read = read._replace(size=size)
        length = page.last_page * read.size
        self.length = length if page.total is None else min(length, page.total)
        if is_first or not self.moved:  # what arrives later may arrive without end
            pages = min(self.length, self.limit) // self._per_page + 1
            self._allowed = _MOST_OVERLAPPING + _MOST_FOR_EACH_PAGE * pages
        return read

    def _shrink(self, size: int) -> None:
        """Has the pages that are counted from the walk's start be so small."""
        self._base = self._base // self._per_page * size
        self.limit = self.limit // self._per_page * size
        self._per_page = size

    def _is_sign(self, page: Page, fresh: list[Item]) -> bool:
        """Whether the page shows that the list has moved, or cannot show it."""
        if page.total is None and page.has_ids:
            return True
        return self._before is not None and (
            page.total != self.total
            or len(fresh) < len(page.by_id)
            or (not page.has_ids and page.items == self._before)
        )

    def _anchor(self, read: Read, page: Page, *, sign: bool) -> int | None:
        """Finds the first item of the page that belongs to the stretch, by its index."""
        if read.start <= self._base or not page.has_ids or not (self.moved or sign):
            return 0
        # A plain page that came with the first sign may have a gap before it.
        known = self._seen if self.moved else {}
        return next((index for index, one in enumerate(page.by_id) if known.get(one)), None)

    def _note_ids(self, page: Page, fresh: list[Item], anchor: int | None) -> bool:
        """Notes what was read; says whether it was new, or new in the stretch."""
        ids = list(page.by_id)
        joined = [] if anchor is None else ids[anchor:]
        has_news = bool(fresh) or not all(map(self._seen.get, joined))
        for one in ids[:anchor]:
            self._seen.setdefault(one, False)
        self._seen.update(dict.fromkeys(joined, True))
        return has_news

    def _advance(self, read: Read, page: Page) -> None:
        """The page goes on where the stretch ends, which may be the end of the list."""
        end = read.start + len(page.items)
        is_last = read.number >= page.last_page
        # A full page may be what a service gives that does not look at the number.
        self.is_over = is_last and (not self.moved or len(page.items) < read.size)
        self.end = end if self.moved else read.end
        self._back = 0
        told = page.total
        is_told = told is None or max(told, self._base) in (end, self._base + self.count)
        if self.is_over and not is_told:
            self._doubt_total(page)

    def _doubt_total(self, page: Page) -> None:
        """The total was wrong, so pages that followed each other by it may have a gap between."""
        self.notice_movement()
        if page.has_ids and self._trusts_total:
            self._trusts_total = self.is_over = False
            self._seen = dict.fromkeys(self._seen, False)
            self.end = self._base

    def _fall_back(self, read: Read) -> None:
        """Takes back what has come since the read was asked for that shows the first sign.

        The service may have answered the reads under way in any order: what came before this one
        may have been read after the list had moved.
        """
        self._seen.update(dict.fromkeys(list(self._seen)[read.known :], False))
        self.end = min(self.end, read.stretch)

    def _go_back(self, read: Read, page: Page) -> None:
        """The page shows none of the stretch: the next one is to begin further up."""
        fallen = max(0, self.total - page.total) if self.total and page.total is not None else 0
        end, self.end = self.end, min(self.end - fallen, read.start) - self._back
        self.end = max(self._base, self.end)
        if read.start < end:
            self._back = 2 * self._back or read.size

    def _lose_patience(self, page: Page) -> None:
        """Ends a walk that has read too much for what came of it."""
        if self._without_news >= _MOST_WITHOUT_NEWS:
            page.refuse(f"{_MOST_WITHOUT_NEWS} reads had nothing new, though it says there is more")
        if self._allowed < 0:
            self.is_over, self.doubt = True, "it moved too much while it was read"
