"""Texts of the service lose what steers a page, a terminal or a drawing, and keep the rest."""

from __future__ import annotations

import pytest

from statuspro.contrib.notebook._texts import cells, lines, one_line, shortened


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  In \t Production \r\n now ", "In Production now"),
        ("\x1b[1;31mred\x1b[0m alert", "red alert"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;file:///etc\x1b\\link", "link"),
        ("a\u202ebc\u2066d", "a bc d"),
        ("bell\x07 nul\x00", "bell nul"),
        ("half \ud83d", "half \N{REPLACEMENT CHARACTER}"),
        ("製作中 Щукин مؤجل", "製作中 Щукин مؤجل"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # the joiner is a part of the word
        (None, ""),
        (3, ""),
    ],
)
def test_one_line_is_what_there_is_to_read(text: object, kept: str) -> None:
    assert one_line(text) == kept


def test_lines_stay_apart_and_blank_ones_go() -> None:
    assert lines(" one\r\n\r\n \x07\ntwo\u2028three ") == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("製作中", 6), ("e\u0301", 1), ("می\u200cخ", 3), ("", 0)]
)
def test_cells_are_columns(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("Production", 10, "Production"),
        ("Productions", 10, "Productio…"),
        ("In Production", 4, "In…"),
        ("製作中製作中", 7, "製作中…"),
        ("製作中製作中", 6, "製作…"),
    ],
)
def test_a_cut_text_is_no_wider_than_it_may_be(text: str, most: int, cut: str) -> None:
    assert shortened(text, most) == cut
    assert cells(cut) <= most
