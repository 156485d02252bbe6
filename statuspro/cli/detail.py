"""An order in full, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from statuspro._kinds import is_mapping
from statuspro._payload import moment_of, object_in
from statuspro.cli.drawing import (
    GAP,
    facts,
    heading,
    order_status,
    status_text,
)
from statuspro.cli.output import plain
from statuspro.types import ViableStatus
from statuspro.values import due_days


def order_in_full(
    order: Mapping[str, Any],
    options: Sequence[ViableStatus] | None = None,
    today: date | None = None,
) -> Iterator[RenderableType]:
    """Makes what to draw of an order.

    Args:
        order: in detail.
        options: what it can move to; None where that is not to be shown.
        today: the day that due dates are seen from.
    """
    yield Text(plain(order.get("name")), "bold").append("  ").append_text(order_status(order))
    yield Text()
    yield facts(_facts(order, today or date.today()))
    history = order.get("history") or ()
    if history:
        yield from heading("History")
        yield _history(history)
    if options is not None:
        yield from heading("Can move to")
        yield _options(options)


def due_in_words(order: Mapping[str, Any], today: date) -> Text:
    """Says when an order is due, and how far away that is."""
    first, last = due_days(order)
    first, last = first or last, last or first
    if first is None or last is None:
        return Text("no due date", "dim")
    said = _day(first) if first == last else f"{_first_of_span(first, last)} to {_day(last)}"
    if last < today:
        return Text(f"{said}, {_days(today - last)} ago", "red")
    if first > today:
        return Text(f"{said}, in {_days(first - today)}")
    if last == today:
        return Text(f"{said}, today", "bold")
    return Text(f"{said}, {_days(last - today)} left", "bold")


def _facts(order: Mapping[str, Any], today: date) -> Iterator[tuple[str, Text | str]]:
    customer, status = object_in(order, "customer"), object_in(order, "status")
    yield "Due", due_in_words(order, today)
    yield "Customer", Text(plain(customer.get("name") or ""))
    yield "Address", Text(plain(customer.get("email") or ""))
    yield "Language", Text(plain(customer.get("locale") or ""))
    yield "Status", _status_in_words(status)
    yield "Shown as", Text(_shown_as(status))
    if status.get("auto_change_at"):
        yield "Changes", f"by itself, {_moment(status['auto_change_at'])}"
    yield "Number", Text(plain(order.get("order_number") or ""))
    yield "Id", Text(plain(order.get("id") or ""))


def _status_in_words(status: Mapping[str, Any]) -> Text:
    since = _moment(status.get("set_at"))
    said = Text(plain(status.get("code") or ""))
    return said.append(f", since {since}") if since and said else said


def _shown_as(status: Mapping[str, Any]) -> str:
    """What the customer sees of the status."""
    if not status.get("code"):
        return ""
    if status.get("public") is False:
        return "nothing: the customer does not see this status"
    return plain(status.get("public_name") or status.get("name") or "")


def _history(entries: Sequence[Mapping[str, Any]]) -> Table:
    made = Table.grid(padding=(0, GAP, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    moments = [str(entry.get("created_at") or "") for entry in entries]
    if moments[0] > moments[-1]:
        entries = entries[::-1]
    for entry in entries:
        lines = list(_told(entry))
        made.add_row(_moment(entry.get("created_at")), lines[0] if lines else "")
        for line in lines[1:]:
            made.add_row("", line)
    return made


def _told(entry: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The lines of one thing that happened."""
    status, comment, mail = entry.get("status"), entry.get("comment"), entry.get("mail_log")
    if is_mapping(status) and (status.get("name") or status.get("code")):
        yield order_status(entry)
    elif not comment:
        yield Text(plain(entry.get("event") or "").replace("_", " "))
    if comment:
        yield from _comment(str(comment), is_public=entry.get("comment_is_public") is True)
    if is_mapping(mail):
        said = f"mail to {plain(mail.get('to') or '')}: {plain(mail.get('subject') or '')}"
        yield Text(f"{said} ({plain(mail.get('delivery_status') or 'unknown')})", "dim")


def _comment(comment: str, *, is_public: bool) -> Iterator[RenderableType]:
    kind, style = ("public", "dim") if is_public else ("internal", "magenta")
    yield Text(f"{kind} comment", style)
    for each in comment.splitlines():
        yield Padding(Text(plain(each)), (0, 0, 0, 2))


def _options(options: Iterable[ViableStatus]) -> Table | Text:
    made = Table.grid(padding=(0, GAP, 0, 0))
    for status in options:
        name = status_text(status.get("name"), status.get("color"))
        made.add_row(name, Text(plain(status.get("code") or ""), "dim"))
    return made if made.rows else Text("no status", "dim")


def _moment(written: Any) -> str:
    """A moment in this machine's time zone; what is none as it is written."""
    moment = moment_of(written)
    return plain(written or "") if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def _first_of_span(first: date, last: date) -> str:
    """The first day of a span without what its last day says too."""
    if first.year != last.year:
        return _day(first)
    return f"{first:%A} {first.day}" + ("" if first.month == last.month else f" {first:%B}")


def _days(span: Any) -> str:
    return "1 day" if span.days == 1 else f"{span.days:,} days"
