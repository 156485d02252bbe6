"""Texts of the service without what would steer a page, a terminal or a drawing."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

#: Control characters, of which escape sequences are made, and those that turn the writing around.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")

#: Escape sequences as a whole: without their first character the rest would be left to read.
_SEQUENCES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\|\x9c)", re.S)

#: Halves of a character, which no encoding has.
_HALVES = re.compile(r"[\ud800-\udfff]")


def one_line(text: object) -> str:
    """Makes one line of a text; what is no text becomes an empty one."""
    return " ".join(lines(text))


def lines(text: object) -> list[str]:
    """Splits a text into its lines, without blank ones."""
    given = _SEQUENCES.sub("", text) if isinstance(text, str) else ""
    given = _HALVES.sub("\N{REPLACEMENT CHARACTER}", given)
    split = [" ".join(_STEERING.sub(" ", line).split()) for line in given.strip().splitlines()]
    return [line for line in split if line]


def cells(text: str) -> int:
    """Counts the columns that a text takes; wide characters take two, marks take none."""
    return sum(_cells_of(character) for character in text)


def shortened(text: str, most: int) -> str:
    """Cuts a text to so many columns, with an ellipsis where something was cut."""
    if cells(text) <= most:
        return text
    taken = zip(text, accumulate(map(_cells_of, text)), strict=True)
    kept = "".join(character for character, columns in taken if columns < most)
    return kept.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
