"""Show an order, statuses or a summary: as HTML in a notebook, as plain text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from statuspro import _arguments
from statuspro._kinds import is_mapping
from statuspro._payload import object_in
from statuspro.contrib.notebook._colors import NEUTRAL, usable
from statuspro.contrib.notebook._markup import Html, chip, element, filled, join, name_of, page
from statuspro.contrib.notebook._texts import cells, one_line
from statuspro.contrib.notebook._timeline import Event, all_events, public_events
from statuspro.values import due_days

#: Of bars whose things have no colour of their own; it is seen on dark and light.
_PLAIN = "#0891b2"

#: Columns of the longest bar in plain text.
_LONGEST = 30

Text = TypeVar("Text", bound=str)

#: What is counted: the name, the colour and the count.
_Bar = tuple[str, str, int]


class Shown:
    """What :func:`show` makes: a notebook shows its HTML, a terminal its text.

    Args:
        html: for a notebook.
        text: for everything else.
    """

    def __init__(self, html: str, text: str) -> None:
        self._html = html
        self._text = text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


def show(
    thing: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, internal: bool = False
) -> Shown:
    """Shows an order as a timeline, statuses as chips, a summary as bars.

    Of an order it shows what its customer may see, as :func:`statuspro.public_timeline` picks it:
    no internal comment, no status that is not public, and nobody's name or address. No request is
    sent.

    Args:
        thing: an order in detail (of `get_order` or a mirror), the statuses of `get_statuses` or
            `get_viable_statuses`, or a summary of `summarize_orders`.
        internal: whether to show all of an order: internal comments, statuses that are not public,
            the customer, and the mails.

    Returns:
        What a notebook shows if it is the last line of a cell; `print` writes it as plain text.

    Raises:
        TypeError: it is none of these.
    """
    is_internal = _arguments.flag("internal", internal)
    if isinstance(thing, Mapping):
        if "by_status" in thing:
            return _summary(thing)
        if "id" in thing and "status" in thing:
            return _order(thing, is_internal=is_internal)
    elif _are_statuses(thing):
        return _statuses(thing)
    wanted = "an order, a list of statuses or a summary of orders"
    raise _arguments.wrong_kind("thing", wanted, thing)


def _are_statuses(thing: Any) -> bool:
    if isinstance(thing, str) or not isinstance(thing, Sequence):
        return False
    things: Sequence[Any] = thing
    return all(is_mapping(each) and {"code", "name"} <= set(each) for each in things)


# --- an order


def _order(order: Mapping[str, Any], *, is_internal: bool) -> Shown:
    name = one_line(order.get("name")) or f"order {order.get('id')}"
    status, color = _status_of(order, is_internal=is_internal)
    due = _due(order)
    customer = _customer(order) if is_internal else []
    events = all_events(order) if is_internal else public_events(order)
    note = " ".join(_notes(order, events, is_internal=is_internal))
    html = page(
        element("span", name_of(name), cls="sp-title"),
        chip(status, color),
        " ",
        element("span", due, cls="sp-faint"),
        *_if(customer, element("div", join(map(name_of, customer), ", "), cls="sp-faint")),
        *_if(events, element("ol", *map(_event_html, events))),
        element("p", note, cls="sp-faint"),
    )
    head = "  ".join(part for part in (name, f"[{status}]", due) if part)
    text = [head, *_if(customer, ", ".join(customer)), *_event_lines(events), note]
    return Shown(html, "\n".join(text))


def _status_of(order: Mapping[str, Any], *, is_internal: bool) -> tuple[str, str]:
    """The name and the colour of the status, as the customer or as the shop knows it."""
    status = object_in(order, "status")
    name = one_line(status.get("name")) or one_line(status.get("code"))
    if not name:
        return "No status", NEUTRAL
    if not is_internal:
        if status.get("public") is not True:
            return "No public status", NEUTRAL
        name = one_line(status.get("public_name")) or name
    return name, usable(status.get("color"))


def _due(order: Mapping[str, Any]) -> str:
    """Says when an order is due."""
    first, last = due_days(order)
    first, last = first or last, last or first
    if first is None or last is None:
        return ""
    return f"due {_day(last)}" if first == last else f"due {_day(first)} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def _customer(order: Mapping[str, Any]) -> list[str]:
    """The customer's name, address and language, as far as they are there."""
    customer = object_in(order, "customer")
    parts = [one_line(customer.get(key)) for key in ("name", "email", "locale")]
    return [part for part in parts if part]


def _notes(
    order: Mapping[str, Any], events: Sequence[Event], *, is_internal: bool
) -> Iterator[str]:
    if "history" not in order:
        yield "There is no history: get_order reads it, and a mirror that keeps histories has it."
        return
    if not events:
        yield "Nothing has happened." if is_internal else "The customer sees no history."
    if zones := dict.fromkeys(_local(event.at).tzname() for event in events if event.at):
        yield f"Times in {' and '.join(map(str, zones))}."
    if not is_internal:
        yield "This is what the customer may see; internal=True shows the rest."


