"""What is measured. Each contestant runs in a process of its own and prints what it took, as JSON.

`python -m benchmarks.contestants LIBRARY:TASK BASE_URL AMOUNT WARM_UP KEYWORDS`
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import requests

    from statuspro import StatusProClient

KEY = "benchmark-8c1f0e5d7a3b4962"
ORDER_ID = 6110375248088

#: Does so much of the work, and returns how much was done.
Work = Callable[[int], int]


# requests, as its documentation shows it ---------------------------------------------------------


def requests_session() -> requests.Session:
    import requests

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {KEY}"
    return session


def requests_orders(session: requests.Session, base_url: str) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        params = {"page": page, "per_page": 100}
        body = session.get(f"{base_url}/orders", params=params).json()
        yield from body["data"]
        if page >= body["meta"]["last_page"]:
            return
        page += 1


def requests_get(base_url: str) -> Work:
    session = requests_session()
    url = f"{base_url}/orders/{ORDER_ID}"

    def work(amount: int) -> int:
        for _ in range(amount):
            session.get(url).json()
        return amount

    return work


def requests_stream(base_url: str) -> Work:
    session = requests_session()
    return lambda amount: sum(1 for _ in requests_orders(session, base_url))


def requests_list(base_url: str) -> Work:
    session = requests_session()
    return lambda amount: len(list(requests_orders(session, base_url)))


def requests_threads(base_url: str, *, threads: int) -> Work:
    from requests.adapters import HTTPAdapter

    session = requests_session()
    # With its own ten connections a Session opens a new one for most requests of many threads.
    session.mount("http://", HTTPAdapter(pool_maxsize=100))
    url = f"{base_url}/orders/{ORDER_ID}"
    return in_threads(threads, lambda: session.get(url).json())


# statuspro, with retries and pacing on ----------------------------------------------------------


def statuspro_client(base_url: str) -> StatusProClient:
    """Makes a client whose budget is so large that no call waits."""
    from statuspro import RateLimit, StatusProClient

    return StatusProClient(
        KEY, base_url, max_pages=100_000, rate_limit=RateLimit(requests=1_000_000)
    )


def statuspro_get(base_url: str) -> Work:
    client = statuspro_client(base_url)

    def work(amount: int) -> int:
        for _ in range(amount):
            client.get_order(ORDER_ID)
        return amount

    return work


def statuspro_paced(base_url: str, *, storage: str | None, budgets: int) -> Work:
    """Gets an order by budgets of the default size, in turn, none of which is used up."""
    from statuspro import RateLimit

    client = statuspro_client(base_url)
    # Another period is another budget; a new process must not meet the counts of the last one.
    first = 60 + os.getpid() / 1e6
    clients = [
        client.with_options(
            rate_limit=RateLimit(period=first + number / 1000), rate_limit_storage=storage
        )
        for number in range(budgets)
    ]

    def work(amount: int) -> int:
        for number in range(amount):
            clients[number % budgets].get_order(ORDER_ID)
        return amount

    return work


def statuspro_stream(base_url: str, *, prefetch: int = 0) -> Work:
    client = statuspro_client(base_url)
    return lambda amount: sum(1 for _ in client.iter_orders(prefetch=prefetch))


def statuspro_list(base_url: str) -> Work:
    client = statuspro_client(base_url)
    return lambda amount: len(client.list_orders()["data"])


def statuspro_threads(base_url: str, *, threads: int) -> Work:
    client = statuspro_client(base_url)
    return in_threads(threads, lambda: client.get_order(ORDER_ID))


def statuspro_first(base_url: str) -> Work:
    """Returns the number of requests after which the first order was in hand."""
    sent: list[object] = []

    def note(response: object, **_: object) -> None:
        sent.append(response)

    client = statuspro_client(base_url).with_options(hooks={"response": note})

    def work(amount: int) -> int:
        sent.clear()
        next(client.iter_orders())
        return len(sent)

    return work


def statuspro_slot(base_url: str, *, storage: str | None, budgets: int) -> Work:
    """Takes free slots, in turn from budgets that are all far from used up."""
    from statuspro import RateLimit
    from statuspro.pacing import Slot, budget_for

    opened = [
        # No process has used these before, also where the storage outlives this process.
        budget_for(base_url, f"{os.getpid()}-{number}", RateLimit(), storage=storage)
        for number in range(budgets)
    ]

    def work(amount: int) -> int:
        for number in range(amount):
            budget, slot = opened[number % budgets], Slot()
            if budget.take(slot) is not None:
                raise RuntimeError("the slot was not free")
            budget.finish(slot)
        return amount

    return work


# statuspro-openapi-client -----------------------------------------------------------------------


def openapi_client(base_url: str) -> Any:
    library: Any = importlib.import_module("statuspro_public_api_client")
    return library.StatusProClient(api_key=KEY, base_url=base_url, max_pages=100_000)


def openapi_get(base_url: str) -> Work:
    async def work(amount: int) -> int:
        async with openapi_client(base_url) as client:
            for _ in range(amount):
                await client.orders.get(ORDER_ID)
        return amount

    return lambda amount: asyncio.run(work(amount))


def openapi_list(base_url: str, *, per_page: int | None = None) -> Work:
    async def work() -> int:
        async with openapi_client(base_url) as client:
            return len(await client.orders.list(per_page=per_page))

    return lambda amount: asyncio.run(work())


# Measuring --------------------------------------------------------------------------------------

CONTESTANTS: dict[str, Callable[..., Work]] = {
    "requests:get": requests_get,
    "requests:stream": requests_stream,
    "requests:list": requests_list,
    "requests:threads": requests_threads,
    "statuspro:get": statuspro_get,
    "statuspro:paced": statuspro_paced,
    "statuspro:stream": statuspro_stream,
    "statuspro:list": statuspro_list,
    "statuspro[speed]:stream": statuspro_stream,
    "statuspro[speed]:list": statuspro_list,
    "statuspro:threads": statuspro_threads,
    "statuspro:first": statuspro_first,
    "statuspro:slot": statuspro_slot,
    "statuspro_public_api_client:get": openapi_get,
    "statuspro_public_api_client:list": openapi_list,
}


def in_threads(threads: int, call: Callable[[], object]) -> Work:
    def work(amount: int) -> int:
        with ThreadPoolExecutor(threads) as pool:
            calls = [pool.submit(call) for _ in range(amount)]
            return len([each.result() for each in calls])

    return work


def measure(
    name: str, base_url: str, amount: int, warm_up: int, keywords: dict[str, Any]
) -> dict[str, float]:
    """What a contestant took.

    Returns:
        `wall` and `cpu` in seconds, `memory` in bytes beyond the import of its library at the
        peak, and `done`, how much was done.
    """
    import_library(name.partition(":")[0])
    imported = resident("VmRSS")
    work = CONTESTANTS[name](base_url, **keywords)
    if warm_up:
        work(warm_up)
    wall, cpu = time.perf_counter(), time.process_time()
    done = work(amount)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "memory": resident("VmHWM") - imported, "done": done}


def import_library(library: str) -> None:
    """Imports a library, and of ours the extra that is named, as `statuspro[speed]`, or none."""
    package, _, extra = library.partition("[")
    if extra:
        importlib.import_module("orjson")
    else:
        cast("dict[str, object]", sys.modules)["orjson"] = None  # so that importing it fails
    importlib.import_module(package)


def resident(field: str) -> int:
    """Bytes of this process in memory: now (`VmRSS`) or at most so far (`VmHWM`)."""
    # Not getrusage: a child's ru_maxrss begins with what its parent had.
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field)) * 1024
    except FileNotFoundError:  # not on Linux
        return 0


if __name__ == "__main__":
    _, name, base_url, amount, warm_up, keywords = sys.argv
    print(json.dumps(measure(name, base_url, int(amount), int(warm_up), json.loads(keywords))))
