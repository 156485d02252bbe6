"""Pieces of the admin's pages: a status as a badge, a due date in words, a customer."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html

from statuspro._progress import counted
from statuspro.contrib.django import clock
from statuspro.values import hex_color

# The colour is an attribute of SVG: a policy against inline styles does not forbid it. The words
# beside it have the theme's own colours, so they can be read in a light and in a dark theme.
_DOT = (
    '<svg class="statuspro-dot" viewBox="0 0 12 12" aria-hidden="true" focusable="false">'
    '<circle cx="6" cy="6" r="5" fill="{}"/></svg>'
)


def _quiet(text: str) -> Any:
    return format_html('<span class="statuspro-quiet">{}</span>', text)


def dot(color: str | None) -> Any:
    """Draws a dot in the colour of a status; a hollow one where the colour is unknown."""
    return format_html(_DOT, hex_color(color) or "none")


def badge(name: str, color: str | None) -> Any:
    """Draws a status as a badge."""
    return format_html('<span class="statuspro-badge">{}{}</span>', dot(color), name)


def status_badge(order: Any) -> Any:
    """Draws the status of an order as a badge, or says that it has none."""
    if not order.status_is_set:
        return _quiet("no status")
    return badge(order.status_name or order.status_code, order.status_color)


def span(first: date | None, last: date | None) -> str:
    """Writes the days of a due date; nothing where there are none."""
    days = list(dict.fromkeys(date_format(day) for day in (first, last) if day))
    return " to ".join(days)


def due(order: Any, today: date | None = None) -> Any:
    """Writes the due date of an order, and in words where it is overdue or due today."""
    first, last = order.due_date or order.due_date_to, order.due_date_to or order.due_date
    if first is None or last is None:
        return _quiet("no due date")
    said = span(first, last)
    now = today or clock.today()
    if last < now:
        late = f"overdue by {counted((now - last).days, 'day')}"
        return format_html('{} <strong class="statuspro-overdue">{}</strong>', said, late)
    if first <= now:
        return format_html('{} <strong class="statuspro-today">due now</strong>', said)
    return said


def customer(order: Any) -> Any:
    """Writes the name of a customer over the address."""
    address = _quiet(order.customer_email or "no e-mail address")
    return format_html("{}<br>{}", order.customer_name or "no name", address)
