"""Eight threads on one client for minutes, while the service fails at random.

STATUSPRO_SOAK_SECONDS says for how long (600 by default), STATUSPRO_SOAK_SEED with which luck.
"""

from __future__ import annotations

import gc
import logging
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from statuspro import RateLimit, StatusProClient
from tests.soak.workers import Report, Worker
from tests.support.waits import shorten_pauses

SECONDS = float(os.environ.get("STATUSPRO_SOAK_SECONDS", "600"))
SEED = int(os.environ.get("STATUSPRO_SOAK_SEED", "1"))
THREADS = 8
ORDERS = 1000

#: Bytes that the process may have grown by between the first and the last quarter.
MOST_GROWTH = 6 * 2**20

#: Sockets of a client that eight threads use, each with helpers of its own at times.
MOST_SOCKETS = THREADS * 5


class Service:
    """The sandbox in its process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.service", str(SEED), str(ORDERS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent.parent,
        )
        self.base_url, self.api_key = self._line().split()

    def set_trouble(self, is_on: bool) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("trouble\n" if is_on else "peace\n")
        self._process.stdin.flush()
        assert self._line() == "ok"

    def stop(self) -> None:
        self._process.communicate(timeout=30)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()


@pytest.fixture
def nobody_listens() -> Iterator[None]:
    """No log records: pytest would keep them all."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def client(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[StatusProClient]:
    shorten_pauses(monkeypatch, 0.05)
    with StatusProClient(
        service.api_key,
        service.base_url,
        timeout=0.8,
        # So wide that it seldom waits, so short that a refusal does not stop the soak for long.
        rate_limit=RateLimit(requests=1000, bulk=5, period=0.2),
        trust_env=False,
    ) as client:
        yield client


def memory() -> int:
    """Bytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for entry in os.scandir("/proc/self/fd"):
        try:
            count += os.readlink(entry.path).startswith("socket:")
        except FileNotFoundError:  # closed meanwhile
            continue
    return count


@pytest.mark.soak
@pytest.mark.usefixtures("nobody_listens")
def test_a_client_under_random_faults(
    service: Service,
    client: StatusProClient,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sockets_before = sockets()
    orders = {order["id"]: order for order in client.iter_orders()}
    assert len(orders) == ORDERS
    threads_before = threading.active_count()
    report, until = Report(), time.monotonic() + SECONDS
    journals = [tmp_path / f"journal-{number}" for number in range(THREADS)]
    service.set_trouble(True)
    workers = [
        Worker(number, client, orders, journal, report, until)
        for number, journal in enumerate(journals)
    ]
    for worker in workers:
        worker.start()
    samples = list(watch(until))
    for worker in workers:
        worker.join()
    service.set_trouble(False)

    histories = compare_histories(client, journals)
    growth = growth_of([held for held, _ in samples])
    most_sockets = max(count for _, count in samples) - sockets_before
    threads = threading.active_count() - threads_before
    client.close()
    left = sockets() - sockets_before
    with capsys.disabled():
        print(
            f"\n{SECONDS:g} s, {THREADS} threads, {sum(report.calls.values())} calls "
            f"{dict(report.calls)}, of which ended {dict(report.errors)}; {len(report.wrong)} "
            f"wrong answers; writes {dict(histories)}; memory {growth / 2**20:+.1f} MiB, at most "
            f"{most_sockets} sockets, {left} left, {threads} threads left"
        )
    assert report.wrong == []
    assert histories["wrong"] == 0
    assert growth < MOST_GROWTH
    assert most_sockets <= MOST_SOCKETS
    assert left == 0
    assert threads == 0


def watch(until: float) -> Iterator[tuple[int, int]]:
    """Memory and sockets, four times a second."""
    while time.monotonic() < until:
        time.sleep(0.25)
        gc.collect(0)
        yield memory(), sockets()


def growth_of(held: list[int]) -> float:
    """What the last quarter holds more than the second; the first is warming up."""
    quarter = len(held) // 4
    return statistics.median(held[-quarter:]) - statistics.median(held[quarter : 2 * quarter])


def compare_histories(client: StatusProClient, journals: list[Path]) -> Counter[str]:
    """Whether each write that was done is in its order's history once, and no other is."""
    written: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for journal in journals:
        for line in journal.read_text(encoding="utf-8").splitlines():
            order, words, known = line.split("\t")
            written[int(order)].append((words, known))
    allowed: dict[str, Any] = {"done": {1}, "unknown": {0, 1}, "not done": {0}}
    seen: Counter[str] = Counter()
    for order_id, writes in written.items():
        said = Counter(entry.get("comment") for entry in client.get_order(order_id)["history"])
        for words, known in writes:
            seen[known if said[words] in allowed[known] else "wrong"] += 1
    return seen
