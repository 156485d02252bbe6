"""What a forked child opens anew, and what the forking thread holds meanwhile.

A socket that two processes read from hands one the other's response, and a lock that another thread
held at the moment of the fork is never released in the child.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Renewable(Protocol):
    """Something that a forked child cannot use as it is."""

    def renew_after_fork(self) -> None:
        """Replaces locks and connections, taking none of the old locks."""


#: Guards what a process opens once. A fork takes it before the lock of any `ForkSafe`.
lock = threading.RLock()
_renewables: weakref.WeakSet[Renewable] = weakref.WeakSet()
_held: list[ForkSafe] = []
_pid = os.getpid()


def renew_in_child(renewable: Renewable) -> None:
    """Has `renewable` renewed in every child that this process forks."""
    with lock:
        _renewables.add(renewable)


def check_fork() -> None:
    """Renews everything where the fork ran no hooks (some servers fork from C)."""
    if os.getpid() != _pid:
        _after_fork_in_child()


class ForkSafe:
    """Something with a lock that the forking thread takes before every fork.

    So no other thread is in the middle of a change, and connections can be closed that two
    processes must not share.
    """

    def __init__(self) -> None:
        # Reentrant: a signal handler that forks may interrupt the thread that holds it.
        self.lock = threading.RLock()
        renew_in_child(self)

    def __deepcopy__(self, memo: object) -> ForkSafe:
        return self  # the copy of a client goes on sharing its budget

    def before_fork(self) -> None:
        """Prepares for the fork, the lock held; runs in the parent."""

    def after_fork_in_child(self) -> None:
        """Puts the child's copy right; no other thread exists yet."""

    def renew_after_fork(self) -> None:
        """Replaces the lock and puts the child's copy right."""
        # A new lock rather than a released one: a fork without hooks has not taken the old one.
        self.lock = threading.RLock()
        self.after_fork_in_child()


def _before_fork() -> None:
    lock.acquire()
    for renewable in list(_renewables):
        if isinstance(renewable, ForkSafe):
            renewable.lock.acquire()
            _held.append(renewable)
            renewable.before_fork()


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop().lock.release()
    lock.release()


def _after_fork_in_child() -> None:
    global lock, _pid
    lock = threading.RLock()
    _held.clear()
    for renewable in list(_renewables):
        renewable.renew_after_fork()
    _pid = os.getpid()  # last: no other thread may go on before; one that renews again does no harm


if hasattr(os, "register_at_fork"):  # not on Windows, where no process forks
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
