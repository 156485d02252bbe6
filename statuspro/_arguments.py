"""Arguments: a wrong kind is a TypeError, a wrong value a ValueError, before anything is sent.

What comes out is of Python's own kinds, also where an enum's, numpy's or pandas' went in: requests
would write those in their own ways. None of these packages is imported for it.

The messages name the argument and the kind of what was given, never its value: that may be a
customer's.
"""

from __future__ import annotations

import datetime
import math
import operator
import os
import re
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from urllib3 import Timeout

from statuspro._kinds import is_iterable, is_list_or_tuple, is_mapping, is_tuple

#: The service takes no more ids in one bulk call.
MOST_IDS = 50

#: What the service trims from the ends of a text, as Laravel does.
TRIMMED = r"[\s\0\ufeff\u200b\u200e]"

#: A day, also as the service writes it: as its midnight in UTC.
# A pattern is compiled when it is first used: an import need not wait for that.
_DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T00:00:00(\.0{1,9})?(\+00:00|Z))?"


def wrong_kind(name: str, wanted: str, value: Any) -> TypeError:
    """Makes the error for a value of the wrong kind."""
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def _numpys_kind(value: Any) -> str | None:
    """The kind of a scalar of numpy's, such as `b` for a flag; None for anything else."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return kind if getattr(value, "ndim", None) == 0 else None


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or _numpys_kind(value) == "b"


def whole_number(name: str, value: Any, least: int) -> int:
    """A whole number (numpy's too, but no bool) of at least `least`."""
    if _is_bool(value):
        raise wrong_kind(name, "a whole number", value)
    try:
        number = operator.index(value)
    except TypeError:
        raise wrong_kind(name, "a whole number", value) from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}")
    return number


def seconds(name: str, value: Any) -> float:
    """A number of seconds (numpy's too), not negative; `inf` is one."""
    if not _is_number(value):
        raise wrong_kind(name, "a number of seconds", value)
    if math.isnan(value) or value < 0:
        raise ValueError(f"{name} must not be negative")
    return float(value)


def _is_number(value: Any) -> bool:
    is_numpys = _numpys_kind(value) in ("i", "u", "f")
    return is_numpys or (isinstance(value, (int, float)) and not isinstance(value, bool))


def timeout(name: str, value: Any) -> Any:
    """None, a number of seconds above 0, a (connect, read) pair of those, or urllib3's Timeout."""
    if value is None or isinstance(value, Timeout):
        return value
    parts = value if is_tuple(value) else (value,)
    if parts is value and len(parts) != 2:
        raise ValueError(f"{name} must be a number or a (connect, read) pair")
    for part in parts:
        if part is not None:
            _limited_seconds(name, part, "None waits for ever")
    return value


def deadline(name: str, value: Any) -> float | None:
    """None, or a number of seconds above 0."""
    return None if value is None else _limited_seconds(name, value, "None sets none")


def _limited_seconds(name: str, value: Any, otherwise: str) -> float:
    number = seconds(name, value)
    if not 0 < number <= threading.TIMEOUT_MAX:
        raise ValueError(f"{name} must be above 0 and finite ({otherwise})")
    return number


def flag(name: str, value: Any) -> bool:
    """Checks for True or False, numpy's too."""
    if not _is_bool(value):
        raise wrong_kind(name, "True or False", value)
    return bool(value)


def mapping(name: str, value: Any) -> Mapping[Any, Any]:
    """A mapping."""
    if not is_mapping(value):
        raise wrong_kind(name, "a mapping", value)
    return value


def text(name: str, value: Any) -> str:
    """A string that is not blank; a `str` enum counts by its value."""
    if not isinstance(value, str):
        raise wrong_kind(name, "a string", value)
    if re.fullmatch(f"{TRIMMED}*", value):
        raise ValueError(f"{name} must not be blank")
    return str.__str__(value)


def parameter(value: Any) -> Any:
    """A value as it goes into a query: a text by its value, a flag as the service takes it."""
    if _is_bool(value):
        return "true" if value else "false"  # requests would send True, which is refused
    return str.__str__(value) if isinstance(value, str) else value


def texts(name: str, value: Any) -> list[str]:
    """A list or tuple of strings, not empty: as a filter that would mean all orders."""
    if not is_list_or_tuple(value):
        raise wrong_kind(name, "a list or tuple of strings", value)
    if not value:
        raise ValueError(f"{name} must not be empty: leave it out to filter by nothing")
    return [text(f"each of {name}", item) for item in value]


def day(name: str, value: Any) -> str:
    """A date as `YYYY-MM-DD`.

    Args:
        name: of the argument.
        value: a `date`; a `datetime`, pandas' `Timestamp` or numpy's `datetime64` (its day); or a
            string, `YYYY-MM-DD` or midnight in UTC as the service writes it.
    """
    if _numpys_kind(value) == "M" and value == value:  # NaT equals nothing
        value = str(value)[:10]
    if isinstance(value, datetime.date) and value != value:  # pandas' NaT
        raise ValueError(f"{name} must be a day, and NaT is none")
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if not isinstance(value, str):
        raise wrong_kind(name, "a date or a string such as 2026-02-10", value)
    found = re.fullmatch(_DAY, value)
    with suppress(ValueError):
        if found is not None:
            return datetime.date.fromisoformat(found[1]).isoformat()
    raise ValueError(f"{name} must be a day such as 2026-02-10")


def path(name: str, value: Any) -> str:
    """The path of a file, as a string or an `os.PathLike`."""
    try:
        found = os.fsdecode(value)
    except TypeError:
        raise wrong_kind(name, "a path", value) from None
    if not found:
        raise ValueError(f"{name} must not be blank")
    return found


def order_id(value: Any) -> int:
    """Checks the id of an order: a positive whole number or a string of digits."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,30}", value):
            raise ValueError(
                "an order id must be a positive whole number; this str is not one. Is it the "
                "number of an order, such as #1188? find_order() finds an order by its number."
            )
        value = int(str.__str__(value))
    return whole_number("an order id", value, 1)


def order_ids(values: Any) -> list[int]:
    """Checks the ids of one bulk call: 1 to 50 of them."""
    ids = [order_id(value) for value in iterable_of_ids(values)]
    if not 1 <= len(ids) <= MOST_IDS:
        raise ValueError(f"order_ids must hold 1 to {MOST_IDS} ids, not {len(ids)}")
    return ids


def iterable_of_ids(values: Any) -> Iterable[Any]:
    """Checks for an iterable of ids; a string is none, nor is a mapping."""
    if not is_iterable(values) or isinstance(values, (str, bytes, Mapping)):
        raise wrong_kind("order_ids", "an iterable of order ids", values)
    return values
