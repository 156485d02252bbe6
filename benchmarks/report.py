"""Draws the results: the documentation's table and charts (`python -m benchmarks.report`)."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.results import Result, Row, load

FOLDER = Path(__file__).parent.parent / "docs" / "performance"
TABLE = FOLDER / "table.inc"

# Sphinx would make a dash of an option's hyphens.
_COMMAND = re.compile(r"statuspro (?:\w+ )?--\w+")
_COLOURS = {"statuspro": "#2a6fdb", "requests": "#9a9a9a"}


def figure_text(row: Row) -> str:
    """The figure with its unit."""
    if row.value is None:
        return "–"
    if row.unit.startswith("×"):
        return f"{row.value:.2f} {row.unit}"
    number = f"{row.value:.0f}" if row.value == int(row.value) else f"{row.value:.1f}"
    return f"{number} {row.unit}".strip()


def bound_text(row: Row) -> str:
    """What the figure must be, and whether it is."""
    if row.bound is None:
        return ""
    number = f"{row.bound:.2f}" if row.unit == "×" else f"{row.bound:g}"
    return f"{row.sense} {number}{' (missed)' if row.is_missed else ''}"


def medians_text(row: Row) -> str:
    """What each contestant took."""
    taken = ", ".join(f"{_shown_name(name)} {value}" for name, value in sorted(row.medians.items()))
    return row.note or taken


def plain_table(result: Result) -> str:
    """The rows and points for a terminal."""
    lines = [
        f"  {row.title}: {figure_text(row)}, {bound_text(row)}; {medians_text(row)}"
        for row in result.rows
    ]
    lines += [
        "  " + ", ".join(f"{name} {_short(value)}" for name, value in point.items())
        for point in result.points
    ]
    return "\n".join(lines)


def rst_table(results: Mapping[str, Result]) -> str:
    """The table of all rows, and when and where they were measured, as reStructuredText."""
    cells = [
        ("", "figure", "must be", "medians"),
        *(
            (row.title, figure_text(row), bound_text(row), medians_text(row))
            for result in results.values()
            for row in result.rows
        ),
    ]
    lines = [
        ".. list-table::",
        "    :class: stacked",
        "    :header-rows: 1",
        "    :widths: 36 14 18 32",
        "",
    ]
    for measured, *others in cells:
        title = _COMMAND.sub(r"`\g<0>`", measured)
        lines += [f"    * - {title}".rstrip(), *(f"      - {text}".rstrip() for text in others)]
    return "\n".join([*lines, "", *_circumstances(results), ""])


def _circumstances(results: Mapping[str, Result]) -> Iterable[str]:
    """Says when and where the figures were measured, and how busy the machine was before each."""
    loads: dict[str, list[float]] = {}
    for result in results.values():
        load = float(result.measured["load before"])
        loads.setdefault(_circumstance(result.measured), []).append(load)
    return [
        f"{text} The load average was {min(found)} to {max(found)} before."
        for text, found in sorted(loads.items())
    ]


def _circumstance(measured: Mapping[str, str]) -> str:
    libraries = [
        f"{name} {measured[name]}" for name in ("requests", "urllib3", "orjson") if name in measured
    ]
    return (
        "Measured on {day} with Python {python}, {libraries}, on {system}, with {environment} in "
        "the environment."
    ).format(libraries=" and ".join([", ".join(libraries[:-1]), libraries[-1]]), **measured)


def draw(results: Mapping[str, Result], folder: Path = FOLDER) -> None:
    """Writes the table and, where their figures were measured, the charts."""
    folder.mkdir(exist_ok=True)
    (folder / TABLE.name).write_text(rst_table(results), encoding="utf-8")
    charts = {"ratios": _draw_ratios, "growth": _draw_growth, "threads": _draw_threads}
    for name, draw_chart in charts.items():
        figure = _new_figure()
        if draw_chart(figure, results):
            # Without the day, so that the same results are the same file.
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _new_figure() -> Any:
    # matplotlib is only needed here; nothing else depends on whether it is installed.
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.rcParams.update(
        {
            "svg.hashsalt": "benchmarks",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#e4e4e4",
        }
    )
    return importlib.import_module("matplotlib.figure").Figure(layout="constrained")


def _draw_ratios(figure: Any, results: Mapping[str, Result]) -> bool:
    """What ours takes in terms of bare requests, and what it may take at the most."""
    rows = [row for result in results.values() for row in result.rows if row.unit == "×"]
    figure.set_size_inches(8, 0.8 + 0.36 * len(rows))
    axes = figure.add_subplot()
    titles = [row.title for row in reversed(rows)]
    values = [row.value or 0.0 for row in reversed(rows)]
    bars = axes.barh(titles, values, color=_COLOURS["statuspro"], height=0.62)
    axes.bar_label(bars, fmt="%.2f", label_type="center", color="white", weight="bold")
    for position, row in enumerate(reversed(rows)):
        label = "at most" if position == 0 else None
        axes.plot([row.bound] * 2, [position - 0.4, position + 0.4], color="#d9480f", label=label)
    axes.axvline(1, color=_COLOURS["requests"], linestyle="--", label="bare requests")
    axes.set_xlim(0, 1.3)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("in terms of bare requests, shorter is better")
    figure.legend(loc="outside upper right", ncols=2, frameon=False)
    return bool(rows)


def _draw_growth(figure: Any, results: Mapping[str, Result]) -> bool:
    """Seconds and memory of a stream over the length of the list."""
    points = results["growth"].points if "growth" in results else []
    figure.set_size_inches(8, 3.4)
    seconds, mib = figure.subplots(1, 2)
    _draw_lines(seconds, points, "orders", "seconds", "seconds")
    _draw_lines(mib, points, "orders", "mib", "MiB beyond the import, at the peak")
    for axes in (seconds, mib):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel("orders streamed")
    seconds.set_yscale("log")
    seconds.yaxis.set_major_formatter("{x:g}")
    seconds.legend(frameon=False)
    return bool(points)


def _draw_threads(figure: Any, results: Mapping[str, Result]) -> bool:
    """Requests a second over the number of threads."""
    points = results["threads"].points if "threads" in results else []
    figure.set_size_inches(8, 3.4)
    speed, cpu = figure.subplots(1, 2)
    _draw_lines(speed, points, "threads", "per_second", "requests a second")
    millis = [{**point, "cpu": point["cpu"] * 1000} for point in points]
    _draw_lines(cpu, millis, "threads", "cpu", "client CPU, ms a request")
    for axes in (speed, cpu):
        axes.set_xscale("log", base=2)
        axes.set_xticks(sorted({point["threads"] for point in points}))
        axes.xaxis.set_major_formatter("{x:.0f}")
        axes.set_xlabel("threads on one client")
        axes.set_ylim(bottom=0)
    speed.legend(frameon=False)
    return bool(points)


def _draw_lines(axes: Any, points: list[dict[str, Any]], x: str, y: str, label: str) -> None:
    for who, colour in _COLOURS.items():
        own = [(point[x], point[y]) for point in points if point["who"] == who]
        axes.plot(*zip(*own, strict=True), marker="o", color=colour, label=who)
    axes.set_ylabel(label)


def _shown_name(name: str) -> str:
    return "statuspro-openapi-client" if name == "statuspro_public_api_client" else name


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    draw(load())
