"""Colours that can be told from their ground: contrast, outlines, and ink for a filled shape."""

from __future__ import annotations

from statuspro.values import hex_color

#: In place of a colour that is none.
NEUTRAL = "#9ca3af"

BLACK, WHITE = "#000000", "#ffffff"

#: What the accessibility guidelines of the web ask between a shape and its ground.
LEAST_CONTRAST = 3.0

#: An outline is always a little off its shape, so that neighbours of one colour stay apart.
_LEAST_SHARE, _STEP = 0.2, 0.05

#: Steps of 256 in red, green and blue together.
_ALIKE = 30


def usable(color: object) -> str:
    """Turns a colour of the service into `#rrggbb`; what is no colour into a neutral one."""
    return (hex_color(color) if isinstance(color, str) else None) or NEUTRAL


def contrast(one: str, other: str) -> float:
    """Measures how well two colours can be told apart: from 1.0 to 21.0.

    Args:
        one: as `#rrggbb`.
        other: as `#rrggbb`.
    """
    darker, lighter = sorted([_luminance(one), _luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def mixed(color: str, other: str, share: float) -> str:
    """Mixes two colours; `share` is how much the other one has in it, from 0.0 to 1.0."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(own + (its - own) * share):02x}" for own, its in pairs)


def ink_on(ground: str) -> str:
    """Chooses black or white to write with on a colour."""
    return max(BLACK, WHITE, key=lambda ink: contrast(ink, ground))


def outline(color: str, ground: str) -> str:
    """Finds the outline that sets a shape off its ground: its own colour, darker or lighter.

    Args:
        color: of the shape.
        ground: what the shape lies on.
    """
    toward = ink_on(ground)
    share = _LEAST_SHARE
    while contrast(mixed(color, toward, share), ground) < LEAST_CONTRAST:
        share += _STEP
    return mixed(color, toward, share)


def are_alike(one: str, other: str) -> bool:
    """Tells whether two colours are hard to tell apart where they lie side by side."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return sum((its - others) ** 2 for its, others in pairs) < _ALIKE**2


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
