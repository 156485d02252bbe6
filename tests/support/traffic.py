"""Callers of a sandbox through the real client, in threads and in processes, and somebody else."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import requests

from statuspro import RateLimit, StatusProClient
from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT

#: Tells the requests of `OtherConsumer` from ours.
OTHER = {"User-Agent": "other"}


def call_many(client: StatusProClient, count: int, threads: int) -> list[float]:
    """Sends `count` requests from several threads, each one request after the other.

    Returns:
        How long each call took, in seconds.
    """

    def call(page: int) -> float:
        started = time.monotonic()
        answer = client.list_orders(page=page, per_page=1)
        took = time.monotonic() - started
        assert answer["meta"]["current_page"] == page
        return took

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, range(1, count + 1)))


def look_up_at(client: StatusProClient, times: Sequence[float]) -> list[tuple[float, float]]:
    """Sends a request at each of the times, in seconds from now.

    Returns:
        For how long each call had to wait for the budget, and how long it took.
    """

    def look_up() -> tuple[float, float]:
        waits = [0.0]
        patient = client.with_options(on_wait=lambda seconds, _: waits.append(seconds))
        started = time.monotonic()
        patient.get_statuses()
        return sum(waits), time.monotonic() - started

    began, calls = time.monotonic(), []
    with ThreadPoolExecutor(32) as pool:
        for when in times:
            time.sleep(max(0.0, began + when - time.monotonic()))
            calls.append(pool.submit(look_up))
        return [call.result() for call in calls]


def start_callers(
    sandbox: Sandbox, limit: RateLimit, *, count: int, threads: int = 4, **options: Any
) -> subprocess.Popen[str]:
    """Another process that does `call_many`.

    Args:
        sandbox: whom to call.
        limit: the figures.
        count: how many requests it sends.
        threads: how many of them at a time.
        options: further keywords of its client.
    """
    return _start(sandbox, limit, options, call_many, count, threads)


def start_customers(
    sandbox: Sandbox, limit: RateLimit, *, times: Sequence[float], **options: Any
) -> subprocess.Popen[str]:
    """Another process that does `look_up_at`; see `start_callers`."""
    return _start(sandbox, limit, options, look_up_at, times)


def _start(
    sandbox: Sandbox,
    limit: RateLimit,
    options: dict[str, Any],
    function: Callable[..., Any],
    *arguments: Any,
) -> subprocess.Popen[str]:
    figures = (limit.requests, limit.bulk, limit.period)
    keywords = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, **options}
    job = json.dumps([keywords, figures, function.__name__, arguments])
    return subprocess.Popen(
        [sys.executable, "-m", __name__, job], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def seconds_of(process: subprocess.Popen[str]) -> list[Any]:
    """What `call_many` or `look_up_at` returned in a process, which has ended then."""
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0
    seconds: list[Any] = json.loads(output)
    return seconds


def work(job: str) -> None:
    """The whole life of a process that `start_callers` or `start_customers` starts."""
    keywords, figures, name, arguments = json.loads(job)
    with StatusProClient(rate_limit=RateLimit(*figures), **keywords) as client:
        print(json.dumps(globals()[name](client, *arguments)))


class OtherConsumer:
    """Somebody who uses the same key, does not pace, and takes half of each window.

    Args:
        sandbox: whom to call.
        limit: the figures.
        is_greedy: takes its half as soon as a window opens; else bit by bit.
    """

    def __init__(self, sandbox: Sandbox, limit: RateLimit, *, is_greedy: bool) -> None:
        self._url = f"{sandbox.base_url}/statuses"
        self._headers = {"Authorization": f"Bearer {sandbox.api_key}", **OTHER}
        self._half = limit.requests // 2
        self._period = limit.period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._grab if is_greedy else self._nibble)

    def __enter__(self) -> OtherConsumer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _nibble(self) -> None:
        with requests.Session() as session:
            while not self._stop.wait(self._period / self._half):
                self._is_let_through(session)

    def _grab(self) -> None:
        with requests.Session() as session:
            while not self._stop.wait(self._period / 100):
                if self._is_let_through(session):
                    for _ in range(self._half - 1):
                        self._is_let_through(session)
                    self._stop.wait(self._period)

    def _is_let_through(self, session: requests.Session) -> bool:
        return session.get(self._url, headers=self._headers).ok


def use_up(sandbox: Sandbox, count: int) -> None:
    """Somebody else sends some requests with the same key."""
    headers = {"Authorization": f"Bearer {sandbox.api_key}", **OTHER}
    for _ in range(count):
        assert requests.get(f"{sandbox.base_url}/statuses", headers=headers).ok


def refusals_by_window(sandbox: Sandbox, period: float) -> list[int]:
    """How often we, and not `OtherConsumer`, were refused in each of the service's windows."""
    windows: list[int] = []
    ends = 0.0
    for record in sorted(sandbox.requests, key=lambda record: record.time):
        is_refused = record.status == requests.codes.too_many_requests
        if record.time >= ends and not is_refused:
            ends = record.time + period
            windows.append(0)
        if is_refused and record.headers["User-Agent"] != OTHER["User-Agent"]:
            windows[-1] += 1
    return windows


def share_used(sandbox: Sandbox, limit: RateLimit) -> float:
    """How much of the budget was used once the first requests, which nobody holds up, had gone."""
    return share_of((record.time for record in sandbox.requests), limit.requests, limit.period)


def share_of(times: Iterable[float], size: int, period: float) -> float:
    """How much requests used of `size` in a period, once the first ones had gone."""
    ordered = sorted(times)
    return (len(ordered) - size) / size / ((ordered[-1] - ordered[0]) / period)


if __name__ == "__main__":
    work(sys.argv[1])
