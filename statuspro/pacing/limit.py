"""RateLimit: how much the service allows; also as a setting writes it."""

# pyright: reportIncompatibleMethodOverride=false
# NamedTuple has `_make` final, but what it makes has to be checked too.

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from statuspro import _arguments
from statuspro.errors import ConfigurationError

# A pattern is compiled when it is first used: an import need not wait for that.
_SETTING = r"([0-9]+)(?:/([0-9]+)(?:/([0-9]+(?:\.[0-9]+)?))?)?"


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

    def __new__(cls, requests: int = 60, bulk: int = 5, period: float = 60.0) -> RateLimit:
        """Checks the figures."""
        requests = _arguments.whole_number("requests", requests, 1)
        bulk = _arguments.whole_number("bulk", bulk, 1)
        period = _arguments.seconds("period", period)
        if not 0 < period < math.inf:
            raise ValueError(f"period must be above zero and finite, not {period}")
        return super().__new__(cls, requests, bulk, period)

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> RateLimit:  # type: ignore[override]
        return cls(*iterable)  # `_replace` comes through here too


def limit_in(name: str, text: str) -> RateLimit | None:
    """Reads the figures as a setting writes them: `60/5/60`, of which the end may be left out.

    Args:
        name: of the setting.
        text: its value; `none`, in whatever case, for no pacing.

    Raises:
        ConfigurationError: it is nothing of that.
    """
    text = text.strip()
    if text.lower() == "none":
        return None
    found = re.fullmatch(_SETTING, text)
    try:
        if found is None:
            raise ValueError
        requests, bulk, period = found.groups()
        return RateLimit(int(requests), int(bulk or 5), float(period or 60))
    except ValueError:
        wanted = "REQUESTS/BULK/SECONDS, all above zero, such as 60/5/60; or none, for no pacing"
        raise ConfigurationError(f"{name} must be {wanted}.") from None
