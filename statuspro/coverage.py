"""Which positions of a moving list have been read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class _Stretch:
    """Positions read with no gap between them, and the list's length at either end's reading."""

    start: int
    end: int
    first_total: int | None
    last_total: int | None

    def reaches(self, other: _Stretch) -> bool:
        """Whether nothing can have slid through between this stretch and the one behind it.

        Where the length fell by n from the reading of one page to that of the next, n orders at the
        most moved up across the border between them, and none where it did not fall. Which of the
        two was read first makes no difference: read backwards, orders that arrive do what orders
        that leave do forwards.
        """
        return other.start <= max(0, self.end - _fall(self.last_total, other.first_total))

    def extend(self, other: _Stretch) -> None:
        """Takes in a stretch that it reaches."""
        if other.end >= self.end - _fall(self.last_total, other.last_total):
            self.end, self.last_total = other.end, other.last_total


class Coverage:
    """What has been read of a list whose length is told with every page.

    Args:
        end: positions before this one count as read.
    """

    def __init__(self, end: int = 0) -> None:
        self._base = _Stretch(0, end, None, None)
        self._islands: list[_Stretch] = []
        self._total: int | None = None

    @property
    def end(self) -> int:
        """Every position before this one has been read, as the list is now."""
        return max(0, self._base.end - _fall(self._base.last_total, self._total))

    def add(self, start: int, end: int, total: int | None) -> None:
        """Positions `start` to `end` were read, of a list of `total`."""
        self._total = total
        stretch = _Stretch(start, end, total, total)
        # By itself, and not as a part of an island it overlaps with: read again, those positions
        # may be what bridges the gap to the island.
        if self._base.reaches(stretch):
            self._base.extend(stretch)
        else:
            self._islands.append(stretch)
            self._islands.sort(key=lambda island: island.start)
        self._join()

    def has(self, start: int, end: int) -> bool:
        """Whether the positions were read, though perhaps not those before them."""
        return end <= self.end or any(i.start <= start and end <= i.end for i in self._islands)

    def _join(self) -> None:
        apart: list[_Stretch] = []
        for stretch in self._islands:
            last = apart[-1] if apart else self._base
            if last.reaches(stretch):
                last.extend(stretch)
            else:
                apart.append(stretch)
        self._islands = apart


def _fall(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else max(0, before - after)
