"""Axes as the plots want them: statuses in rows, days below, whole numbers, or a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib import dates, rcParams, rcParamsDefault
from matplotlib.colors import to_hex, to_rgba
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator

from statuspro.contrib.notebook._colors import PAGES, is_seen, mixed
from statuspro.contrib.notebook._names import Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

#: Inks that can be read on a light page and on a dark one. They lie on both sides of the middle:
#: a notebook puts a sheet behind a figure whose ticks are all dark, or all light.
_INK, _INK_OF_NUMBERS = "#767676", "#808080"

#: What readers set who have chosen a style.
_OF_STYLES = ("figure.facecolor", "axes.facecolor", "text.color", "axes.labelcolor", "xtick.color")

#: Inches: of a row, and of what lies above and below the rows.
_ROW, _FRAME = 0.3, 1.1
_LEAST_HEIGHT = 2.2

#: Points between the begins of two labels below an axis, at least.
_ROOM = 48

#: The height of a line of text, in sizes of its font; in a legend the lines are further apart.
_LINE, _LEGEND_LINE = 1.25, 1.6

#: Rows and days: with fewer of them, a bar is not the wider for it.
_FEWEST_ROWS, _FEWEST_BINS = 3, 8

#: What the steps between two numbers begin with.
_NICE = [1, 2, 5, 10]

#: How far apart the ticks below days may lie, in pandas' words; the last two say the year alone.
_STEPS = ("D", "2D", "W-MON", "2W-MON", "MS", "QS", "2QS", "YS", "5YS")


def axes(ax: Axes | None, *, width: float = 1.0, rows: int | None = None) -> Axes:
    """Takes the caller's axes, or makes a figure as pyplot's users expect it.

    Args:
        ax: the caller's; pyplot is not asked then.
        width: of the figure, in widths of the reader's style.
        rows: how many the figure has room for; None for the height of the reader's style.
    """
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    wide, high = settings()["figure.figsize"]
    if rows is not None:
        high = max(_LEAST_HEIGHT, _FRAME + _ROW * rows)
    made: Axes = plt.subplots(figsize=(wide * width, high), layout="constrained")[1]
    if all(settings()[name] == default for name, default in _defaults().items()):
        _suit_any_page(made)
    return made


def _defaults() -> dict[str, Any]:
    defaults: Any = rcParamsDefault
    return {name: defaults[name] for name in _OF_STYLES}


def _suit_any_page(ax: Axes) -> None:
    """Lets the page show through a figure, and draws in inks for light and dark ones."""
    for patch in (ax.figure.patch, ax.patch):
        patch.set_facecolor("none")
    for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
        text.set_color(_INK)
    ax.spines[:].set_color(_INK)
    ax.tick_params(axis="x", colors=_INK_OF_NUMBERS)
    ax.tick_params(axis="y", colors=_INK)


def settings() -> Any:
    """Returns the reader's style."""
    return rcParams


def numbers(days: pd.DatetimeIndex) -> Any:
    """Turns days into matplotlib's numbers, as an array."""
    return dates.date2num(days.to_numpy())  # type: ignore[no-untyped-call]


def ink(ax: Axes) -> str:
    """Finds the colour that the axes are labelled in."""
    return to_hex(ax.xaxis.label.get_color())


def grounds(ax: Axes) -> tuple[str, ...]:
    """Finds what may lie behind what is drawn, also where the axes or the figure let it through.

    Behind a figure that lets through lies the page: a light or a dark one, or either, by which of
    them its ink can be read on.
    """
    seen = [page for page in PAGES if is_seen(ink(ax), [page])]
    for patch in (ax.figure.patch, ax.patch):
        color = to_rgba(patch.get_facecolor())
        seen = [mixed(below, to_hex(color), color[3]) for below in seen]
    return tuple(dict.fromkeys(seen))


def dress(ax: Axes, title: str, *, grid: str) -> None:
    """Gives the axes their title, and a faint grid along one direction behind the data."""
    ax.set_title(title)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    ax.grid(False)
    ax.grid(True, axis="x" if grid == "x" else "y", color=ink(ax), alpha=0.15, linewidth=0.8)


def say(ax: Axes, title: str, sentence: str) -> Axes:
    """Writes a sentence where there is nothing to draw."""
    ax.set_title(title)
    ax.set_axis_off()
    place = {"x": 0.5, "y": 0.5, "ha": "center", "va": "center", "wrap": True}
    ax.text(s=sentence, transform=ax.transAxes, color=ink(ax), **place)  # type: ignore[arg-type]
    return ax


