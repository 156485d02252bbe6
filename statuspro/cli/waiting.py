"""The one line on standard error that tells of progress and counts a wait down."""

from __future__ import annotations

import sys
import threading
import time
from math import ceil
from typing import TYPE_CHECKING

from statuspro import _progress
from statuspro._progress import BETWEEN_LINES

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

#: Seconds. A shorter wait is not worth a line in a file.
_LEAST_WRITTEN = 1.0


class Line:
    """A line at the bottom of the terminal that each call of its methods writes anew.

    Where standard error is no terminal, a wait is a line of its own and progress is not told.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress = ""
        self._waits: dict[int, tuple[float, str]] = {}
        self._live: Live | None = None

    def tell(self, progress: str) -> None:
        """Shows how far the command has come, such as `120 of 500 orders`."""
        with self._lock:
            self._progress = progress
            self._show()

    def wait(self, seconds: float, reason: str) -> None:
        """Counts down a wait of this thread that begins now: a client's `on_wait`."""
        if not is_live():
            if seconds >= _LEAST_WRITTEN:
                print(f"Waiting {seconds:.0f} s: {reason}", file=sys.stderr, flush=True)
            return
        with self._lock:
            self._waits[threading.get_ident()] = time.monotonic() + seconds, reason
            self._show()

    def waited(self) -> None:
        """Ends the countdown of this thread."""
        with self._lock:
            if self._waits.pop(threading.get_ident(), None) and not self._waits:
                if self._progress:
                    self._show()
                else:
                    self._stop()

    def hide(self) -> None:
        """Takes the line away, so that something else can be written."""
        with self._lock:
            self._progress = ""
            self._waits.clear()
            self._stop()

    def _show(self) -> None:
        if not is_live():
            return
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                console=Console(file=sys.stderr),
                get_renderable=self._text,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.refresh()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _text(self) -> Text:
        from rich.text import Text

        parts = [self._progress] if self._progress else []
        waits = list(self._waits.values())
        if waits:
            until, reason = max(waits)
            parts.append(f"waiting {max(ceil(until - time.monotonic()), 0)} s: {reason}")
        text = " · ".join(parts)
        return Text(text[:1].upper() + text[1:], style="dim", no_wrap=True, overflow="ellipsis")


#: The line of this process.
line = Line()


class Progress:
    """Tells how far a long command has come: on the line, or in a line a minute elsewhere."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def tell(self, progress: str) -> None:
        """Tells how far the command has come, such as `120 of 500 orders`."""
        if is_live():
            line.tell(progress)
        elif time.monotonic() - self._told_at >= BETWEEN_LINES:
            self._told_at = time.monotonic()
            print(progress, file=sys.stderr, flush=True)


def is_live() -> bool:
    """Tells whether a line on standard error can be written over."""
    return _progress.is_live(sys.stderr)
