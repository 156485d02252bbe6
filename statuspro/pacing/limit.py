"""RateLimit: what the service allows, as users say it.

Imported when somebody names it: `dataclasses` takes as long to import as the rest of this package.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True)
class RateLimit:
    """How much the service allows.

    Args:
        requests: requests of any kind in one period.
        bulk: bulk requests in one period; each is one of the requests too.
        period: seconds.

    Raises:
        TypeError: a figure is no number.
        ValueError: a figure is not above zero, or the period is not finite.
    """

    requests: int = 60
    bulk: int = 5
    period: float = 60.0

    def __post_init__(self) -> None:
        for name in ("requests", "bulk"):
            value: object = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} must be an int, not {type(value).__name__}")
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        period = cast("object", self.period)
        if isinstance(period, bool) or not isinstance(period, (int, float)):
            raise TypeError(f"period must be a number of seconds, not {type(period).__name__}")
        if not 0 < period < math.inf:
            raise ValueError(f"period must be above zero and finite, not {period}")
