"""Plots of the frames, in the catalogue's own colours."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from statuspro import _arguments
from statuspro._contrast import ink_on
from statuspro.contrib.notebook import _axes
from statuspro.contrib.notebook._bins import Bins
from statuspro.contrib.notebook._colors import outline
from statuspro.contrib.notebook._statuses import Status, filled, labelled, shapes, statuses_of
from statuspro.contrib.notebook.histories import durations_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OVERDUE, _TODAY, _AHEAD = "#dc2626", "#f59e0b", "#3b82f6"

#: Widths of a bin that a bar takes; of many bins there is no gap, and many dots are small.
_BAR, _MANY = 0.8, 200

#: Dots from which on their median is worth a line.
_FEW = 3

#: Seconds, and how a span of so many is called.
_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))


def plot_by_status(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draws how many orders are in each status.

    The statuses stand in the catalogue's order, those without an order too:
    `frame["status"].cat.remove_unused_categories()` leaves them out.

    Args:
        frame: as :func:`orders_frame` makes it, or rows of it.
        ax: to draw on; by default those of a new figure.

    Raises:
        ValueError: the frame has not the columns.
    """
    _check("plot_by_status", frame, "status")
    statuses = statuses_of(frame)
    counts = [int(status.rows.sum()) for status in statuses]
    ax = _axes.axes(ax, rows=len(statuses))
    if not any(counts):
        return _axes.say(ax, "Orders by status", "There are no orders.")
    _axes.dress(ax, f"Orders by status ({sum(counts):,})", grid="x")
    bars = ax.barh(range(len(counts)), counts, height=0.72, **filled(statuses, _axes.grounds(ax)))
    size = _axes.label_rows(ax, labelled(statuses))
    words = [f"{count:,}" for count in counts]
    ax.bar_label(bars, words, padding=4, color=_axes.ink(ax), fontsize=size)
    ax.set_xlim(0, max(counts) * 1.12)
    ax.set_xlabel("orders")
    _axes.count_along(ax.xaxis)
    return ax


