"""The names of statuses as labels of a plot: short, drawable, and no two alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import matplotlib as mpl

from statuspro.contrib.notebook._fonts import drawable, families_for
from statuspro.contrib.notebook._texts import one_line, shortened

#: Columns of text: no label takes more, its code apart.
MOST = 28


class Labels(NamedTuple):
    """What a plot writes beside its statuses.

    Attributes:
        texts: one for each status.
        families: the fonts to draw them with.
    """

    texts: list[str]
    families: list[str]


def labels_of(names: Sequence[object], codes: Sequence[object]) -> Labels:
    """Makes the labels of statuses from their names.

    A name that is too long is cut. Where two statuses would read alike, and where no font has the
    letters of a name, the code stands beside it or in its place.

    Args:
        names: of the statuses.
        codes: of the same statuses; None where it is not known.
    """
    cleaned = [one_line(name) for name in names]
    families = families_for(cleaned)
    drawn = [drawable(name, families) for name in cleaned]
    texts = [None if name is None else shortened(name, MOST) for name in drawn]
    times = Counter(texts)
    return Labels(
        [
            _escaped(_label(text, one_line(code), number, is_alone=times[text] == 1))
            for number, (text, code) in enumerate(zip(texts, codes, strict=True), 1)
        ],
        families,
    )


def _label(text: str | None, code: str, number: int, *, is_alone: bool) -> str:
    if text is None:
        return code or f"status {number}"
    return text if is_alone else f"{text} ({code or number})"


def _escaped(text: str) -> str:
    """A text in which no part between two `$` is taken for a formula."""
    return text.replace("$", r"\$") if mpl.rcParams["text.parse_math"] else text
