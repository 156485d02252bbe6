"""What a person reads on a terminal."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from statuspro.cli import drawing
from statuspro.cli.drawing import bar, order_due, table
from statuspro.cli.output import Column

COLUMNS = (
    Column("id", "id", is_cut=False),
    Column("name", "name"),
    Column("count", "count", align="right"),
    Column("note", "note", least_width=50),
)
RECORDS = [
    {"id": 6110375248088, "name": "李小龍 🎺 of the long name", "count": 7, "note": "of no use"},
    {"id": 7, "name": "Zoë", "count": 1234, "note": None},
]


@pytest.fixture(autouse=True)
def utf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "is_utf", lambda: True)


def drawn(renderable: Any, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as shown:
        console.print(renderable, crop=False)
    return shown.get().splitlines()


@pytest.mark.parametrize("width", [28, 30, 40, 50, 80, 1_000_000])
def test_a_table_is_as_wide_as_it_need_be_and_no_wider_than_the_window(width: int) -> None:
    lines = drawn(table(RECORDS, COLUMNS, width), width)
    assert len(lines) == 3
    assert len({cell_len(line) for line in lines}) == 1
    assert cell_len(lines[0]) <= min(width, 70)
    assert lines[1].startswith("6110375248088  ")
    assert ("NOTE" in lines[0]) is (width >= 50)
    assert ("of the long name" in lines[1]) is (width >= 80)
    assert lines[2].endswith(" 1234" if width < 50 else " ")


def test_a_window_for_ten_characters_is_no_error() -> None:
    assert len(drawn(table(RECORDS, COLUMNS, 10), 10)) == 3


def test_a_table_of_nothing_has_its_heading() -> None:
    assert drawn(table([], COLUMNS, 80), 80)[0].split() == ["ID", "NAME", "COUNT", "NOTE"]


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, ""), (1, "████████"), (0.5, "████"), (1 / 64, "▏"), (0.001, ""), (0.99, "███████▉")],
)
def test_a_bar_is_exact_to_an_eighth(share: float, shown: str) -> None:
    assert bar(share, 8, "").plain == shown


def test_a_bar_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "is_utf", lambda: False)
    assert bar(0.5, 8, "").plain == "####"


@pytest.mark.parametrize(
    ("first", "last", "drawn"),
    [
        (None, None, ""),
        ("2026-03-15", None, "2026-03-15"),
        (None, "2026-03-15", "2026-03-15"),
        ("2026-03-15", "2026-03-15", "2026-03-15"),
        ("2026-03-10", "2026-03-15", "2026-03-10\u201303-15"),
        ("2026-12-30", "2027-01-02", "2026-12-30\u20132027-01-02"),
        ("2026-03-14", None, "2026-03-14 !"),
        ("2026-03-12", "2026-03-14", "2026-03-12\u201303-14 !"),
    ],
)
def test_a_due_date_in_a_table(
    first: str | None, last: str | None, drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statuspro.cli.drawing.is_utf", lambda: True)
    text = order_due({"due_date": first, "due_date_to": last}, date(2026, 3, 15))
    assert text.plain == drawn
    assert (text.style == "red") is drawn.endswith("!")
