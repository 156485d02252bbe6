"""Plots say what the frame says: lengths, colours, labels; readable, without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgba
from matplotlib.dates import num2date
from matplotlib.figure import Figure
from matplotlib.text import Text

from statuspro._contrast import contrast
from statuspro.contrib.notebook import (
    durations_frame,
    history_frame,
    orders_frame,
    plot_age,
    plot_by_status,
    plot_due,
    plot_durations,
    plot_flow,
)
from statuspro.contrib.notebook._colors import NEUTRAL
from statuspro.mirror import Mirror
from statuspro.values import _COLORS

TODAY = date(2026, 3, 11)  # a Wednesday
NOW = datetime(2026, 3, 11, 12, tzinfo=timezone.utc)

#: A catalogue as it may be: names alike, markup for formulas and legends, and colours that are not.
CATALOGUE = [
    ("Received", "gray"),
    ("In Production", "pink"),
    ("Shipped", "green"),
    ("Shipped", "green"),
    ("_hidden", "white"),
    ("Cost $5 and $6", "black"),
    ("製作中", "no colour"),
    ("На проверке \N{DELIVERY TRUCK}", "amber"),
    ("Waits for the customer's answer about the veneer", "yellow"),
]


def statuses(catalogue: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"code": f"st{number:06d}", "name": name, "color": color, "is_set": True}
        for number, (name, color) in enumerate(catalogue, 1)
    ]


def an_order(number: int, status: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"#{number}", "status": status or {"is_set": False}, **more}


def orders(catalogue: list[tuple[str, str]], *counts: int, **more: Any) -> pd.DataFrame:
    """A frame with so many orders in each status; the last count is of those without one."""
    known = statuses(catalogue)
    each = [status for status, count in zip([*known, None], counts) for _ in range(count)]  # noqa: B905
    made = [an_order(number, status, **more) for number, status in enumerate(each, 1)]
    return orders_frame(made, statuses=known, progress=False)


def due(*days: int | None, **more: Any) -> pd.DataFrame:
    """A frame of orders that are due so many days from today."""
    made = [
        an_order(number, due_date=None if day is None else str(TODAY + timedelta(days=day)), **more)
        for number, day in enumerate(days, 1)
    ]
    return orders_frame(made, progress=False)


def aged(catalogue: list[tuple[str, str]], *hours: list[float]) -> pd.DataFrame:
    """A frame of orders that have been in each status for so many hours."""
    made = [
        an_order(1, {**status, "set_at": (NOW - timedelta(hours=age)).isoformat()})
        for status, ages in zip(statuses(catalogue), hours)  # noqa: B905
        for age in ages
    ]
    made = [{**order, "id": number} for number, order in enumerate(made, 1)]
    return orders_frame(made, statuses=statuses(catalogue), progress=False)


def history(*steps: Any, catalogue: Any = CATALOGUE) -> pd.DataFrame:
    """A frame of histories: for each order when it came into which status; None is a comment."""
    known = statuses(catalogue)
    made = [
        an_order(
            number,
            history=[
                {"event": "x", "created_at": at, "status": None if step is None else known[step]}
                for at, step in its
            ],
        )
        for number, its in enumerate(steps, 1)
    ]
    return history_frame(made, statuses=known, progress=False)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def ax() -> Axes:
    """Axes of a caller, that pyplot knows nothing of."""
    axes: Axes = Figure(layout="constrained").subplots()
    return axes


def draw(ax: Axes) -> None:
    FigureCanvasAgg(ax.figure).draw()  # type: ignore[arg-type, no-untyped-call]


def drawn(ax: Axes) -> list[str]:
    """Draws the whole figure, which warns of what it cannot draw; returns the rows' labels."""
    draw(ax)
    return [label.get_text().replace(r"\$", "$") for label in ax.get_yticklabels()]


def said(ax: Axes) -> str:
    """All texts of the axes."""
    return "\n".join(text.get_text() for text in ax.findobj(Text))


def widths(ax: Axes) -> list[float]:
    return [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]


