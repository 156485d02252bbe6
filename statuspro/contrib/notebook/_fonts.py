"""Fonts for names in any writing: what the chosen font lacks, another installed one may have."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

#: Comes with matplotlib, which takes it where none of the chosen fonts is installed.
_DEFAULT = "DejaVu Sans"

#: Families with many writings, on the usual systems: they are asked first.
_WIDE = (
    "Noto Sans CJK", "Arial Unicode", "Hiragino", "PingFang", "Microsoft YaHei", "Yu Gothic",
    "Malgun", "WenQuanYi", "Noto Sans", "Nirmala", "Segoe UI",
)  # fmt: skip

#: They have a box or a picture in colours for each character, and nothing that can be drawn.
_NOT_FOR_READING = ("last resort", "lastresort", "emoji")


def families_for(texts: Iterable[str]) -> list[str]:
    """Lists the font families with which to draw the texts, those of the reader's style first.

    Args:
        texts: what is to be drawn. Where no installed font has a character, none is added for it:
            see :func:`drawable`.
    """
    chosen = _chosen()
    missing = set("".join(texts)) - _characters(tuple(chosen))
    return chosen + list(_others(frozenset(missing))) if missing else chosen


def drawable(text: str, families: Sequence[str]) -> str | None:
    """Leaves out of a text what no font has, such as an emoji.

    Args:
        text: one line.
        families: of fonts, as :func:`families_for` lists them.

    Returns:
        The text; None where letters or digits are missing, or nothing is left to read.
    """
    known = _characters(tuple(families))
    kept = " ".join("".join(each for each in text if each in known).split())
    lacks_letters = any(each.isalnum() and each not in known for each in text)
    return kept if kept and not lacks_letters else None


def _chosen() -> list[str]:
    """The families of the reader's style; of a generic one such as `sans-serif` its members."""
    settings: Any = rcParams
    families: list[str] = []
    for family in FontProperties().get_family():
        families += settings.get(f"font.{family}", [family])
    installed = {each.name for each in fontManager.ttflist}
    return [each for each in dict.fromkeys(families) if each in installed] or [_DEFAULT]


@functools.lru_cache(maxsize=16)
def _characters(families: tuple[str, ...]) -> frozenset[str]:
    """The characters that one of the families has."""
    paths = (findfont(FontProperties(family=[family])) for family in families)
    return frozenset(chr(code) for path in paths for code in get_font(path).get_charmap())


@functools.lru_cache(maxsize=64)
def _others(missing: frozenset[str]) -> tuple[str, ...]:
    """Installed families that have the missing characters, or as many of them as there are."""
    found: list[str] = []
    while missing and (best := _best(missing)):
        family, its = best
        found.append(family)
        missing -= its
    return tuple(found)


def _best(missing: frozenset[str]) -> tuple[str, frozenset[str]] | None:
    """The family with the most of the missing characters; None where no family has any."""
    best: tuple[str, frozenset[str]] | None = None
    files = {each.name: each.fname for each in fontManager.ttflist if _is_for_reading(each.name)}
    for family in sorted(files, key=lambda name: not name.startswith(_WIDE)):
        # A charmap can have 60,000 entries: none is kept.
        its = missing & set(map(chr, get_font(files[family]).get_charmap()))
        if len(its) > len(best[1] if best else ()):
            best = family, its
        if its == missing:
            break
    return best


def _is_for_reading(family: str) -> bool:
    """Whether a family has letters to be read; a name with a dot is the system's own."""
    return not family.startswith(".") and not any(
        word in family.lower() for word in _NOT_FOR_READING
    )
