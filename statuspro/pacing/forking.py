"""Locks that a forked child does not inherit held."""

from __future__ import annotations

import os
import threading
from weakref import WeakSet

from statuspro._forks import renew_in_child


class ForkSafe:
    """Something with a lock that is held across every fork of the process.

    A lock that another thread holds at the moment of the fork stays locked in the child for ever.
    So the forking thread takes all of them first: then nobody is in the middle of anything, and
    connections can be closed that two processes must not share.
    """

    def __init__(self) -> None:
        # Reentrant: a signal handler that forks may interrupt the thread that holds it.
        self.lock = threading.RLock()
        with registry.lock:
            registry.members.add(self)

    def __deepcopy__(self, memo: object) -> ForkSafe:
        return self  # who copies a client goes on sharing its budget

    def before_fork(self) -> None:
        """Prepares for the fork, the lock held; runs in the parent."""

    def after_fork_in_child(self) -> None:
        """Puts the child's copy right; no other thread exists yet."""


class _Registry:
    """Everything that is ForkSafe, behind one lock that is taken before all of theirs."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.members: WeakSet[ForkSafe] = WeakSet()
        self._held: list[ForkSafe] = []

    def before(self) -> None:
        self.lock.acquire()
        self._held = list(self.members)
        for member in self._held:
            member.lock.acquire()
            member.before_fork()

    def after_in_parent(self) -> None:
        for member in self._held:
            member.lock.release()
        self._held = []
        self.lock.release()

    def renew_after_fork(self) -> None:
        """Puts the child's copies right, also where the fork ran no hooks."""
        # New locks rather than released ones: nobody may have taken them before such a fork.
        self.lock = threading.RLock()
        self._held = []
        for member in list(self.members):
            member.lock = threading.RLock()
            member.after_fork_in_child()


registry = _Registry()
renew_in_child(registry)

if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(
        before=registry.before,
        after_in_parent=registry.after_in_parent,
    )
