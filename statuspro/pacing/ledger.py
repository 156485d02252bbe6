"""What a rate budget counts and when the next request may go, as pure arithmetic.

Why no request is ever one too many: the service counts a request somewhere between its send and its
response. A slot in the budget is taken before the send and is free again a full period after the
response arrived. So the request that takes the slot over is counted at least a period after the one
before it, and any N + 1 requests that the service counts span at least a period, whatever the
delays on the way. A window of that length, whenever it opens, holds at most N.

A request without a response may still be under way when its caller has given it up, or was killed.
It is taken to be under way until a period after its send, or for its lease where that is longer:
the gateways in front of such a service (nginx, PHP-FPM) let go of a request after 60 seconds, which
is the service's period.

Why what is reserved is always free: a slot with a reserve is counted a second time, in the share of
all slots with this reserve or a larger one, and a share holds fewer slots than the limit by the
reserve. Slots with several reserves fit into each share that they are counted in. What other users
of the key take is counted in every share, so that it costs the clients with a reserve first.
"""

from __future__ import annotations

import math
import os
import struct
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from statuspro.pacing.limit import RateLimit

# A slot is kept this much longer than the period: at 60 s a whole second, the service's tick.
MARGIN = 0.0175
# Whatever the service says, it is asked again after so many periods.
MOST_PERIODS = 5
# The form of what is stored. Two forms side by side do not see each other's counts.
LAYOUT = 3


class Wait(NamedTuple):
    """Not yet.

    Attributes:
        seconds: until it is worth asking again, as far as known.
        reason: a short sentence for a person.
    """

    seconds: float
    reason: str


class Slot:
    """One attempt's slot in a budget. What the arguments do not name belongs to the budget.

    Args:
        bulk: whether the attempt counts as a bulk request as well.
        lease: seconds that the attempt can take at the most. The slot of a process that was killed
            is kept for this long (at least for a period), and then for a period.
        reserve: how many requests of each period are left to slots with a smaller reserve.

    Attributes:
        patience: seconds that the caller can still wait for the budget itself, where another
            process or thread is at it.
        is_urgent: whether that is all the time there is, so that a slow storage is not waited for.
        answered: False where the attempt ended without a response, although it may have been sent.
    """

    def __init__(self, *, bulk: bool = False, lease: float = 60.0, reserve: int = 0) -> None:
        self.bulk = bulk
        self.reserve = reserve
        self.lease = min(lease, 3600.0)
        self.patience = math.inf
        self.is_urgent = False
        self.answered = True
        self.number = 0  # tells it from all others; 0 when it is neither waiting nor taken
        self.place = 0.0  # in the queue: the time when it came
        self.due = 0.0  # when its turn was to come, as it was told last ...
        self.grace = 0.0  # ... and how much longer it is waited for, being late as a rule
        self.pauses = -1  # how many pauses there had been when it was taken
        self.taken = False


class Count:
    """So many slots in any period: those under way, and those that are kept for a period more."""

    # Only a window is refused anything, see there.
    refusals = 0
    probe = 0

    def __init__(self, size: int) -> None:
        self.size = size
        self.ended: deque[float] = deque()  # when each slot is free again, soonest first
        # Of those under way: when the attempt is over and its slot free again, at the latest.
        self.flying: dict[int, tuple[float, float]] = {}

    def keep(self, until: float, count: int = 1) -> None:
        """Keeps so many slots until then."""
        is_sorted = not self.ended or until >= self.ended[-1]
        self.ended.extend([until] * count)
        if not is_sorted:
            self.ended = deque(sorted(self.ended))

    def free(self, now: float) -> int:
        """The number of free slots."""
        ended, flying = self.ended, self.flying
        while ended and ended[0] <= now:
            ended.popleft()
        free = self.size - len(ended) - len(flying)
        if free <= 0:
            lost = [number for number, (_, until) in flying.items() if until <= now]
            free += len([flying.pop(number) for number in lost])
        return free

    def wait(self, ahead: int, now: float, kept: float) -> float:
        """Seconds until a slot is free for a request with so many ahead."""
        free = self.free(now)
        rounds, place = divmod(ahead, self.size)
        wait = 0.0
        if place >= free:
            place -= free
            if place < len(self.ended):
                until = self.ended[place]
            else:  # what is under way ends now at the earliest
                latest = sorted(until for _, until in self.flying.values())
                until = min(latest[place - len(self.ended)], now + kept)
            wait = max(0.001, until - now)
        return wait + rounds * kept

    def is_over(self, now: float) -> bool:
        """Tells whether every slot is free again."""
        over = (until <= now for _, until in self.flying.values())
        return (not self.ended or self.ended[-1] <= now) and all(over)

    def land(self, until: float) -> None:
        """Counts everything under way as ended, its slots kept until then."""
        self.keep(until, len(self.flying))
        self.flying.clear()

    def dump(self) -> list[float]:
        """The state as numbers."""
        flying = chain.from_iterable((number, *times) for number, times in self.flying.items())
        return [len(self.ended), *self.ended, len(self.flying), *flying]

    def load(self, values: Iterator[float]) -> None:
        """Takes over what `dump` has made.

        Raises:
            ValueError: these are no counts.
            StopIteration: these are not all of them.
        """
        self.ended = deque(islice(values, int(next(values))))
        self.flying = {int(number): (over, until) for number, over, until in _groups(values, 3)}

    def merge(self, other: Count, later: float) -> None:
        """Adds what only the other one has counted, on a clock that is `later` than its."""
        theirs = Counter(until + later for until in other.ended)
        self.ended = deque(sorted((Counter(self.ended) | theirs).elements()))
        moved = {number: (a + later, b + later) for number, (a, b) in other.flying.items()}
        self.flying = {**moved, **self.flying}


