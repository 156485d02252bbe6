"""An order in full: what it says of its due date. The command `view` is in `test_orders`."""

from __future__ import annotations

from datetime import date

import pytest

from statuspro.cli.detail import due_in_words

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