def bars(ax: Axes) -> dict[str, dict[str, float]]:
    """The height of each bar by the colour and the day below its middle."""
    found: dict[str, dict[str, float]] = {}
    for bar in ax.patches:
        x, width = bar.get_x(), bar.get_width()  # type: ignore[attr-defined]
        day = f"{num2date(x + width / 2):%m-%d}"  # type: ignore[no-untyped-call]
        color = to_hex(bar.get_facecolor())
        found.setdefault(color, {})[day] = bar.get_height()  # type: ignore[attr-defined]
    return found


def days(ax: Axes) -> list[str]:
    draw(ax)
    return [label.get_text() for label in ax.get_xticklabels()]


def in_legend(ax: Axes) -> list[str]:
    draw(ax)
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


# --- by status


def test_bars_are_as_long_as_there_are_orders_and_in_the_catalogues_colours(ax: Axes) -> None:
    known = CATALOGUE[:3]
    assert plot_by_status(orders(known, 3, 0, 1200), ax=ax) is ax
    assert drawn(ax) == ["Received", "In Production", "Shipped"]
    assert widths(ax) == [3, 0, 1200]
    assert to_hex(ax.patches[0].get_facecolor()) == _COLORS["gray"]
    assert to_hex(ax.patches[2].get_facecolor()) == _COLORS["green"]
    assert ax.get_title() == "Orders by status (1,203)"
    assert {"3", "0", "1,200"} <= {text.get_text() for text in ax.texts}
    assert ax.get_xlabel() == "orders"


def test_the_first_status_stands_at_the_top(ax: Axes) -> None:
    plot_by_status(orders(CATALOGUE[:3], 1, 1, 1), ax=ax)
    bottom, top = ax.get_ylim()
    assert bottom > top
    assert [bar.get_y() < 1 for bar in ax.patches] == [True, True, False]  # type: ignore[attr-defined]


def test_orders_without_a_status_are_counted_where_there_are_any(ax: Axes) -> None:
    plot_by_status(orders(CATALOGUE[:2], 1, 2, 4), ax=ax)
    assert dict(zip(drawn(ax), widths(ax), strict=True)) == {
        "No status": 4,
        "Received": 1,
        "In Production": 2,
    }


def test_a_missing_status_is_one_too(ax: Axes) -> None:
    frame = orders(CATALOGUE[:2], 1, 2)
    frame.loc[1, "status"] = None
    plot_by_status(frame, ax=ax)
    assert dict(zip(drawn(ax), widths(ax), strict=True))["No status"] == 1


def test_without_their_colours_the_statuses_are_neutral(ax: Axes) -> None:
    plot_by_status(pd.DataFrame(orders(CATALOGUE[:2], 1, 2), columns=["status"]), ax=ax)
    assert {to_hex(bar.get_facecolor()) for bar in ax.patches} == {NEUTRAL}


def test_unused_statuses_can_be_left_out(ax: Axes) -> None:
    frame = orders(CATALOGUE[:3], 1, 0, 1)
    frame["status"] = frame["status"].cat.remove_unused_categories()
    plot_by_status(frame, ax=ax)
    assert drawn(ax) == ["Received", "Shipped"]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 10_000])
def test_counts_along_an_axis_are_whole(most: int, ax: Axes) -> None:
    plot_by_status(orders(CATALOGUE[:1], most), ax=ax)
    draw(ax)
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert ticks == [f"{tick:,.0f}" for tick in ax.get_xticks()]
    assert len(set(ticks)) == len(ticks) <= 8
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_any_name_is_drawn_without_a_warning_and_no_two_are_alike(ax: Axes) -> None:
    plot_by_status(orders(CATALOGUE, *range(1, 10)), ax=ax)
    labels = drawn(ax)
    assert len(set(labels)) == len(CATALOGUE)
    assert labels[2:4] == ["Shipped (st000003)", "Shipped (st000004)"]
    assert labels[4:6] == ["_hidden", "Cost $5 and $6"]
    assert "На проверке" in labels[7]
    assert labels[8] == "Waits for the customer's an…"
    assert to_hex(ax.patches[6].get_facecolor()) == NEUTRAL


def overlaps(ax: Axes) -> bool:
    """Whether two labels of the rows touch."""
    draw(ax)
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    return any(upper.y0 < lower.y1 - 1 for upper, lower in pairwise(boxes))


LONG = [(f"Step {number} of the long way through the workshop", "blue") for number in range(1, 21)]


