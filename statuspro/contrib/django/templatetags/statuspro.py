"""Template tags and filters: what of an order its customer may see."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from statuspro.contrib.django import presentation
from statuspro.values import due_days, parse_moment

register = template.Library()


@register.inclusion_tag("statuspro/status_badge.html")
def status_badge(value: Any) -> dict[str, Any]:
    """Shows the status of an order in its colour, or a status; nothing where it is internal.

    Args:
        value: an order, its status, or a status of the catalogue; a dict, or a row of the mirror.
    """
    return {"status": presentation.public_status(value)}


@register.inclusion_tag("statuspro/public_timeline.html")
def public_timeline(order: Any) -> dict[str, Any]:
    """Shows what has happened to an order, as its customer may see it.

    Args:
        order: an order in detail, or a row of the mirror.
    """
    return {"timeline": presentation.shown_timeline(order)}


@register.simple_tag
def language_of_texts() -> str:
    """Gives the language of this app's sentences, for an attribute `lang`."""
    return presentation.language_of_texts()


@register.filter(expects_localtime=False)
def due_day(value: Any) -> str:
    """Writes the day on which an order is due, or a span of days, in the active language.

    Args:
        value: an order, a row of the mirror, or a due date as the service writes it.
    """
    order = presentation.plain(value) or {"due_date": _written(value)}
    days = [date_format(day, "DATE_FORMAT") for day in dict.fromkeys(due_days(order)) if day]
    return " – ".join(days)  # noqa: RUF001 - a dash


@register.filter(expects_localtime=False)
def moment(value: Any) -> str:
    """Writes a moment in the active language and the current time zone.

    Args:
        value: a moment as the service writes it, or a `datetime` with a time zone.
    """
    at = parse_moment(value) if isinstance(value, str) else value
    if not isinstance(at, datetime):
        return ""
    return date_format(timezone.localtime(at) if timezone.is_aware(at) else at, "DATETIME_FORMAT")


def _written(value: Any) -> Any:
    """A datetime is a day too: the one that it says, in no other zone."""
    return value.isoformat() if isinstance(value, date) else value
