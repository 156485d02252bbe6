"""Kinds of options whose refusal says what is right."""

from __future__ import annotations

from collections.abc import Callable

import click

from statuspro import _arguments


def whole_number(least: int = 0, most: int | None = None) -> Callable[[str], int]:
    """Makes a kind of option: a whole number in decimal digits.

    Args:
        least: the smallest that is taken.
        most: the largest that is taken; None for any.
    """
    bounds = f"{least} or more" if most is None else f"{least} to {most}"

    def read(value: str) -> int:
        text = str(value)
        if text.isascii() and text.isdigit() and least <= int(text) <= (most or int(text)):
            return int(text)
        raise click.BadParameter(f"must be a whole number, {bounds}, not {text!r}")

    read.__name__ = "N"  # which help shows
    return read


def comment_text(value: str) -> str:
    """Reads a comment: a text that is not blank."""
    try:
        value.encode()
        return _arguments.text("comment", value)
    except UnicodeEncodeError:  # bytes of the command line that are no text
        raise click.BadParameter("a comment must be text in the encoding of the shell") from None
    except ValueError:
        raise click.BadParameter("a comment must not be blank") from None


def day(value: str) -> str:
    """Reads an option: a day as `YYYY-MM-DD`."""
    try:
        return _arguments.day("day", value)
    except ValueError:
        raise click.BadParameter(f"must be a day such as 2026-02-10, not {value!r}") from None


day.__name__ = "DAY"  # which help shows
comment_text.__name__ = "TEXT"
