"""What of an order its customer may see: in words, in colours and in which language."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import override_settings
from django.utils import translation

from statuspro.contrib.django.presentation import (
    due_in_words,
    language_of_texts,
    public_status,
    shown_order,
    shown_timeline,
)

TODAY = date(2026, 3, 5)
PRODUCTION = {
    "is_set": True,
    "code": "st000002",
    "name": "In Production",
    "public_name": "On the workbench",
    "description": "A joiner is making it.",
    "color": "#EC4899",
    "public": True,
    "set_at": "2026-03-01T12:00:00+00:00",
}
ON_HOLD = {**PRODUCTION, "code": "st000005", "name": "On Hold", "public": False}
TRANSLATIONS = {
    "de": {"name": "In Arbeit", "description": "Wird gefertigt."},
    "pt-BR": {"name": "Em produ\u00e7\u00e3o", "description": ""},
    "zh_Hant": {"name": "\u88fd\u4f5c\u4e2d"},
    "fr": {"name": " ", "description": "sans nom"},
    "it": None,
}


def order_of(status: Any = PRODUCTION, **more: Any) -> dict[str, Any]:
    return {"id": 7, "name": "#1188", "order_number": "1188", "status": status, **more}


def entry(status: Any, at: str, **more: Any) -> dict[str, Any]:
    return {"event": "status_updated", "status": status, "created_at": at, **more}


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (None, None, ""),
        ("2026-03-15", None, "Expected on March 15."),
        ("2027-01-02", None, "Expected on Jan. 2, 2027."),
        ("2026-03-05", None, "Expected today."),
        ("2026-03-10", "2026-03-12", "Expected between March 10 and March 12."),
        ("2026-12-30", "2027-01-02", "Expected between Dec. 30, 2026 and Jan. 2, 2027."),
        ("2026-03-10", "2026-03-10", "Expected on March 10."),
        ("2026-03-12", "2026-03-10", "Expected between March 10 and March 12."),
        ("2026-03-05", "2026-03-07", "Expected by March 7."),
        ("2026-03-01", "2026-03-05", "Expected today."),
        ("2026-03-01", "2026-03-04", "It was expected by March 4."),
        ("2026-03-04", None, "It was expected by March 4."),
        (None, "2026-03-07", "Expected on March 7."),
        ("2026-03-15T00:00:00+00:00", None, "Expected on March 15."),
        ("soon", None, ""),
        (7, [], ""),
    ],
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_when_an_order_is_expected(first: Any, last: Any, said: str, zone: str) -> None:
    with override_settings(TIME_ZONE=zone):
        assert due_in_words({"due_date": first, "due_date_to": last}, TODAY) == said


@pytest.mark.parametrize("use_tz", [True, False])
def test_today_is_the_visitors(use_tz: bool) -> None:
    with override_settings(USE_TZ=use_tz):
        assert due_in_words({"due_date": "2001-03-04"}) == "It was expected by March 4, 2001."


def test_an_internal_status_is_not_shown() -> None:
    assert public_status(order_of()).name == "On the workbench"  # type: ignore[union-attr]
    assert public_status(order_of(ON_HOLD)) is None
    assert public_status(ON_HOLD) is None
    assert public_status(order_of({"is_set": False})) is None
    assert public_status(order_of({**PRODUCTION, "public": None})) is None
    assert public_status(order_of({**PRODUCTION, "public": 1})) is None
    history = [
        entry(PRODUCTION, "2026-03-01T12:00:00Z"),
        entry(ON_HOLD, "2026-03-02T12:00:00Z", comment="no wood", comment_is_public=False),
    ]
    shown = shown_order(order_of(ON_HOLD, history=history))
    assert shown.status is not None
    assert (shown.status.name, shown.since) == ("On the workbench", "")
    assert "Hold" not in str(shown)
    assert "wood" not in str(shown)


def test_a_status_of_the_catalogue_is_shown_by_its_name() -> None:
    shown = public_status({"code": "st000005", "name": "On Hold", "color": "amber"})
    assert shown is not None
    assert (shown.name, shown.color, shown.ink) == ("On Hold", "#f59e0b", "dark")


@pytest.mark.parametrize("broken", [None, {}, [], "x", 7, {"status": None}, {"status": []}])
def test_what_makes_no_sense_shows_nothing(broken: Any) -> None:
    assert public_status(broken) is None
    assert shown_timeline(broken) == []
    shown = shown_order(broken)
    assert (shown.status, shown.due, shown.steps, shown.timeline) == (None, "", [], [])


@pytest.mark.parametrize(
    ("active", "locale", "name", "language"),
    [
        ("de", None, "In Arbeit", "de"),
        ("de-at", None, "In Arbeit", "de"),
        ("pt", None, "Em produ\u00e7\u00e3o", "pt-BR"),
        ("pt-br", "de", "Em produ\u00e7\u00e3o", "pt-BR"),
        ("zh-hant", None, "\u88fd\u4f5c\u4e2d", "zh-Hant"),
        ("en", "de-DE", "In Arbeit", "de"),
        ("en", "de_DE", "In Arbeit", "de"),
        ("en", "nl", "On the workbench", "en-us"),
        ("en", None, "On the workbench", "en-us"),
        ("fr", None, "On the workbench", "en-us"),
        ("fr", "de", "In Arbeit", "de"),
        ("it", 7, "On the workbench", "en-us"),
    ],
)
def test_a_status_is_in_the_customers_language(
    active: str, locale: Any, name: str, language: str
) -> None:
    """The visitor's language goes first, then that of the order's customer."""
    status = {**PRODUCTION, "translations": TRANSLATIONS}
    with translation.override(active):
        shown = public_status(order_of(status, customer={"locale": locale}))
    assert shown is not None
    assert (shown.name, shown.language) == (name, language)


def test_the_timeline_speaks_the_same_language() -> None:
    """The entries of a history have no translations: those of the order's status serve."""
    history = [
        entry({**PRODUCTION, "code": "st000001", "public_name": "In our book"}, "2001-03-01"),
        entry(PRODUCTION, "2001-03-02T12:30:00Z", comment="Oak!", comment_is_public=True),
    ]
    order = order_of({**PRODUCTION, "translations": TRANSLATIONS}, history=history)
    with translation.override("de"), override_settings(TIME_ZONE="Europe/Berlin"):
        newest, oldest = shown_timeline(order)
    assert newest.status is not None
    assert (newest.status.name, newest.comment) == ("In Arbeit", "Oak!")
    assert (newest.day, newest.time) == ("2. M\u00e4rz 2001", "13:30")
    assert oldest.status is not None
    assert (oldest.status.name, oldest.comment) == ("In our book", "")


