"""What a person reads on a terminal: tables by the window's width, status colours, due dates."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from rich.cells import cell_len
from rich.console import Console as _Console
from rich.console import OverflowMethod, RenderableType
from rich.table import Table
from rich.text import Text

from statuspro._flat import shown
from statuspro._payload import color_of, object_in
from statuspro.cli.output import Column, cell, plain
from statuspro.cli.waiting import line
from statuspro.values import due_days

#: Characters between two columns, and the least that a cut column keeps.
GAP = 2
_LEAST_WIDTH = 6

#: Wider than anything: what goes to no window is not cut.
_UNBOUNDED = 1_000_000

_DASH = "\N{EN DASH}"
_PAST = "red"
_MARK_OF_PAST = "!"


class Console(_Console):
    """A console on standard output whose reader may leave, as `head` does."""

    def __init__(self) -> None:
        super().__init__(highlight=False, emoji=False, markup=False)

    def on_broken_pipe(self) -> None:
        """Raises the error again: it ends the command quietly."""
        raise


def draw(make: Callable[[int], Iterable[RenderableType]]) -> None:
    """Draws on standard output.

    Args:
        make: makes what to draw for a window of so many columns.
    """
    line.hide()
    console = Console()
    console.width = window_width()
    for one in make(console.width):
        console.print(one, crop=sys.stdout.isatty())


def window_width() -> int:
    """The columns of the terminal; without one there is no bound."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _UNBOUNDED


def table(records: Sequence[Mapping[str, Any]], columns: Sequence[Column], width: int) -> Table:
    """Makes a table of records that is no wider than the window.

    Args:
        records: its rows.
        columns: those whose `least_width` the window does not have are left out.
        width: of the window.
    """
    columns = [column for column in columns if width >= column.least_width]
    rows = [[_drawn(record, column) for column in columns] for record in records]
    headings = [column.heading.upper() for column in columns]
    widths = [
        max([cell_len(heading), *(row[at].cell_len for row in rows)])
        for at, heading in enumerate(headings)
    ]
    made = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    room = width - GAP * (len(columns) - 1)
    for column, heading, share in zip(
        columns, headings, _shares(widths, columns, room), strict=True
    ):
        made.add_column(
            heading, justify="right" if column.align == "right" else "left", width=share,
            no_wrap=True, overflow=overflow(),
        )  # fmt: skip
    for row in rows:
        made.add_row(*row)
    return made


def _shares(widths: Sequence[int], columns: Sequence[Column], room: int) -> list[int]:
    """How wide each column is drawn: the widest of those that may be cut give first."""
    shares = list(widths)
    everything = range(len(columns))
    for cut in ([at for at in everything if columns[at].is_cut], everything):
        while sum(shares) > room:
            widest = max(cut, key=lambda at: shares[at], default=None)
            if widest is None or shares[widest] <= _LEAST_WIDTH:
                break
            shares[widest] -= 1
    return shares


def _drawn(record: Mapping[str, Any], column: Column) -> Text:
    if column.draw is not None:
        return column.draw(record)
    value = shown(record, column.path)
    if column.color and value is not None:
        return status_text(value, shown(record, column.color))
    return Text(cell(value))


def status_text(name: Any, color: Any) -> Text:
    """A status by its name, behind a dot in its colour: the name is to be read on any ground."""
    return Text.assemble((glyph("●", "*"), color_style(color)), f" {plain(name)}")


def order_status(order: Mapping[str, Any]) -> Text:
    """The status of an order; many have none."""
    status = object_in(order, "status")
    name = status.get("name") or status.get("code")
    return status_text(name, status.get("color")) if name else no_status()


def no_status() -> Text:
    """What stands in the place of a status where none is set."""
    return Text(glyph("○ no status", "- no status"), "dim")


def order_due(order: Mapping[str, Any], today: date | None = None) -> Text:
    """The due date of an order as a table has it: a span in short, one that has passed marked."""
    first, last = due_days(order)
    end = last or first
    if end is None:
        return Text()
    written = str(first or end)
    if first and last and first != last:
        end_of_span = str(last)[5:] if first.year == last.year else str(last)
        written += glyph(_DASH, "-") + end_of_span
    if end < (today or date.today()):
        return Text(f"{written} {_MARK_OF_PAST}", _PAST)
    return Text(written)


def color_style(color: Any) -> str:
    """A style in a colour of the service; none for what is no colour."""
    return color_of(color) or ""


def bar(share: float, width: int, style: str) -> Text:
    """A bar that fills a share of a width, to an eighth of a character."""
    if not is_utf():
        return Text("#" * round(share * width), style)
    whole, eighths = divmod(round(share * width * 8), 8)
    return Text("█" * whole + " ▏▎▍▌▋▊▉"[eighths].strip(), style)


def glyph(drawn: str, plain: str) -> str:
    """A character, or another one where the output's encoding does not have it."""
    return drawn if is_utf() else plain


def is_utf() -> bool:
    """Tells whether the output's encoding has every character."""
    return (sys.stdout.encoding or "").lower().startswith("utf")


def facts(rows: Iterable[tuple[str, Text | str]]) -> Table:
    """Makes lines of a label and what it says; what says nothing is left out."""
    made = Table.grid(padding=(0, GAP, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for label, said in rows:
        if said:
            made.add_row(label, said)
    return made


def heading(text: str) -> Iterator[RenderableType]:
    """Makes the heading of a part, behind an empty line."""
    yield Text()
    yield Text(text, "bold")


def overflow() -> OverflowMethod:
    """How the text of a cell that is too narrow for it ends."""
    return "ellipsis" if is_utf() else "crop"
