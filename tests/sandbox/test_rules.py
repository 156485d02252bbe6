"""Laravel's validator: what it hands on, what passes, and what it sees in a value."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from statuspro.sandbox.rules import is_date, received, to_integer


@pytest.mark.parametrize("text", ["2024-02-29", "0001-01-01", date.max.isoformat()])
def test_dates(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize(
    "text", ["", "2025-02-29", "20240229", "2024-2-9", "2024-02-29 ", "٢٠٢٤-٠٢-٢٩"]
)
def test_not_dates(text: str) -> None:
    assert not is_date(text)


@pytest.mark.parametrize(
    ("value", "handed_on"),
    [
        (" a b ", "a b"),
        ("\ufeff\u200b\u200e\u00a0\0\t\r\na\n\ufeff", "a"),
        ("a\ufeffb", "a\ufeffb"),
        ("", None),
        ("\u200b", None),
        ({"a": [" b ", {"c": ""}], "d": 1}, {"a": ["b", {"c": None}], "d": 1}),
        ([True, 0, None, 1.5], [True, 0, None, 1.5]),
    ],
)
def test_texts_are_trimmed_and_empty_ones_are_null(value: Any, handed_on: Any) -> None:
    assert received(value) == handed_on


@pytest.mark.parametrize(
    ("value", "integer"),
    [
        *((7, 7), (-7, -7), ("7", 7), ("-7", -7), ("+7", 7), ("0", 0), (7.0, 7), (True, 1)),
        *((2**63 - 1, 2**63 - 1), (str(2**63 - 1), 2**63 - 1), (-(2**63), -(2**63))),
        *((2**63, None), (str(2**63), None), ("9" * 40, None), (1e15, None), (1.5, None)),
        *(("07", None), ("7.0", None), ("7e2", None), ("", None), ("٧", None), ("x", None)),
        *((False, None), (None, None), ([7], None), ({}, None), (float("nan"), None)),
    ],
)
def test_what_php_takes_for_an_integer(value: Any, integer: int | None) -> None:
    assert to_integer(value) == integer
    assert type(to_integer(value)) is type(integer)
