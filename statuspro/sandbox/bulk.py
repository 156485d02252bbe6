"""Bulk updates: accepted at once, applied a moment later."""

from __future__ import annotations

import contextlib
import threading
from collections import deque

from .store import NotViableError, StatusChange, Store, UnknownOrderError


class BulkQueue:
    """Jobs that wait for a timer, as the service lets them wait for a worker."""

    def __init__(self, store: Store, delay: float = 0.05) -> None:
        self._store = store
        self._delay = delay
        self._jobs: deque[tuple[list[int], StatusChange]] = deque()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def put(self, order_ids: list[int], change: StatusChange) -> None:
        """Queue the change for these orders."""
        with self._lock:
            self._jobs.append((order_ids, change))
            if self._timer is None:
                self._timer = threading.Timer(self._delay, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Apply all that is queued, in order, and return when it is applied."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            while self._jobs:
                self._apply(*self._jobs.popleft())

    def _apply(self, order_ids: list[int], change: StatusChange) -> None:
        for order_id in dict.fromkeys(order_ids):
            # An id that is unknown, or whose status may not change so, is passed over.
            with contextlib.suppress(UnknownOrderError, NotViableError):
                self._store.update_status(order_id, change, kind="bulk-status")
