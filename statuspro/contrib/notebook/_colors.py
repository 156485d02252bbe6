"""Colours of shapes that can be told from their ground and from each other."""

from __future__ import annotations

from collections.abc import Sequence

from statuspro._contrast import WHITE, channels, contrast, ink_on
from statuspro._payload import color_of

#: In place of a colour that is none.
NEUTRAL = "#9ca3af"

#: The grounds that a page may have, light or dark, and an edge that is seen on both.
PAGES, EDGE = (WHITE, "#111111"), "#808080"

#: What the accessibility guidelines of the web ask between a shape and its ground.
_LEAST_CONTRAST = 3.0

#: An outline is always a little off its shape, so that neighbours of one colour stay apart.
_LEAST_SHARE, _STEP = 0.2, 0.05

#: Steps of 256 in red, green and blue together.
_ALIKE = 30


def usable(color: object) -> str:
    """Turns a colour of the service into `#rrggbb`; what is no colour into a neutral one."""
    return color_of(color) or NEUTRAL


def mixed(color: str, other: str, share: float) -> str:
    """Mixes two colours; `share` is how much the other one has in it, from 0.0 to 1.0."""
    pairs = zip(channels(color), channels(other), strict=True)
    return "#" + "".join(f"{round(own + (its - own) * share):02x}" for own, its in pairs)


def outline(color: str, grounds: Sequence[str]) -> str:
    """Finds the outline that sets a shape off its ground: its own colour, darker or lighter.

    Args:
        color: of the shape.
        grounds: what the shape lies on; several where that is not known.
    """
    toward = ink_on(grounds[0]) if len(grounds) == 1 else EDGE
    share = _LEAST_SHARE
    while share < 1 and not is_seen(mixed(color, toward, share), grounds):
        share += _STEP
    return mixed(color, toward, min(share, 1.0))


def is_seen(color: str, grounds: Sequence[str]) -> bool:
    """Tells whether a shape of a colour can be told from each of these grounds."""
    return min(contrast(color, ground) for ground in grounds) >= _LEAST_CONTRAST


def are_alike(one: str, other: str) -> bool:
    """Tells whether two colours are hard to tell apart where they lie side by side."""
    pairs = zip(channels(one), channels(other), strict=True)
    return sum((its - others) ** 2 for its, others in pairs) < _ALIKE**2