@pytest.mark.parametrize("size", [None, (6.4, 4.8), (3.2, 2.4)])
def test_twenty_long_names_do_not_touch(size: tuple[float, float] | None) -> None:
    ax = None if size is None else Figure(size, layout="constrained").subplots()
    ax = plot_by_status(orders(LONG, *range(1, 21)), ax=ax)
    assert not overlaps(ax)
    left = min(label.get_window_extent().x0 for label in ax.get_yticklabels())
    assert left >= 0


# --- readable


@pytest.mark.parametrize("style", ["dark_background", "seaborn-v0_8", "ggplot"])
def test_every_colour_is_seen_on_every_style(style: str) -> None:
    known = [(name, name) for name in _COLORS]
    with plt.style.context(style):
        ax = plot_by_status(orders(known, *[1] * len(known)))
        drawn(ax)
    ground = to_hex(ax.get_facecolor())
    for bar in ax.patches:
        color, edge = to_hex(bar.get_facecolor()), to_hex(bar.get_edgecolor())
        assert max(contrast(edge, ground), contrast(color, ground)) >= 3
    for text in (ax.title, *ax.texts, *ax.get_yticklabels()):
        assert contrast(to_hex(text.get_color()), to_hex(ax.figure.get_facecolor())) >= 4.5


def test_without_a_style_every_colour_is_seen_on_light_and_dark_pages() -> None:
    known = [(name, name) for name in _COLORS]
    for ax in (
        plot_by_status(orders(known, *[1] * len(known))),
        plot_flow(history(*ARRIVALS)),
        plot_due(due(-1, 0, 1), today=TODAY),
    ):
        drawn(ax)
        assert to_rgba(ax.figure.get_facecolor())[3] == to_rgba(ax.get_facecolor())[3] == 0
        legend = ax.get_legend()
        texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts, *ax.get_xticklabels()]
        texts += [*ax.get_yticklabels(), *(legend.get_texts() if legend else [])]
        for page in ("#ffffff", "#111111"):
            for bar in ax.patches:
                color, edge = to_hex(bar.get_facecolor()), to_hex(bar.get_edgecolor())
                assert max(contrast(edge, page), contrast(color, page)) >= 3
            for text in texts:
                assert contrast(to_hex(text.get_color()), page) >= 3.9


def test_a_figure_on_any_page_has_no_halo_of_one_of_them() -> None:
    frame = aged(CATALOGUE[:1], [1, 2, 3, 4])
    assert not plot_age(frame, now=NOW).lines[0].get_path_effects()
    with plt.style.context("dark_background"):
        assert plot_age(frame, now=NOW).lines[0].get_path_effects()


def test_a_figure_that_lets_through_is_drawn_for_the_page_that_its_ink_is_for() -> None:
    through: Any = {
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "axes.labelcolor": "white",
    }
    with mpl.rc_context(through):
        ax = plot_by_status(orders([("Held", "black")], 1))
    assert contrast(to_hex(ax.patches[0].get_edgecolor()), "#000000") >= 3


def test_without_axes_there_is_a_new_figure_each_time() -> None:
    frame = orders(CATALOGUE[:2], 1, 2)
    first, second = plot_by_status(frame), plot_by_status(frame)
    assert first.figure is not second.figure
    assert plt.gcf() is second.figure


# --- due


def test_what_is_overdue_due_today_and_ahead_is_told_apart(ax: Axes) -> None:
    plot_due(due(-3, -3, -1, 0, 1, 8, None), today=TODAY, ax=ax)
    red, amber, blue = "#dc2626", "#f59e0b", "#3b82f6"
    assert bars(ax) == {
        red: {"03-08": 2, "03-10": 1},
        amber: {"03-11": 1},
        blue: {"03-12": 1, "03-19": 1},
    }
    legend = in_legend(ax)
    assert legend == ["3 overdue", "1 due today", "2 ahead", "1 without a due date"]
    assert ax.get_title() == "Orders by due day"


def test_the_last_day_of_a_span_counts(ax: Axes) -> None:
    frame = due(-3, due_date_to=str(TODAY))
    plot_due(frame, today=TODAY, ax=ax)
    assert in_legend(ax) == ["0 overdue", "1 due today", "0 ahead"]