class Window(Count):
    """One of the service's two limits: its slots, and the pauses after refusals."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.paused_until = 0.0
        self.refused_at = 0.0  # the first refusal of a series ...
        self.refusals = 0  # ... and its length; 0 once a request that was sent alone went through
        self.probe = 0  # the number of the request that was sent alone
        self.proven = 0  # how many had gone through in a period when a series began

    def open(self, now: float, kept: float) -> int:
        """The number of requests that may go now: none in a pause, and one alone after it.

        For a period after a series of refusals, they also go one by one from the number on at which
        the series began: if another user of the key goes on, that costs one refusal and not many.
        """
        free = self.free(now)
        if self.paused_until > now:
            return 0
        if self.refusals:
            alone_until = self.flying.get(self.probe, (0.0, 0.0))[0]
        elif 0 < self.proven <= self.size - free and now < self.paused_until + kept:
            alone_until = max((over for over, _ in self.flying.values()), default=0.0)
        else:
            return free
        return 0 if alone_until > now else min(free, 1)

    def dump(self) -> list[float]:
        """The state as numbers."""
        values = super().dump()
        values += self.paused_until, self.refused_at, self.refusals, self.probe, self.proven
        return values

    def load(self, values: Iterator[float]) -> None:
        """Takes over what `dump` has made, see `Count`."""
        super().load(values)
        self.paused_until, self.refused_at, *numbers = islice(values, 5)
        self.refusals, self.probe, self.proven = map(int, numbers)

    def merge(self, other: Count, later: float) -> None:
        """Adds what only the other one has counted or heard, see `Count`."""
        super().merge(other, later)
        if isinstance(other, Window) and other.paused_until + later > self.paused_until:
            self.paused_until = other.paused_until + later
            self.refused_at = other.refused_at + later
            self.refusals, self.probe, self.proven = other.refusals, other.probe, other.proven


class Ledger:
    """The counts of one budget: what is under way, what has ended, what waits.

    The ledger has a time of its own, `now`, which never goes back: see `move_on`.

    Attributes:
        shares: by reserve: the slots with this reserve or a larger one, as far as there are any.
            The reserve of what other users of the key have taken is all there is.
        is_stored: whether a storage has these counts already, so that they need not be written.

    Args:
        limit: how much the service allows.
        steady: see `move_on`.
        wall: see `move_on`; the time begins with it.
    """

    def __init__(self, limit: RateLimit, steady: float = 0.0, wall: float = 0.0) -> None:
        self.limit = limit
        self.span = limit.period * (1 + MARGIN)  # for which a slot is kept after its response
        self.poll = max(0.01, limit.period / 100)  # after which to look again for a probe's end
        self.grace = 0.05 + limit.period / 60  # for which a waiting request may come late
        self.now = wall
        self.clocks = steady, wall
        self.all = Window(limit.requests)
        self.bulk = Window(limit.bulk)
        self.shares: dict[int, Count] = {}
        # By number: reserve, place in the queue, whether bulk, passed by after.
        self.waiting: dict[int, tuple[int, float, bool, float]] = {}
        self.last_place = 0.0
        self.pauses = 0
        self.is_stored = False
        self._is_loaded = False

    def move_on(self, steady: float, wall: float) -> None:
        """Lets the time pass that has passed by both of two clocks, or by the one that went on.

        Args:
            steady: seconds of a clock that is never set, but may differ between processes.
            wall: seconds of a clock that can be set.

        Either clock can jump: the one that is set, where it is set, and the steady one, where the
        machine starts anew or where containers have clocks of their own. They do not jump alike.
        """
        steps = (steady - self.clocks[0], wall - self.clocks[1])
        self.now += min((step for step in steps if step >= 0), default=0.0)
        self.clocks = steady, wall

    def take(self, slot: Slot) -> Wait | None:
        """Takes a slot or queues for one; the slot is told its number and its place."""
        slot.number = slot.number or int.from_bytes(os.urandom(6), "big") + 1
        if not slot.place:
            slot.place = self.last_place = max(self.now, self.last_place + 1e-6)
        counts = self._counts(slot)
        for count in counts:
            count.flying.pop(slot.number, None)  # of a try that was thought to have failed
        wait, why = self._wait(slot)
        if wait > 0:
            self._queue(slot, wait)
            return _told(self.limit, why, wait)
        over, gone = self.now + slot.lease, self.now + max(slot.lease, self.limit.period)
        for count in counts:
            count.flying[slot.number] = over, gone + self.span
            if count.refusals:
                count.probe = slot.number
        self.waiting.pop(slot.number, None)
        slot.pauses = self.pauses
        return None

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a slot that was not used."""
        self.waiting.pop(slot.number, None)
        for count in self._counts(slot):
            count.flying.pop(slot.number, None)

    def read(self, reserve: int) -> tuple[int, int, float]:
        """Tells what a client with this reserve finds, and takes nothing.

        Returns:
            How many requests may be sent now; how many of them may be bulk requests; and the
            seconds until the next one may be sent.
        """
        slot = Slot(reserve=reserve)
        slot.place = math.inf
        ahead, bulk_ahead = self._ahead(slot)
        left = self.all.open(self.now, self.span) - len(ahead)
        for least, share in self._shares(reserve):
            left = min(left, share.free(self.now) - _at_least(least, ahead))
        left = max(left, 0)
        bulk_left = max(self.bulk.open(self.now, self.span) - bulk_ahead, 0)
        self.is_stored = self._is_loaded
        return left, min(left, bulk_left), self._wait(slot)[0]

    def finish(self, slot: Slot) -> None:
        """Keeps the slot of an attempt that has ended for one more period."""
        for window in self._windows(slot):
            if window.probe == slot.number and slot.answered:
                window.refusals = window.probe = 0
                if self.waiting:  # all of them wake up first, so that none is overtaken
                    window.paused_until = max(window.paused_until, self.now + self.poll)
        self._end(slot)

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        """Pauses the whole budget."""
        if slot.taken:
            self._end(slot)
        if slot.pauses != self.pauses:
            return  # it was sent before the last pause began: nothing new
        self.pauses += 1
        for window in self._windows(slot):
            if self.now > window.paused_until + self.span:
                window.refusals = 0  # the series is long over
            window.refusals += 1
            if window.refusals == 1:
                window.refused_at, window.proven = self.now, len(window.ended) - 1
            window.paused_until = max(window.paused_until, self._pause(window, retry_after))

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        """Counts what another user of the same key has used."""
        window, now = self.all, self.now
        free = window.free(now)
        if slot.pauses != self.pauses or remaining >= free:
            return
        # The difference was used elsewhere. No window ends later than a period from now.
        tick = self.limit.period / 60
        until = now + (self.span if reset is None else min(max(reset, 0) + tick, self.span))
        if remaining > 0:
            window.keep(until, free - remaining)
            for _, share in self._shares(self.limit.requests):
                share.free(now)  # or the list would grow
                share.keep(until, free - remaining)
        elif reset is not None:
            window.paused_until = max(window.paused_until, until)
        elif not window.refusals:
            window.refusals, window.refused_at = 1, now
            window.paused_until = max(window.paused_until, self._pause(window, None))

    def land(self) -> None:
        """Counts everything under way as ended, and forgets what waits."""
        for count in self._all_counts():
            count.land(self.now + self.span)
        self.waiting.clear()

    def merge(self, other: Ledger) -> None:
        """Adds what only another ledger of the same budget has counted."""
        later = self.now - other.now
        if abs(later) < 1:  # the same time: what both have counted is to be known again
            later = 0.0
        self.all.merge(other.all, later)
        self.bulk.merge(other.bulk, later)
        for reserve in {*self.shares, *other.shares}:
            self._share(reserve).merge(other._share(reserve), later)
        self._is_loaded = False
        self.last_place = max(self.last_place, other.last_place)
        self.pauses = max(self.pauses, other.pauses)

    def lasts(self) -> float:
        """Seconds until all that is counted is over."""
        over = [self.now]
        for count in self._all_counts():
            over += count.ended
            over += [until for _, until in count.flying.values()]
        over += self.all.paused_until + self.span, self.bulk.paused_until + self.span
        return max(over) - self.now

    def _all_counts(self) -> tuple[Count, ...]:
        return (self.all, self.bulk, *self.shares.values())

    def _windows(self, slot: Slot) -> tuple[Window, ...]:
        return (self.all, self.bulk) if slot.bulk else (self.all,)

    def _counts(self, slot: Slot) -> tuple[Count, ...]:
        """Everything that the slot is counted in."""
        if not slot.reserve:
            return (self.all, self.bulk) if slot.bulk else (self.all,)
        return (*self._windows(slot), *(share for _, share in self._shares(slot.reserve)))

    def _shares(self, reserve: int) -> list[tuple[int, Count]]:
        """The shares, by reserve, that a slot with this reserve is counted in."""
        if not reserve:
            return []
        self._share(reserve)
        return [(least, share) for least, share in self.shares.items() if least <= reserve]

    def _share(self, reserve: int) -> Count:
        share = self.shares.get(reserve)
        if share is None:
            # So far all that is counted in it has a larger reserve.
            share = Count(self.limit.requests - reserve)
            larger = [least for least in self.shares if least > reserve]
            if larger:
                share.merge(self.shares[min(larger)], 0.0)
            self.shares[reserve] = share
        return share

    def _queue(self, slot: Slot, wait: float) -> None:
        """Waits for a slot that comes late once the longer, the later it was: it is alive."""
        late = self.now - slot.due if slot.due else 0.0
        slot.grace = max(slot.grace, min(2 * late, self.span / 4))
        slot.due = self.now + wait
        passed_by = slot.due + self.grace + slot.grace
        self.waiting[slot.number] = slot.reserve, slot.place, slot.bulk, passed_by

    def _end(self, slot: Slot) -> None:
        until, unknown = self.now + self.span, self.now + self.limit.period + self.span
        for count in self._counts(slot):
            _, gone = count.flying.get(slot.number, (0.0, unknown))
            count.keep(until if slot.answered else max(until, gone))
            count.flying.pop(slot.number, None)

    def _pause(self, window: Window, retry_after: float | None) -> float:
        """When a pause that begins now ends."""
        now = self.now
        if retry_after is not None:
            growing = max(retry_after, self.poll) * 2.0 ** min(window.refusals - 1, 30)
            pause = max(retry_after, min(growing, self.span))
            return now + min(pause, MOST_PERIODS * self.span)
        if window.refusals == 1:
            return now + self.span / 3
        if window.refusals == 2:  # by then the window of the first refusal is over
            return max(now + self.span / 3, window.refused_at + self.span + self.limit.period / 60)
        return now + self.span * min(2.0, 1 + (window.refusals - 3) / 4)

    def _wait(self, slot: Slot) -> tuple[float, str | int]:
        """Seconds until the slot's turn, and what for; 0 when it is now."""
        ahead: Sequence[int] = ()
        bulk_ahead = 0
        if self.waiting:
            ahead, bulk_ahead = self._ahead(slot)
        wait: float
        why: str | int
        wait, why = self._wait_for(self.all, len(ahead))
        if slot.bulk:
            bulk_wait, bulk_why = self._wait_for(self.bulk, bulk_ahead)
            if bulk_wait > wait:
                wait, why = bulk_wait, "bulk" if bulk_why == "full" else bulk_why
        if not slot.reserve:
            return wait, why
        for least, share in self._shares(slot.reserve):
            share_wait = share.wait(_at_least(least, ahead), self.now, self.span)
            if share_wait > wait:
                wait, why = share_wait, least
        return wait, why

    def _ahead(self, slot: Slot) -> tuple[list[int], int]:
        """Lists the reserves of all that wait before this slot and could go.

        A smaller reserve comes first, then whatever came first.

        Returns:
            The reserves; and the number of bulk requests that wait before the slot.
        """
        late = [number for number, (*_, until) in self.waiting.items() if until < self.now]
        for number in late:
            del self.waiting[number]  # its process may be gone; if not, it still has its place
        own = slot.reserve, slot.place, slot.number
        before = [
            (reserve, bulk)
            for number, (reserve, at, bulk, _) in self.waiting.items()
            if (reserve, at, number) < own
        ]
        # A bulk request that waits for the bulk limit is in no other request's way.
        bulk = sorted(reserve for reserve, is_bulk in before if is_bulk)
        able = max(0, self.bulk.open(self.now, self.span)) if bulk else 0
        return [reserve for reserve, is_bulk in before if not is_bulk] + bulk[:able], len(bulk)

    def _wait_for(self, window: Window, ahead: int) -> tuple[float, str]:
        now = self.now
        if ahead < window.open(now, self.span):
            return 0.0, ""
        full = window.wait(ahead, now, self.span)
        if window.paused_until > now:
            behind = self.poll if window.refusals and ahead else 0.0
            paused = window.paused_until - now + behind
            return (paused, "paused") if paused > full else (full, "full")
        return (full, "full") if full else (self.poll, "probe")

    def dump(self) -> bytes:
        """The whole state as numbers, to be stored; another `LAYOUT` is stored elsewhere."""
        times = self.now, *self.clocks, self.last_place, self.pauses
        waiting = chain.from_iterable((number, *each) for number, each in self.waiting.items())
        values = [*times, *self.all.dump(), *self.bulk.dump(), len(self.waiting), *waiting]
        shares = {
            reserve: share for reserve, share in self.shares.items() if not share.is_over(self.now)
        }
        values.append(len(shares))
        for reserve, share in shares.items():
            values += (reserve, *share.dump())
        return struct.pack(f"<{len(values)}d", *values)

    def load(self, data: Any) -> None:
        """Takes over what `dump` has stored.

        Raises:
            ValueError: the data are damaged.
        """
        try:
            numbers = struct.unpack(f"<{len(data) // 8}d", data)
            values = iter(numbers)
            self.now, steady, wall, self.last_place, pauses = islice(values, 5)
            self.clocks, self.pauses = (steady, wall), int(pauses)
            self.all.load(values)
            self.bulk.load(values)
            self.waiting = {
                int(number): (int(reserve), place, bulk > 0, until)
                for number, reserve, place, bulk, until in _groups(values, 5)
            }
            for _ in range(int(next(values))):
                reserve = int(next(values))
                if not 0 < reserve <= self.limit.requests:
                    raise ValueError
                self._share(reserve).load(values)
            # Some would never be over, or there is more than the counts.
            is_damaged = self.lasts() > 3600 + (3 + MOST_PERIODS) * self.span or [*values]
            if is_damaged or not math.isfinite(sum(numbers)):
                raise ValueError
            self._is_loaded = True
        except (TypeError, ValueError, OverflowError, StopIteration, struct.error):
            raise ValueError("the stored counts are damaged") from None


