"""The line that tells how far a synchronisation is."""

from __future__ import annotations

import shutil
import time
from datetime import datetime, timedelta
from typing import Any

from statuspro._progress import BETWEEN_LINES, counted, is_live
from statuspro.mirror import Sync

#: Seconds between two states of the line on a terminal.
_BETWEEN_STATES = 0.1

#: Goes to the beginning of the line and deletes it.
_DELETE = "\r\x1b[2K"


class Progress:
    """Tells how far a synchronisation is: on a terminal in one line, elsewhere a line a minute.

    Args:
        out: what the command writes to, as Django has wrapped it.
    """

    def __init__(self, out: Any) -> None:
        self._out = out
        self._is_live = is_live(out)
        self._is_shown = False
        self._sync: Sync | None = None
        self._requests = 0
        self._told_at = 0.0

    def begin(self, sync: Sync) -> None:
        """Tells of this synchronisation from now on."""
        self._sync, self._requests, self._told_at = sync, 0, time.monotonic()

    def count(self, *_: Any, **__: Any) -> None:
        """Counts a response: a hook of the client."""
        self._requests += 1
        self.tell()

    def tell(self) -> None:
        """Tells how far it is, unless that has been told just now."""
        pause = _BETWEEN_STATES if self._is_live else BETWEEN_LINES
        if time.monotonic() - self._told_at >= pause:
            self._write(self._so_far())

    def wait(self, seconds: float, reason: str) -> None:
        """Tells of a wait that begins now: the client's `on_wait`."""
        if self._is_live:
            until = datetime.now() + timedelta(seconds=seconds)
            waits = f"waiting until {until:%H:%M:%S}: {reason}"
            self._write(" · ".join(filter(None, [self._so_far(), waits])))
        elif time.monotonic() - self._told_at >= BETWEEN_LINES:
            so_far = self._so_far() or "Nothing read yet"
            self._write(f"{so_far}, waiting {seconds:.0f} s: {reason}")

    def pause(self, seconds: float) -> None:
        """Tells on a terminal when the next synchronisation begins."""
        if self._is_live:
            until = datetime.now() + timedelta(seconds=seconds)
            self._write(f"The next sync begins at {until:%H:%M}.")

    def hide(self) -> None:
        """Takes the line away, so that something else can be written."""
        if self._is_shown:
            self._out.write(_DELETE, str, ending="")
            self._out.flush()
            self._is_shown = False

    def _write(self, text: str) -> None:
        if not text:
            return
        self._told_at = time.monotonic()
        if self._is_live:
            width = shutil.get_terminal_size().columns - 1  # a full line would begin another one
            text, self._is_shown = f"{_DELETE}{text[:width]}", True
        self._out.write(text, str, ending="" if self._is_live else "\n")
        self._out.flush()

    def _so_far(self) -> str:
        if self._sync is None or self._sync.total is None:
            return ""
        done = f"{self._sync.done:,} of {self._sync.total:,} orders in step"
        return f"{done}, {counted(self._requests, 'request')}"