def plot_due(
    frame: pd.DataFrame,
    *,
    today: datetime.date | str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draws when orders are due: overdue, today, ahead.

    A day's orders are those whose due date, or the last day of its span, is that day. Orders far
    from today are left out of the bars and counted in the legend. The service does not say which
    orders are done: choose those that are not, or they count as overdue.

    Args:
        frame: as :func:`orders_frame` makes it, or rows of it.
        today: the day to look from, a `date` or `YYYY-MM-DD`; by default this machine's.
        ax: to draw on; by default those of a new figure.

    Raises:
        TypeError: `today` is neither a date nor a string.
        ValueError: `today` is no day, or the frame has not the columns.
    """
    _check("plot_due", frame, "due_date", "due_date_to")
    now = _midnight(today)
    due = _times(frame, "due_date_to").fillna(_times(frame, "due_date"))
    ax = _axes.axes(ax, width=1.25)
    days = due.dropna()
    if days.empty:
        sentence = "No order has a due date." if len(frame) else "There are no orders."
        return _axes.say(ax, "Orders by due date", sentence)
    bins = Bins.around(now, days)
    _axes.dress(ax, f"Orders by due {bins.word}", grid="y")
    handles, highest = _draw_due(ax, bins, days, now)
    if missing := len(due) - len(days):
        handles.append(Patch(facecolor="none", label=f"{missing:,} without a due date"))
    _axes.legend_above(ax, handles, highest)
    _axes.count_along(ax.yaxis)
    ax.set_ylabel("orders")
    return ax


def plot_age(
    frame: pd.DataFrame,
    *,
    now: datetime.datetime | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draws how long each order has been in its present status: a dot for each order.

    Orders without a status are left out.

    Args:
        frame: as :func:`orders_frame` makes it, or rows of it.
        now: the moment to look from, aware of its time zone; by default this one.
        ax: to draw on; by default those of a new figure.

    Raises:
        TypeError: `now` is no moment.
        ValueError: the frame has not the columns, or `now` has no time zone.
    """
    _check("plot_age", frame, "status", "status_set_at")
    title = "Time in the present status"
    ages = (_moment(now) - _times(frame, "status_set_at")).dt.total_seconds().clip(lower=0)
    statuses = [status for status in statuses_of(frame) if ages[status.rows].notna().any()]
    ax = _axes.axes(ax, rows=len(statuses))
    if not statuses:
        return _axes.say(ax, title, "No order has a status.")
    seconds, unit = _unit(ages.max())
    _axes.dress(ax, title, grid="x")
    values = [np.sort(ages[status.rows].dropna()) / seconds for status in statuses]
    is_many = max(map(len, values)) > _MANY
    for row, (status, its) in enumerate(zip(statuses, values, strict=True)):
        _draw_dots(ax, row, its, status.color, is_small=is_many)
        _draw_median(ax, row, its)
    longest = ages.max() / seconds or 1.0
    ax.set_xlim(-0.02 * longest, 1.05 * longest)
    ax.set_xlabel(f"{unit} (line: median)")
    _axes.measure_along(ax.xaxis)
    _axes.label_rows(ax, labelled(statuses))
    return ax


def plot_durations(durations: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draws how long orders stay in each status: a box for each.

    A box is the middle half of the stays, its line the median; the whiskers go from the 5th to the
    95th percentile. Stays that have not ended are left out where they have no duration.

    Args:
        durations: as :func:`durations_frame` makes it, or rows of it.
        ax: to draw on; by default those of a new figure.

    Raises:
        ValueError: the frame has not the columns.
    """
    _check("plot_durations", durations, "status", "duration")
    title = "Time in each status"
    spans = durations["duration"].dt.total_seconds()
    statuses = [each for each in statuses_of(durations) if spans[each.rows].notna().any()]
    ax = _axes.axes(ax, rows=len(statuses))
    if not statuses:
        return _axes.say(ax, title, "No stay in a status has ended.")
    stays = [spans[status.rows].dropna() for status in statuses]
    figures = np.array([each.quantile([0.05, 0.25, 0.5, 0.75, 0.95]) for each in stays])
    seconds, unit = _unit(figures.max())
    _axes.dress(ax, title, grid="x")
    size = _axes.label_rows(ax, labelled(statuses))
    _draw_boxes(ax, figures / seconds, statuses, size)
    ax.set_xlim(0, 1.25 * figures.max() / seconds or 1.0)
    ax.set_xlabel(f"{unit} (line: median, box: middle half, whiskers: 5 to 95 %)")
    _axes.measure_along(ax.xaxis)
    return ax


def plot_flow(
    history: pd.DataFrame, *, freq: Literal["D", "W"] = "D", ax: Axes | None = None
) -> Axes:
    """Draws how many orders came into each status, by day or by week.

    The days are those of the column's time zone, which is UTC. For other days:
    `history.assign(at=history["at"].dt.tz_convert("America/New_York"))`.

    Args:
        history: as :func:`history_frame` makes it, or rows of it.
        freq: `D` for days, `W` for weeks, which begin on Monday.
        ax: to draw on; by default those of a new figure.

    Raises:
        ValueError: `freq` is another one, or the history has not the columns.
    """
    if freq not in ("D", "W"):
        raise ValueError("freq must be 'D' or 'W'")
    bins = Bins(freq)
    title = f"Arrivals into statuses by {bins.word}"
    stays: Any = durations_frame(history)
    ax = _axes.axes(ax, width=1.4)
    stays = stays[stays["entered"].notna() & stays["status"].notna()]
    if stays.empty:
        return _axes.say(ax, title, "No order came into a status.")
    _axes.dress(ax, title, grid="y")
    begins = bins.begins(stays["entered"].dt.tz_localize(None))
    statuses = [status for status in statuses_of(stays) if status.rows.any()]
    _draw_flow(ax, bins, begins, statuses)
    _axes.count_along(ax.yaxis)
    ax.set_ylabel("orders")
    return ax


def _draw_due(ax: Axes, bins: Bins, days: Any, now: Any) -> tuple[list[Patch], float]:
    """Draws the bars of the three parts, one upon the other where a bin has several."""
    first, last = bins.reach(now)
    shown = bins.near(now, days)
    begins = bins.begins(days[shown])
    every = pd.concat([begins, bins.begins(pd.Series([now]))])
    index = pd.date_range(every.min(), every.max(), freq=bins.step)
    heights = np.zeros(len(index))
    handles = []
    for part, color, its in (
        ("overdue", _OVERDUE, days < now),
        ("due today", _TODAY, days == now),
        ("ahead", _AHEAD, days > now),
    ):
        counts = begins[its[shown]].value_counts().reindex(index, fill_value=0).to_numpy()
        shape: dict[str, Any] = {"facecolor": color, "edgecolor": outline(color, _axes.grounds(ax))}
        _draw_bars(ax, bins, index, counts, heights, **shape)
        heights = heights + counts
        label = f"{int(its.sum()):,} {part}{_beyond(days[its], first, last)}"
        handles.append(Patch(**shape, label=label))
    if bins.freq == "D":
        at = _axes.numbers(pd.DatetimeIndex([now]))
        ax.vlines(at, 0, max(np.max(heights), 1), color=_TODAY, linestyle=":", zorder=0.5)
    _axes.label_days(ax, index, bins.step, bins.label)
    return handles, max(np.max(heights), 1)


def _beyond(days: Any, first: Any, last: Any) -> str:
    """Says how many days lie beyond what is drawn; nothing where none does."""
    before, after = int((days < first).sum()), int((days > last).sum())
    said = [f"{before:,} before {first:%Y-%m-%d}"] if before else []
    said += [f"{after:,} after {last:%Y-%m-%d}"] if after else []
    return f" ({', '.join(said)})" if said else ""


def _draw_dots(ax: Axes, row: int, values: Any, color: str, *, is_small: bool) -> None:
    """Draws a dot for each value, spread over its row."""
    # Steps of the golden ratio spread evenly, and alike in each drawing; the first is the middle.
    spread = ((np.arange(len(values)) * 0.618034 + 0.5) % 1 - 0.5) * 0.6
    ax.scatter(
        values, row + spread, s=9 if is_small else 22, facecolors=[to_rgba(color, 0.7)],
        edgecolors=outline(color, _axes.grounds(ax)), linewidths=0.4, rasterized=is_small,
    )  # fmt: skip


def _draw_median(ax: Axes, row: int, values: Any) -> None:
    """Draws a line at the median of a row's dots; a few dots need none."""
    if len(values) >= _FEW:
        middle = float(np.median(values))
        ground, *others = _axes.grounds(ax)
        # A halo in the colour of one page would be a frame on another: the line is wider instead.
        look: dict[str, Any] = {"linewidth": 3}
        if not others:
            look = {"linewidth": 2, "path_effects": [withStroke(linewidth=4, foreground=ground)]}
        ax.plot([middle] * 2, [row - 0.4, row + 0.4], color=_axes.ink(ax), **look)


def _draw_boxes(ax: Axes, figures: Any, statuses: Sequence[Status], size: float) -> None:
    """Draws a box for each row of five figures, and the median in words behind it."""
    low, begin, middle, end, high = figures.T
    rows = np.arange(len(figures))
    color = _axes.ink(ax)
    inks = [ink_on(status.color) for status in statuses]
    ax.hlines(rows, low, high, color=color, linewidth=1, zorder=1.5)
    ax.barh(
        rows, end - begin, left=begin, height=0.6, zorder=2, **filled(statuses, _axes.grounds(ax))
    )
    ax.vlines(middle, rows - 0.3, rows + 0.3, colors=inks, linewidth=2, zorder=3)
    for row, (at, median) in enumerate(zip(high, middle, strict=True)):
        ax.annotate(
            f"median {median:,.1f}", (at, row), xytext=(5, 0), textcoords="offset points",
            va="center", color=color, fontsize=size * 0.85,
        )  # fmt: skip


def _draw_flow(ax: Axes, bins: Bins, begins: Any, statuses: Sequence[Status]) -> None:
    """Draws the bars of the statuses, one upon the other, and the legend beside them."""
    index = pd.date_range(begins.min(), begins.max(), freq=bins.step)
    heights = np.zeros(len(index))
    handles = []
    for status, shape in zip(statuses, shapes(statuses, _axes.grounds(ax)), strict=True):
        counts = begins[status.rows].value_counts().reindex(index, fill_value=0).to_numpy()
        _draw_bars(ax, bins, index, counts, heights, **shape)
        heights = heights + counts
        handles.append(Patch(**shape))
    _axes.label_days(ax, index, bins.step, bins.label)
    ax.set_ylim(0, np.max(heights) * 1.08)
    _axes.legend_beside(ax, handles, labelled(statuses))


def _draw_bars(
    ax: Axes, bins: Bins, index: pd.DatetimeIndex, counts: Any, bottom: Any, **shape: Any
) -> None:
    """Draws bars upon others; those of many days as one area, which is drawn at once."""
    at = _axes.numbers(index)
    if len(index) > _MANY:
        ax.fill_between(at, bottom, bottom + counts, step="mid", linewidth=0.25, **shape)
        return
    there = counts > 0
    width = _BAR * bins.length
    ax.bar(at[there], counts[there], width, bottom[there], linewidth=0.6, **shape)


def _unit(longest: float) -> tuple[int, str]:
    """The unit in which a span of so many seconds is at least two; minutes at the least."""
    return next((unit for unit in _UNITS if longest >= 2 * unit[0]), _UNITS[-1])


def _check(function: str, frame: Any, *columns: str) -> None:
    """Refuses what is no frame with these columns."""
    if not isinstance(frame, pd.DataFrame):
        raise _arguments.wrong_kind("frame", "a DataFrame", frame)
    if missing := [column for column in columns if column not in frame]:
        raise ValueError(f"{function} needs the columns {', '.join(missing)}")


def _times(frame: pd.DataFrame, name: str) -> Any:
    """A column of days or moments; a file may have made texts of it."""
    if not pd.api.types.is_datetime64_any_dtype(frame[name]):
        raise ValueError(f"{name} must hold what orders_frame has there, not {frame[name].dtype}")
    return frame[name]


def _midnight(today: Any) -> Any:
    """The begin of a day, without a time zone, as due days are written."""
    day = datetime.date.today() if today is None else today
    return pd.Timestamp(_arguments.day("today", day))


def _moment(now: Any) -> Any:
    if now is None:
        return pd.Timestamp.now("UTC")
    if not isinstance(now, datetime.datetime):
        raise _arguments.wrong_kind("now", "a datetime or None", now)
    if now.tzinfo is None:  # nor has pandas' NaT
        raise ValueError("now must be aware of its time zone")
    return pd.Timestamp(now)
