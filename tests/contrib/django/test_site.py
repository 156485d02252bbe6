"""A site behind gunicorn beside its sync: pages cost the service nothing, and wait for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.django_site import Outcome, Terms, View, measure, percentile, report

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

pytest_plugins = ["tests.support.redis_server"]

#: The service's 60 requests in three seconds: the sync has to wait while pages are viewed.
SHORT = Terms("", views=900, seconds=2.0, orders=110, changed=100, period=3.0, warm_up=0.5)

#: Few enough for the 20 requests that the sync leaves: eight in each of the two parts.
LIVE = Terms("", views=240, seconds=2.0, orders=110, changed=100, period=3.0, is_live=True)


def seen(terms: Terms, folder: Path) -> Outcome:
    """What every run has to have shown, whatever its terms: all pages, and no refusal."""
    outcome = measure(terms, folder)
    assert outcome.failed == []
    assert len(outcome.beside) == len(outcome.alone) == terms.views * terms.seconds / 60
    assert outcome.refused == 0
    assert outcome.is_syncing, "the sync had to wait for its requests"
    assert outcome.sent["sync"] >= 40
    return outcome


def check_waits(terms: Terms, outcome: Outcome) -> None:
    """Visitors did not wait for the sync: that would take a good part of a period.

    Where the machine is busy, pages take their time without a sync too.
    """
    alone, beside = (
        percentile([view.seconds for view in views], 50)
        for views in (outcome.alone, outcome.beside)
    )
    assert beside < max(terms.period / 3, 3 * alone)


def test_pages_from_the_mirror_send_nothing_and_do_not_wait_for_the_sync(tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    terms = SHORT._replace(storage=f"sqlite:///{tmp_path / 'budget.sqlite3'}")
    outcome = seen(terms, tmp_path)
    assert outcome.sent.get("page", 0) == 0
    check_waits(terms, outcome)


def test_pages_that_ask_the_service_have_what_the_sync_leaves_them(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    pytest.importorskip("gunicorn")
    terms = LIVE._replace(storage=redis_server.url)
    outcome = seen(terms, tmp_path)
    assert outcome.sent["page"] == len(outcome.alone) + len(outcome.beside)
    check_waits(terms, outcome)


def test_a_report_tells_how_long_visitors_waited() -> None:
    views = [View(200, is_right=True, seconds=number / 1000) for number in range(1, 201)]
    outcome = Outcome(views, views[:100], {"sync": 40}, refused=0, is_syncing=True)
    assert report("SQLite", Terms(""), outcome).splitlines() == [
        "Budget in SQLite, 1,000 views a minute of pages from the mirror:",
        "  without a sync: 200 views, p50 100 ms, p95 190 ms, p99 198 ms, slowest 200 ms",
        "  beside a sync:  100 views, p50 50 ms, p95 95 ms, p99 99 ms, slowest 100 ms",
        "  failed views: 0; refused requests: 0",
        "  requests of the pages: 0",
        "  requests of the sync: 40, and goes on",
    ]
    missed = View(503, is_right=False, seconds=5.0)
    assert outcome._replace(beside=[*views, missed]).failed == [missed]
