"""What visitors of a Django site notice of its sync: `python -m benchmarks.django_site`.

Four workers of gunicorn (`--preload`) show customers their orders, 1,000 times a minute, from the
mirror in the database. Beside them `statuspro_sync` brings a few hundred changed orders into it,
within the limits that the service really has. Then the same with pages that ask the service.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from benchmarks.processes import redis_server
from benchmarks.site.service import ROOT, Customer, Service

WORKERS = 4

#: Of each period's 60 requests the sync leaves so many to the pages.
RESERVE = 20

#: Settings of the machine that would lead elsewhere.
_SETTING = re.compile("^(STATUSPRO|DJANGO_|GUNICORN_|REQUESTS_|CURL_|NETRC)|_proxy$", re.IGNORECASE)


class Terms(NamedTuple):
    """What is measured.

    Attributes:
        storage: where the processes share the budget.
        views: page views a minute.
        seconds: how long pages are viewed without a sync, and again beside it.
        orders: how many orders the shop has.
        changed: how many of them the sync finds changed.
        period: seconds of the service's limits.
        is_live: whether the pages ask the service, and not the mirror.
        warm_up: seconds of page views that do not count, where they send no requests.
    """

    storage: str
    views: int = 1000
    seconds: float = 60.0
    orders: int = 400
    changed: int = 300
    period: float = 60.0
    is_live: bool = False
    warm_up: float = 2.0


class View(NamedTuple):
    """A page view: its status, whether it shows the order, and how long its visitor waited."""

    status: int
    is_right: bool
    seconds: float


class Outcome(NamedTuple):
    """What was seen.

    Attributes:
        alone: the page views without a sync.
        beside: those beside one.
        sent: requests that the service got, by the process that sent them.
        refused: how many of them got a 429.
        is_syncing: whether the sync was still under way when the last page was viewed.
    """

    alone: list[View]
    beside: list[View]
    sent: Mapping[str, int]
    refused: int
    is_syncing: bool

    @property
    def failed(self) -> list[View]:
        """The page views that did not show the order."""
        return [view for view in [*self.alone, *self.beside] if not view.is_right]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 when a request was refused, a view failed or a page sent requests."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.django_site", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="periods of 6 s instead of a minute")
    is_quick = parser.parse_args(arguments).quick
    is_missed = False
    with tempfile.TemporaryDirectory(prefix="django-site-") as name:
        folder = Path(name)
        with redis_server(folder) as redis:
            storages = {"SQLite": f"sqlite:///{folder / 'budget.sqlite3'}", "Redis": redis}
            for storage, url in storages.items():
                for is_live in (False, True):
                    terms = _terms(url, is_live=is_live, is_quick=is_quick)
                    outcome = measure(terms, Path(tempfile.mkdtemp(dir=folder)))
                    print(report(storage, terms, outcome), flush=True)
                    sent = 0 if not is_live else len(outcome.alone) + len(outcome.beside)
                    is_missed |= bool(outcome.refused or outcome.failed)
                    is_missed |= outcome.sent.get("page", 0) != sent
    return int(is_missed)


def _terms(url: str, *, is_live: bool, is_quick: bool) -> Terms:
    # A page that asks the service takes a slot: what a minute's reserve has, and not more.
    live = Terms(url)._replace(views=18, seconds=120.0, is_live=True)
    terms = live if is_live else Terms(url)
    if not is_quick:
        return terms
    views = terms.views * 10 if is_live else terms.views
    return terms._replace(views=views, period=6.0, seconds=12.0)


def measure(terms: Terms, folder: Path) -> Outcome:
    """Views pages without a sync and beside one.

    Args:
        terms: what is measured.
        folder: an empty one, for the database.
    """
    with Service(terms.orders) as service:
        environment = _environment(service, terms, folder)
        _prepare(environment)
        customers = service.customers()
        service.limit(terms.period)
        with _gunicorn(environment) as url, ThreadPoolExecutor(2 * WORKERS) as visitors:
            if not terms.is_live:
                list(_views(url, terms._replace(seconds=terms.warm_up), customers, visitors))
            alone = list(_views(url, terms, customers, visitors))
            service.change(terms.changed)
            with _sync(environment) as process:
                while not service.requests()["sync"]:
                    time.sleep(0.02)
                beside = list(_views(url, terms, customers, visitors))
                is_syncing = process.poll() is None
                _await_share(service, process)
        sent = service.requests()
    refused = sent.pop("refused")
    return Outcome(alone, beside, sent, refused, is_syncing)


def _await_share(service: Service, process: subprocess.Popen[bytes]) -> None:
    """Lets the sync send what the reserve leaves it: a busy machine may have kept it from that."""
    patience = time.monotonic() + 60
    while service.requests()["sync"] < 60 - RESERVE and time.monotonic() < patience:
        if process.poll() is not None:
            return
        time.sleep(0.02)


def report(storage: str, terms: Terms, outcome: Outcome) -> str:
    """Writes what was seen as lines of text."""
    source = "the service" if terms.is_live else "the mirror"
    end = "and goes on" if outcome.is_syncing else "and has ended"
    return "\n".join(
        [
            f"Budget in {storage}, {terms.views:,} views a minute of pages from {source}:",
            f"  without a sync: {_figures(outcome.alone)}",
            f"  beside a sync:  {_figures(outcome.beside)}",
            f"  failed views: {len(outcome.failed)}; refused requests: {outcome.refused}",
            f"  requests of the pages: {outcome.sent.get('page', 0)}",
            f"  requests of the sync: {outcome.sent.get('sync', 0)}, {end}",
        ]
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Gives the smallest value that is not below so many percent of the values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _figures(views: Sequence[View]) -> str:
    seconds = [view.seconds for view in views]
    shown = {f"p{percent}": percentile(seconds, percent) for percent in (50, 95, 99)}
    shown["slowest"] = max(seconds)
    told = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in shown.items())
    return f"{len(views):,} views, {told}"


def _views(
    url: str, terms: Terms, customers: Sequence[Customer], visitors: ThreadPoolExecutor
) -> Iterator[View]:
    """Views pages at equal distances in time, whether those before are shown or not."""
    chosen = random.Random(1)
    count, began = round(terms.views / 60 * terms.seconds), time.monotonic()
    due = [began + number * 60 / terms.views for number in range(count)]
    viewed = [visitors.submit(_view, url, chosen.choice(customers), when) for when in due]
    return (view.result() for view in viewed)


def _view(url: str, customer: Customer, when: float) -> View:
    """Views a page at a moment; a visitor who had to wait for a free thread has waited too."""
    time.sleep(max(0.0, when - time.monotonic()))
    number, email = customer
    response = requests.post(f"{url}/order/", {"number": number, "email": email}, timeout=60)
    is_right = response.ok and f"Order #{number}" in response.text
    return View(response.status_code, is_right, time.monotonic() - when)


def _environment(service: Service, terms: Terms, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not _SETTING.search(name)}
    return {
        **kept,
        **service.environment,
        "STATUSPRO_RATE_LIMIT": f"60/5/{terms.period:g}",
        "STATUSPRO_RATE_LIMIT_STORAGE": terms.storage,
        "DJANGO_SETTINGS_MODULE": "benchmarks.site.settings",
        "SITE_DATABASE": str(folder / "db.sqlite3"),
        "SITE_REDIS": terms.storage if terms.storage.startswith("redis:") else "",
        "SITE_IS_LIVE": "1" if terms.is_live else "0",
    }


def _prepare(environment: dict[str, str]) -> None:
    unpaced = {**environment, "STATUSPRO_RATE_LIMIT": "none"}
    command = [sys.executable, "-m", "benchmarks.site"]
    subprocess.run(command, cwd=ROOT, env=unpaced, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _sync(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a sync, and ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "statuspro_sync", "--reserve", str(RESERVE)],
        cwd=ROOT,
        env={**environment, "SITE_PROCESS": "sync"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def _gunicorn(environment: dict[str, str]) -> Iterator[str]:
    """Runs the site's workers; its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        command = [sys.executable, "-m", "gunicorn", "benchmarks.site.wsgi", "--preload"]
        # A worker that is told to end while it starts misses that, and is killed after this time.
        command += ["--graceful-timeout", "5"]
        command += ["--workers", str(WORKERS), "--log-level", "warning"]
        process = subprocess.Popen(
            [*command, "--bind", f"fd://{listener.fileno()}"],
            pass_fds=[listener.fileno()],
            cwd=ROOT,
            env=environment,
        )
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            requests.get(f"{url}/order/", timeout=60).raise_for_status()
            yield url
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
