"""Which positions of a moving list have been read.

The list's length comes with every page. Where it is n less than with the page before, n orders at
the most have moved up meanwhile; where it is n more, n at the most have moved down. Pages that are
under way together are answered in any order, so lengths that differ among them tell nothing: then
none of them counts as read.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class _Stretch(NamedTuple):
    """Positions read with no gap between them.

    `falls` and `rises` say when: by how much the list had become shorter and longer until then.
    """

    start: int
    end: int
    falls: int = 0
    rises: int = 0

    @property
    def reach(self) -> int:
        """The end, counted in positions of the list as it was in the beginning."""
        return self.end + self.falls

    def reaches(self, other: _Stretch) -> bool:
        """Whether no order can have slid through between this stretch and the one behind it.

        Orders slide forward past the border while the list falls, from our reading to the other's.
        Where the other was read first, they slid back past it while the list rose until ours.
        """
        slid = max(0, other.falls - self.falls, self.rises - other.rises)
        return other.start <= max(0, self.end - slid)


class Coverage:
    """What has been read of a list.

    Args:
        end: positions before this one count as read.
    """

    def __init__(self, end: int = 0) -> None:
        #: All from the first position on, what was read behind a gap, and what is beyond doubt.
        self._base = self._certain = _Stretch(0, end)
        self._islands: list[_Stretch] = []
        #: The base after each page that was under way together with one still to come.
        self._doubtful: deque[tuple[int, _Stretch]] = deque()
        self._pages = self._overlapping = 0
        #: By how much the list has become shorter and longer, all told.
        self.falls = self.rises = 0
        #: The least and the greatest length with which the list can have been left.
        self._lengths: tuple[int, int] | None = None
        self._is_still = True

    @property
    def end(self) -> int:
        """Every position before this one has been read, as the list is now."""
        return max(0, self._base.reach - self.falls)

    @property
    def is_calm(self) -> bool:
        """Whether there is no gap and the list did not move before the last page."""
        return self._is_still and not self._islands

    def add(self, start: int, end: int, total: int | None, asked: int) -> None:
        """Positions `start` to `end` were read; to be told in the order in which they were asked.

        Args:
            start: the first position.
            end: behind the last position.
            total: the list's length; None if it was not told, then nothing seems to move.
            asked: how many pages had been asked for when this one had come in.
        """
        self._pages += 1
        was_alone = self._overlapping < self._pages == asked
        self._overlapping = max(self._overlapping, asked)
        if total is not None:
            self._move(total, was_alone)
        if was_alone or self._is_still:
            self._join(_Stretch(start, end, self.falls, self.rises))
            self._doubtful.append((self._overlapping, self._base))
        else:
            self._base = self._certain
            self._islands.clear()
            self._doubtful.clear()
        while self._doubtful and self._doubtful[0][0] <= self._pages:
            self._certain = self._doubtful.popleft()[1]

    def _move(self, total: int, was_alone: bool) -> None:
        """Adds up by how much the list has moved, at the most."""
        least, greatest = self._lengths or (total, total)
        fall, rise = max(0, greatest - total), max(0, total - least)
        self._is_still = not fall and not rise
        if was_alone:
            self._lengths = (total, total)
        else:  # either may have been first: from the others to this one, or from this to the others
            self._lengths = (min(least, total), max(greatest, total))
            fall = rise = fall + rise
        self.falls += fall
        self.rises += rise

    def _join(self, read: _Stretch) -> None:
        apart: list[_Stretch] = []
        for stretch in sorted([*self._islands, read], key=lambda one: one.start):
            if not self._base.reaches(stretch):
                apart.append(stretch)
            elif stretch.reach >= self._base.reach:
                self._base = stretch._replace(start=0)
        self._islands = [island for island in apart if island.reach > self._base.reach]