def label_rows(ax: Axes, labels: Labels) -> float:
    """Labels rows from the top down, as small as they have to be.

    Returns:
        The size of the font, for what else is written in the rows.
    """
    count = len(labels.texts)
    ax.set_yticks(range(count), labels.texts)
    middle, half = (count - 1) / 2, max(count, _FEWEST_ROWS) / 2
    ax.set_ylim(middle + half, middle - half)
    size = min(_font_size("ytick.labelsize"), _points(ax, "height") / count / _LINE)
    ax.tick_params(axis="y", length=0, labelsize=size, labelfontfamily=labels.families)
    return size


def count_along(axis: Axis) -> None:
    """Labels an axis with whole numbers."""
    axis.set_major_locator(MaxNLocator(nbins=6, steps=_NICE, integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def measure_along(axis: Axis) -> None:
    """Labels an axis with numbers, whole or not."""
    axis.set_major_locator(MaxNLocator(nbins=7, steps=_NICE))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def label_days(ax: Axes, bins: pd.DatetimeIndex, least: str, label: str = "") -> None:
    """Labels days below the axes, so that no two labels touch.

    They are days whatever the time zone of matplotlib's settings: the ticks say what was given.

    Args:
        ax: with days along x, in matplotlib's numbers.
        bins: the first day of each bar.
        least: the shortest step between two ticks, one of `D`, `W-MON` and `MS`.
        label: of the axis.
    """
    most = max(2, int(_points(ax, "width") / _ROOM))
    ticks, words = bins[:1], _days_in_words(bins[:1], least)
    for step in _STEPS[_STEPS.index(least) :]:
        days = pd.date_range(bins[0], bins[-1], freq=step)
        if 0 < len(days) <= most:
            ticks, words = days, _days_in_words(days, step)
            break
    at = numbers(bins)
    length = numbers(bins[:1].shift(1, freq=least))[0] - at[0]
    margin = length * max(0.6, (_FEWEST_BINS - len(bins)) / 2)
    ax.set_xlim(at[0] - margin, at[-1] + margin)
    ax.xaxis.set_major_locator(FixedLocator(list(numbers(ticks))))
    ax.xaxis.set_major_formatter(FixedFormatter(words))
    ax.set_xlabel(label)


def _days_in_words(ticks: pd.DatetimeIndex, step: str) -> Sequence[str]:
    """The day or month of each tick; its year below where it is another one than before."""
    if step.endswith("YS"):
        return [str(tick.year) for tick in ticks]
    words, year = [], None
    for tick in ticks:
        word = f"{tick:%b}" if step.endswith("S") else f"{tick.day} {tick:%b}"
        words.append(word if tick.year == year else f"{word}\n{tick.year}")
        year = tick.year
    return words


def legend_beside(ax: Axes, handles: Sequence[Any], labels: Labels) -> None:
    """Sets a legend to the right of the axes, the last handle at the top, as bars are stacked."""
    size = _points(ax, "height") / len(handles) / _LEGEND_LINE
    size = min(_font_size("legend.fontsize"), size)
    legend = ax.legend(
        handles[::-1], [""] * len(handles), loc="upper left", bbox_to_anchor=(1.01, 1.0),
        frameon=False, labelcolor=ink(ax), prop={"family": labels.families, "size": size},
    )  # fmt: skip
    # A label that begins with an underscore would be left out, had it been given before.
    for text, label in zip(legend.get_texts(), labels.texts[::-1], strict=True):
        text.set_text(label)


def legend_above(ax: Axes, handles: Sequence[Any], most: float) -> None:
    """Sets a legend into the axes, above the highest bar, which is `most` high."""
    behind = grounds(ax)
    ax.legend(
        handles=handles, loc="upper left", labelcolor=ink(ax),
        facecolor=behind[0] if len(behind) == 1 else "none", edgecolor="none", framealpha=0.85,
    )  # fmt: skip
    taken = (len(handles) + 1) * _font_size("legend.fontsize") * _LEGEND_LINE
    share = min(0.6, taken / _points(ax, "height"))
    ax.set_ylim(0, most / (1 - share))


def _font_size(setting: str) -> float:
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=settings()[setting]).get_size_in_points())


def _points(ax: Axes, side: str) -> float:
    """How wide or high the axes are, in points."""
    box = ax.get_window_extent()
    return float(getattr(box, side)) / ax.figure.dpi * 72
