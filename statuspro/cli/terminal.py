"""Text for a terminal: colours where the terminal shows them, plain text everywhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TextIO

#: The colour names of the service's catalogue, as red, green and blue.
_NAMED = {
    "gray": (107, 114, 128),
    "red": (239, 68, 68),
    "orange": (249, 115, 22),
    "amber": (245, 158, 11),
    "yellow": (234, 179, 8),
    "green": (16, 185, 129),
    "teal": (20, 184, 166),
    "blue": (59, 130, 246),
    "indigo": (99, 102, 241),
    "purple": (139, 92, 246),
    "pink": (236, 72, 153),
}


class Terminal:
    """Writes the output of a command.

    Args:
        out: the stream. If it is no terminal, no control characters are written.
        environ: the environment. `NO_COLOR` (not empty) and `TERM=dumb` switch the colours off.
            `COLORTERM` says whether the terminal has more than 256 colours.
    """

    def __init__(self, out: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._out = out
        self.is_live = out.isatty() and environ.get("TERM") != "dumb"
        self.has_colour = self.is_live and not environ.get("NO_COLOR")
        self._has_all_colours = environ.get("COLORTERM") in ("truecolor", "24bit")
        self._overwritten = 0

    def line(self, text: str = "") -> None:
        """Writes one line."""
        self._out.write(self._over(text) + "\n")
        self._out.flush()

    def counter(self, text: str) -> None:
        """Overwrites the last counter; writes nothing where no line can be overwritten."""
        if self.is_live:
            self._out.write(self._over(text))
            self._overwritten = len(text)
            self._out.flush()

    def bold(self, text: str) -> str:
        """Returns the text in bold."""
        return self._styled("1", text)

    def dim(self, text: str) -> str:
        """Returns the text in a fainter colour."""
        return self._styled("2", text)

    def coloured(self, text: str, color: str | None) -> str:
        """Returns the text in a colour of the service: a name such as `pink`, or `#rrggbb`."""
        rgb = _rgb(color or "")
        if rgb is None:
            return text
        if self._has_all_colours:
            return self._styled("38;2;" + ";".join(map(str, rgb)), text)
        return self._styled(f"38;5;{_cube_index(*rgb)}", text)

    def _styled(self, style: str, text: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self.has_colour else text

    def _over(self, text: str) -> str:
        if not self._overwritten:
            return text
        blank = " " * self._overwritten
        self._overwritten = 0
        return f"\r{blank}\r{text}"


def _rgb(color: str) -> tuple[int, ...] | None:
    if re.fullmatch("#[0-9a-fA-F]{6}", color):
        return tuple(bytes.fromhex(color[1:]))
    return _NAMED.get(color)


def _cube_index(*rgb: int) -> int:
    """Returns the nearest of the 256 colours that any terminal has."""
    red, green, blue = (round(part / 255 * 5) for part in rgb)
    return 16 + 36 * red + 6 * green + blue
