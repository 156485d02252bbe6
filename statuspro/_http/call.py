"""The call under way: what it sends, what it has waited, and what is told of that.

requests and urllib3 hand a request down through several layers that know nothing of each other's
state. What ours share (the retry policy, the connection, the transport) stands here, in a context
variable that lives as long as the call.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

import requests

from statuspro._http.callbacks import call_back, note_sent
from statuspro._logging import Logger, log
from statuspro.errors import StatusProError, without_section
from statuspro.pacing import Budget, Slot, Wait
from statuspro.redaction import loggable_query, request_line

#: Methods that change nothing, and so may be sent again whatever happened to the first one.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

BULK_PATH = "/orders/bulk-status"

#: Seconds. A call with less than this left of its deadline is over: no timeout is that short.
_NOTHING = 0.001

#: Shorter waits are not worth telling a person about.
_SHORTEST_TOLD = 0.1

_logger = logging.getLogger("statuspro")

OnWait = Callable[[float, str], object]


# Not a dataclass: importing `dataclasses` takes more than half as long as all of this package.
class CallSettings(NamedTuple):
    """What a client asks of each of its calls.

    Attributes:
        max_wait: seconds that one call may sleep in all.
        on_wait: told before each wait: `on_wait(seconds, reason)`.
        logger: gets a record a response and a record a wait.
        max_response_bytes: the largest decoded body that is read.
        budget: the rate budget, or None for no pacing.
        reserve: how many of the budget's requests are left to clients with a smaller reserve.
        deadline: seconds that one call may take in all, or None for no bound.
    """

    max_wait: float = 120.0
    on_wait: OnWait | None = None
    logger: Logger = _logger
    max_response_bytes: int = 64 * 2**20
    budget: Budget | None = None
    reserve: int = 0
    deadline: float | None = None


class WaitTooLong(Exception):  # noqa: N818 - not an error by itself: the call decides what it means
    """A wait would take the call past its `max_wait` or its deadline.

    Attributes:
        seconds: how long the wait would have been.
        reason: what it would have been for.
        bound: what does not allow it, in words.
        is_deadline: whether that is the deadline.
    """

    def __init__(self, seconds: float, reason: str, bound: str, *, is_deadline: bool) -> None:
        super().__init__(seconds, reason)
        self.seconds = seconds
        self.reason = reason
        self.bound = bound
        self.is_deadline = is_deadline
        #: What the wait followed: a response (urllib3's) or an error; neither before a first send.
        self.response: Any = None
        self.error: Exception | None = None


class Cancelled(Exception):  # noqa: N818 - never leaves the thread that it ends
    """The caller does not want this call's response any more."""


class Cancellation:
    """Ends the waits of other threads, without taking a lock or waiting.

    An Event takes one to be set. The garbage collector may run in a thread that holds it, and what
    it collects may want to set this.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def set(self) -> None:
        """Ends each wait, now and later; calling it again does nothing."""
        if not self._is_set:
            self._is_set = True
            with suppress(RuntimeError):  # another call was faster
                self._gate.release()

    def check(self) -> None:
        """Raises `Cancelled` where it has been set."""
        if self._is_set:
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Waits so long, or raises `Cancelled` as soon as it is set."""
        if self._gate.acquire(timeout=seconds):
            self._gate.release()  # for the next thread that waits
            raise Cancelled


def is_repeatable(body: Any) -> bool:
    """Tells whether a body can be sent more than once: sending an iterator uses it up."""
    if body is None or isinstance(body, (str, bytes, bytearray, memoryview)):
        return True
    if not hasattr(body, "read"):
        return not isinstance(body, Iterator)
    try:
        body.seek(body.tell())
    except (AttributeError, OSError):  # a pipe, or an object that can do nothing but read
        return False
    return True


class OneCall:
    """What calls that count as one share: their deadline, their sleep, and what they have written.

    Attributes:
        slept: seconds of all waits so far.
        ends: when the first of them that has a deadline must be over; None without one.
        writes: the calls that may change something, the first one first.
        on_attempt: told of each attempt of a write, `on_attempt(call, True)` when it has its slot
            and is sent next, `on_attempt(call, False)` when it has not arrived and the call waits
            for another one. What it raises ends the call.
    """

    def __init__(self) -> None:
        self.slept = 0.0
        self.ends: float | None = None
        self.writes: list[Call] = []
        self.on_attempt: Callable[[Call, bool], object] | None = None


_one_call: ContextVar[OneCall | None] = ContextVar("one_call", default=None)
_cancellation: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


@contextmanager
def one_call() -> Iterator[OneCall]:
    """Requests within count as one call: `max_wait` and `deadline` bound them together."""
    outer = _one_call.get()
    if outer is not None:
        yield outer
        return
    one = OneCall()
    token = _one_call.set(one)
    try:
        yield one
    finally:
        _one_call.reset(token)


