"""RateLimit: how much the service allows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing_extensions import Self


# Not a dataclass: importing `dataclasses` takes more than half as long as all of this package.
class _Figures(NamedTuple):
    requests: int
    bulk: int
    period: float


class RateLimit(_Figures):
    """How much the service allows.

    Args:
        requests: requests of any kind in one period.
        bulk: bulk requests in one period; each is one of the requests too.
        period: seconds.

    Raises:
        TypeError: a figure is no number.
        ValueError: a figure is not above zero, or the period is not finite.
    """

    __slots__ = ()

    def __new__(cls, requests: int = 60, bulk: int = 5, period: float = 60.0) -> Self:
        """Checks the figures."""
        whole: dict[str, object] = {"requests": requests, "bulk": bulk}
        for name, value in whole.items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} must be an int, not {type(value).__name__}")
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        seconds: object = period
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise TypeError(f"period must be a number of seconds, not {type(period).__name__}")
        if not 0 < period < math.inf:
            raise ValueError(f"period must be above zero and finite, not {period}")
        return super().__new__(cls, requests, bulk, period)

    @classmethod
    def _make(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, iterable: Iterable[Any]
    ) -> Self:
        return cls(*iterable)  # `_replace` comes through here too
