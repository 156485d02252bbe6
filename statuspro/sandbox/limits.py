"""Laravel's rate limit: for each key a fixed window, which opens with the first counted request."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

# Seconds. A shorter period is one that a test has scaled down: whole seconds are too coarse there.
WHOLE_SECONDS_FROM = 10.0


class FixedWindow:
    """Counts at most `limit` requests in a window of `period` seconds."""

    def __init__(self, limit: int, period: float) -> None:
        self.limit = limit
        self._period = period
        self._used = 0
        self.ends = -math.inf

    def is_full(self, now: float) -> bool:
        """Tells whether a request at `now` would exceed the limit."""
        return now < self.ends and self._used >= self.limit

    def count(self, now: float) -> None:
        """Counts a request. Opens a new window if the last window is over."""
        if now >= self.ends:
            self.ends, self._used = now + self._period, 0
        self._used += 1

    @property
    def remaining(self) -> int:
        """How many more requests fit into the window."""
        return self.limit - self._used


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass, and the headers that tell the client about the windows."""

    allowed: bool
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


@dataclass
class RateLimiter:
    """Keeps two windows for each key: one for all requests, another for bulk calls.

    A window does not count a request that it refuses. The general window comes first. So it has
    counted a bulk call that the bulk window refuses.

    Args:
        requests: requests in a window; None for any number.
        bulk: bulk calls in a window; None for any number.
        period: the length of a window in seconds.
        clock: returns the server's time in seconds since 1970.
        retry_after: whether a refusal carries `Retry-After`.
        headers: whether responses carry the `X-RateLimit` headers.
    """

    requests: int | None
    bulk: int | None
    period: float
    clock: Callable[[], float]
    retry_after: bool = False
    headers: bool = False

    def __post_init__(self) -> None:
        self.counted = 0
        self.refused = 0
        self._windows: dict[tuple[str, str], FixedWindow] = {}
        self._lock = threading.Lock()

    def admit(self, key: str, *, bulk: bool) -> Verdict:
        """Counts a request of `key`, or refuses it. A bulk call must fit into both windows."""
        with self._lock:
            now = self._now()
            windows = self._windows_of(key, bulk)
            for window in windows:
                if window.is_full(now):
                    self.refused += 1
                    return Verdict(False, self._refusal_headers(window))
                window.count(now)
            self.counted += 1
            # Of two windows Laravel's headers describe the one with fewer requests left.
            tightest = min(reversed(windows), key=lambda window: window.remaining, default=None)
            return Verdict(True, self._window_headers(tightest) if tightest else [])

    def _now(self) -> float:
        now = self.clock()
        return float(math.floor(now)) if self.period >= WHOLE_SECONDS_FROM else now

    def _windows_of(self, key: str, bulk: bool) -> list[FixedWindow]:
        limits = [("requests", self.requests)] + ([("bulk", self.bulk)] if bulk else [])
        return [
            self._windows.setdefault((key, name), FixedWindow(limit, self.period))
            for name, limit in limits
            if limit is not None
        ]

    def _window_headers(self, window: FixedWindow) -> list[tuple[str, str]]:
        if not self.headers:
            return []
        return [
            ("X-RateLimit-Limit", str(window.limit)),
            ("X-RateLimit-Remaining", str(window.remaining)),
        ]

    def _refusal_headers(self, window: FixedWindow) -> list[tuple[str, str]]:
        headers = self._window_headers(window)
        if self.headers:
            headers.append(("X-RateLimit-Reset", self._seconds(window.ends)))
        if self.retry_after:
            headers.append(("Retry-After", self._seconds(window.ends - self._now())))
        return headers

    def _seconds(self, value: float) -> str:
        """Writes `value`, rounded up to the second; to a millisecond in a scaled-down window."""
        if self.period >= WHOLE_SECONDS_FROM:
            return str(math.ceil(value))
        return f"{math.ceil(value * 1000) / 1000:.3f}"