def cancel_with(cancellation: Cancellation) -> None:
    """Ends the waits of this context's calls when `cancellation` is set."""
    _cancellation.set(cancellation)


class Call:
    """One request on its way, over all its attempts."""

    #: The real one, also for tests that have time stand still or fly.
    _now = staticmethod(time.monotonic)

    def __init__(
        self, request: requests.PreparedRequest, settings: CallSettings, lease: float
    ) -> None:
        self.settings = settings
        self.method = request.method or "GET"
        self._request = request
        self.path, _, self.query = request.path_url.partition("?")
        self.attempt = 0
        #: The status of the last response; None before the first, and once more is sent.
        self.status: int | None = None
        self.is_write = self.method not in SAFE_METHODS
        #: Whether a second attempt would send the same body.
        self.is_repeatable = is_repeatable(request.body)
        #: True from the first byte of the last attempt on; None where no connection of ours told.
        self.sent: bool | None = None
        #: Seconds from the last attempt's start until the headers of its response had come.
        self.elapsed = 0.0
        self.body: bytes | None = None
        self.is_oversized = False
        #: Whether the caller reads the body's bytes from `response.raw`.
        self.is_streamed = False
        self._one = _one_call.get() or OneCall()
        if self.is_write:
            self._one.writes.append(self)
        #: When the call must be over, on the clock `_now`; None without a deadline.
        self.ends: float | None = None
        if settings.deadline is not None:
            self.ends = self._ends_in(settings.deadline)
            lease = min(lease, settings.deadline)
        self._lease = lease
        self._slot: Slot | None = None
        self._started = 0.0

    def _ends_in(self, deadline: float) -> float:
        ends = self._now() + deadline
        if self._one.ends is None:
            self._one.ends = ends
        return min(ends, self._one.ends)

    @property
    def request_line(self) -> str:
        """Method and path, without the query."""
        return request_line(self._request)

    @property
    def may_have_arrived(self) -> bool:
        """Tells whether the service may have got any of it, and has not refused it with a 429."""
        return self.attempt > 0 and self.sent is not False and self.status != 429

    @property
    def is_over(self) -> bool:
        """Tells whether the deadline has passed."""
        return self.ends is not None and self.ends - self._now() < _NOTHING

    def cut(self, timeout: Any) -> Any:
        """Cuts a timeout, in seconds, to what is left of the deadline.

        Raises:
            TimeoutError: nothing is left.
        """
        if self.ends is None:
            return timeout
        left = self.ends - self._now()
        if left < _NOTHING:
            raise TimeoutError("the deadline has passed")
        return min(timeout, left) if isinstance(timeout, (int, float)) else left

    def begin_attempt(self) -> None:
        """Waits for a slot of the rate budget.

        Raises:
            WaitTooLong: the next slot comes too late for this call.
        """
        if self.settings.budget is not None:
            self._slot = self._take_slot(self.settings.budget)
        try:
            self._tell_attempt(True)
        except BaseException:
            self._give_slot_back()
            raise
        self.attempt += 1
        self.status = None
        self.sent = None
        self._started = time.perf_counter()

    def _take_slot(self, budget: Budget) -> Slot:
        is_bulk = self.is_write and self.path.endswith(BULK_PATH)
        slot = Slot(bulk=is_bulk, lease=self._lease, reserve=self.settings.reserve)
        try:
            while wait := self._ask(budget, slot):
                self.sleep(wait.seconds, wait.reason)
            if self.is_over:
                raise self._past_deadline(0.0, "the rate budget was busy")
        except BaseException:
            self._cut_patience(slot)
            budget.give_back(slot)
            raise
        return slot

    def _give_slot_back(self) -> None:
        if self._slot is not None and self.settings.budget is not None:
            self._cut_patience(self._slot)
            self.settings.budget.give_back(self._slot)
            self._slot = None

    def _tell_attempt(self, is_sent_next: bool) -> None:
        if self.is_write and self._one.on_attempt is not None:
            call_back(self._one.on_attempt, self, is_sent_next)

    def note_headers(self) -> None:
        """Notes that the headers of the current attempt's response have come."""
        self.elapsed = time.perf_counter() - self._started

    def _ask(self, budget: Budget, slot: Slot) -> Wait | None:
        slot.patience = self.settings.max_wait - self._one.slept
        self._cut_patience(slot)
        began = time.perf_counter()
        try:
            return budget.take(slot)
        except StatusProError as error:
            is_late = self.is_over or isinstance(error.__cause__, TimeoutError)
            if self.ends is not None and is_late:
                raise self._past_deadline(slot.patience, without_section(error)) from None
            raise
        finally:
            waited = time.perf_counter() - began
            if waited >= _SHORTEST_TOLD:  # for other processes, whose turn it was
                self._one.slept += waited

    def _cut_patience(self, slot: Slot) -> None:
        """Has the budget be waited for no longer than the deadline allows."""
        if self.ends is not None:
            slot.patience = min(slot.patience, max(0.0, self.ends - self._now()))
            slot.is_urgent = True

    def _past_deadline(self, seconds: float, reason: str) -> WaitTooLong:
        bound = f"the deadline of {self.settings.deadline:g} s allows"
        return WaitTooLong(seconds, reason, bound, is_deadline=True)

    def note_on(self, error: BaseException) -> None:
        """Notes on what the caller's own code raised that a write had been sent by then."""
        if not self.is_write or not (self.sent or self.status is not None):
            return
        if self.status is None:
            outcome = (
                "and may have been applied: read the order back (get_order) before sending it again"
            )
        else:
            outcome = f"and answered {self.status}"
        note_sent(error, self.request_line, outcome)

    def end_attempt(self) -> None:
        """Starts the period of the attempt's slot: the attempt is over."""
        if self._slot is not None and self.settings.budget is not None:
            # Unless it never left, it may still be under way to the service.
            self._slot.answered = self.status is not None or self.sent is False
            self._cut_patience(self._slot)
            self.settings.budget.finish(self._slot)
            self._slot = None

    def end_attempt_in_vain(self) -> None:
        """Ends an attempt after which the request is sent again."""
        self.end_attempt()
        self._tell_attempt(False)

    def end_refused_attempt(self, retry_after: float | None) -> None:
        """Has the whole budget pause: the service has refused the attempt with a 429."""
        if self._slot is not None and self.settings.budget is not None:
            self._cut_patience(self._slot)
            self.settings.budget.refuse(self._slot, retry_after)
            self._slot = None

    def observe_budget(self, remaining: int, reset: float | None) -> None:
        """Tells the budget what is left of the service's window, which ends in `reset` seconds."""
        if self._slot is not None and self.settings.budget is not None:
            self._cut_patience(self._slot)
            self.settings.budget.observe(self._slot, remaining, reset)

    def sleep(self, seconds: float, reason: str) -> None:
        """Waits, after telling why.

        Raises:
            WaitTooLong: this call may not sleep that long.
        """
        if self._one.slept + seconds > self.settings.max_wait:
            bound = f"max_wait allows ({self.settings.max_wait:g} s in all)"
            raise WaitTooLong(seconds, reason, bound, is_deadline=False)
        if self.ends is not None and seconds > self.ends - self._now() - _NOTHING:
            raise self._past_deadline(seconds, reason)
        seconds = min(seconds, threading.TIMEOUT_MAX)  # or Python raises an OverflowError
        _tell(self.settings, seconds, self.request_line, reason)
        if self.ends is not None:  # what was told may have taken its time
            seconds = min(seconds, max(0.0, self.ends - self._now()))
        _sleep(seconds)
        self._one.slept += seconds

    def log_response(self, status: int) -> None:
        """One record a response; of its query only what is known to be harmless."""
        logger = self.settings.logger
        if isinstance(logger, logging.Logger) and not logger.isEnabledFor(logging.DEBUG):
            return
        query = f"?{loggable_query(self.query)}" if self.query else ""
        milliseconds = (time.perf_counter() - self._started) * 1000
        log(
            logger,
            "debug",
            "%s%s: %s in %.0f ms (attempt %d)",
            self.request_line,
            query,
            status,
            milliseconds,
            self.attempt,
        )


