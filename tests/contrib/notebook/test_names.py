"""Labels of statuses are short, can be drawn, and are no two alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import rc_context
from matplotlib.font_manager import fontManager

from statuspro.contrib.notebook import _fonts
from statuspro.contrib.notebook._fonts import drawable, families_for
from statuspro.contrib.notebook._names import MOST, labels_of
from statuspro.contrib.notebook._texts import cells

#: Of a script in which nobody writes any more: hardly a machine has a font for it.
OLD = "\N{CUNEIFORM SIGN A}\N{CUNEIFORM SIGN AB}"


def texts(*names: object) -> list[str]:
    return labels_of(names, [f"st{number:06d}" for number in range(1, len(names) + 1)]).texts


@pytest.fixture
def old_font(tmp_path: Path) -> Iterator[str]:
    """An installed font for the old script."""
    pen = TTGlyphPen(None)
    for point in ((0, 0), (500, 0), (500, 500)):
        (pen.lineTo if point != (0, 0) else pen.moveTo)(point)
    pen.closePath()
    glyphs = {".notdef": TTGlyphPen(None).glyph(), "sign": pen.glyph()}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({ord(character): "sign" for character in OLD})
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Old Signs", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "old.ttf")
    fontManager.addfont(tmp_path / "old.ttf")
    _fonts._others.cache_clear()
    yield "Old Signs"
    fontManager.ttflist[:] = [each for each in fontManager.ttflist if each.name != "Old Signs"]
    _fonts._others.cache_clear()


def test_plain_names_stay_as_they_are() -> None:
    assert texts("Received", "In Production") == ["Received", "In Production"]


def test_names_alike_get_their_codes_also_where_they_are_alike_after_the_cut() -> None:
    begin = "Waits for the customer's answer about "
    assert texts("Held", "Sent", "Held") == ["Held (st000001)", "Sent", "Held (st000003)"]
    cut = texts(begin + "the veneer", begin + "the price")
    assert cut[0].endswith("… (st000001)")
    assert cut[1].endswith("… (st000002)")


def test_without_codes_a_number_tells_names_apart() -> None:
    assert labels_of(["Held", "Held"], [None, None]).texts == ["Held (1)", "Held (2)"]


def test_a_name_is_cut_to_columns() -> None:
    (wide,) = texts("Щ" * 100)
    assert cells(wide) == MOST


def test_formulas_are_none_and_what_steers_is_gone() -> None:
    assert texts("$x$ \x1b[1m\u202ey") == [r"\$x\$ y"]
    with rc_context({"text.parse_math": False}):
        assert texts("$x$") == ["$x$"]


def test_a_code_stands_for_a_name_that_no_font_has() -> None:
    assert texts(OLD, f"{OLD} A", "") == ["st000001", "st000002", "st000003"]
    assert labels_of([OLD], [None]).texts == ["status 1"]


def test_a_picture_that_no_font_has_is_left_out() -> None:
    assert texts("\N{DELIVERY TRUCK} On its way") == ["On its way"]


def test_another_installed_font_has_what_the_chosen_one_lacks(old_font: str) -> None:
    labels = labels_of([f"{OLD} A"], ["st000001"])
    assert labels.texts == [f"{OLD} A"]
    assert labels.families[-1] == old_font
    assert labels.families[0] == families_for(["A"])[0]


def test_the_chosen_fonts_alone_are_taken_where_they_have_all(old_font: str) -> None:
    assert old_font not in families_for(["In Production"])


def test_a_font_of_boxes_or_coloured_pictures_is_none_for_names(
    old_font: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_fonts, "_NOT_FOR_READING", (*_fonts._NOT_FOR_READING, "old"))
    assert old_font not in families_for([OLD])
    assert drawable(OLD, families_for([OLD])) is None


def test_the_readers_style_comes_first(old_font: str) -> None:
    with rc_context({"font.family": ["Not Installed", old_font]}):
        assert families_for([OLD]) == [old_font]
    with rc_context({"font.family": "Not Installed"}):
        assert families_for(["A"]) == ["DejaVu Sans"]
