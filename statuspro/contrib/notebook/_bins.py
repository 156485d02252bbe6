"""Days, weeks and months, into which the days of a plot are counted."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import pandas as pd

#: What a bin is called, pandas' word for it, and its days.
_BINS = {"D": ("day", "D", 1), "W": ("week", "W-MON", 7), "M": ("month", "MS", 30)}

#: How many bins a plot around today looks back and ahead.
_BACK, _FORWARD = 35, 56

#: The share of the orders that has to lie within: else the bins are longer.
_ENOUGH = 0.8

#: pandas' Series and Timestamp: by its own annotations they may be other things.
_Series: TypeAlias = Any
_Moment: TypeAlias = Any


class Bins:
    """Days, weeks from Monday, or months, into which days are counted.

    Args:
        freq: `D`, `W` or `M`.

    Attributes:
        word: what a bin is called.
        step: from one bin to the next, in pandas' word.
        length: of a bin, in days.
        label: of their axis.
    """

    def __init__(self, freq: Literal["D", "W", "M"]) -> None:
        self.freq = freq
        self.word, self.step, self.length = _BINS[freq]
        self.label = "weeks from Monday" if freq == "W" else ""

    @classmethod
    def around(cls, now: _Moment, days: _Series) -> Bins:
        """Chooses the shortest bins with which enough of the days lie near today."""
        for freq in ("D", "W"):
            bins = cls(freq)
            if bins.near(now, days).mean() >= _ENOUGH:
                return bins
        return cls("M")

    def near(self, now: _Moment, days: _Series) -> Any:
        """Tells which of the days a plot around today shows."""
        first, last = self.reach(now)
        return (days >= first) & (days <= last)

    def reach(self, now: _Moment) -> tuple[_Moment, _Moment]:
        """Finds the first and the last day that a plot around today shows."""
        length = pd.Timedelta(days=self.length)
        return now - _BACK * length, now + _FORWARD * length

    def begins(self, moments: _Series) -> _Series:
        """Finds the first day of the bin of each moment; these have no time zone."""
        days = moments.dt.normalize()
        if self.freq == "W":
            return days - pd.to_timedelta(days.dt.day_of_week, unit="D")
        return days - pd.to_timedelta(days.dt.day - 1, unit="D") if self.freq == "M" else days
