"""Laravel's rate limit: a fixed window per key, opened by the first request it counts."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

# Below this many seconds a period is scaled down for a test, and whole seconds are too coarse.
WHOLE_SECONDS_FROM = 10.0


class FixedWindow:
    """At most ``limit`` requests in a window of ``period`` seconds."""

    def __init__(self, limit: int, period: float) -> None:
        self.limit = limit
        self._period = period
        self._used = 0
        self.ends = -math.inf

    def is_full(self, now: float) -> bool:
        """Whether a request at ``now`` would be one too many."""
        return now < self.ends and self._used >= self.limit

    def count(self, now: float) -> None:
        """Count a request, opening a new window if the last one is over."""
        if now >= self.ends:
            self.ends, self._used = now + self._period, 0
        self._used += 1

    @property
    def remaining(self) -> int:
        """How many requests fit into the window as it is."""
        return self.limit - self._used


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass, and the headers that say how the windows stand."""

    allowed: bool
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


@dataclass
class RateLimiter:
    """A window for all requests of a key and another for its bulk calls.

    A window does not count what it refuses. The general one comes first: it has counted a bulk call
    that the other refuses.

    Args:
        requests: Requests in a window; None for any number.
        bulk: Bulk calls in a window, counted on top; None for any number.
        period: Length of a window in seconds.
        clock: The server's clock, seconds since 1970.
        retry_after: Whether a refusal says when to come back.
        headers: Whether answers carry the ``X-RateLimit`` headers.
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
        """Count a request of ``key``, in both windows if it is a bulk call, or refuse it."""
        with self._lock:
            now = self._now()
            windows = self._windows_of(key, bulk)
            for window in windows:
                if window.is_full(now):
                    self.refused += 1
                    return Verdict(False, self._refusal_headers(window))
                window.count(now)
            self.counted += 1
            # Of two windows Laravel tells of the one with less left.
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
        """``value`` rounded up: to the second, or to a millisecond in a scaled window."""
        if self.period >= WHOLE_SECONDS_FROM:
            return str(math.ceil(value))
        return f"{math.ceil(value * 1000) / 1000:.3f}"