def test_orders_far_away_are_counted_and_not_drawn(ax: Axes) -> None:
    plot_due(due(-400, *[1] * 9, 900, 3), today=TODAY, ax=ax)
    assert in_legend(ax)[0] == "1 overdue (1 before 2026-02-04)"
    assert in_legend(ax)[2] == "11 ahead (1 after 2026-05-06)"
    assert sum(height for each in bars(ax).values() for height in each.values()) == 10


def test_orders_that_are_all_far_away_are_still_told(ax: Axes) -> None:
    plot_due(due(-5000, -5000, 9000), today=TODAY, ax=ax)
    overdue, _, ahead = in_legend(ax)
    assert overdue.startswith("2 overdue (2 before 2023-")
    assert ahead.startswith("1 ahead (1 after 2030-")
    assert not ax.patches


@pytest.mark.parametrize(
    ("step", "unit"), [(1, "day"), (20, "week"), (100, "month"), (400, "month")]
)
def test_bins_are_as_long_as_the_orders_are_far(step: int, unit: str, ax: Axes) -> None:
    plot_due(due(*range(-5 * step, 6 * step, step)), today=TODAY, ax=ax)
    assert ax.get_title() == f"Orders by due {unit}"
    assert in_legend(ax)[1] == "1 due today"
    assert len(days(ax)) <= 12


def test_this_weeks_bar_has_all_three_parts(ax: Axes) -> None:
    far = [-70, 70, -77, 77, -84, 84, -91, 91]
    plot_due(due(-1, 0, 1, 1, *far), today=TODAY, ax=ax)
    monday = [(color, each["03-09"]) for color, each in bars(ax).items() if "03-09" in each]
    assert monday == [("#dc2626", 1), ("#f59e0b", 1), ("#3b82f6", 2)]
    tops = [bar.get_y() for bar in ax.patches if bar.get_height() == 2]  # type: ignore[attr-defined]
    assert tops == [2]


def test_no_bar_reaches_into_the_legend(ax: Axes) -> None:
    plot_due(due(*range(-30, 30), None), today=TODAY, ax=ax)
    draw(ax)
    legend = ax.get_legend()
    assert legend is not None
    below = legend.get_window_extent().y0
    assert all(bar.get_window_extent().y1 <= below for bar in ax.patches)


@pytest.mark.parametrize("today", [TODAY, "2026-03-11", NOW, pd.Timestamp(TODAY)])
def test_today_may_be_given(today: Any, ax: Axes) -> None:
    plot_due(due(0, 1), today=today, ax=ax)
    assert in_legend(ax)[1] == "1 due today"


def test_today_is_this_machines_by_default(ax: Axes) -> None:
    made = [an_order(1, due_date=str(date.today()))]
    plot_due(orders_frame(made, progress=False), ax=ax)
    assert in_legend(ax)[1] == "1 due today"


