"""What a rate budget counts and when the next request may go, as pure arithmetic.

Why no request is ever one too many: the service counts a request somewhere between its send and its
answer. A place in the budget is taken before the send and is free again a full period after the
answer arrived. So the request that takes the place over is counted at least a period after the one
before it, and any N + 1 requests that the service counts span at least a period, whatever the
delays on the way. A window of that length, whenever it opens, holds at most N.
"""

from __future__ import annotations

from array import array
from collections import deque
from itertools import islice

from statuspro.storage.budget import Figures, Slot, Wait, grace, poll, span, wait_for


class Window:
    """One of the two limits: so many requests in any period."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.ended: deque[float] = deque()  # when each place is free again, soonest first
        self.flying: dict[int, float] = {}  # the same for those under way, at the latest
        self.paused_until = 0.0
        self.refused_at = 0.0  # the first refusal of a series ...
        self.refusals = 0  # ... and its length; 0 once a request that was sent alone went through
        self.probe = 0  # the number of the request that was sent alone
        self.proven = 0  # how many had gone through in a period when a series began

    def free(self, now: float) -> int:
        """The number of free places, pauses left aside."""
        ended, flying = self.ended, self.flying
        while ended and ended[0] <= now:
            ended.popleft()
        free = self.size - len(ended) - len(flying)
        if free <= 0:
            for number in [number for number, latest in flying.items() if latest <= now]:
                del flying[number]
                free += 1
        return free

    def open(self, now: float, kept: float) -> int:
        """The number of requests that may go now: none in a pause, and one alone after it.

        For a period after a series of refusals, they also go one by one from the number on at which
        the series began: if somebody else still uses the key, that costs one refusal and not many.
        """
        free = self.free(now)
        if self.paused_until > now:
            return 0
        if self.refusals:
            latest = self.flying.get(self.probe, 0.0)
        elif 0 < self.proven <= self.size - free and now < self.paused_until + kept:
            latest = max(self.flying.values(), default=0.0)
        else:
            return free
        return 0 if latest - kept > now else min(free, 1)

    def move(self, seconds: float) -> None:
        """Moves every time of the window."""
        self.ended = deque(time + seconds for time in self.ended)
        self.flying = {number: time + seconds for number, time in self.flying.items()}
        self.paused_until += seconds
        self.refused_at += seconds


class Ledger:
    """The counts of one budget: what is under way, what has ended, who waits.

    Every method takes the time as `now`, in seconds of any clock that the callers share.
    """

    def __init__(self, limit: Figures) -> None:
        self.limit = limit
        self.span = span(limit)
        self.poll = poll(limit)
        self.grace = grace(limit)
        self.all = Window(limit.requests)
        self.bulk = Window(limit.bulk)
        self.waiting: dict[int, tuple[bool, float]] = {}  # number: is bulk, passed over after
        self.issued = 0
        self.pauses = 0

    def take(self, slot: Slot, now: float) -> Wait | None:
        """Takes a place or queues for one, see `Budget`."""
        if slot.taken:
            return None
        if not slot.number:
            self.issued += 1
            slot.number = self.issued
        wait, why = self._wait(slot, now)
        if wait > 0:
            self.waiting[slot.number] = slot.bulk, now + wait + self.grace
            return wait_for(self.limit, why, wait)
        self.waiting.pop(slot.number, None)
        for window in self._windows(slot):
            window.flying[slot.number] = now + slot.lease + self.span
            if window.refusals:
                window.probe = slot.number
        slot.pauses = self.pauses
        slot.taken = True
        return None

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a place that was not used."""
        self.waiting.pop(slot.number, None)
        for window in self._windows(slot):
            window.flying.pop(slot.number, None)
        slot.number, slot.taken = 0, False

    def finish(self, slot: Slot, now: float) -> None:
        """Keeps the place of an attempt that has ended for one more period."""
        for window in self._windows(slot):
            if window.probe == slot.number:
                window.refusals = window.probe = 0
                if self.waiting:  # all of them wake up first, so that none is overtaken
                    window.paused_until = max(window.paused_until, now + self.poll)
        self._end(slot, now)

    def refuse(self, slot: Slot, retry_after: float | None, now: float) -> None:
        """Pauses the whole budget."""
        if slot.taken:
            self._end(slot, now)
        if slot.pauses != self.pauses:
            return  # it was sent before the last pause began: nothing new
        self.pauses += 1
        for window in self._windows(slot):
            if now > window.paused_until + self.span:
                window.refusals = 0  # the series is long over
            window.refusals += 1
            if window.refusals == 1:
                window.refused_at, window.proven = now, len(window.ended) - 1
            window.paused_until = max(window.paused_until, self._pause(window, retry_after, now))

    def observe(self, slot: Slot, remaining: int, reset: float | None, now: float) -> None:
        """Counts what somebody else has used of the same key."""
        window, free = self.all, self.all.free(now)
        if slot.bulk or slot.pauses != self.pauses or remaining >= free:
            return  # the answer to a bulk request may speak of either limit
        # Somebody else has used the difference. No window ends later than a period from now.
        tick = self.limit.period / 60
        until = now + (self.span if reset is None else min(max(reset, 0) + tick, self.span))
        if remaining > 0:
            window.ended = deque(sorted([*window.ended, *[until] * (free - remaining)]))
        elif reset is not None:
            window.paused_until = max(window.paused_until, until)
        elif not window.refusals:
            window.refusals, window.refused_at = 1, now
            window.paused_until = max(window.paused_until, self._pause(window, None, now))

    def land(self, now: float) -> None:
        """Counts everything under way as ended, and forgets who waits."""
        for window in (self.all, self.bulk):
            window.ended.extend([now + self.span] * len(window.flying))
            window.flying.clear()
        self.waiting.clear()

    def _windows(self, slot: Slot) -> tuple[Window, ...]:
        return (self.all, self.bulk) if slot.bulk else (self.all,)

    def _end(self, slot: Slot, now: float) -> None:
        for window in self._windows(slot):
            window.flying.pop(slot.number, None)
            window.ended.append(now + self.span)
        slot.number, slot.taken = 0, False

    def _pause(self, window: Window, retry_after: float | None, now: float) -> float:
        """When a pause that begins now ends."""
        if retry_after is not None:
            growing = max(retry_after, self.poll) * 2.0 ** min(window.refusals - 1, 30)
            return now + max(retry_after, min(growing, self.span))
        if window.refusals == 1:
            return now + self.span / 3
        if window.refusals == 2:  # by then the window of the first refusal is over
            return max(now + self.span / 3, window.refused_at + self.span + self.limit.period / 60)
        return now + self.span * min(2.0, 1 + (window.refusals - 3) / 4)

    def _wait(self, slot: Slot, now: float) -> tuple[float, str]:
        """Seconds until the slot's turn, and what for; 0 when it is now."""
        ahead = bulk_ahead = 0
        if self.waiting:
            ahead, bulk_ahead = self._ahead(slot.number, now)
        wait, why = self._wait_for(self.all, ahead, now)
        if slot.bulk:
            bulk_wait, bulk_why = self._wait_for(self.bulk, bulk_ahead, now)
            if bulk_wait > wait:
                return bulk_wait, "bulk" if bulk_why == "full" else bulk_why
        return wait, why

    def _ahead(self, number: int, now: float) -> tuple[int, int]:
        """How many wait before this number and could go; how many bulk requests wait before it."""
        late = [other for other, (_, until) in self.waiting.items() if until < now]
        for other in late:
            del self.waiting[other]  # its process may be gone; if not, it still has its number
        before = [bulk for other, (bulk, _) in self.waiting.items() if other < number]
        bulk = sum(before)
        # A bulk request that waits for the bulk limit is in nobody else's way.
        able = min(bulk, max(0, self.bulk.open(now, self.span))) if bulk else 0
        return len(before) - bulk + able, bulk

    def _wait_for(self, window: Window, ahead: int, now: float) -> tuple[float, str]:
        if ahead < window.open(now, self.span):
            return 0.0, ""
        full = self._next_place(window, ahead, now)
        if window.paused_until > now:
            behind = self.poll if window.refusals and ahead else 0.0
            paused = window.paused_until - now + behind
            return (paused, "paused") if paused > full else (full, "full")
        return (full, "full") if full else (self.poll, "probe")

    def _next_place(self, window: Window, ahead: int, now: float) -> float:
        """Seconds until a place is free for who has so many ahead, pauses left aside."""
        free = window.free(now)
        rounds, place = divmod(ahead, window.size)
        wait = 0.0
        if place >= free:
            place -= free
            if place < len(window.ended):
                until = window.ended[place]
            else:  # what is under way ends now at the earliest
                latest = sorted(window.flying.values())[place - len(window.ended)]
                until = min(latest, now + self.span)
            wait = max(0.001, until - now)
        return wait + rounds * self.span

    def dump(self, now: float) -> bytes:
        """The whole state as numbers, to be stored."""
        values: list[float] = [now, self.issued, self.pauses]
        for window in (self.all, self.bulk):
            values += (window.paused_until, window.refused_at, window.refusals)
            values += (window.probe, window.proven)
            values += (len(window.ended), *window.ended, len(window.flying))
            for item in window.flying.items():
                values += item
        values.append(len(self.waiting))
        for number, (bulk, until) in self.waiting.items():
            values += (number, bulk, until)
        return array("d", values).tobytes()

    def load(self, data: bytes, now: float) -> None:
        """Takes over what `dump` has stored.

        Raises:
            ValueError: the data are damaged.
        """
        values = array("d")
        values.frombytes(data)
        rest = iter(values)
        try:
            stored, self.issued, self.pauses = next(rest), int(next(rest)), int(next(rest))
            for window in (self.all, self.bulk):
                window.paused_until, window.refused_at = next(rest), next(rest)
                window.refusals, window.probe = int(next(rest)), int(next(rest))
                window.proven = int(next(rest))
                window.ended = deque(islice(rest, int(next(rest))))
                window.flying = {int(next(rest)): next(rest) for _ in range(int(next(rest)))}
            queue = range(int(next(rest)))
            self.waiting = {int(next(rest)): (next(rest) > 0, next(rest)) for _ in queue}
        except (StopIteration, OverflowError) as error:
            raise ValueError("the stored counts are damaged") from error
        if now < stored:  # the clock was set back or the machine started anew: no time has passed
            for window in (self.all, self.bulk):
                window.move(now - stored)
            self.waiting.clear()
