"""Contrast is what the web's guidelines say, and every colour has an ink that can be read on it."""

import pytest

from statuspro._contrast import channels, contrast, ink_on
from statuspro.values import _COLORS


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ff0000", "#ff0000", 1.0)],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize("color", [*_COLORS.values(), "#767676", "#9ca3af"])
def test_ink_is_read_on_every_colour(color: str) -> None:
    assert contrast(ink_on(color), color) >= 4.5


def test_a_colour_has_three_channels() -> None:
    assert channels("#0180ff") == (1, 128, 255)
