"""A lock on a file that one process holds at a time, and that dies with it."""

from __future__ import annotations

import os
import sys

from statuspro import _forks

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


#: On Windows a byte is locked that no file reaches: no process could read a locked one.
_LOCKED_BYTE = 2**30

if sys.platform == "win32":

    def lock(descriptor: int) -> None:
        """Locks an open file, as its namesake does on other systems."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

    def unlock(descriptor: int) -> None:
        """Does nothing: closing the file unlocks it."""

else:

    def lock(descriptor: int) -> None:
        """Locks an open file; the system unlocks it when the process ends, however it ends.

        Raises:
            BlockingIOError: another process or thread holds the lock.
            OSError: the file system knows no locks.
        """
        # Not lockf: its lock ends when the process closes the file a second time.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(descriptor: int) -> None:
        """Unlocks the file, also where a child that is being forked now has it open too."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class FileLock:
    """A lock that never waits. The file stays: to remove it would let two processes hold it.

    Args:
        path: of the file. It is made, readable by its owner alone, where there is none.
    """

    _descriptor: int | None = None

    def __init__(self, path: str) -> None:
        self._path = path
        _forks.renew_in_child(self)

    def acquire(self) -> bool:
        """Takes the lock; False where another process or thread holds it.

        Raises:
            OSError: the file cannot be made, or its file system knows no locks.
        """
        if self._descriptor is not None:
            return False
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock(self._descriptor)
        except BaseException as error:
            self.release()
            if isinstance(error, BlockingIOError):
                return False
            raise
        return True

    def release(self) -> None:
        """Gives the lock back, if this process holds it."""
        _forks.check_fork()  # a child that was forked unnoticed would unlock its parent's
        descriptor = self._descriptor
        if descriptor is None:
            return
        # In an order in which a Ctrl-C anywhere leaves nothing locked.
        try:
            unlock(descriptor)
        finally:
            self._descriptor = None
            os.close(descriptor)

    __del__ = release

    def renew_after_fork(self) -> None:
        """Leaves the lock to the parent: a child closes its copy and unlocks nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