def _groups(values: Iterator[float], size: int) -> Iterable[tuple[float, ...]]:
    """As many groups as the next value says."""
    count = int(next(values)) * size
    numbers = tuple(islice(values, count))
    if len(numbers) < count:
        raise ValueError
    return zip(*[iter(numbers)] * size, strict=True)


def _at_least(reserve: int, reserves: Iterable[int]) -> int:
    """Counts the reserves that are not smaller."""
    return sum(each >= reserve for each in reserves)


def _told(limit: RateLimit, why: str | int, seconds: float) -> Wait:
    """Makes a wait of its seconds and its cause, said in one sentence for a person.

    Args:
        limit: the budget's.
        why: "full", "bulk", "paused" or "probe"; or the reserve that alone is free.
        seconds: of the wait.
    """
    time = _readable(seconds)
    if why == "paused":
        reason = f"the service allows no more requests for now, trying again in {time}"
    elif why == "probe":
        reason = "the service refused a request, one goes alone to see if it is over"
    else:
        number, kind = (limit.bulk, "bulk ") if why == "bulk" else (limit.requests, "")
        noun, verb = ("request", "is") if number == 1 else ("requests", "are")
        per = "a minute" if limit.period == 60 else f"in {_readable(limit.period)}"
        spared = f" but for {why} left to others" if isinstance(why, int) else ""
        reason = f"{number} {kind}{noun} {per} {verb} used{spared}, next slot in {time}"
    return Wait(seconds, f"rate limit: {reason}")


def _readable(seconds: float) -> str:
    if seconds >= 9.95:
        return f"{math.ceil(seconds - 0.05)} s"
    return f"{max(seconds, 0.01):.{1 if seconds >= 0.995 else 2}f}".rstrip("0").rstrip(".") + " s"
