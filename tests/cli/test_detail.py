"""An order in full, as a person reads it; the command `view` is in `test_orders`."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from statuspro.cli.detail import due_in_words, order_in_full

TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (None, None, "no due date"),
        ("2026-03-15", None, "Sunday 15 March 2026, today"),
        ("2026-03-16", None, "Monday 16 March 2026, in 1 day"),
        ("2026-03-10", None, "Tuesday 10 March 2026, 5 days ago"),
        ("2026-03-17", "2026-03-20", "Tuesday 17 to Friday 20 March 2026, in 2 days"),
        ("2026-03-14", "2026-04-01", "Saturday 14 March to Wednesday 1 April 2026, 17 days left"),
        (
            "2025-12-30",
            "2026-01-02",
            "Tuesday 30 December 2025 to Friday 2 January 2026, 72 days ago",
        ),
    ],
)
def test_a_due_date_in_words(first: str | None, last: str | None, said: str) -> None:
    text = due_in_words({"due_date": first, "due_date_to": last}, TODAY)
    assert text.plain == said
    assert (text.style == "red") is said.endswith("ago")


def drawn(**parts: Any) -> str:
    """An order in full, without colours and without the spaces at the ends of lines."""
    out = io.StringIO()
    console = Console(file=out, width=80)
    for one in order_in_full({"name": "#1188", **parts}, today=TODAY):
        console.print(one)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_a_status_that_the_customer_does_not_see() -> None:
    text = drawn(status={"code": "st000005", "name": "On Hold", "public": False})
    assert "Shown as  nothing: the customer does not see this status" in text


def test_a_history_is_drawn_oldest_first_however_it_is_sent() -> None:
    entries = [
        {"event": "due_date_updated", "created_at": "2026-03-12T09:00:00+00:00"},
        {"event": "comment_added", "comment": "Oiled", "created_at": "2026-03-11T09:00:00+00:00"},
    ]
    for history in (entries, entries[::-1]):
        lines = drawn(history=history).partition("History\n")[2].splitlines()
        assert [line[18:] for line in lines] == ["internal comment", "  Oiled", "due date updated"]
