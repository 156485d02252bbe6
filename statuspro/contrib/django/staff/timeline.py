"""What happened to an order, in the order of time, as the staff see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from statuspro._kinds import is_mapping
from statuspro._payload import color_of, object_in
from statuspro.contrib.django.models import storable
from statuspro.contrib.django.staff.cells import badge


class Entry(NamedTuple):
    """One thing that happened to an order.

    Attributes:
        at: when; None where the service did not say.
        what: the service's name of the event, in words.
        status: a badge; None where the event has no status.
        comment: its text; None without one.
        is_public: whether the customer sees the comment.
        mail: the subject and fate of the mail that was sent; None without one.
    """

    at: datetime | None
    what: str
    status: Any
    comment: str | None
    is_public: bool
    mail: str | None


def timeline(order: Any) -> list[Entry]:
    """Reads the history of an order, the oldest first, internal comments too."""
    entries = [_entry(event) for event in order.events.all()]
    return sorted(entries, key=lambda entry: (entry.at is None, entry.at or 0))


def _entry(event: Any) -> Entry:
    payload = event.payload()
    written: Mapping[str, Any] = payload if is_mapping(payload) else {}
    color, name = object_in(written, "status").get("color"), event.status_name or event.status_code
    return Entry(
        event.created_at,
        str(event.event).replace("_", " ").capitalize() or "Event",
        badge(name, color_of(color)) if name else None,
        event.comment or None,
        event.comment_is_public is True,
        _mail(written.get("mail_log")),
    )


def _mail(log: Any) -> str | None:
    if not is_mapping(log):
        return None
    subject, fate = (storable(str(log.get(name) or "")) for name in ("subject", "delivery_status"))
    return f"{subject or 'without a subject'} ({fate or 'fate unknown'})"
