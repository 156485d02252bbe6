"""A sandbox in a process of its own, where things go wrong at random: `python -m … SEED ORDERS`."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable

from statuspro.sandbox import Sandbox
from statuspro.sandbox.messages import Record

#: How many of the requests meet a fault.
SHARE_OF_FAULTS = 0.06

#: How many requests see an order arrive, or one that arrived leave.
SHARE_OF_MOVES = 0.002

#: Seconds; beyond the timeout of the clients.
SILENCE = 1.5

Fault = Callable[[Sandbox, str, str], None]

FAULTS: list[Fault] = [
    lambda s, method, path: s.fail(500, method=method, path=path),
    lambda s, method, path: s.fail(502, method=method, path=path),
    lambda s, method, path: s.fail(503, method=method, path=path, retry_after=0.1),
    lambda s, method, path: s.fail(504, method=method, path=path),
    lambda s, method, path: s.fail(429, method=method, path=path),
    lambda s, method, path: s.fail(429, method=method, path=path, retry_after=0.1),
    lambda s, method, path: s.fail_after(500, method=method, path=path),
    lambda s, method, path: s.fail_after(503, method=method, path=path),
    lambda s, method, path: s.slow(0.05, method=method, path=path),
    lambda s, method, path: s.slow(SILENCE, method=method, path=path),
    lambda s, method, path: s.stall(SILENCE, method=method, path=path),
    lambda s, method, path: s.drop(method=method, path=path),
    lambda s, method, path: s.drop(method=method, path=path, applied=True),
    lambda s, method, path: s.cut(method=method, path=path),
    lambda s, method, path: s.html(method=method, path=path),
    lambda s, method, path: s.html(method=method, path=path, applied=True),
    lambda s, method, path: s.html(method=method, path=path, status=503),
    lambda s, method, path: s.raw(b"\x15\x03\x01\x00\x02\x02\x46", method=method, path=path),
]


class Trouble:
    """What goes wrong, and how the list moves."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self._sandbox = sandbox
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._arrived: list[int] = []

    def __call__(self, record: Record) -> None:
        with self._lock:
            if self._random.random() < SHARE_OF_FAULTS:
                self._random.choice(FAULTS)(self._sandbox, record.method, record.path)
            if self._random.random() < SHARE_OF_MOVES:
                self._move()
            if len(self._sandbox.requests) > 1000:
                self._sandbox.requests.clear()

    def _move(self) -> None:
        if len(self._arrived) > 20 or (self._arrived and self._random.random() < 0.4):
            self._sandbox.remove_order(self._arrived.pop(0))
        else:
            self._arrived.append(self._sandbox.add_order())


def serve(seed: int, orders: int) -> None:
    """Serves until the standard input ends."""
    with Sandbox(orders=orders, seed=seed, enforce_viable=False) as sandbox:
        print(sandbox.base_url, sandbox.api_key, flush=True)
        trouble = Trouble(sandbox, seed)
        for line in sys.stdin:
            sandbox.on_request = trouble if line.strip() == "trouble" else None
            sandbox.clear_faults()
            print("ok", flush=True)


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
