"""What has happened to an order: all of it, or what its customer may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from statuspro._kinds import is_mapping
from statuspro._payload import moment_of, object_in, objects_in
from statuspro.contrib.notebook._colors import NEUTRAL, usable
from statuspro.contrib.notebook._texts import lines, one_line
from statuspro.values import public_timeline


class Comment(NamedTuple):
    """A comment.

    Attributes:
        kind: `public`, `internal`, or empty where all are public.
        lines: of its text.
    """

    kind: str
    lines: list[str]


class Event(NamedTuple):
    """One thing that happened.

    Attributes:
        at: when, in UTC; None where that cannot be read.
        name: of the new status, or what else happened; empty for a comment alone.
        color: of the status; None for anything else.
        comment: what was written.
        mail: what was sent.
    """

    at: datetime | None
    name: str
    color: str | None
    comment: Comment | None
    mail: str = ""


def public_events(order: Mapping[str, Any]) -> list[Event]:
    """Lists what the customer may see, the oldest first."""
    return [
        Event(
            item["at"],
            one_line(item["name"]),
            None if item["name"] is None else item["color"] or NEUTRAL,
            None if item["comment"] is None else Comment("", lines(item["comment"])),
        )
        for item in public_timeline(order)
    ]


def all_events(order: Mapping[str, Any]) -> list[Event]:
    """Lists the whole history, the oldest first: internal comments and mail too."""
    return list(_events(_oldest_first(objects_in(order, "history"))))


def _events(entries: list[Mapping[str, Any]]) -> Iterator[Event]:
    code_before = None
    for entry in entries:
        status = object_in(entry, "status")
        code = status.get("code") or code_before
        word = one_line(entry.get("event")).replace("_", " ")
        is_new = bool(status.get("code")) and (code != code_before or "status" in word.lower())
        comment, mail = _comment(entry), _mail(entry.get("mail_log"))
        name = one_line(status.get("name")) or one_line(code)
        if is_new:
            if status.get("public") is False:
                name += " (not public)"
            yield Event(_at(entry), name, usable(status.get("color")), comment, mail)
        else:
            yield Event(_at(entry), "" if comment else word, None, comment, mail)
        code_before = code


def _oldest_first(entries: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    moments = [moment for each in entries if (moment := _at(each))]
    return entries[::-1] if moments and moments[0] > moments[-1] else entries


def _at(entry: Mapping[str, Any]) -> datetime | None:
    return moment_of(entry.get("created_at"))


def _comment(entry: Mapping[str, Any]) -> Comment | None:
    text = lines(entry.get("comment"))
    kind = "public" if entry.get("comment_is_public") is True else "internal"
    return Comment(kind, text) if text else None


def _mail(log: Any) -> str:
    if not is_mapping(log):
        return ""
    said = f"mail to {one_line(log.get('to'))}: {one_line(log.get('subject'))}"
    return f"{said} ({one_line(log.get('delivery_status')) or 'unknown'})"
