"""How many orders there are of each kind, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from statuspro.cli.drawing import GAP, bar, color_style, heading, no_status, status_text
from statuspro.types import OrdersSummary

#: Characters: no bar is longer, and where there is no room for the least there are none.
_LONGEST, _LEAST = 40, 8

#: A label, a count and the style of its bar.
Row = tuple[Text, int, str]


def summary_in_full(summary: OrdersSummary, width: int) -> Iterator[RenderableType]:
    """Makes what to draw of a summary.

    Args:
        summary: as :func:`statuspro.summarize_orders` returns it.
        width: of the window.
    """
    parts: dict[str, list[Row]] = {
        "Status": [
            *(
                (status_text(one["name"], one["color"]), one["count"], color_style(one["color"]))
                for one in summary["by_status"]
            ),
            (no_status(), summary["without_status"], "dim"),
        ],
        "Payment": list(_plain_rows(summary["by_financial_status"])),
        "Fulfillment": list(_plain_rows(summary["by_fulfillment_status"])),
    }
    yield Text(f"{summary['total']:,} orders that are not cancelled", "bold")
    for name, chart in zip(parts, bar_charts(list(parts.values()), width), strict=True):
        yield from heading(name)
        yield chart


def bar_charts(parts: Sequence[Sequence[Row]], width: int) -> list[Table]:
    """Makes a chart of each part, all of one scale: labels, figures and bars.

    Args:
        parts: rows of a label, a count and the style of its bar.
        width: of the window.
    """
    rows = [row for part in parts for row in part]
    label = max(text.cell_len for text, _, _ in rows)
    figure = max(len(f"{count:,}") for _, count, _ in rows)
    longest = min(width - label - figure - 2 * GAP, _LONGEST)
    most = max([1, *(count for _, count, _ in rows)])
    return [
        _chart(part, label, figure, longest if longest >= _LEAST else 0, most) for part in parts
    ]


def _plain_rows(counts: dict[str, int]) -> Iterator[Row]:
    for name, count in counts.items():
        yield Text(name.replace("_", " ")), count, "cyan"


def _chart(rows: Iterable[Row], label: int, figure: int, longest: int, most: int) -> Table:
    made = Table.grid(padding=(0, GAP, 0, 0))
    made.add_column(width=label, no_wrap=True, overflow="ellipsis")
    made.add_column(width=figure, justify="right", no_wrap=True)
    made.add_column(no_wrap=True)
    for text, count, style in rows:
        drawn = bar(count / most, longest, style)
        if not count:
            text.stylize("dim")
        made.add_row(text, Text(f"{count:,}", "" if count else "dim"), drawn)
    return made
