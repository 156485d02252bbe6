"""Shapes are seen and told apart, whatever colour a status has and whatever lies behind."""

from __future__ import annotations

import pytest

from statuspro._contrast import contrast, ink_on
from statuspro.contrib.notebook._colors import (
    EDGE,
    NEUTRAL,
    PAGES,
    are_alike,
    is_seen,
    mixed,
    outline,
    usable,
)
from statuspro.values import _COLORS

GROUNDS = ["#ffffff", "#000000", "#111111", "#eaeaf2", "#808080"]


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("color", [*_COLORS.values(), NEUTRAL])
def test_an_outline_is_seen_on_its_ground(color: str, ground: str) -> None:
    assert contrast(outline(color, [ground]), ground) >= 3
    assert outline(color, [ground]) != color or color == ink_on(ground)


@pytest.mark.parametrize("color", [*_COLORS.values(), NEUTRAL])
def test_an_outline_is_seen_on_light_and_dark_pages(color: str) -> None:
    assert is_seen(outline(color, PAGES), PAGES)


def test_an_outline_is_the_best_there_is_where_no_colour_is_seen_on_every_ground() -> None:
    assert outline("#ffffff", ["#ffffff", "#888888"]) == EDGE


@pytest.mark.parametrize("color", [None, 3, "", "no colour", "#12345", float("nan")])
def test_what_is_no_colour_is_neutral(color: object) -> None:
    assert usable(color) == NEUTRAL


def test_a_colour_is_usable_by_name_and_by_number() -> None:
    assert usable("amber") == usable("#F59E0B") == "#f59e0b"


def test_a_mixture_lies_between_its_colours() -> None:
    assert mixed("#000000", "#ffffff", 0.0) == "#000000"
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#000000", "#ff8000", 1.0) == "#ff8000"


def test_greys_are_alike_and_green_and_pink_are_not() -> None:
    assert are_alike(_COLORS["gray"], _COLORS["slate"])
    assert are_alike(_COLORS["pink"], _COLORS["pink"])
    assert not are_alike(_COLORS["green"], _COLORS["pink"])