def pause(settings: CallSettings, seconds: float, before: str, reason: str) -> None:
    """Waits between two calls, as a call of its own.

    Args:
        settings: of the client's calls.
        seconds: how long.
        before: method and path of what is sent next.
        reason: what the wait is for.

    Raises:
        WaitTooLong: one call may not sleep that long.
    """
    if seconds > settings.max_wait:
        bound = f"max_wait allows ({settings.max_wait:g} s)"
        raise WaitTooLong(seconds, reason, bound, is_deadline=False)
    if settings.deadline is not None and seconds > settings.deadline:
        bound = f"the deadline allows ({settings.deadline:g} s)"
        raise WaitTooLong(seconds, reason, bound, is_deadline=True)
    _tell(settings, seconds, before, reason)
    _sleep(seconds)


def _tell(settings: CallSettings, seconds: float, before: str, reason: str) -> None:
    if seconds >= _SHORTEST_TOLD and settings.on_wait is not None:
        call_back(settings.on_wait, seconds, reason)
    level: Literal["warning", "info"] = "warning" if seconds >= 1 else "info"
    log(settings.logger, level, "Waiting %.1f s before %s: %s", seconds, before, reason)


def _sleep(seconds: float) -> None:
    (_cancellation.get() or time).sleep(seconds)


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def current_call() -> Call | None:
    """Returns the call under way in this thread, if any."""
    return _current.get()


class under_way:  # noqa: N801 - used like a function; one with `yield` takes three times as long
    """Makes `call` the current one."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> Call:
        self._token = _current.set(self._call)
        return self._call

    def __exit__(self, *error: object) -> None:
        _current.reset(self._token)
        self._call.end_attempt()
