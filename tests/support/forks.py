"""Children that are forked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def runs_in_fork(action: Callable[[], object], *, seconds: float = 20.0) -> bool:
    """Whether a forked child gets through `action` in time."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.005)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return False
