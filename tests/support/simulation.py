"""Callers of a budget in simulated time, and a service that counts their requests."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from statuspro.pacing import Budget, RateLimit, Slot


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Service:
    """Counts as the service does: a window opens with the first request that it counts.

    Args:
        limit: the figures.
        others: requests of somebody else that use the same key as soon as a window opens.
    """

    def __init__(self, limit: RateLimit, *, others: int = 0) -> None:
        self._limit = limit
        self._others = others
        self.windows = 0
        self._counters: dict[str, tuple[float, int]] = {}
        self.refused = 0

    def counts(self, now: float, *, bulk: bool = False) -> bool:
        """Whether a request that arrives now is within the limits."""
        within = self._count("all", self._limit.requests, now)
        if bulk:
            within = self._count("bulk", self._limit.bulk, now) and within
        self.refused += not within
        return within

    def _count(self, name: str, size: int, now: float) -> bool:
        opened, count = self._counters.get(name, (-self._limit.period, 0))
        if now - opened >= self._limit.period:
            opened, count = now, self._others
            self.windows += 1
        self._counters[name] = opened, count + (count < size)
        return count < size


def spans_a_period(times: Iterable[float], size: int, period: float) -> bool:
    """Whether any `size` + 1 of the times span a period: no window of any clock holds more."""
    ordered = sorted(times)
    return all(late - early >= period for early, late in zip(ordered, ordered[size:], strict=False))


@dataclass
class Run:
    """What simulated callers went through."""

    counted: list[float] = field(default_factory=list[float])
    counted_bulk: list[float] = field(default_factory=list[float])
    waits: list[float] = field(default_factory=list[float])
    began: float = 0.0
    ended: float = 0.0


def arrivals_within(
    most: int, window: float, *, until: float, began: float, randomness: random.Random
) -> list[float]:
    """Times at which requests come, singly or in bursts: never more than `most` in a window."""
    times: list[float] = []
    is_in_bursts = randomness.random() < 0.5
    now = began
    while (now := now + randomness.expovariate(2 * most / window)) < until:
        for _ in range(randomness.randint(1, most) if is_in_bursts else 1):
            if len(times) < most or times[-most] <= now - window:
                times.append(now)
    return times


class Timeline:
    """What happens when, on a clock that it moves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, when: float, step: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), step))

    def run(self) -> None:
        while self._events:
            self._clock.now, _, step = heapq.heappop(self._events)
            step()


@dataclass
class Callers:
    """Workers that send through a budget in simulated time, each one request after the other.

    With `arrivals` they are no workers, but requests that come at their own times.
    """

    budget: Budget
    clock: Clock
    service: Service
    requests: int
    workers: int = 16
    #: Longest time from a send to its answer, and of a thread to wake up, in seconds.
    delay: float = 0.0
    drowsiness: float = 0.001
    bulk_share: float = 0.0
    #: How many of the requests are held up on the way, for how long at the most, and when their
    #: caller gives them up; the service counts them all the same.
    stalled_share: float = 0.0
    stall: float = 0.0
    timeout: float = 1e9
    #: How many callers are killed while they wait.
    killed_share: float = 0.0
    randomness: random.Random = field(default_factory=lambda: random.Random(1))
    reserve: int = 0
    arrivals: Sequence[float] = ()

    def run(self) -> Run:
        (run,) = run_together(self)
        return run

    def begin(self, timeline: Timeline) -> Run:
        self._run = Run(began=self.clock.now)
        self._at = timeline.at
        self._left = self.requests
        for _ in range(0 if self.arrivals else self.workers):
            self._at(self.clock.now, self._next)
        for when in self.arrivals:
            self._at(when, self._send)
        return self._run

    def _next(self) -> None:
        if self._left and not self.arrivals:
            self._left -= 1
            self._send()

    def _send(self) -> None:
        self._ask(self._slot(self.randomness.random() < self.bulk_share), self.clock.now)

    def _slot(self, bulk: bool) -> Slot:
        return Slot(bulk=bulk, lease=min(60.0, 2 * self.timeout), reserve=self.reserve)

    def _ask(self, slot: Slot, since: float) -> None:
        now = self.clock.now
        wait = self.budget.take(slot)
        if wait is not None:
            if self.randomness.random() < self.killed_share:
                self._next()  # in another process
                return
            woken = now + wait.seconds + self.randomness.uniform(0, self.drowsiness)
            self._at(woken, lambda: self._ask(slot, since))
            return
        self._run.waits.append(now - since)
        there = now + self.randomness.uniform(0, self.delay)
        if self.randomness.random() < self.stalled_share:
            there += self.randomness.uniform(0, self.stall)
        self._at(there, lambda: self._arrive(slot, now + self.timeout))
        if there > now + self.timeout:
            self._at(now + self.timeout, lambda: self._give_up(slot))

    def _give_up(self, slot: Slot) -> None:
        slot.answered = False
        self._run.ended = self.clock.now
        self.budget.finish(slot)
        self._next()

    def _arrive(self, slot: Slot, given_up: float) -> None:
        within = self.service.counts(self.clock.now, bulk=slot.bulk)
        answered = self.clock.now + self.randomness.uniform(0, self.delay)
        self._run.ended = self.clock.now
        if within:
            self._run.counted.append(self.clock.now)
            if slot.bulk:
                self._run.counted_bulk.append(self.clock.now)
        if self.clock.now <= given_up:
            self._at(answered, lambda: self._answer(slot, within))

    def _answer(self, slot: Slot, within: bool) -> None:
        self._run.ended = self.clock.now
        if within:
            self.budget.finish(slot)
            self._next()
        else:
            self.budget.refuse(slot, None)
            self._ask(self._slot(slot.bulk), self.clock.now)


def run_together(*groups: Callers) -> list[Run]:
    """Runs callers of one budget, one service and one clock at the same time."""
    timeline = Timeline(groups[0].clock)
    runs = [group.begin(timeline) for group in groups]
    timeline.run()
    return runs
