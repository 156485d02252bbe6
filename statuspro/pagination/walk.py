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
_MOST_OVERLAPPING = 10, 6


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
        self._client = client
        self._path = path
        self._params = query_of(params)
        self._max_pages = _arguments.whole_number(
            "max_pages", client.max_pages if max_pages is None else max_pages, 1
        )
        self._per_page = checked_per_page(per_page)
        start_page = _arguments.whole_number("start_page", start_page, 1)
        self._cursor = Cursor(start_page, self._per_page, self._max_pages, moved=moved)
        self._left = (
            None if max_items is None else _arguments.whole_number("max_items", max_items, 0)
        )
        self._prefetch = _arguments.whole_number("prefetch", prefetch, 0)
        self._keep = keep
        self._last_write: object = None
        #: Behind the last read that is under way, and the cursor's turns when it was asked for.
        self._planned = self._turns = 0

    @property
    def total(self) -> int | None:
        """How many items there are, as the service last said."""
        return self._cursor.total

    def items(self) -> Generator[Item, None, None]:
        """The items of the pages."""
        for page in self.pages():
            yield from page["data"]

    def pages(self) -> Generator[dict[str, Any], None, None]:
        """The pages as the service sent them, without the items that an earlier one had."""
        self._last_write = self._client.last_write
        lookahead = Lookahead(self._fetch, self._prefetch)
        try:
            while self._plan(lookahead):
                read, page = lookahead.next_answer()
                self._notice_writes()
                is_plain = not self._cursor.moved
                items = self._wanted(self._cursor.take(read, page))
                if self._prefetch:  # while the caller works
                    self._plan(lookahead)
                if items or is_plain:
                    yield {**page.body, "data": items}
            self._warn_if_cut_off()
        except StatusProError as error:
            error.page = self._cursor.page
            raise
        finally:
            lookahead.close()

    def _plan(self, lookahead: Lookahead[Read, Page]) -> bool:
        """Asks for the next pages; says whether there is one to wait for."""
        if self._left == 0 or self._cursor.is_over or self._cursor.moves_too_much:
            return False
        self._notice_writes()
        while lookahead.has_room() and self._may_ask(len(lookahead.asked())):
            read = self._cursor.next_read(self._planned)
            self._planned = read.end
            lookahead.ask(read)
        return bool(lookahead.asked())

    def _may_ask(self, under_way: int) -> bool:
        if not under_way:
            self._planned, self._turns = self._cursor.end, self._cursor.turns
        elif (
            self._planned >= self._cursor.length
            # What is under way began where the cursor is no more: see what comes of it first.
            or self._turns != self._cursor.turns
            or (self._left is not None and under_way * self._per_page >= self._left)
        ):
            return False
        return self._planned < self._cursor.limit

    def _fetch(self, read: Read) -> Page:
        return read_page(self._client, self._path, self._params, *read)

    def _notice_writes(self) -> None:
        if self._client.last_write is not self._last_write:
            self._cursor.notice_movement()

    def _wanted(self, items: list[Item]) -> list[Item]:
        if self._keep is not None:
            items = [item for item in items if self._keep(item)]
        if self._left is not None:
            items = items[: self._left]
            self._left -= len(items)
        return items

    def _warn_if_cut_off(self) -> None:
        cursor = self._cursor
        if self._left == 0:
            return
        if cursor.is_over:
            reason = "it moved, and items without an id cannot be told apart"
        elif cursor.moves_too_much:
            reason = "it moved too much while it was read"
        else:
            reason = f"it goes on behind max_pages={self._max_pages}"
        if not cursor.is_over or cursor.is_uncertain:
            many = "an unknown number" if cursor.total is None else cursor.total
            message = "%s: the list may not be complete: %d of %s; %s."
            what = (self._path.partition("?")[0], cursor.count, many, reason)
            log(self._client.logger, "warning", message, *what)
            warn_each_time(message % what, TruncatedListWarning)


