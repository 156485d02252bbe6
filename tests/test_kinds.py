"""The kinds of values are told as `isinstance` tells them, also of the kinds' own kinds."""

from __future__ import annotations

from collections import OrderedDict, UserDict
from typing import Any, NamedTuple

import pytest

from statuspro import _kinds


class Pair(NamedTuple):
    one: int
    two: int


KINDS: dict[str, tuple[Any, str]] = {
    "a dict": ({}, "is_mapping is_iterable"),
    "another mapping": (UserDict[str, int](), "is_mapping is_iterable"),
    "an ordered dict": (OrderedDict[str, int](), "is_mapping is_iterable"),
    "a list": ([], "is_list_or_tuple is_iterable"),
    "a tuple": ((), "is_list_or_tuple is_tuple is_iterable"),
    "a named tuple": (Pair(1, 2), "is_list_or_tuple is_tuple is_iterable"),
    "a generator": ((_ for _ in ()), "is_iterable is_iterator"),
    "a text": ("ab", "is_iterable"),
    "a number": (7, ""),
    "nothing": (None, ""),
}


@pytest.mark.parametrize(("value", "kinds"), KINDS.values(), ids=KINDS)
def test_a_value_is_of_these_kinds_and_no_other(value: Any, kinds: str) -> None:
    guards = {name for name in vars(_kinds) if name.startswith("is_")}
    assert {name for name in guards if getattr(_kinds, name)(value)} == {*kinds.split()}
