"""Ctrl-C at each line of the budgets."""

from __future__ import annotations

import itertools
import linecache
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


class Interruption:
    """A trace function that raises a KeyboardInterrupt at one line of the storages.

    Args:
        line: which of the lines that are run, from 1.
    """

    def __init__(self, line: int) -> None:
        self._left = line

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if "/statuspro/pacing/" not in frame.f_code.co_filename:
            return None
        # Python lets no signal in between the end of a `try` and the call in its `finally`.
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and "self.lock.release()" not in text and "SIM105" not in text:
            self._left -= 1
            if not self._left:
                raise KeyboardInterrupt
        return self


def interrupted_at_each_line(action: Callable[[], object]) -> Iterator[None]:
    """Runs `action` with an interrupt at the first line, then the second, until it gets through."""
    before = sys.gettrace()
    for line in itertools.count(1):
        sys.settrace(Interruption(line))
        try:
            action()
        except KeyboardInterrupt:
            pass
        else:
            return
        finally:
            sys.settrace(before)
        yield
