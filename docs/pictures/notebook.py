"""The pictures of the page "Notebooks": the plots as SVG, and what `show` makes as HTML.

`python docs/pictures/notebook.py` draws all of them, from orders that are always the same.
"""

from __future__ import annotations

import io
import os
import random
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from statuspro.contrib.notebook import (
    durations_frame,
    history_frame,
    orders_frame,
    plot_age,
    plot_by_status,
    plot_due,
    plot_durations,
    plot_flow,
    show,
)

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 11, 9, tzinfo=timezone.utc)
TODAY = NOW.date()

#: Name, public name, colour, days that an order stays in it, and what it means.
CATALOGUE = [
    ("Order Received", "We have your order", "gray", 1.0, "The order waits for a free bench."),
    ("In Production", "On the workbench", "pink", 4.0, "A joiner is making this piece."),
    ("Quality Check", None, "blue", 0.5, "The piece is looked over before it is packed."),
    ("On Hold", None, "amber", 5.0, "Something is missing: material or an answer."),
    ("Ready to Ship", None, "teal", 1.5, "The parcel waits for the carrier."),
    ("Shipped", None, "green", 3.0, "The parcel has left the workshop."),
]

STYLE = {
    "svg.fonttype": "none",  # text as text, which any browser has a font for
    "svg.hashsalt": "statuspro",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": 9,
}


def statuses() -> list[dict[str, Any]]:
    """The catalogue as the service has it."""
    return [
        {"code": f"st{number:06d}", "name": name, "color": color, "description": description}
        for number, (name, _, color, _, description) in enumerate(CATALOGUE, 1)
    ]


def orders() -> list[dict[str, Any]]:
    """Orders in detail, from a random generator that always begins alike."""
    chance = random.Random(11)
    return [an_order(number, chance) for number in range(1, 201)]


def an_order(number: int, chance: random.Random) -> dict[str, Any]:
    """An order that came in some day and has moved on since."""
    at = NOW - timedelta(days=chance.uniform(0.1, 20))
    ordered, step, history = at, 0, []
    while step < len(CATALOGUE) and at < NOW:
        history.append(an_event(step, at))
        at += timedelta(days=chance.expovariate(1 / CATALOGUE[step][3]) + 0.1)
        step += 2 if step == 2 and chance.random() < 0.8 else 1
    due = (ordered + timedelta(days=chance.randint(9, 20))).date()
    return {
        "id": 6110375248000 + number,
        "name": f"#{1000 + number}",
        "status": history[-1]["status"],
        "due_date": f"{due}T00:00:00+00:00" if chance.random() < 0.9 else None,
        "history": history,
    }


def an_event(step: int, at: datetime) -> dict[str, Any]:
    """An event that brings an order into a status."""
    status = statuses()[step]
    moment = at.isoformat(timespec="seconds")
    shown = {"is_set": True, "public": True, "public_name": CATALOGUE[step][1], "set_at": moment}
    return {"event": "status_updated", "status": {**status, **shown}, "created_at": moment}


def plots() -> dict[str, Figure]:
    """Each plot by the name of its picture."""
    frame = orders_frame(orders(), statuses=statuses(), progress=False)
    history = history_frame(orders(), statuses=statuses(), progress=False)
    made = {name: axes() for name in ("by-status", "due", "age", "durations", "flow")}
    plot_by_status(frame, ax=made["by-status"])
    open_orders = frame[frame["status"] != "Shipped"]
    plot_due(open_orders, today=TODAY, ax=made["due"])
    plot_age(open_orders, now=NOW, ax=made["age"])
    plot_durations(durations_frame(history), ax=made["durations"])
    plot_flow(history, ax=made["flow"])
    return {f"notebook-{name}.svg": ax.figure for name, ax in made.items()}  # type: ignore[misc]


def axes() -> Axes:
    """Axes of a small picture."""
    made: Axes = Figure(figsize=(6.4, 2.8), layout="constrained").subplots()
    return made


def svg(figure: Figure) -> str:
    """A figure as SVG, without the date and the version that it was drawn with."""
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        file = io.StringIO()
        FigureCanvasSVG(figure).print_svg(
            file, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def pages() -> dict[str, str]:
    """What `show` makes in UTC, by the name of its file."""
    order = next(each for each in orders() if each["status"]["name"] == "Ready to Ship")
    comment = {
        "event": "comment_added",
        "comment": "We took the oiled oak that you chose.",
        "comment_is_public": True,
        "created_at": (NOW - timedelta(days=1)).isoformat(timespec="seconds"),
    }
    order = {**order, "history": [*order["history"], comment]}
    counts = [sum(each["status"]["code"] == one["code"] for each in orders()) for one in statuses()]
    summary = {
        "total": 214,
        "without_status": 14,
        "by_status": [
            {**one, "count": count} for one, count in zip(statuses(), counts, strict=True)
        ],
        "by_financial_status": {"paid": 181, "pending": 33},
    }
    things = {"order": show(order), "statuses": show(statuses()), "summary": show(summary)}
    return {f"notebook-{name}.html": f"{made._repr_html_()}\n" for name, made in things.items()}


def pictures() -> dict[str, str]:
    """All of them, by the name of the file."""
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        drawn = {name: svg(figure) for name, figure in plots().items()}
    return drawn | pages()


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    for name, written in pictures().items():
        (HERE / name).write_text(written, encoding="utf-8")
