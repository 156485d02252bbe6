"""A pipe as standard output: what the process at its other end has read of it."""

from __future__ import annotations

import os
import select
import stat
import sys
import time

#: Milliseconds in which a reader that has seen enough has left.
_GRACE = 50

#: Seconds between two looks.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.00002, 0.02


def check_for_reader() -> None:
    """Sees whether the reader of a pipe has left, such as `head`, before more is asked for.

    Raises:
        BrokenPipeError: the reader has left. It ends the command quietly.
    """
    pipe = _pipe()
    if pipe is not None and hasattr(select, "poll"):  # not on Windows
        leaving = select.poll()
        leaving.register(pipe, 0)
        if leaving.poll(_GRACE):
            raise BrokenPipeError


def wait_for_reader() -> None:
    """Waits until all that was written to standard output has been read, if that is a pipe.

    So what the reading process leaves unread, as `head` does, is known not to have been shown.
    Where the system does not tell, it does not wait.

    Raises:
        BrokenPipeError: the reading process has left, and not read all.
    """
    pipe = _pipe()
    if pipe is None or not _count_unread(pipe):
        return
    poll = select.poll()
    poll.register(pipe, 0)  # which tells of errors alone: the reader has left
    pause = _FIRST_PAUSE
    while _count_unread(pipe):
        if poll.poll(0) and _count_unread(pipe):
            raise BrokenPipeError
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _pipe() -> int | None:
    """The number of standard output, if it is a pipe."""
    try:
        number = sys.stdout.fileno()
        return number if stat.S_ISFIFO(os.fstat(number).st_mode) else None
    except (OSError, ValueError):  # a stream of no file, or a closed one
        return None


def _count_unread(pipe: int) -> int:
    """How many bytes are in the pipe; 0 where the system does not tell."""
    try:
        import fcntl
        import termios
    except ImportError:  # Windows
        return 0
    try:
        told = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(told, sys.byteorder)
