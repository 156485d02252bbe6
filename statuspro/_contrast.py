"""Tells colours apart, as the accessibility guidelines of the web (WCAG 2) measure contrast."""

from __future__ import annotations

BLACK, WHITE = "#000000", "#ffffff"


def contrast(one: str, other: str) -> float:
    """Measures how well two colours can be told apart: from 1.0 to 21.0.

    Args:
        one: as `#rrggbb`.
        other: as `#rrggbb`.
    """
    darker, lighter = sorted([_luminance(one), _luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(ground: str) -> str:
    """Chooses black or white to write with on a colour."""
    return max(BLACK, WHITE, key=lambda ink: contrast(ink, ground))


def channels(color: str) -> tuple[int, int, int]:
    """Splits `#rrggbb` into red, green and blue, each from 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
