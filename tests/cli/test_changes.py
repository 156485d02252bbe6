"""The line of a change: what of it is told, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from statuspro.cli import drawing
from statuspro.cli.changes import line_of

HELD = {"code": "st000005", "name": "On Hold", "set_at": "2026-03-14T09:00:00+00:00"}
ORDER: dict[str, Any] = {
    "id": 7,
    "name": "#1188",
    "customer": {"name": "Ann Lee"},
    "status": HELD,
    "due_date": "2026-03-15T00:00:00+00:00",
}
REMARK = {"event": "comment_added", "comment": "Waits for\nthe oak", "comment_is_public": False}


@pytest.fixture(autouse=True)
def utf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "is_utf", lambda: True)


def told(kind: str, fields: list[str] | None = None, *events: Any, **now: Any) -> str:
    """What is told of a change after the name of the order."""
    change: Any = {
        "kind": kind,
        "order": {**ORDER, **now},
        "before": None if kind == "new" else ORDER,
        "fields": fields or [],
        "events": list(events),
    }
    line = line_of(change).plain
    assert line.startswith(f"{kind:7}  #1188   ")
    return line[17:]


def test_a_new_order_has_its_status_and_its_due_date() -> None:
    assert told("new") == "● On Hold · due 2026-03-15"
    assert told("new", due_date=None) == "● On Hold"
    assert told("new", status={}, due_date_to="2026-03-17") == (
        "○ no status · due 2026-03-15 to 2026-03-17"
    )


def test_an_order_that_is_gone_has_the_status_that_it_had() -> None:
    assert told("gone") == "● On Hold"


@pytest.mark.parametrize(
    ("fields", "now", "said"),
    [
        (["status"], {"status": {"code": "st000003", "name": "Shipped"}}, "● On Hold → ● Shipped"),
        (["status"], {"status": {}}, "● On Hold → ○ no status"),
        (["status"], {"status": {**HELD, "code": "st000009"}}, "● On Hold → ● On Hold"),
        (["status"], {"status": {**HELD, "set_at": None}}, "● On Hold (status set again)"),
        (
            ["status"],
            {"status": {**HELD, "auto_change_at": "2026-04-01T00:00:00+00:00"}},
            "● On Hold (automatic change)",
        ),
        (["status"], {"status": {**HELD, "description": "New words"}}, "● On Hold (status)"),
        (["due_date"], {"due_date": None}, "due 2026-03-15 → none"),
        (["customer"], {"customer": {}}, "customer"),
        (["filtered"], {}, "came into the filters or fell out of them"),
        (["order_number"], {}, "order number"),
        (["history_count"], {}, "history"),
        (["customer", "history_count"], {}, "customer"),
    ],
)
def test_what_has_changed(fields: list[str], now: dict[str, Any], said: str) -> None:
    assert told("changed", fields, **now) == said


def test_comments_are_told_with_their_kind_and_do_not_steer_the_terminal() -> None:
    public = {**REMARK, "comment": "Oiled\x1b[2J", "comment_is_public": True}
    assert told("changed", ["history_count"], REMARK, {"event": "x"}, public) == (
        "internal comment: Waits for the oak · public comment: Oiled[2J"
    )
