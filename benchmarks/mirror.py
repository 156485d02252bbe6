"""What a local copy costs in requests, memory and processor time: `python -m benchmarks.mirror`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from benchmarks.contestants import resident
from benchmarks.processes import ROOT
from benchmarks.results import Row
from statuspro import StatusProClient
from statuspro.mirror import Mirror
from statuspro.pagination.walk import Walk
from statuspro.sandbox import Sandbox
from statuspro.sandbox.sandbox import DEFAULT_API_KEY

MIB = 2**20

#: Requests a minute: the whole budget, and what is left of it with `rate_limit_reserve=20`.
BUDGETS = (60, 40)

#: The most memory and processor time, see :func:`memory` and :func:`own_seconds`.
MOST_MIB, MOST_SECONDS = 40, 1.0

#: The most requests, for each that the walk and the changed orders cost.
MOST_REQUESTS = 1.05

_SERVICE = """
import sys
from statuspro.sandbox import Sandbox
with Sandbox(orders=int(sys.argv[1])) as sandbox:
    print(sandbox.base_url, flush=True)
    for line in sys.stdin:
        pass
"""


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; 1 when a figure is out of its bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mirror", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="rough figures")
    quick = parser.parse_args(arguments).quick
    sizes = (500, 1_000) if quick else (1_000, 10_000, 50_000)
    processes = [(memory, 5_000 if quick else 100_000), (own_seconds, 1_000 if quick else 10_000)]
    is_missed = False
    rows = chain(requests(sizes), (figure(size) for figure, size in processes))
    for row in rows:
        value = "–" if row.value is None else f"{row.value:,.2f}".removesuffix(".00")
        bound = "" if row.bound is None else f", at most {row.bound:g}"
        print(f"{row.title}: {value} {row.unit}{bound}; {row.note}".rstrip("; "), flush=True)
        is_missed |= row.is_missed
    return int(is_missed and not quick)


def requests(sizes: tuple[int, ...]) -> Iterator[Row]:
    """The requests of nights, counted by a sandbox, and the minutes that they take."""
    for size in sizes:
        shop = Sandbox(orders=size)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "orders.sqlite3")
            walk = _walked(shop)
            for title, changed in (
                ("the first sync", size),
                ("an idle night", 0),
                ("2 % changed", size // 50),
                ("all changed", size),
            ):
                if title != "the first sync":
                    _change(shop, changed)
                count = _synced(shop, path)
                yield Row(
                    f"{size:,} orders, {title}",
                    count,
                    "requests",
                    bound=MOST_REQUESTS * (walk + changed),
                    note=", ".join(f"{_minutes(count, each)} at {each}" for each in BUDGETS),
                )


def memory(size: int) -> Row:
    """The most memory that a first sync takes beyond the import, in a process of its own."""
    measured = _measured(size)
    return Row(
        f"peak memory of a first sync of {size:,} orders, beyond the import",
        measured["memory"] / MIB,
        "MiB",
        bound=MOST_MIB,
        note=f"{measured['first']:.0f} s",
    )


def own_seconds(size: int) -> Row:
    """The processor time of a sync of a list that has not changed, without that of its walk."""
    measured = _measured(size)
    return Row(
        f"a second sync of {size:,} orders, beside the walk",
        measured["second"] - measured["walk"],
        "s",
        bound=MOST_SECONDS,
        note=f"the walk takes {measured['walk']:.2f} s",
    )


def measure(url: str, path: str) -> dict[str, float]:
    """Runs in a process of its own: bytes of memory, and seconds of processor time."""
    imported = resident("VmRSS")
    with (
        StatusProClient(DEFAULT_API_KEY, url, rate_limit=None, trust_env=False) as client,
        Mirror(path) as mirror,
    ):
        first = _seconds(lambda: deque(mirror.sync(client, history=False), maxlen=0))
        memory = resident("VmHWM") - imported
        second = _seconds(lambda: deque(mirror.sync(client, history=False), maxlen=0))
        alone = _seconds(lambda: deque(_walk(client), maxlen=0))
    return {"memory": memory, "first": first, "second": second, "walk": alone}


def _change(shop: Sandbox, count: int) -> None:
    """Gives so many orders a comment, without a request that is counted."""
    with shop.client(adapter=shop.adapter()) as client:
        for order in list(client.iter_orders(max_pages=10**6, max_items=count)):
            client.add_order_comment(order["id"], "Cut")


def _synced(shop: Sandbox, path: str) -> int:
    """Synchronises, and returns how many requests that took."""
    shop.requests.clear()
    with shop.client(adapter=shop.adapter()) as client, Mirror(path) as mirror:
        deque(mirror.sync(client), maxlen=0)
    return len(shop.requests)


def _walked(shop: Sandbox) -> int:
    """Walks over the list as a sync does, and returns how many requests that took."""
    shop.requests.clear()
    with shop.client(adapter=shop.adapter()) as client:
        deque(_walk(client), maxlen=0)
    return len(shop.requests)


def _walk(client: StatusProClient) -> Iterator[object]:
    return Walk(client, "/orders", max_pages=10**9, moved=True).pages()


def _minutes(requests: int, a_minute: int) -> str:
    return f"{max(requests - 1, 0) // a_minute} min"


def _measured(size: int) -> dict[str, float]:
    with _service(size) as url, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.mirror", url, f"{folder}/orders.sqlite3"]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


@contextmanager
def _service(size: int) -> Iterator[str]:
    command = [sys.executable, "-c", _SERVICE, str(size)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        yield process.stdout.readline().strip()
        process.kill()


def _seconds(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(*sys.argv[1:])))
    else:
        sys.exit(main())
