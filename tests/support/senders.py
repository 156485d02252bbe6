"""Threads and processes that send through a real budget."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from statuspro.pacing import Budget, RateLimit, Slot, budget_for
from tests.support.paths import ROOT


def send(budget: Budget, log: Path, *, lease: float = 1.0) -> None:
    """Takes a real place, notes when the request would be counted, and finishes."""
    slot = Slot(lease=lease)
    try:
        while wait := budget.take(slot):
            time.sleep(wait.seconds)
    except BaseException:
        budget.give_back(slot)
        raise
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{time.monotonic():.6f}\n".encode())
    os.close(descriptor)
    budget.finish(slot)


def send_many(budget: Budget, log: Path, count: int, threads: int) -> None:
    """Sends from several threads at once."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(count // threads):
                send(budget, log)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]


def work(storage: str, log: str, limit: RateLimit, count: int, threads: int) -> None:
    """The whole life of a process that `start_process` starts."""
    budget = budget_for("https://a.test", "k", limit, storage=storage)
    send_many(budget, Path(log), count, threads)


def start_process(
    storage: str, log: Path, limit: RateLimit, *, count: int, threads: int = 4
) -> subprocess.Popen[bytes]:
    """Another process that shares the budget."""
    code = (
        "from statuspro.pacing import RateLimit; from tests.support.senders import work; "
        f"work({storage!r}, {str(log)!r}, {limit!r}, {count}, {threads})"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)


def times_in(log: Path) -> list[float]:
    return [float(line) for line in log.read_text().splitlines()]
