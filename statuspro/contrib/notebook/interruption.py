"""What a reading had read when it was interrupted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager

import pandas as pd

#: Makes the frame of what was read.
_left: Callable[[], pd.DataFrame] | None = None


@contextmanager
def kept(read: Sized, frame: Callable[[], pd.DataFrame]) -> Iterator[None]:
    """Keeps what was read if the block raises, for :func:`read_so_far`.

    Args:
        read: what has been read so far.
        frame: makes a frame of it.
    """
    global _left
    try:
        yield
    except BaseException as error:
        if read:
            _left = frame
            if sys.version_info >= (3, 11):
                error.add_note(f"read_so_far() returns what was read before: {len(read)}.")
        raise
    _left = None


def read_so_far() -> pd.DataFrame:
    """Returns the frame of what was read by the call that was interrupted last.

    Ctrl-C, the stop button of a notebook or an error ends :func:`orders_frame`,
    :func:`history_frame` and :func:`sync`. What they had read by then is here until the next one
    of them comes to its end.

    Raises:
        LookupError: no call was interrupted since one came to its end, or it had read nothing.
    """
    if _left is None:
        raise LookupError("no call was interrupted, or it had read nothing")
    return _left()