def test_a_day_stays_the_day_in_new_york_and_pyplot_is_not_asked_for_callers_axes() -> None:
    code = """
import sys
from datetime import date
import matplotlib
from matplotlib.figure import Figure
from statuspro.contrib.notebook import history_frame, orders_frame, plot_due, plot_flow

matplotlib.rcParams["timezone"] = "America/New_York"
order = {"id": 1, "due_date": "2026-03-11T00:00:00+00:00", "history": [{
    "event": "x", "created_at": "2026-03-11T00:30:00Z", "status": {"code": "st1", "name": "New"},
}]}
frame = orders_frame([order], progress=False)
axes = [
    plot_due(frame, today=date(2026, 3, 11), ax=Figure().subplots()),
    plot_flow(history_frame([order], progress=False), ax=Figure().subplots()),
]
for ax in axes:
    print([label.get_text() for label in ax.get_xticklabels()])
print(axes[0].get_legend().get_texts()[1].get_text())
print("matplotlib.pyplot" in sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TZ": "America/New_York"},
    )
    day = r"['11 Mar\n2026']"
    assert run.stdout.splitlines() == [day, day, "1 due today", "False"], run.stderr


def test_axes_that_have_hardly_room_for_a_label_have_one() -> None:
    ax = Figure((1.1, 1.5)).subplots()
    plot_due(due(*range(-9, 20)), today=TODAY, ax=ax)  # no month begins there
    assert days(ax) == ["2 Mar\n2026"]


def test_a_year_is_said_once(ax: Axes) -> None:
    made = [an_order(1, due_date="2026-12-30"), an_order(2, due_date="2027-01-02")]
    plot_due(orders_frame(made, progress=False), today=date(2026, 12, 29), ax=ax)
    labels = days(ax)
    assert [label for label in labels if "2026" in label] == ["29 Dec\n2026"]
    assert [label for label in labels if "2027" in label] == ["1 Jan\n2027"]


# --- age


def test_each_order_is_a_dot_at_its_age(ax: Axes) -> None:
    plot_age(aged(CATALOGUE[:2], [24, 72, 240], [48]), now=NOW, ax=ax)
    assert drawn(ax) == ["Received", "In Production"]
    first, second = (np.asarray(each.get_offsets()) for each in ax.collections)
    assert first[:, 0].tolist() == [1, 3, 10]
    assert second.tolist() == [[2, 1]]
    assert ((first[:, 1] > -0.5) & (first[:, 1] < 0.5)).all()
    assert ax.get_xlabel() == "days (line: median)"
    assert [line.get_xdata()[0] for line in ax.lines] == [3]  # type: ignore[index]


@pytest.mark.parametrize(
    ("hours", "unit"), [(0.5, "minutes"), (3, "hours"), (47, "hours"), (48, "days")]
)
def test_ages_have_a_unit_that_fits(hours: float, unit: str, ax: Axes) -> None:
    plot_age(aged(CATALOGUE[:1], [hours]), now=NOW, ax=ax)
    assert ax.get_xlabel().startswith(unit)


def test_statuses_without_an_order_and_orders_without_a_status_have_no_dots(ax: Axes) -> None:
    frame = pd.concat([aged(CATALOGUE[:3], [], [2]), due(1)])
    frame["status"] = pd.Categorical(frame["status"])
    plot_age(frame, now=NOW, ax=ax)
    assert drawn(ax) == ["In Production"]


def test_a_status_set_in_the_future_has_age_zero(ax: Axes) -> None:
    plot_age(aged(CATALOGUE[:1], [-1, 5]), now=NOW, ax=ax)
    assert np.asarray(ax.collections[0].get_offsets())[:, 0].tolist() == [0, 5]


def test_ten_thousand_orders_are_drawn(ax: Axes) -> None:
    hours = [number % 700 / 3 for number in range(5000)]
    frame = aged(CATALOGUE[:2], hours, hours)
    plot_age(frame, now=NOW, ax=ax)
    assert [len(np.asarray(each.get_offsets())) for each in ax.collections] == [5000, 5000]
    assert all(each.get_rasterized() for each in ax.collections)
    drawn(ax)


@pytest.mark.parametrize("now", [datetime(2026, 3, 11), pd.NaT])
def test_now_has_a_time_zone(now: Any) -> None:
    with pytest.raises(ValueError, match="now must be aware of its time zone"):
        plot_age(aged(CATALOGUE[:1], [1]), now=now)


def test_now_is_a_moment() -> None:
    with pytest.raises(TypeError, match="now must be a datetime or None"):
        plot_age(aged(CATALOGUE[:1], [1]), now="2026-03-11")  # type: ignore[arg-type]


# --- durations


def stays(*lengths: list[int], catalogue: Any = CATALOGUE) -> pd.DataFrame:
    """A frame of stays of so many days in each status."""
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    steps = [
        [(begin.isoformat(), status), ((begin + timedelta(days=length)).isoformat(), -1)]
        for status, its in enumerate(lengths)
        for length in its
    ]
    return durations_frame(history(*steps, catalogue=catalogue))


def test_a_box_is_the_middle_half_of_the_stays(ax: Axes) -> None:
    plot_durations(stays([1, 2, 3, 4, 5], [10]), ax=ax)
    labels = drawn(ax)
    assert labels == ["Received", "In Production"]  # the last status no order has left
    box = ax.patches[0]
    assert (box.get_x(), box.get_width()) == (2, 2)  # type: ignore[attr-defined]
    assert to_hex(box.get_facecolor()) == _COLORS["gray"]
    whiskers, medians = (np.asarray(each.get_segments()) for each in ax.collections)  # type: ignore[attr-defined]
    assert whiskers[0, :, 0] == pytest.approx([1.2, 4.8])
    assert medians[:, 0, 0].tolist() == [3, 10]
    assert [text.get_text() for text in ax.texts] == ["median 3.0", "median 10.0"]
    assert "days" in ax.get_xlabel()


def test_a_median_is_seen_in_its_box() -> None:
    known = [(name, name) for name in _COLORS]
    every = stays(*[[1, 2, 3]] * len(known), catalogue=[*known, ("End", "red")])
    for style in ("default", "dark_background"):
        with plt.style.context(style):
            ax = plot_durations(every)
        inks = [to_hex(color) for color in ax.collections[1].get_colors()]  # type: ignore[attr-defined]
        boxes = [to_hex(box.get_facecolor()) for box in ax.patches]
        assert min(map(contrast, inks, boxes)) >= 3


# --- flow


ARRIVALS = (
    [("2026-03-02T08:00:00Z", 0), ("2026-03-04T08:00:00Z", None), ("2026-03-10T08:00:00Z", 1)],
    [("2026-03-02T09:00:00Z", 0), ("2026-03-02T10:00:00Z", 1), ("2026-03-11T10:00:00Z", 1)],
)


def test_arrivals_are_counted_by_day(ax: Axes) -> None:
    plot_flow(history(*ARRIVALS), ax=ax)
    gray, pink = _COLORS["gray"], _COLORS["pink"]
    # Neither a comment nor an update to the same status is an arrival.
    assert bars(ax) == {gray: {"03-02": 2}, pink: {"03-02": 1, "03-10": 1}}
    assert ax.patches[1].get_y() == 2  # type: ignore[attr-defined]
    assert ax.get_title() == "Arrivals into statuses by day"


def test_arrivals_are_counted_by_week_from_monday(ax: Axes) -> None:
    plot_flow(history(*ARRIVALS), freq="W", ax=ax)
    gray, pink = _COLORS["gray"], _COLORS["pink"]
    assert bars(ax) == {gray: {"03-02": 2}, pink: {"03-02": 1, "03-09": 1}}
    assert days(ax) == ["2 Mar\n2026", "9 Mar"]
    assert ax.get_xlabel() == "weeks from Monday"


def test_the_days_are_those_of_the_columns_time_zone(ax: Axes) -> None:
    frame = history([("2026-03-11T02:00:00Z", 0)])
    plot_flow(frame.assign(at=frame["at"].dt.tz_convert("America/New_York")), ax=ax)
    assert bars(ax) == {_COLORS["gray"]: {"03-10": 1}}


def test_the_legend_reads_as_the_bars_are_stacked_and_has_every_name(ax: Axes) -> None:
    steps = [[("2026-03-02T08:00:00Z", number)] for number in range(len(CATALOGUE))]
    plot_flow(history(*steps), ax=ax)
    legend = [text.replace(r"\$", "$") for text in in_legend(ax)]
    assert legend[-1] == "Received"
    assert "_hidden" in legend
    assert "Cost $5 and $6" in legend
    assert len(set(legend)) == len(CATALOGUE)


def test_statuses_of_one_colour_differ_in_their_pattern(ax: Axes) -> None:
    steps = [[("2026-03-02T08:00:00Z", number)] for number in (1, 2, 3)]
    plot_flow(history(*steps), ax=ax)
    looks = [(to_hex(bar.get_facecolor()), bar.get_hatch()) for bar in ax.patches]
    assert len(set(looks)) == 3
    assert [hatch for _, hatch in looks] == ["", "", "////"]


@pytest.mark.parametrize("size", [None, (8, 2.8)])
def test_twenty_statuses_in_a_legend_stay_within_the_figure(size: Any) -> None:
    steps = [[("2026-03-02T08:00:00Z", number)] for number in range(20)]
    ax = None if size is None else Figure(size, layout="constrained").subplots()
    ax = plot_flow(history(*steps, catalogue=LONG), ax=ax)
    in_legend(ax)
    legend = ax.get_legend()
    assert legend is not None
    box, figure = legend.get_window_extent(), ax.figure.bbox
    assert box.y0 >= 0
    assert box.x1 <= figure.x1


def test_years_of_days_are_drawn_as_areas(ax: Axes) -> None:
    steps = [
        [(f"{year}-{month:02d}-15T08:00:00Z", year % 3)]
        for year in range(2010, 2027)
        for month in range(1, 13)
    ]
    plot_flow(history(*steps), ax=ax)
    assert not ax.patches
    assert len(ax.collections) == 3
    assert all("\n" not in label for label in days(ax))  # years alone
    paths = [path for each in ax.collections for path in each.get_paths()]
    assert max(np.asarray(path.vertices)[:, 1].max() for path in paths) == 1


@pytest.mark.parametrize("freq", ["M", "", None, "d"])
def test_another_frequency_is_refused(freq: Any) -> None:
    with pytest.raises(ValueError, match=r"^freq must be 'D' or 'W'$"):
        plot_flow(history(*ARRIVALS), freq=freq)


# --- nothing to draw, and what is no frame


@pytest.mark.parametrize(
    ("plot", "make", "sentence"),
    [
        (plot_by_status, lambda: orders([]), "There are no orders."),
        (plot_by_status, lambda: orders(CATALOGUE), "There are no orders."),
        (plot_due, lambda: orders([]), "There are no orders."),
        (plot_due, lambda: due(None), "No order has a due date."),
        (plot_age, lambda: orders([]), "No order has a status."),
        (plot_age, lambda: orders(CATALOGUE[:1], 0, 3), "No order has a status."),
        (plot_durations, lambda: durations_frame(history()), "No stay in a status has ended."),
        (
            plot_durations,
            lambda: stays([], catalogue=CATALOGUE[:1]),
            "No stay in a status has ended.",
        ),
        (plot_flow, lambda: history(), "No order came into a status."),
        (
            plot_flow,
            lambda: history([("2026-03-02T08:00:00Z", None)]),
            "No order came into a status.",
        ),
    ],
)
def test_nothing_to_draw_is_said_in_a_sentence(plot: Any, make: Any, sentence: str) -> None:
    for style in ("default", "dark_background"):
        with plt.style.context(style):
            ax = plot(make())
            drawn(ax)
        assert [text.get_text() for text in ax.texts] == [sentence]
        assert ax.get_title()
        ink = to_hex(ax.texts[0].get_color())
        for page in ("#ffffff", "#111111") if style == "default" else ("#000000",):
            assert contrast(ink, page) >= 4


PLOTS = [plot_by_status, plot_due, plot_age, plot_durations, plot_flow]


@pytest.mark.parametrize("plot", PLOTS)
def test_a_frame_without_the_columns_is_refused_before_anything_is_drawn(plot: Any) -> None:
    with pytest.raises(ValueError, match=r"columns|lacks"):
        plot(pd.DataFrame({"name": ["#1"]}))
    with pytest.raises(TypeError, match=r"not list$"):
        plot([])
    assert not plt.get_fignums()


@pytest.mark.parametrize(("plot", "column"), [(plot_due, "due_date"), (plot_age, "status_set_at")])
def test_texts_in_place_of_times_are_refused(plot: Any, column: str) -> None:
    frame = due(1).astype({column: "string"})
    with pytest.raises(ValueError, match=f"^{column} must hold what orders_frame has there"):
        plot(frame)
    assert not plt.get_fignums()


# --- from the service to the picture


def test_a_mirror_is_drawn_in_six_lines_and_costs_no_request(mirror: Mirror, shop: Any) -> None:
    frame, events = orders_frame(mirror, progress=False), history_frame(mirror, progress=False)
    axes = [plot_by_status(frame), plot_due(frame), plot_age(frame)]
    axes += [
        plot_durations(durations_frame(events)),
        plot_flow(events),
        plot_flow(events, freq="W"),
    ]
    for ax in axes:
        drawn(ax)
        assert ax.has_data()
    assert sum(widths(axes[0])) == len(frame)
    assert not shop.requests


def test_a_part_of_a_frame_is_drawn_alone(mirror: Mirror, ax: Axes) -> None:
    frame = orders_frame(mirror, progress=False)
    chosen = frame[frame["status_name"].notna()].head(3)
    plot_by_status(chosen, ax=ax)
    assert sum(widths(ax)) == 3
