"""Bulk updates, which the service accepts at once and applies a moment later."""

from __future__ import annotations

import contextlib
import threading
from collections import deque

from .store import NotViableError, StatusChange, Store, UnknownOrderError


class BulkQueue:
    """Keeps bulk updates until a timer applies them. In the service a worker applies them."""

    def __init__(self, store: Store, delay: float = 0.05) -> None:
        self._store = store
        self._delay = delay
        self._jobs: deque[tuple[list[int], StatusChange]] = deque()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def put(self, order_ids: list[int], change: StatusChange) -> None:
        """Queues the change for these orders."""
        with self._lock:
            self._jobs.append((order_ids, change))
            if self._timer is None:
                self._timer = threading.Timer(self._delay, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Applies all queued changes, in order, and returns when they are applied."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            while self._jobs:
                self._apply(*self._jobs.popleft())

    def _apply(self, order_ids: list[int], change: StatusChange) -> None:
        for order_id in dict.fromkeys(order_ids):
            # The service skips an unknown id, and an order that cannot move to the status.
            with contextlib.suppress(UnknownOrderError, NotViableError):
                self._store.update_status(order_id, change, kind="bulk-status")
