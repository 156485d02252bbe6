"""Says what of an order its customer may see: in words, and in the customer's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from statuspro._contrast import BLACK, ink_on
from statuspro._kinds import is_mapping
from statuspro._payload import color_of, moment_of, object_in, objects_in
from statuspro.contrib.django import clock
from statuspro.types import TimelineItem
from statuspro.values import due_days, public_timeline

#: The colour of a status that has none.
_GRAY = "#6b7280"

Json = Mapping[str, Any]


class ShownStatus(NamedTuple):
    """A status as its customer sees it.

    Attributes:
        name: in the customer's language, where the service has a translation.
        description: likewise; mostly empty.
        language: of the two, for an attribute `lang`.
        color: `#rrggbb`.
        ink: `dark` or `light`: which text can be read on this colour.
    """

    name: str
    description: str
    language: str
    color: str
    ink: str


class ShownEvent(NamedTuple):
    """An entry of the timeline; what it does not have is None or empty."""

    at: datetime
    day: str
    time: str
    status: ShownStatus | None
    comment: str


class ShownStep(NamedTuple):
    """A step of the way that an order takes; `state` is `complete`, `current` or `ahead`."""

    name: str
    description: str
    language: str
    state: str


class ShownOrder(NamedTuple):
    """An order as its customer sees it: nothing else reaches the page."""

    name: str
    status: ShownStatus | None
    since: str
    due: str
    steps: list[ShownStep]
    timeline: list[ShownEvent]


def shown_order(order: Any) -> ShownOrder:
    """Picks and words what the customer may see.

    Args:
        order: an order in detail, or a row of the mirror.
    """
    payload = plain(order)
    # These look at the active language, and so come before it is another one.
    status, steps, timeline = public_status(payload), _steps(payload), list(_events(payload))
    set_at = moment_of(object_in(payload, "status").get("set_at"))
    is_set = status is not None and _is_public(object_in(payload, "status"))
    with translation.override(language_of_texts()):
        return ShownOrder(
            name=_text(payload.get("name")) or _text(payload.get("order_number")),
            status=status,
            since=_day_in_words(timezone.localdate(set_at)) if set_at and is_set else "",
            due=due_in_words(payload),
            steps=steps,
            timeline=timeline,
        )


def public_status(value: Any) -> ShownStatus | None:
    """Gives the status that its customer may see; None where there is none.

    Of an order whose status is internal it is the last public one.

    Args:
        value: an order, the status of an order, or a status of the catalogue; a dict, or a row of
            the mirror.
    """
    payload = plain(value)
    if "status" in payload:
        status = object_in(payload, "status")
        if _is_public(status):
            return _shown_status(payload, status)
        passed = [item for item in public_timeline(payload) if item["name"] is not None]
        return _shown_status(payload, passed[-1]) if passed else None
    # The catalogue does not say which of its statuses are public.
    is_shown = _is_public(payload) or not {"is_set", "public"} & payload.keys()
    return _shown_status({"status": payload}, payload) if is_shown and payload else None


def shown_timeline(order: Any) -> list[ShownEvent]:
    """Gives the public timeline, the newest first.

    Args:
        order: an order in detail, or a row of the mirror.
    """
    return list(_events(plain(order)))


def due_in_words(order: Any, today: date | None = None) -> str:
    """Says when the order is expected; nothing where it has no due date.

    A day that has passed is named without blame: the service does not tell whether the order has
    been delivered since.

    Args:
        order: an order, or a row of the mirror.
        today: the day that it is; that of the current time zone by default.
    """
    days = sorted(day for day in due_days(plain(order)) if day)
    if not days:
        return ""
    first, last, now = days[0], days[-1], today or clock.today()
    with translation.override(language_of_texts()):
        if last < now:
            return gettext("It was expected by %(day)s.") % {"day": _day_in_words(last, now)}
        if last == now:
            return gettext("Expected today.")
        if first == last:
            return gettext("Expected on %(day)s.") % {"day": _day_in_words(last, now)}
        if first <= now:
            return gettext("Expected by %(day)s.") % {"day": _day_in_words(last, now)}
        style = _style(first, last, now)
        span = {"first": date_format(first, style), "last": date_format(last, style)}
        return gettext("Expected between %(first)s and %(last)s.") % span


def language_of_texts() -> str:
    """Gives the language that this app's own sentences are in, for an attribute `lang`.

    It is English where there is no translation into the active language: then the days between
    our words are in English too.
    """
    return pgettext("the language that these texts are translated into, as in HTML's lang", "en")


def plain(value: Any) -> Json:
    """Gives the dict of an order or of a status, also of a row of the mirror."""
    payload = value.payload() if hasattr(value, "payload") else value
    return payload if is_mapping(payload) else {}


def _events(payload: Json) -> Iterator[ShownEvent]:
    with translation.override(language_of_texts()):
        words = [(item, *_moment_in_words(item["at"])) for item in public_timeline(payload)]
    for item, day, time in reversed(words):
        status = _shown_status(payload, item) if item["name"] is not None else None
        yield ShownEvent(item["at"], day, time, status, item["comment"] or "")


def _steps(payload: Json) -> list[ShownStep]:
    """The steps of the way, if some lie ahead: what has passed, the timeline shows."""
    steps = [_step(payload, each) for each in objects_in(payload, "public_progress_timeline")]
    return steps if any(step.state == "ahead" for step in steps) else []


def _step(payload: Json, given: Json) -> ShownStep:
    progress, moment = given.get("progress"), moment_of(given.get("timestamp"))
    state = "ahead" if moment is None else "complete"
    if progress in ("complete", "current"):
        state = progress
    name, description, language = _translated(payload, given)
    return ShownStep(name, description, language, state)


def _shown_status(payload: Json, status: Json | TimelineItem) -> ShownStatus:
    color = color_of(status.get("color")) or _GRAY
    ink = "dark" if ink_on(color) == BLACK else "light"
    return ShownStatus(*_translated(payload, status), color, ink)


def _translated(payload: Json, status: Any) -> tuple[str, str, str]:
    """Gives name, description and their language.

    What has no translation is in the project's own language, as the shop has written it.
    """
    name = _text(status.get("public_name")) or _text(status.get("name"))
    description = _text(status.get("description"))
    for language, texts in _translations(payload, status.get("code"), name):
        if _text(texts.get("name")):
            return _text(texts["name"]), _text(texts.get("description")), language.replace("_", "-")
    return name, description, settings.LANGUAGE_CODE


def _translations(payload: Json, code: Any, name: str) -> Iterator[tuple[str, Json]]:
    """Yields the translations of a status into the visitor's and into the customer's language."""
    found: dict[str, Json] = {}
    for status in _statuses_in(payload):
        names = (_text(status.get("public_name")), _text(status.get("name")))
        if status.get("code") == code if code else name in names:
            given = object_in(status, "translations")
            found.update({k: v for k, v in given.items() if is_mapping(v)})
    for wanted in (translation.get_language(), object_in(payload, "customer").get("locale")):
        if isinstance(wanted, str) and (best := _nearest(wanted, found)):
            yield best, found[best]


def _statuses_in(payload: Json) -> Iterator[Json]:
    for entry in objects_in(payload, "history"):
        yield object_in(entry, "status")
    yield object_in(payload, "status")


def _nearest(wanted: str, offered: Mapping[str, Any]) -> str | None:
    """Finds `de` for `de-AT`, `pt_BR` for `pt-br` and `de-CH` for `de`."""
    tag = _tag(wanted)
    by_tag = {_tag(language): language for language in sorted(offered, reverse=True)}
    if found := by_tag.get(tag) or by_tag.get(tag.split("-")[0]):
        return found
    base = tag.split("-")[0]
    return next((by_tag[each] for each in sorted(by_tag) if each.split("-")[0] == base), None)


def _tag(language: str) -> str:
    return language.replace("_", "-").lower()


def _day_in_words(day: date, today: date | None = None) -> str:
    return date_format(day, _style(day, today or clock.today()))


def _style(*days: date) -> str:
    """Names the year only where the days are not all of one."""
    return "MONTH_DAY_FORMAT" if len({day.year for day in days}) == 1 else "DATE_FORMAT"


def _moment_in_words(at: datetime) -> tuple[str, str]:
    here = timezone.localtime(at)
    return _day_in_words(here.date()), date_format(here, "TIME_FORMAT")


def _is_public(status: Json) -> bool:
    return status.get("is_set") is not False and status.get("public") is True


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