def _event_html(event: Event) -> Html:
    size = "sp-dot" if event.color else "sp-dot sp-small"
    dot = element("span", cls=size, style=filled(event.color or NEUTRAL))
    at = "" if event.at is None else event.at.isoformat()
    parts = [dot, element("time", _written(event.at), datetime=at), _name_html(event)]
    if event.comment is not None:
        kind, text = event.comment
        cls = "sp-comment sp-internal" if kind == "internal" else "sp-comment"
        label = [element("span", f"{kind} comment: ", cls="sp-faint")] if kind else []
        parts.append(element("div", *label, name_of("\n".join(text)), cls=cls))
    if event.mail:
        parts.append(element("div", name_of(event.mail), cls="sp-faint"))
    return element("li", *parts)


def _name_html(event: Event) -> Html:
    return element("b" if event.color else "span", name_of(event.name)) if event.name else Html()


def _event_lines(events: Iterable[Event]) -> Iterator[str]:
    indent = " " * len(f"  {_written(None)}  ")
    for event in events:
        begin, space = f"  {_written(event.at)}  ", indent
        said = [f"{_glyph('●', '*')} {event.name}"] if event.color else [event.name]
        if event.comment is not None:
            said += _comment_lines(*event.comment)
        said += [event.mail]
        for line in filter(None, said):
            yield begin + line
            begin = space


def _comment_lines(kind: str, text: Sequence[str]) -> list[str]:
    quoted = "\n".join(text).join('""')
    return (f"{kind} comment: {quoted}" if kind else quoted).split("\n")


def _local(moment: datetime) -> datetime:
    return moment.astimezone()


def _written(moment: datetime | None) -> str:
    """A moment in this machine's time zone; blanks of that width for none."""
    return f"{_local(moment):%Y-%m-%d %H:%M}" if moment else " " * 16


# --- statuses


def _statuses(statuses: Sequence[Mapping[str, Any]]) -> Shown:
    if not statuses:
        return Shown(page("There are no statuses."), "There are no statuses.")
    rows = [
        [one_line(status.get(key)) for key in ("name", "code", "description")]
        for status in statuses
    ]
    colors = [usable(status.get("color")) for status in statuses]
    table = element(
        "table",
        *(
            element(
                "tr",
                element("td", chip(name or code, color)),
                element("td", element("code", code)),
                element("td", name_of(description), cls="sp-faint"),
            )
            for (name, code, description), color in zip(rows, colors, strict=True)
        ),
    )
    return Shown(page(table), "\n".join(_aligned(rows)))


# --- a summary


def _summary(summary: Mapping[str, Any]) -> Shown:
    parts = {
        "Status": [
            *(
                (one_line(one.get("name")), usable(one.get("color")), one.get("count", 0))
                for one in summary["by_status"]
            ),
            ("No status", NEUTRAL, summary.get("without_status", 0)),
        ],
        "Payment": _plain_bars(object_in(summary, "by_financial_status")),
        "Fulfillment": _plain_bars(object_in(summary, "by_fulfillment_status")),
    }
    parts = {title: bars for title, bars in parts.items() if bars}
    most = max([1, *(count for bars in parts.values() for *_, count in bars)])
    total = summary.get("total", 0)
    title = f"{total:,} orders that are not cancelled"
    rows = [row for name, bars in parts.items() for row in _bar_rows(name, bars, most)]
    html = page(element("div", title, cls="sp-title"), element("table", *rows))
    return Shown(html, "\n".join([title, *_bar_lines(parts, most)]))


def _plain_bars(counts: Mapping[str, int]) -> list[_Bar]:
    return [(one_line(name).replace("_", " "), _PLAIN, count) for name, count in counts.items()]


def _bar_rows(part: str, bars: Iterable[_Bar], most: int) -> Iterator[Html]:
    yield element("tr", element("td", part, cls="sp-part", colspan="3"))
    for name, color, count in bars:
        style = f"{filled(color)};width:{count / most:.2%}"
        yield element(
            "tr",
            element("td", name_of(name)),
            element("td", f"{count:,}", cls="sp-count"),
            element("td", *_if(count, element("div", cls="sp-bar", style=style)), cls="sp-track"),
        )


def _bar_lines(parts: Mapping[str, Sequence[_Bar]], most: int) -> Iterator[str]:
    bars = [bar for its in parts.values() for bar in its]
    width = len(f"{most:,}")
    block = _glyph("█", "#")
    rows = [
        [f"  {name}", f"{count:,}".rjust(width), block * _length(count, most)]
        for name, _, count in bars
    ]
    lines = _aligned(rows)
    for part, its in parts.items():
        yield from ("", part, *islice(lines, len(its)))


def _length(count: int, most: int) -> int:
    """The columns of a bar: what there is has one at least."""
    return max(round(_LONGEST * count / most), 1 if count else 0)


def _if(condition: object, part: Text) -> list[Text]:
    """The part, or nothing."""
    return [part] if condition else []


# --- plain text


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Writes rows in columns; wide characters take two."""
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True)
        )
        yield "  ".join(padded).rstrip()


def _glyph(drawn: str, plain: str) -> str:
    """A character, or another one where the output's encoding does not have it."""
    is_utf = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    return drawn if is_utf else plain
