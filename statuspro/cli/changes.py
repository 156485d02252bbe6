"""A change of an order as a person reads it: one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from statuspro._flat import shown
from statuspro.cli.drawing import draw, glyph, order_status, overflow
from statuspro.cli.output import plain
from statuspro.types import Change

_STYLES = {"new": "green", "changed": "yellow", "gone": "red"}

#: The width of the longest kind, and of most names.
_KIND_WIDTH, _NAME_WIDTH = 7, 6

#: What the status says besides its name: each is told where nothing else of it differs.
_OF_STATUS = {"set_at": "status set again", "auto_change_at": "automatic change"}


def draw_change(change: Change) -> None:
    """Draws a change on standard output."""
    # In a group: rich joins bare texts, and forgets then that they are not to be wrapped.
    draw(lambda _: [Group(line_of(change))])


def line_of(change: Change) -> Text:
    """Makes the line of a change."""
    kind = change["kind"]
    made = Text(no_wrap=True, overflow=overflow())
    made.append(kind.ljust(_KIND_WIDTH), _STYLES[kind])
    made.append(f"  {plain(change['order'].get('name')).ljust(_NAME_WIDTH)}  ", "default")
    parts = list(_parts(change))
    return made.append_text(Text(glyph(" · ", ", ")).join(parts))


def _parts(change: Change) -> Iterator[Text]:
    """What there is to say, the most important first: the end is cut in a narrow window."""
    order: Mapping[str, Any] = change["order"]
    before: Mapping[str, Any] | None = change["before"]
    if change["kind"] != "changed" or before is None:
        yield order_status(order)
        if change["kind"] == "new" and (due := _due(order)):
            yield Text(f"due {due}")
        return
    fields = change["fields"]
    if "status" in fields:
        yield _status(before, order)
    if {"due_date", "due_date_to"} & set(fields):
        yield Text(f"due {_due(before) or 'none'} ").append(
            f"{_arrow()} {_due(order) or 'none'}", "default"
        )
    if "customer" in fields:
        yield Text("customer")
    if "filtered" in fields:
        yield Text("came into the filters or fell out of them")
    yield from _comments(change)
    known = {"status", "due_date", "due_date_to", "customer", "filtered", "history_count"}
    for name in fields:
        if name not in known:
            yield Text(plain(name).replace("_", " "))
    if fields == ["history_count"] and not change["events"]:
        yield Text("history")


def _status(before: Mapping[str, Any], order: Mapping[str, Any]) -> Text:
    was, now = order_status(before), order_status(order)
    if was.plain != now.plain or shown(before, "status.code") != shown(order, "status.code"):
        return was.append(f" {_arrow()} ", "default").append_text(now)
    for name, said in _OF_STATUS.items():
        if shown(before, f"status.{name}") != shown(order, f"status.{name}"):
            return now.append(f" ({said})", "default")
    return now.append(" (status)", "default")


def _comments(change: Change) -> Iterator[Text]:
    for event in change["events"]:
        if comment := event.get("comment"):
            kind = "public" if event.get("comment_is_public") else "internal"
            yield Text(f"{kind} comment: {plain(comment)}", "dim")


def _due(order: Mapping[str, Any]) -> str:
    first, last = shown(order, "due_date"), shown(order, "due_date_to")
    if first and last and first != last:
        return f"{plain(first)} to {plain(last)}"
    return plain(first or last or "")


def _arrow() -> str:
    return glyph("→", "->")
