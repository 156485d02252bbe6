"""A list that moves, without a server; and the oracle that judges a walk over it."""

from __future__ import annotations

import itertools
import json
import logging
import math
import random
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import pytest
import requests

from statuspro import Client, InvalidResponseError
from statuspro.pagination.walk import Walk
from tests.support.lists import OutOfOrder, page_of

_silent = logging.getLogger("tests.support.moving")
_silent.disabled = True


class Shown(NamedTuple):
    """What one read was shown, and how many writes there had been."""

    number: int
    size: int
    total: Any
    ids: list[int]
    writes: int


class Shop:
    """Stands in for a client: a list of ids, the highest first, that moves before each read.

    Args:
        count: how many there are at first: the multiples of 1000.
        move: called before each read but the first.
        most: the most that it gives on a page.
        tells: what it says of itself, from the number, the size and the total: changes of `meta`.
        sees: what it makes of the number that it is asked for.
    """

    max_pages = 10**6
    logger = _silent

    def __init__(
        self,
        count: int,
        move: Callable[[Shop], None] = lambda shop: None,
        *,
        most: int = 100,
        tells: Callable[[dict[str, Any]], dict[str, Any]] = lambda meta: {},
        sees: Callable[[int, int], int] = lambda number, last_page: number,
    ) -> None:
        self.ids = list(range(count * 1000, 0, -1000))
        self.constant: set[int] = set(self.ids)
        self.reads: list[Shown] = []
        self.last_write: object = None
        self.writes = 0
        self._move = move
        self._most = most
        self._tells = tells
        self._sees = sees

    def get(self, url: str) -> requests.Response:
        if self.reads:
            self._move(self)
        number, size = (int(part.partition("=")[2]) for part in url.partition("?")[2].split("&"))
        page = self._page(number, size)
        meta = page["meta"]
        ids = [item["id"] for item in page["data"]]
        size = min(size, self._most)
        self.reads.append(Shown(number, size, meta["total"], ids, self.writes))
        response = requests.Response()
        response.status_code = 200
        response.url = url
        response.request = requests.Request("GET", "http://127.0.0.1/").prepare()
        vars(response).update(_content=json.dumps(page).encode(), _content_consumed=True)
        return response

    def _page(self, number: int, asked: int) -> dict[str, Any]:
        size, total = min(asked, self._most), len(self.ids)
        last_page = max(1, math.ceil(total / size))
        seen = self._sees(number, last_page)
        ids = self.ids[(seen - 1) * size : seen * size]
        page = page_of(ids, number, last_page, size, total)
        page["meta"].update(self._tells(page["meta"]))
        return page

    def arrive(self, place: int) -> None:
        """An order that was not there before comes in before that place."""
        above = self.ids[place - 1] if place else max(self.ids, default=0) + 2000
        below = self.ids[place] if place < len(self.ids) else 0
        if above - below > 1:
            self.ids.insert(place, (above + below) // 2)

    def leave(self, place: int) -> None:
        """The order at that place leaves for good."""
        self.constant.discard(self.ids.pop(place))

    def write(self, one: int) -> None:
        """The caller moves an order out of the list, by a write of its client."""
        place = bisect_left(self.ids, -one, key=lambda other: -other)
        if place < len(self.ids) and self.ids[place] == one:
            self.leave(place)
        self.writes += 1
        self.last_write = object()


class Verdict(NamedTuple):
    """What became of a walk.

    Attributes:
        found: what it gave, in order.
        missed: constant orders that it did not give.
        excused: those of them that slid through where no movement had been shown.
        doubled: how many came more than once.
        warned: whether it warned.
        error: what it raised.
        reads: how many requests it took.
    """

    found: list[int]
    missed: set[int]
    excused: set[int]
    doubled: int
    warned: bool
    error: Exception | None
    reads: int

    @property
    def is_silent_miss(self) -> bool:
        return bool(self.missed - self.excused) and not self.warned and self.error is None


def walk_over(
    shop: Shop, own: Callable[[int, int], bool] = lambda place, one: False, **keywords: Any
) -> Verdict:
    """Walks over the list; `own` says which orders the loop moves away by itself."""
    found: list[int] = []
    error: Exception | None = None
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            for place, item in enumerate(Walk(cast(Client, shop), "/orders", **keywords).items()):
                found.append(item["id"])
                if own(place, item["id"]):
                    shop.write(item["id"])
        except InvalidResponseError as caught:
            error = caught
    # Of what the loop itself moved away nothing is asked but that it came.
    missed = shop.constant - set(found)
    excused = {one for one in missed if slid_through_unseen(one, shop.reads)}
    doubled = len(found) - len(set(found))
    return Verdict(found, missed, excused, doubled, bool(warned), error, len(shop.reads))


def slid_through_unseen(one: int, reads: list[Shown]) -> bool:
    """Whether an order slid from behind a page to before the next one, and nothing had moved.

    Then as many entered as left between the two reads, or the service lies about its total.
    """
    plain = sorted({read.number: read for read in reversed(reads)}.values())
    seen: set[int] = set()
    for before, after in itertools.pairwise(plain):
        seen.update(before.ids)
        if (
            after.number != before.number + 1
            or after.size != before.size
            or (after.total, after.writes) != (before.total, 0)
            or not seen.isdisjoint(after.ids)
        ):
            return False
        if one < before.ids[-1] and one > after.ids[0] if before.ids and after.ids else True:
            return True
    return False


@contextmanager
def in_any_order(rng: random.Random) -> Iterator[None]:
    """Reads that are under way together are answered in any order."""

    def choose(count: int) -> int | None:
        choices: list[int | None] = [None, *range(count)]
        return rng.choice(choices)

    lookahead = type("_OutOfOrder", (OutOfOrder,), {"choose": staticmethod(choose)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("statuspro.pagination.walk.Lookahead", lookahead)
        yield
