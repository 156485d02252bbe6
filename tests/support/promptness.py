"""Bounds on time that hold on a busy machine too."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds of each of the sleeps that show how busy the machine is.
_NAP = 0.01

#: What is waited for takes several threads, one after the other, and each of them is late.
_THREADS = 3

# Some tests set other clocks.
_now, _sleep = time.monotonic, time.sleep


class _Lateness:
    """A thread that sleeps again and again, and adds up by how much it was woken late."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._is_over = False
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._is_over = True
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over:
            began = _now()
            _sleep(_NAP)
            self.seconds += _now() - began - _NAP


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Asserts that the block takes less than so many seconds.

    The block has more time on a busy machine: several times as much as the machine has left a
    thread without a processor meanwhile. On a quiet one that is nothing.
    """
    began, lateness = _now(), _Lateness()
    try:
        yield
        took = _now() - began
    finally:
        lateness.end()
    late = _THREADS * lateness.seconds
    assert took < seconds + late, f"{took:.3f} s, where {seconds:g} s and {late:.3f} s are allowed"