def test_steps_are_shown_where_some_lie_ahead() -> None:
    done = {"name": "In our book", "progress": "complete", "timestamp": "2026-03-01T12:00:00Z"}
    now = {"name": "On the workbench", "progress": "current", "timestamp": "2026-03-02T12:00:00Z"}
    assert shown_order(order_of(public_progress_timeline=[done, now])).steps == []
    ahead = [{"name": "Shipped", "progress": "upcoming", "timestamp": None}, {"name": "Delivered"}]
    status = {**PRODUCTION, "translations": TRANSLATIONS}
    order = order_of(status, public_progress_timeline=[done, now, *ahead, None, "x"])
    with translation.override("de"):
        steps = shown_order(order).steps
    assert [(step.name, step.state) for step in steps] == [
        ("In our book", "complete"),
        ("In Arbeit", "current"),
        ("Shipped", "ahead"),
        ("Delivered", "ahead"),
    ]
    assert [step.language for step in steps] == ["en-us", "de", "en-us", "en-us"]


def luminance(color: str) -> float:
    shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("level", range(0, 256, 15))
def test_the_text_can_be_read_on_every_colour(level: int) -> None:
    for other in range(0, 256, 51):
        for color in (
            f"#{level:02x}{other:02x}80",
            f"#{other:02x}{level:02x}00",
            f"#00{level:02x}ff",
        ):
            shown = public_status({"code": "st000001", "name": "x", "color": color})
            assert shown is not None
            ink = 0.0 if shown.ink == "dark" else 1.0
            lighter, darker = sorted((luminance(color), ink), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("color", [None, 7, "", "url(x)", "red;--x:1", '"/><script>'])
def test_a_colour_that_is_none_is_gray(color: Any) -> None:
    shown = public_status({**PRODUCTION, "color": color})
    assert shown is not None
    assert shown.color == ("#6b7280" if color != "red" else "#ef4444")


def test_our_sentences_say_their_language() -> None:
    with translation.override("en-gb"):
        assert language_of_texts() == "en"
    with translation.override("nl"):
        assert language_of_texts() == "en"
        assert due_in_words({"due_date": "2001-03-04"}) == "It was expected by March 4, 2001."
