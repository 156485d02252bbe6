"""What a payload holds is read where it has its form, and is missing where it has another one."""

from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

import pytest

from statuspro._kinds import is_mapping
from statuspro._payload import color_of, moment_of, object_in, objects_in

ODD: list[Any] = [None, 3, "text", ["a"], True]


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_object_is_an_empty_one(value: Any) -> None:
    assert not is_mapping(value)
    assert object_in({"status": value}, "status") == {}


def test_any_mapping_is_an_object() -> None:
    status = MappingProxyType({"code": "st000002"})
    assert is_mapping(status)
    assert object_in({"status": status}, "status") is status
    assert object_in({}, "status") == {}


def test_of_an_array_the_objects_are_taken() -> None:
    assert objects_in({"history": [{"a": 1}, None, "b", {}]}, "history") == [{"a": 1}, {}]
    assert objects_in({"history": {"a": 1}}, "history") == []
    assert objects_in({}, "history") == []


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_moment_and_no_colour_is_missing(value: Any) -> None:
    assert moment_of(value) is None
    assert color_of(value) is None


def test_a_moment_and_a_colour_are_read() -> None:
    assert moment_of("2026-03-15T10:00:00Z") == datetime(2026, 3, 15, 10, tzinfo=timezone.utc)
    assert color_of("Amber") == "#f59e0b"
