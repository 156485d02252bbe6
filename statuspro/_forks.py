"""What a forked child must open anew.

A socket that two processes read from hands one the other's answer, and a lock that another thread
held at the moment of the fork is never released in the child.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """Something that a forked child cannot use as it is."""

    def renew_after_fork(self) -> None:
        """Replaces locks and connections, taking none of the old locks."""


_renewables: weakref.WeakSet[Renewable] = weakref.WeakSet()
_pid = os.getpid()


def renew_in_child(renewable: Renewable) -> None:
    """Has `renewable` renewed in every child that this process forks."""
    _renewables.add(renewable)


def check_fork() -> None:
    """Renews everything where the fork ran no hooks (some servers fork from C)."""
    if os.getpid() != _pid:
        _after_fork()


def _after_fork() -> None:
    global _pid
    for renewable in list(_renewables):
        renewable.renew_after_fork()
    _pid = os.getpid()  # last: no other thread may go on before; one that renews again does no harm


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
