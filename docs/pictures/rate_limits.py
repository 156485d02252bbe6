"""The picture of the page "Rate limits": recorded from two walks over a list, then drawn.

`python docs/pictures/rate_limits.py record` takes two and a half minutes and writes
`rate_limits.json`; `… draw` writes `rate_limits.svg` from it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from statuspro.sandbox import Sandbox

HERE = Path(__file__).parent
RECORD = HERE / "rate_limits.json"
PICTURE = HERE / "rate_limits.svg"

PAGES = 150

#: When a request arrived, in seconds since the first one, and the status that answered it.
Event = tuple[float, int]


# --- recording


def record() -> None:
    """Makes both walks against a service with 60 requests a minute and keeps what arrived."""
    events = {"naive": events_of(walk_naively), "ours": events_of(walk_with_us)}
    lines = [f"{json.dumps(name)}: {json.dumps(walk)}" for name, walk in events.items()]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def events_of(walk: Callable[[Sandbox], None]) -> list[Event]:
    """What a service received during a walk."""
    with Sandbox(PAGES * 100, rate_limit=60, bulk_limit=5, period=60.0) as sandbox:
        sandbox.latency = 0.1, 0.3
        walk(sandbox)
        first = sandbox.requests[0].time
        return [(round(each.time - first, 2), each.status or 0) for each in sandbox.requests]


def walk_naively(sandbox: Sandbox) -> None:
    """A loop over the pages with the retries that most people know, until it gives up."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.api_key}"
        retries = Retry(5, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503, 504])
        session.mount("http://", HTTPAdapter(max_retries=retries))
        try:
            for page in range(1, PAGES + 1):
                params = {"page": page, "per_page": 100}
                session.get(f"{sandbox.base_url}/orders", params=params).raise_for_status()
        except requests.exceptions.RetryError:
            return


def walk_with_us(sandbox: Sandbox) -> None:
    """The same with the client."""
    with sandbox.client(max_pages=PAGES) as client:
        for _ in client.iter_orders():
            pass


# --- drawing

WIDTH, HEIGHT = 760, 452
LEFT, RIGHT = 56, 744
PANEL = 140  # the height of one of the two
SECONDS = 135

INK, FAINT, ANSWERED, REFUSED = "#1f2933", "#616e7c", "#1d6fb8", "#c92a2a"


def draw() -> None:
    """Draws what `record` has kept."""
    PICTURE.write_text(picture(json.loads(RECORD.read_text())))


def picture(events: dict[str, list[Event]]) -> str:
    """The whole picture as SVG."""
    naive, ours = events["naive"], events["ours"]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" font-family="Helvetica, Arial, sans-serif" '
            f'font-size="12" fill="{INK}">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>',
            *panel(48, "A loop with urllib3's Retry", naive),
            text(x(naive[-1][0]) + 10, y(48, answered(naive)) + 4, "gives up", REFUSED),
            *panel(252, "statuspro", ours),
            text(LEFT, HEIGHT - 12, "pages read, by seconds since the first request", FAINT),
            *legend(RIGHT - 248, HEIGHT - 16),
            "</svg>\n",
        ]
    )


def panel(top: float, title: str, events: list[Event]) -> list[str]:
    """One walk: how many pages were read, over time."""
    refused = len(events) - answered(events)
    result = f"{answered(events)} of {PAGES} pages, {refused} refused"
    return [
        f'<text x="{LEFT}" y="{top - 14}" font-size="14" font-weight="bold">{escape(title)}'
        f'<tspan font-weight="normal" dx="8">{result}</tspan></text>',
        *windows(top, events),
        *axes(top),
        *marks(top, events),
    ]


def windows(top: float, events: list[Event]) -> list[str]:
    """The service's windows, which open with the first request that they count."""
    parts: list[str] = []
    ends = 0.0
    for seconds, status in events:
        if status == requests.codes.ok and seconds >= ends:
            ends = seconds + 60
            left, width = x(seconds), x(min(ends, SECONDS)) - x(seconds)
            parts.append(
                f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{PANEL}" '
                f'fill="#eef3f8"/>'
            )
            if ends < SECONDS:
                words = "the service's window of 60 s"
                parts.append(text(left + width - 6, top + PANEL - 8, words, FAINT, "end"))
    return parts


def axes(top: float) -> list[str]:
    """Lines and their figures."""
    parts: list[str] = []
    for pages in range(0, PAGES + 1, 50):
        parts.append(line(LEFT, y(top, pages), RIGHT, y(top, pages), "#dde3ea"))
        parts.append(text(LEFT - 8, y(top, pages) + 4, str(pages), FAINT, anchor="end"))
    ticks = range(0, SECONDS, 20)
    below = top + PANEL + 18
    return parts + [text(x(tick), below, str(tick), FAINT, anchor="middle") for tick in ticks]


def marks(top: float, events: list[Event]) -> list[str]:
    """A mark for each request, and a line through them."""
    pages, before = 0, 0.0
    points: list[str] = []
    parts: list[str] = []
    for seconds, status in events:
        if status == requests.codes.ok:
            pages += 1
            parts.append(circle(x(seconds), y(top, pages)))
            if seconds - before > 20:
                middle = x((seconds + before) / 2)
                waits = f"waits {seconds - before:.0f} s"
                parts.append(text(middle, y(top, pages) - 6, waits, anchor="middle"))
        else:
            parts.append(cross(x(seconds), y(top, pages)))
        before = seconds
        points.append(f"{x(seconds):.1f},{y(top, pages):.1f}")
    path = f'<polyline points="{" ".join(points)}" fill="none" stroke="{ANSWERED}"/>'
    return [path, *parts]


def legend(left: float, middle: float) -> list[str]:
    """What the marks mean."""
    return [
        circle(left, middle),
        text(left + 8, middle + 4, "request, answered"),
        cross(left + 136, middle),
        text(left + 146, middle + 4, "refused (429)"),
    ]


def answered(events: list[Event]) -> int:
    """How many pages were read."""
    return sum(status == requests.codes.ok for _, status in events)


def x(seconds: float) -> float:
    """Where a second is."""
    return LEFT + (RIGHT - LEFT) * seconds / SECONDS


def y(top: float, pages: float) -> float:
    """Where a number of pages is."""
    return top + PANEL * (1 - pages / PAGES)


def text(left: float, base: float, words: str, fill: str = INK, anchor: str = "start") -> str:
    """Some words."""
    return (
        f'<text x="{left:.1f}" y="{base:.1f}" fill="{fill}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, stroke: str) -> str:
    """A thin line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
        'stroke-width="1"/>'
    )


def circle(at_x: float, at_y: float) -> str:
    """A request that was answered."""
    return f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="2" fill="{ANSWERED}"/>'


def cross(at_x: float, at_y: float) -> str:
    """A request that was refused."""
    return (
        f'<path d="M{at_x - 4:.1f} {at_y - 4:.1f}l8 8m0-8l-8 8" stroke="{REFUSED}" '
        'stroke-width="2" fill="none"/>'
    )


if __name__ == "__main__":
    {"record": record, "draw": draw}[sys.argv[1]]()