class Cursor:
    """How far a walk has come, and what it reads next.

    Attributes:
        moved: whether the list has moved, so that each read is to overlap.
        is_over: whether the end of the list has been read.
        is_uncertain: whether the list moved and its items have no ids.
        end: every position before this one has been read, as the list was then.
        length: how many positions there are, as far as is known.
        total: the same, as the service last said.
        count: how many items were found.
        turns: how often something else came than what was expected.
    """

    def __init__(self, start_page: int, per_page: int, max_pages: int, *, moved: bool) -> None:
        self.moved = moved
        self.is_over = self.is_uncertain = False
        self.total: int | None = None
        self.length = self.count = self.turns = 0
        self._start_page = start_page
        self._per_page = per_page
        self._max_pages = max_pages
        self.end = self._base
        #: Ids that were read, and those of them that a gap may be in front of. The others are the
        #: stretch: all constant items that stand before one of them have been read.
        self._seen: set[Any] = set()
        self._loose: set[Any] = set()
        self._before: Page | None = None
        self._total_at_end: int | None = None
        self._trusts_total = True
        self._gives_less = False
        self._longest = self._given = self._items = self._overlapping = 0
        self._without_news = self._furthest = self._back = 0

    @property
    def _base(self) -> int:
        return (self._start_page - 1) * self._per_page

    @property
    def limit(self) -> int:
        """The position that the walk does not pass."""
        return self._max_pages * self._per_page

    @property
    def page(self) -> int:
        """The first page that has not been read, as the list was then."""
        return self.end // self._per_page + 1

    @property
    def moves_too_much(self) -> bool:
        """Whether more was read over again than any list that can be read needs."""
        least, for_each = _MOST_OVERLAPPING
        # By what was found too, for what a service says of its length may be nonsense.
        pages = min(self._longest, self.count) // self._per_page + 1
        return self._overlapping > least + for_each * pages

    def notice_movement(self) -> None:
        """From now on each read is to overlap; items that cannot be told apart never do."""
        if self.moved or not (self._before is None or self._before.has_ids):
            return
        if self._gives_less:
            self._begin_again()  # it is not known where its pages were
        self.moved = True
        self.turns += 1

    def next_read(self, position: int) -> Read:
        """What to read where everything before `position` has been read."""
        if not self.moved or 0 < position <= self._base:
            return Read(position // self._per_page + 1, self._per_page)
        most = MOST_PER_PAGE if self._without_news else 2 * max(self._per_page, _LEAST_OVERLAPPING)
        if self._gives_less:
            read = self._furthest_read(position, 1, self._given)
            if read.end > position:
                return read
        return self._furthest_read(position, _LEAST_OVERLAPPING, min(most, MOST_PER_PAGE))

    def _furthest_read(self, position: int, least: int, most: int) -> Read:
        """Of the reads that begin a little before `position` the one that reaches furthest."""
        last = max(0, position - 1)
        reads = [Read(last // size + 1, size) for size in range(least, most + 1)]
        later = [read for read in reads if read.end - read.size >= self._base]
        first = Read(self._start_page, self._per_page)

        def rank(read: Read) -> tuple[bool, int, int]:
            overlap = position - (read.end - read.size)
            return 4 * overlap <= read.size, read.end, read.size

        return max(later, key=rank, default=first)

    def take(self, read: Read, page: Page) -> list[Item]:
        """Takes in a page.

        Returns:
            Its items that were not seen before.

        Raises:
            InvalidResponseError: the service gives nothing new, though it says that there is more.
        """
        if self._before is None and not self.moved:
            self._per_page = page.size_for(read)
            self.end = self._base
        was_moved = self.moved
        size = page.size_for(read) if was_moved else self._per_page
        start = (read.number - 1) * size
        self._note_size(read, page, size)
        if was_moved and start + len(page.items) > self.limit:
            page.cut(self.limit - start, read.number + 1)
        fresh = page.without(self._seen)
        is_known = not self._seen.isdisjoint(page.ids)
        has_changed = self._before is not None and page.total != self.total
        anchor = self._anchor(page, start, sign=is_known or has_changed)
        has_news = self._note_ids(page.ids, anchor) or (bool(fresh) and not self._repeats(page))
        self.count += len(fresh)
        if anchor is not None:
            self._advance(read, page, size, has_news=has_news)
        elif was_moved and start < self.end:
            self._go_back(start, size, page.total)
        self._overlapping += was_moved
        if not was_moved:
            self._look_for_movement(page, is_known=is_known, has_changed=has_changed)
        self.total, self._before = page.total, page
        self._check_news(page, has_news=has_news, is_further=anchor is None)
        return fresh

    def _note_size(self, read: Read, page: Page, size: int) -> None:
        self._given = max(self._given, len(page.ids))
        asked = read.size if self.moved else size
        self._gives_less |= read.number < page.last_page and len(page.ids) < asked
        length = page.last_page * size
        self.length = length if page.total is None else min(length, page.total)
        if not self._overlapping:  # what arrives later may arrive without end
            self._longest = max(self._longest, length, page.total or 0)

    def _anchor(self, page: Page, start: int, *, sign: bool) -> int | None:
        """The first item of the page before which nothing is missing, by its place on the page."""
        if start <= self._base or not (self.moved or sign) or not page.has_ids:
            return 0
        if not self.moved:
            return None
        places = range(len(page.ids))
        return next((place for place in places if self._is_in_stretch(page.ids[place])), None)

    def _is_in_stretch(self, one: Any) -> bool:
        return one in self._seen and one not in self._loose

    def _note_ids(self, ids: list[Any], anchor: int | None) -> bool:
        """Notes what was seen; says whether the stretch has grown by what was seen before."""
        joined = [] if anchor is None else ids[anchor:]
        has_grown = not self._loose.isdisjoint(joined)
        self._loose.update(one for one in ids if one not in self._seen)
        self._loose.difference_update(joined)
        self._seen.update(one for one in ids if one is not None)
        return has_grown

    def _advance(self, read: Read, page: Page, size: int, *, has_news: bool) -> None:
        """The page goes on where the stretch ends, which may be the end of the list."""
        is_last = read.number >= page.last_page
        end = (read.number - 1) * size + len(page.ids)
        self._back, self._total_at_end = 0, page.total
        if self.moved:
            self.end = end
            is_told = page.total in (None, end)
            # A full page may be what a service gives that does not look at the number.
            is_end = is_last and len(page.ids) < size and (is_told or not has_news)
        else:
            self.end = end if is_last else read.number * size
            self._items += len(page.ids)
            is_told = page.total is None or self._items == max(0, page.total - self._base)
            is_end = is_last
            self._gives_less |= self._given < size and not is_told
        if is_end and not is_told and self._trusts_total and page.has_ids:
            self._begin_again()
        else:
            self.is_over = is_end
            self.is_uncertain |= is_end and not is_told and not page.has_ids

    def _go_back(self, start: int, size: int, total: int | None) -> None:
        """The page shows none of the stretch: the next one is to begin further up."""
        fallen = max(0, self._total_at_end - total) if self._total_at_end and total else 0
        self.end = max(self._base, min(self.end - fallen, start) - self._back)
        self._back = 2 * self._back or size
        self._total_at_end = total
        self.turns += 1

    def _begin_again(self) -> None:
        """The total was wrong, so pages that followed each other by it may have a gap between."""
        self.moved, self._trusts_total, self._total_at_end = True, False, None
        self._loose = set(self._seen)
        self.end = self._base
        self.turns += 1

    def _look_for_movement(self, page: Page, *, is_known: bool, has_changed: bool) -> None:
        if not page.has_ids:
            self.is_uncertain |= has_changed or self._repeats(page)
        elif is_known and not has_changed:
            self._begin_again()
        elif is_known or has_changed or page.total is None:
            self.notice_movement()

    def _repeats(self, page: Page) -> bool:
        """Whether items that cannot be told apart look as on the page before."""
        return not page.has_ids and self._before is not None and page.items == self._before.items

    def _check_news(self, page: Page, *, has_news: bool, is_further: bool) -> None:
        # What was read before is read once more where the walk had to go back.
        if has_news:
            self._without_news = 0
        elif is_further or self.end > self._furthest:
            self._without_news += 1
        self._furthest = max(self._furthest, self.end)
        if self._without_news >= _MOST_WITHOUT_NEWS and not self.is_over:
            page.refuse(f"{_MOST_WITHOUT_NEWS} reads had nothing new, though it says there is more")
