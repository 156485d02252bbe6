"""Laravel's validator, as far as the service needs it: the rules and the words of a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

from statuspro._json import is_array, is_object

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,18})", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TRIMMED = re.compile(r"\A[\s\0\ufeff\u200b\u200e]+|[\s\0\ufeff\u200b\u200e]+\Z")

#: PHP writes larger floats with an exponent, and does not take those for integers.
_LARGEST_PLAIN_FLOAT = 1e15


class InvalidError(Exception):
    """The service refuses the request's values. `errors` lists the reasons by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors

    @property
    def message(self) -> str:
        """The first reason, and the number of further ones."""
        reasons = [reason for reasons in self.errors.values() for reason in reasons]
        more = len(reasons) - 1
        if not more:
            return reasons[0]
        return f"{reasons[0]} (and {more} more error{'s' if more > 1 else ''})"

    def as_json(self) -> dict[str, Any]:
        """Returns the body of the response that refuses the request."""
        return {"message": self.message, "errors": self.errors}


@dataclass(frozen=True)
class Rule:
    """A test for a value, and the reason for a refusal. `{}` in the reason stands for the field.

    Attributes:
        passes: tells whether a value passes.
        reason: the reason for a refusal.
        asks_database: whether the rule asks the database. Laravel asks the database only for a
            value that has passed the rules before.
    """

    passes: Callable[[object], bool]
    reason: str
    asks_database: bool = False


class Validator:
    """Checks one request's values field by field, and collects all refusals.

    Args:
        values: the request's input, as `received` returns it.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.errors: dict[str, list[str]] = {}

    def check(self, name: str, *rules: Rule, nullable: bool = False) -> Any:
        """Checks a field that may be missing, and returns its value; None for a missing field."""
        if name not in self.values or (nullable and self.values[name] is None):
            return None
        self._apply(name, self.values[name], rules)
        return self.values[name]

    def require(self, name: str, *rules: Rule) -> Any:
        """Checks a field that must be there and be neither null nor empty. Returns its value."""
        if self.values.get(name) in (None, [], {}):
            self._refuse(name, "The {} field is required.")
            return None
        return self.check(name, *rules)

    def require_present(self, name: str, *rules: Rule) -> Any:
        """Checks a field that must be there and may be null. Returns its value."""
        if name not in self.values:
            self._refuse(name, "The {} field must be present.")
        return self.check(name, *rules, nullable=True)

    def check_each(self, name: str, *rules: Rule) -> list[Any]:
        """Checks and returns the items of an array. A missing array has no items."""
        items = list(_items(self.values.get(name)))
        for key, item in items:
            self._apply(f"{name}.{key}", item, rules)
        return [item for _, item in items]

    def done(self) -> None:
        """Ends the check.

        Raises:
            InvalidError: a rule has refused a value.
        """
        if self.errors:
            raise InvalidError(self.errors)

    def _apply(self, name: str, value: Any, rules: tuple[Rule, ...]) -> None:
        for rule in rules:
            if not (rule.asks_database and name in self.errors) and not rule.passes(value):
                self._refuse(name, rule.reason)

    def _refuse(self, name: str, reason: str) -> None:
        # Laravel shows the field of an array's item unchanged.
        shown = name if "." in name else name.replace("_", " ")
        self.errors.setdefault(name, []).append(reason.format(shown))


def received(value: Any) -> Any:
    """Prepares input as Laravel does: trims texts at both ends, and turns empty texts into null."""
    if isinstance(value, str):
        return _TRIMMED.sub("", value) or None
    if is_object(value):
        return {name: received(item) for name, item in value.items()}
    if is_array(value):
        return [received(item) for item in value]
    return value


def to_integer(value: object) -> int | None:
    """Returns the integer that PHP reads in a value; None if PHP reads none."""
    if isinstance(value, bool):
        return 1 if value else None
    if isinstance(value, float):
        value = f"{value:.0f}" if value.is_integer() and abs(value) < _LARGEST_PLAIN_FLOAT else None
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def is_date(value: object) -> TypeGuard[str]:
    """Tells whether `value` is a day of the calendar, written `YYYY-MM-DD`."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_boolean(value: object) -> bool:
    return (
        isinstance(value, bool) or (type(value) is int and value in (0, 1)) or value in ("0", "1")
    )


STRING = Rule(lambda value: isinstance(value, str), "The {} field must be a string.")
BOOLEAN = Rule(_is_boolean, "The {} field must be true or false.")
INTEGER = Rule(lambda value: to_integer(value) is not None, "The {} field must be an integer.")
ARRAY = Rule(lambda value: is_array(value) or is_object(value), "The {} field must be an array.")
DATE = Rule(is_date, "The {} field must match the format Y-m-d.")
EMAIL = Rule(
    lambda value: isinstance(value, str) and _EMAIL.fullmatch(value) is not None,
    "The {} field must be a valid email address.",
)


def one_of(allowed: Collection[str]) -> Rule:
    """Makes a rule: the value is one of these texts."""
    return Rule(lambda value: value in allowed, "The selected {} is invalid.")


def known(keys: Collection[str]) -> Rule:
    """Makes a rule: the value is the key of a row in the database."""
    return Rule(lambda value: value in keys, "The selected {} is invalid.", asks_database=True)


def not_before(other: object, name: str) -> Rule:
    """Makes a rule: the day is not before the day of another field, if that field has one."""
    return Rule(
        lambda value: other is None or (is_date(value) and is_date(other) and value >= other),
        f"The {{}} field must be a date after or equal to {name.replace('_', ' ')}.",
    )


def characters(least: int, most: int) -> tuple[Rule, ...]:
    """Makes the rules for a text of `least` to `most` characters."""
    return _sizes(_size, least, most, " characters")


def exactly(count: int) -> Rule:
    """Makes a rule: the text has exactly `count` characters."""
    return Rule(lambda value: _size(value) == count, f"The {{}} field must be {count} characters.")


def items(least: int, most: int) -> tuple[Rule, ...]:
    """Makes the rules for an array of `least` to `most` items."""
    return (
        Rule(
            lambda value: _size(value) >= least, f"The {{}} field must have at least {least} items."
        ),
        Rule(
            lambda value: _size(value) <= most,
            f"The {{}} field must not have more than {most} items.",
        ),
    )


def between(least: int, most: int | None = None) -> tuple[Rule, ...]:
    """Makes the rules for a number from `least` to `most`, both included."""
    return _sizes(_number, least, most, "")


def _sizes(
    size: Callable[[object], float], least: int, most: int | None, unit: str
) -> tuple[Rule, ...]:
    rules = [
        Rule(lambda value: size(value) >= least, f"The {{}} field must be at least {least}{unit}.")
    ]
    if most is not None:
        reason = f"The {{}} field must not be greater than {most}{unit}."
        rules.append(Rule(lambda value: size(value) <= most, reason))
    return tuple(rules)


def _number(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return _size(value)


def _size(value: object) -> int:
    """Returns a value's size: the number of items, or of characters in PHP's text for the value."""
    if is_array(value) or is_object(value):
        return len(value)
    if value is None or value is False:
        return 0
    return 1 if value is True else len(str(value))


def _items(value: object) -> Iterator[tuple[object, Any]]:
    if is_object(value):
        yield from value.items()
    elif is_array(value):
        yield from enumerate(value)
