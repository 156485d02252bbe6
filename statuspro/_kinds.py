"""Tells of what kind a value is, in a way that type checkers follow.

Behind `isinstance` they take what a value without a type holds for unknown; here for `Any`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Tells whether a value is a mapping."""
    return isinstance(value, Mapping)


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Tells whether a value can be iterated over."""
    return isinstance(value, Iterable)


def is_iterator(value: object) -> TypeGuard[Iterator[Any]]:
    """Tells whether a value can be iterated over once."""
    return isinstance(value, Iterator)


def is_list_or_tuple(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Tells whether a value is a list or a tuple."""
    return isinstance(value, (list, tuple))


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Tells whether a value is a tuple."""
    return isinstance(value, tuple)
