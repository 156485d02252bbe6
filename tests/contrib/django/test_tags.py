"""The template tags and filters that a project's own templates use."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from typing import Any

import pytest
from django.template import Context, Template
from django.test import override_settings
from django.utils import translation

HOSTILE = "<script>alert('x')</script>\"&{{ 7 }}"
ORDER: dict[str, Any] = {
    "id": 7,
    "name": "#1188",
    "status": {
        "code": "st000002",
        "name": "In Production",
        "public_name": None,
        "color": "#EC4899",
        "public": True,
    },
    "due_date": "2026-03-15T00:00:00+00:00",
    "due_date_to": None,
    "history": [
        {
            "event": "comment_added",
            "status": None,
            "comment": "The oak has arrived: https://shop.example/oak",
            "comment_is_public": True,
            "created_at": "2026-03-01T23:30:00+00:00",
        },
        {
            "event": "comment_added",
            "status": None,
            "comment": "not for the customer",
            "comment_is_public": False,
            "created_at": "2026-03-02T23:30:00+00:00",
        },
    ],
}


def rendered(template: str, **context: Any) -> str:
    text: str = Template("{% load statuspro %}" + template).render(Context(context))
    return text


class Row:
    """Stands for a row of the mirror, of which the tags know no more than this."""

    def __init__(self, payload: dict[str, Any]) -> None:
        self._payload = payload

    def payload(self) -> dict[str, Any]:
        return self._payload


@pytest.mark.parametrize("value", [ORDER, ORDER["status"], Row(ORDER)])
def test_a_badge_has_the_name_and_the_colour(value: Any) -> None:
    badge = rendered("{% status_badge value %}", value=value)
    assert "In Production" in badge
    assert 'fill="#ec4899"' in badge
    assert "statuspro-dark" in badge
    assert "style=" not in badge


def test_a_badge_of_the_catalogue() -> None:
    from statuspro.contrib.django import models

    status = {"code": "st000005", "name": "On Hold", "description": "", "color": "amber"}
    for value in (status, models.Status(code="st000005", definition=json.dumps(status))):
        assert "On Hold" in rendered("{% status_badge value %}", value=value)


def test_no_badge_of_what_is_internal_or_nothing() -> None:
    internal = {**ORDER, "status": {**ORDER["status"], "public": False}}
    for value in (internal, internal["status"], {"is_set": False}, None, ""):
        assert rendered("{% status_badge value %}", value=value).strip() == ""


def test_the_timeline_has_what_is_public() -> None:
    for order in (ORDER, Row(ORDER)):
        with override_settings(TIME_ZONE="UTC"):
            timeline = rendered("{% public_timeline order %}", order=order)
        assert '<a href="https://shop.example/oak" rel="nofollow">' in timeline
        assert 'datetime="2026-03-01T23:30:00+00:00"' in timeline
        assert "not for the customer" not in timeline
    assert rendered("{% public_timeline order %}", order={**ORDER, "history": []}).strip() == ""


def test_hostile_texts_are_escaped() -> None:
    status = {**ORDER["status"], "name": HOSTILE, "public_name": HOSTILE, "color": HOSTILE}
    history = [{**ORDER["history"][0], "comment": f"{HOSTILE} https://x.example/{HOSTILE}"}]
    order = {
        **ORDER,
        "status": {**status, "translations": {HOSTILE: {"name": "x"}, "en": {"name": HOSTILE}}},
        "history": history,
        "customer": {"locale": HOSTILE},
    }
    shown = rendered("{% status_badge order %}{% public_timeline order %}", order=order)
    shown += rendered("{{ text|due_day }}{{ text|moment }}", text=HOSTILE)
    assert "<script" not in shown
    assert "{{ 7 }}" in shown


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (ORDER, "March 15, 2026"),
        ({**ORDER, "due_date_to": "2026-03-17"}, "March 15, 2026 \u2013 March 17, 2026"),
        ({**ORDER, "due_date_to": "2026-03-15"}, "March 15, 2026"),
        ({**ORDER, "due_date": None}, ""),
        (Row(ORDER), "March 15, 2026"),
        ("2026-03-15T00:00:00+00:00", "March 15, 2026"),
        ("2026-03-15", "March 15, 2026"),
        (date(2026, 3, 15), "March 15, 2026"),
        (datetime(2026, 3, 15, tzinfo=timezone.utc), "March 15, 2026"),
        (None, ""),
        ("", ""),
        ("soon", ""),
        (7, ""),
    ],
)
def test_a_due_day_is_that_day_in_every_zone(value: Any, said: str) -> None:
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        with override_settings(TIME_ZONE=zone, USE_TZ=True):
            assert rendered("{{ value|due_day }}", value=value) == said


def test_days_and_moments_are_in_the_active_language() -> None:
    with translation.override("de"), override_settings(TIME_ZONE="Europe/Berlin"):
        assert rendered("{{ order|due_day }}", order=ORDER) == "15. M\u00e4rz 2026"
        moment = rendered("{{ at|moment }}", at="2026-03-01T23:30:00+00:00")
        assert moment == "2. M\u00e4rz 2026 00:30"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-03-01T23:30:00Z", "March 1, 2026, 11:30 p.m."),
        (datetime(2026, 3, 1, 23, 30, tzinfo=timezone.utc), "March 1, 2026, 11:30 p.m."),
        (datetime(2026, 3, 1, 23, 30), "March 1, 2026, 11:30 p.m."),
        (None, ""),
        ("", ""),
        ("now", ""),
        (7, ""),
    ],
)
def test_a_moment_is_written_in_the_zone_of_the_project(value: Any, said: str) -> None:
    with override_settings(TIME_ZONE="UTC"):
        assert rendered("{{ value|moment }}", value=value) == said
