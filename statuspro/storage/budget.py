"""What every rate budget has in common: its figures, a place in it, and how it is asked."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, Protocol

if TYPE_CHECKING:
    from dataclasses import Field

# A place is kept this much longer than the period: at 60 s a whole second, the service's tick.
MARGIN = 0.0175
_FOREVER = 1e9


class _Fields:
    """The fields of RateLimit as `dataclasses` knows them, made when somebody asks."""

    def __get__(self, instance: object, owner: type[Any]) -> dict[str, Field[Any]]:
        from dataclasses import fields, make_dataclass

        defaults = RateLimit()
        names = [(name, type(value), value) for name, value in vars(defaults).items()]
        return {field.name: field for field in fields(make_dataclass("RateLimit", names))}


class RateLimit:
    """How much the service allows: a frozen dataclass.

    Args:
        requests: requests of any kind in one period.
        bulk: bulk requests in one period; they count as requests as well.
        period: length of the period in seconds.

    Raises:
        TypeError: a figure is not a number.
        ValueError: a figure is not above zero, or the period is not finite.
    """

    # Written out: importing `dataclasses` takes more than half as long as all of this package. Its
    # functions (`replace`, `asdict`, ...) know a dataclass by this attribute.
    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    else:
        __dataclass_fields__ = _Fields()
    __match_args__ = ("requests", "bulk", "period")

    requests: int
    bulk: int
    period: float

    def __init__(self, requests: int = 60, bulk: int = 5, period: float = 60.0) -> None:
        _check_count("requests", requests)
        _check_count("bulk", bulk)
        _check_period(period)
        vars(self).update(requests=requests, bulk=bulk, period=period)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        self._refuse_change(name)

    def __delattr__(self, name: str) -> NoReturn:
        self._refuse_change(name)

    def _refuse_change(self, name: str) -> NoReturn:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"a {type(self).__name__} cannot be changed: {name}")

    def __replace__(self, **changes: Any) -> RateLimit:
        return RateLimit(**{**vars(self), **changes})

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.requests, self.bulk, self.period))

    def __repr__(self) -> str:
        figures = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({figures})"


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")


def _check_period(period: object) -> None:
    if isinstance(period, bool) or not isinstance(period, (int, float)):
        raise TypeError(f"period must be a number of seconds, not {type(period).__name__}")
    if not 0 < period < math.inf:
        raise ValueError(f"period must be above zero and finite, not {period}")


def span(limit: RateLimit) -> float:
    """Seconds for which a place is kept after its answer."""
    return limit.period * (1 + MARGIN)


def poll(limit: RateLimit) -> float:
    """Seconds after which to look again whether the request that was sent alone has ended."""
    return max(0.01, limit.period / 100)


def grace(limit: RateLimit) -> float:
    """Seconds that a waiting request may come late before its place in the queue is passed."""
    return 0.05 + limit.period / 60


def wait_for(limit: RateLimit, why: str, seconds: float) -> Wait:
    """A wait, and one sentence for a person: what for, and how long."""
    time = _readable(seconds)
    if why == "paused":
        reason = f"the service allows no more requests for now, trying again in {time}"
    elif why == "probe":
        reason = "the service refused a request, one goes alone to see if it is over"
    else:
        number, kind = (limit.bulk, "bulk ") if why == "bulk" else (limit.requests, "")
        noun, verb = ("request", "is") if number == 1 else ("requests", "are")
        per = "a minute" if limit.period == 60 else f"in {_readable(limit.period)}"
        reason = f"{number} {kind}{noun} {per} {verb} used, next slot in {time}"
    return Wait(seconds, f"rate limit: {reason}")


def _readable(seconds: float) -> str:
    if seconds >= 9.95:
        return f"{math.ceil(seconds - 0.05)} s"
    return f"{max(seconds, 0.01):.{1 if seconds >= 0.995 else 2}f}".rstrip("0").rstrip(".") + " s"


class Wait(NamedTuple):
    """Not yet.

    Attributes:
        seconds: until it is worth asking again, as far as known.
        reason: a short sentence for a person.
    """

    seconds: float
    reason: str


class Slot:
    """One attempt's place in a budget. What is inside belongs to the budget.

    Args:
        bulk: whether the attempt counts as a bulk request as well.
        lease: seconds that the attempt can take at the most. The place of a process that was killed
            is free again this long and a period after it was taken.
    """

    __slots__ = ("bulk", "lease", "local", "number", "pauses", "taken")

    def __init__(self, *, bulk: bool = False, lease: float = 60.0) -> None:
        self.bulk = bulk
        self.lease = min(lease, 3600.0)
        self.number = 0  # its place in the queue, 0 when it is neither waiting nor taken
        self.pauses = -1  # how many pauses there had been when it was taken
        self.taken = False
        self.local: Slot | None = None  # its twin in another budget


class Logger(Protocol):
    """What a budget asks of a logger."""

    def info(self, msg: str, /, *args: Any) -> Any:
        """Notes something."""

    def warning(self, msg: str, /, *args: Any) -> Any:
        """Notes something that a person should look at."""


class Budget(Protocol):
    """Who may send, and when. None of the methods sleeps."""

    def take(self, slot: Slot) -> Wait | None:
        """Takes a place, or queues for one: then call again after the wait.

        Returns:
            None when the request may be sent now.

        Raises:
            StatusProError: the budget cannot be reached; nothing may be sent.
        """

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a place that was not used after all."""

    def finish(self, slot: Slot) -> None:
        """The attempt has ended: from now on its place is kept for one more period."""

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        """The attempt was answered 429 (instead of `finish`); retry_after is in seconds."""

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        """The answer told how many requests remain, and in how many seconds they are renewed."""


def jittered(retry_after: float | None) -> float | None:
    """A pause a little longer than asked for, so that not everybody comes back at once."""
    if retry_after is None:
        return None
    return min(max(retry_after, 0.0), _FOREVER) * random.uniform(1.01, 1.05)
