"""What became of a bulk update: which orders are in the status, once the queue is worked off."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from statuspro import _arguments
from statuspro._http.call import pause
from statuspro.api.confirmation import is_in
from statuspro.api.orders import PATH, get_order, iter_order_pages
from statuspro.errors import NotFoundError
from statuspro.pagination.page import MOST_PER_PAGE
from statuspro.session import Client
from statuspro.types import BulkOutcome

#: Seconds between two questions: the first, doubled each time, and the longest.
_FIRST_INTERVAL, _LONGEST_INTERVAL = 1.0, 15.0

#: So many orders are asked for one by one at the end, after the list: it may have moved.
_FEW = 10


def bulk_outcome(
    client: Client,
    order_ids: Iterable[int | str],
    status_code: str,
    *,
    timeout: float = 60.0,
) -> BulkOutcome:
    """Waits until a bulk update has been applied, and says to which orders (`GET /orders`).

    The service applies a bulk update later. It passes over an order that cannot move to the status,
    and an id that it does not know, and does not say so.

    It asks for one of the orders every now and then: at once, after 1 s, 2 s, 4 s, 8 s, and then
    every 15 s (7 requests in a minute). When that one is in the status, it looks for all that are
    missing, and so it does when the time is over. A look takes as many requests as the list under
    the status has pages of 100, or as orders are missing, whichever is less, and one more at the
    most to know which. In the last look up to 10 orders that stay missing are asked for one by one.
    So 50 orders that are applied within 3 s take 5 requests where 200 orders have the status.

    Args:
        client: any client; one that paces itself keeps to its budget here too.
        order_ids: an iterable of ids; one that is given twice counts once.
        status_code: the status that was asked for.
        timeout: seconds to wait at the most; 0 looks once. The last look is begun so that it ends
            in time. Waits for the rate limit come on top. A client that may not wait
            (`max_wait=0`) looks once. A client's `deadline` is each request's.

    Returns:
        A dict in which each id stands once, in the order of the ids given. `applied` has those of
        the orders that are in the status, and `not_applied` has all others. An order that has left
        the status again counts as not applied.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    ids = [_arguments.order_id(value) for value in _arguments.iterable_of_ids(order_ids)]
    code = _arguments.text("status_code", status_code)
    ends = time.monotonic() + _arguments.seconds("timeout", timeout)
    missing = _Missing(client, dict.fromkeys(ids), code)
    missing.wait_until(ends)
    return {
        "applied": [order_id for order_id in missing.asked if order_id in missing.applied],
        "not_applied": [order_id for order_id in missing.asked if order_id not in missing.applied],
    }


class _Missing:
    """The orders that have not been seen in the status.

    Attributes:
        asked: the ids that the caller asks for.
        applied: those of them that have been seen in the status.
    """

    def __init__(self, client: Client, asked: dict[int, None], status_code: str) -> None:
        self.asked = asked
        self.applied: set[int] = set()
        self._client = client
        # The deadline is each request's: between two of them the caller's own timeout counts.
        settings = client._settings  # pyright: ignore[reportPrivateUsage]
        self._settings = settings._replace(deadline=None)
        self._code = status_code
        self._left = list(asked)
        #: How many pages the list under the status has; None before the first one was read.
        self._pages: int | None = None
        self._questions = 0
        #: Seconds that the longest request took.
        self._longest = 0.0

    def wait_until(self, ends: float) -> None:
        """Asks until all are applied or the time (of the monotonic clock) is over."""
        longest_wait = min(_LONGEST_INTERVAL, self._settings.max_wait)
        interval = _FIRST_INTERVAL
        while self._left:
            rest = ends - time.monotonic() - self._seconds_of_a_look()
            if rest <= 0 or longest_wait == 0:
                self._look(is_last=True)
                return
            if self._ask_for_one():
                self._look(is_last=False)
            if self._left:
                self._wait(min(interval, longest_wait, rest))
                interval *= 2

    def _wait(self, seconds: float) -> None:
        reason = "the service is working off its queue of bulk updates"
        pause(self._settings, seconds, f"GET {PATH}", reason)

    def _seconds_of_a_look(self) -> float:
        by_list = _FEW if self._pages is None else self._pages + _FEW
        return self._longest * min(len(self._left), by_list)

    def _ask_for_one(self) -> bool:
        """Asks for one order, each time for another; tells whether it is in the status."""
        # The last one first: the service works off its queue in the order of the calls.
        place = -1 - self._questions % len(self._left)
        self._questions += 1
        return self._ask_for(self._left[place])

    def _ask_for(self, order_id: int) -> bool:
        began = time.monotonic()
        try:
            is_applied = is_in(get_order(self._client, order_id), self._code)
        except NotFoundError:
            self._left.remove(order_id)
            return False
        self._note_time(began)
        if is_applied:
            self._left.remove(order_id)
            self.applied.add(order_id)
        return is_applied

    def _note_time(self, began: float) -> None:
        self._longest = max(self._longest, time.monotonic() - began)

    def _look(self, *, is_last: bool) -> None:
        """Looks for all that are missing, in the way that takes fewer requests."""
        is_list_read = len(self._left) > (self._pages or 1) and self._read_list()
        if not is_list_read or (is_last and len(self._left) <= _FEW):
            for order_id in list(self._left):
                self._ask_for(order_id)

    def _read_list(self) -> bool:
        """Reads the list under the status; gives up where asking for each takes fewer requests."""
        pages = iter_order_pages(self._client, status_code=self._code, max_pages=sys.maxsize)
        began = time.monotonic()
        for number, page in enumerate(pages, 1):
            self._note_time(began)
            there = {order["id"] for order in page["data"]} & self.asked.keys()
            self.applied |= there
            self._left = [order_id for order_id in self._left if order_id not in there]
            self._pages = -(-page["meta"]["total"] // MOST_PER_PAGE)
            if self._pages - number >= len(self._left):
                return False
            began = time.monotonic()
        return True
