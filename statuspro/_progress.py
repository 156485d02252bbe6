"""How a long call tells how far it is: numbers in words, and where a line can be written over."""

from __future__ import annotations

import os
from typing import TextIO

#: Seconds between two lines where a line cannot be written over, as in a log.
BETWEEN_LINES = 60.0


def is_live(stream: TextIO) -> bool:
    """Tells whether a line of a stream can be written over: on a terminal that is not dumb."""
    return stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def counted(number: int, thing: str = "order") -> str:
    """Writes a number of things, such as `1 order` or `1,203 orders`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
