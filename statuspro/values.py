"""What the service's strings mean: days, moments, colours, and what of an order is public."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from typing import Any

from statuspro import _arguments, _json, _kinds
from statuspro.types import TimelineItem

# Patterns are compiled when they are first used: `import statuspro` need not wait for that.

#: A day, and mostly a time behind it, as services write them; in capitals.
_MOMENT = (
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r" ?(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)

_HEX_COLOR = r"#(?:[0-9a-f]{3}|[0-9a-f]{6})"

#: The catalogue's colours are those of Tailwind CSS, whose shade 500 the orders show.
_COLORS = {
    "black": "#000000",
    "white": "#ffffff",
    "slate": "#64748b",
    "gray": "#6b7280",
    "grey": "#6b7280",
    "zinc": "#71717a",
    "neutral": "#737373",
    "stone": "#78716c",
    "red": "#ef4444",
    "orange": "#f97316",
    "amber": "#f59e0b",
    "yellow": "#eab308",
    "lime": "#84cc16",
    "green": "#22c55e",
    "emerald": "#10b981",
    "teal": "#14b8a6",
    "cyan": "#06b6d4",
    "sky": "#0ea5e9",
    "blue": "#3b82f6",
    "indigo": "#6366f1",
    "violet": "#8b5cf6",
    "purple": "#a855f7",
    "fuchsia": "#d946ef",
    "pink": "#ec4899",
    "rose": "#f43f5e",
}

#: The name of an event in words: `status_updated`, `Status updated`, `statusUpdated`.
_WORD = r"[A-Z]?[a-z]+|[A-Z]+|[^\W_A-Za-z]+"

_COMMENT_WORDS = frozenset({"comment", "comments", "commented"})

#: What the name of an event may say beside `status` and `comment`. Any other word, such as
#: `internal`, `mail` or `deleted`, may mean that the text is not for the customer.
_PLAIN_WORDS = frozenset(
    "order public customer bulk auto automatic automatically api "
    "set updated update changed change added add created create posted post".split()
)


def due_days(order: Mapping[str, object]) -> tuple[date | None, date | None]:
    """Reads the days on which an order is due: the first and the last of a span.

    The service shows a due date as a moment at midnight in UTC, which means that day in every time
    zone. So this is the day as it is written; it is never converted.

    Args:
        order: an order of a list or in detail.

    Returns:
        The days of `due_date` and `due_date_to`; None for each that is not set or is no date.

    Raises:
        TypeError: the order is not a mapping.
    """
    given = _arguments.mapping("order", order)
    return _day(given.get("due_date")), _day(given.get("due_date_to"))


def parse_moment(text: str | None) -> datetime | None:
    """Reads a moment as the service writes it, such as an order's `status["set_at"]`.

    Read are ISO 8601 with an offset, `Z` or neither (then it is UTC), with a fraction of a second
    of any length, with a space in place of the `T`; and a day alone, which means its midnight.
    A due date is a day and not a moment: see :func:`due_days`.

    Args:
        text: what the service sent.

    Returns:
        The moment in UTC, aware of its time zone; None for None and for a text that is no moment.

    Raises:
        TypeError: the text is neither a string nor None.
    """
    found = re.fullmatch(_MOMENT, _text("text", text).upper())
    if found is None:
        return None
    *numbers, fraction, offset = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    with suppress(ValueError, OverflowError):
        zone = _zone(offset)
        moment = datetime(year, month, day, hour, minute, second, microsecond, zone)
        return moment.astimezone(timezone.utc)
    return None


def hex_color(color: str | None) -> str | None:
    """Turns a colour of the catalogue or of an order into `#rrggbb`, in lower case.

    The catalogue (`get_statuses`, `get_viable_statuses`) has names such as `amber`; the status of
    an order has `#F59E0B`. What comes out is safe in a style sheet.

    Args:
        color: a name in any case, `#rrggbb` or `#rgb`.

    Returns:
        The colour; None for None and for what is neither a known name nor of these forms.

    Raises:
        TypeError: the colour is neither a string nor None.
    """
    given = _text("color", color).lower()
    if re.fullmatch(_HEX_COLOR, given):
        return given if len(given) == 7 else "#" + "".join(2 * digit for digit in given[1:])
    return _COLORS.get(given)


def public_timeline(order: Mapping[str, object]) -> list[TimelineItem]:
    """Picks from an order's history what its customer may see, the oldest first.

    This is the whole rule, for each entry of `history`:

    1. Its status is shown where the status is public (`public` is True) and is new. It is new
       where the entry's event is a status change. It is not where the event is a comment. Where
       the event is unknown, it is new if the entry before had another status.
    2. Its comment is shown where `comment_is_public` is True and the event is a status change or a
       comment. The service does not say which events there are: an event counts as one of these
       where its name has `status` or `comment` in it and only plain words beside (`updated`,
       `added`, …). Of any other event the comment stays hidden.
    3. An entry with neither, or without a readable moment, is left out. A public status with an
       internal comment is shown without the comment.

    Nothing else of the entry comes through: no mail log and nobody's name or address, unless a
    public comment has it.

    Args:
        order: an order in detail. The orders of a list have no history.

    Returns:
        A dict for each entry that is shown, with its moment in UTC (`at`), the status (`code`, the
        public `name` or else the plain one, `description`, `color` as `#rrggbb`) and the
        `comment`. What an entry does not have is None.

    Raises:
        TypeError: the order is not a mapping.
    """
    items: list[TimelineItem] = []
    code_before: Any = None
    for at, entry in _oldest_first(_arguments.mapping("order", order).get("history")):
        status = entry.get("status")
        code = status.get("code") if _kinds.is_mapping(status) else code_before
        event = _kind(entry.get("event"))
        is_new = event == "status" or (event is None and code != code_before)
        item = _item(at, status if is_new else None, _public_comment(entry, event))
        if item["name"] is not None or item["comment"] is not None:
            items.append(item)
        code_before = code
    return items


def _oldest_first(history: Any) -> list[tuple[datetime, Mapping[str, Any]]]:
    """The entries with their moments; those of one second stay in the order they came about."""
    dated = [
        (at, entry)
        for entry in _json.as_array(history)
        if _kinds.is_mapping(entry) and (at := _moment_of(entry)) is not None
    ]
    if dated and dated[0][0] > dated[-1][0]:
        dated.reverse()
    return sorted(dated, key=lambda pair: pair[0])


def _moment_of(entry: Mapping[str, Any]) -> datetime | None:
    written = entry.get("created_at")
    return parse_moment(written) if isinstance(written, str) else None


def _kind(event: Any) -> str | None:
    """Tells what an event is: `status`, `comment` or unknown (None)."""
    if not isinstance(event, str):
        return None
    words = {word.lower() for word in re.findall(_WORD, event)}
    telling = words - _PLAIN_WORDS
    if telling - _COMMENT_WORDS == {"status"}:
        return "status"
    return "comment" if telling and telling <= _COMMENT_WORDS else None


def _public_comment(entry: Mapping[str, Any], event: str | None) -> str | None:
    is_public = entry.get("comment_is_public") is True and event is not None
    return _shown(entry.get("comment")) if is_public else None


def _item(at: datetime, status: Any, comment: str | None) -> TimelineItem:
    is_shown = _kinds.is_mapping(status) and status.get("public") is True
    shown: Mapping[str, Any] = status if is_shown else {}
    color = shown.get("color")
    return {
        "at": at,
        "code": _shown(shown.get("code")),
        "name": _shown(shown.get("public_name")) or _shown(shown.get("name")),
        "description": _shown(shown.get("description")),
        "color": hex_color(color) if isinstance(color, str) else None,
        "comment": comment,
    }


def _shown(text: Any) -> str | None:
    """A text that is there to be read; None for a blank one and for what is none."""
    return text if isinstance(text, str) and text.strip() else None


def _text(name: str, value: Any) -> str:
    """A text without white space around it; empty for None."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _arguments.wrong_kind(name, "a string or None", value)
    return str.__str__(value).strip()


def _day(written: Any) -> date | None:
    found = re.fullmatch(_MOMENT, written.strip().upper()) if isinstance(written, str) else None
    with suppress(ValueError):
        return date(*map(int, found.groups()[:3])) if found else None
    return None


def _zone(offset: str | None) -> timezone:
    if offset in (None, "Z", "UTC"):
        return timezone.utc
    minutes = int(offset[1:3]) * 60 + int(offset[3:].lstrip(":") or 0)
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
