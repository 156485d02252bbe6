"""The rate limits: fixed windows, and what the headers say of them."""

from __future__ import annotations

import pytest

from statuspro.sandbox.limits import RateLimiter


class Clock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def allowed(limiter: RateLimiter, calls: int, *, bulk: bool = False) -> list[bool]:
    return [limiter.admit("key", bulk=bulk).allowed for _ in range(calls)]


def test_without_limits_everything_passes_and_is_counted() -> None:
    limiter = RateLimiter(None, None, 60.0, Clock())
    assert all(allowed(limiter, 100))
    assert all(allowed(limiter, 100, bulk=True))
    assert (limiter.counted, limiter.refused) == (200, 0)


def test_the_window_opens_with_the_first_request_it_counts() -> None:
    clock = Clock()
    limiter = RateLimiter(2, None, 60.0, clock)
    clock.now += 50
    assert allowed(limiter, 1) == [True]
    clock.now += 59
    assert allowed(limiter, 2) == [True, False]
    clock.now += 1
    assert allowed(limiter, 3) == [True, True, False]


def test_refused_requests_are_not_counted() -> None:
    clock = Clock()
    limiter = RateLimiter(1, None, 60.0, clock)
    assert allowed(limiter, 4) == [True, False, False, False]
    assert (limiter.counted, limiter.refused) == (1, 3)
    clock.now += 60
    assert allowed(limiter, 2) == [True, False]


def test_the_clock_ticks_in_whole_seconds() -> None:
    clock = Clock(1000.9)
    limiter = RateLimiter(1, None, 60.0, clock)
    assert allowed(limiter, 1) == [True]
    clock.now = 1059.99
    assert allowed(limiter, 1) == [False]
    clock.now = 1060.0  # 59.1 s later, but the 60th tick
    assert allowed(limiter, 1) == [True]


def test_a_scaled_period_has_a_finer_clock() -> None:
    clock = Clock(1000.9)
    limiter = RateLimiter(1, None, 0.5, clock)
    assert allowed(limiter, 1) == [True]
    clock.now = 1001.399
    assert allowed(limiter, 1) == [False]
    clock.now = 1001.4
    assert allowed(limiter, 1) == [True]


def test_keys_have_windows_of_their_own() -> None:
    limiter = RateLimiter(1, None, 60.0, Clock())
    assert limiter.admit("one", bulk=False).allowed
    assert limiter.admit("other", bulk=False).allowed
    assert not limiter.admit("one", bulk=False).allowed


def test_bulk_calls_are_counted_in_both_windows() -> None:
    limiter = RateLimiter(4, 2, 60.0, Clock())
    assert allowed(limiter, 2, bulk=True) == [True, True]
    assert allowed(limiter, 3) == [True, True, False]


def test_a_bulk_call_that_the_bulk_limit_refuses_has_been_counted_in_the_general_window() -> None:
    clock = Clock()
    limiter = RateLimiter(6, 2, 60.0, clock)
    assert allowed(limiter, 5, bulk=True) == [True, True, False, False, False]
    assert allowed(limiter, 2) == [True, False]
    assert (limiter.counted, limiter.refused) == (3, 4)
    clock.now += 60
    assert allowed(limiter, 2, bulk=True) == [True, True]


def test_a_bulk_call_tells_of_the_window_with_less_left() -> None:
    limiter = RateLimiter(3, 2, 60.0, Clock(), headers=True)
    told = [limiter.admit("key", bulk=bulk).headers[:2] for bulk in (True, False, True)]
    assert told == [
        [("X-RateLimit-Limit", "2"), ("X-RateLimit-Remaining", "1")],
        [("X-RateLimit-Limit", "3"), ("X-RateLimit-Remaining", "1")],
        [("X-RateLimit-Limit", "2"), ("X-RateLimit-Remaining", "0")],
    ]


def test_a_full_general_window_refuses_bulk_calls_and_counts_none() -> None:
    clock = Clock()
    limiter = RateLimiter(1, 1, 60.0, clock)
    assert allowed(limiter, 1) == [True]
    assert allowed(limiter, 1, bulk=True) == [False]
    clock.now += 60
    assert allowed(limiter, 1, bulk=True) == [True]


def test_only_bulk_calls_limited() -> None:
    limiter = RateLimiter(None, 1, 60.0, Clock())
    assert all(allowed(limiter, 10))
    assert allowed(limiter, 2, bulk=True) == [True, False]


def test_no_headers_unless_asked_for() -> None:
    limiter = RateLimiter(1, None, 60.0, Clock())
    assert limiter.admit("key", bulk=False).headers == []
    assert limiter.admit("key", bulk=False).headers == []


def test_rate_headers() -> None:
    limiter = RateLimiter(2, None, 60.0, Clock(1000.5), headers=True)
    assert limiter.admit("key", bulk=False).headers == [
        ("X-RateLimit-Limit", "2"),
        ("X-RateLimit-Remaining", "1"),
    ]
    limiter.admit("key", bulk=False)
    assert limiter.admit("key", bulk=False).headers == [
        ("X-RateLimit-Limit", "2"),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", "1060"),
    ]


def test_rate_headers_without_limits() -> None:
    limiter = RateLimiter(None, None, 60.0, Clock(), headers=True)
    assert limiter.admit("key", bulk=False).headers == []


def test_retry_after_says_when_the_window_ends() -> None:
    clock = Clock(1000.7)
    limiter = RateLimiter(1, None, 60.0, clock, retry_after=True)
    limiter.admit("key", bulk=False)
    clock.now = 1017.2
    assert limiter.admit("key", bulk=False).headers == [("Retry-After", "43")]


@pytest.mark.parametrize(("now", "told"), [(1000.1, "0.400"), (1000.4999, "0.001")])
def test_retry_after_of_a_scaled_window_is_a_fraction_rounded_up(now: float, told: str) -> None:
    clock = Clock(1000.0)
    limiter = RateLimiter(1, None, 0.5, clock, retry_after=True)
    limiter.admit("key", bulk=False)
    clock.now = now
    assert limiter.admit("key", bulk=False).headers == [("Retry-After", told)]
