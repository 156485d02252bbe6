"""What jobs cost in requests, which the service limits: counted by a sandbox."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from math import ceil

from benchmarks.results import Row
from statuspro import RateLimit, StatusProClient
from statuspro.sandbox import Sandbox

#: Does a job with some of the sandbox's orders.
Job = Callable[[StatusProClient, list[int]], object]

_STATUS_CODE = "st000003"


def rows(orders: int = 10_000, some: int = 1_000) -> list[Row]:
    """Does each job and counts what was sent.

    Args:
        orders: how many the sandbox has.
        some: how many of them are read or changed one by one.
    """
    sandbox = Sandbox(orders=orders, enforce_viable=False)
    with sandbox.client(adapter=sandbox.adapter()) as client:
        ids = [order["id"] for order in client.iter_orders(max_items=some)]
        statuses = len(client.get_statuses())
        jobs: list[tuple[str, Job, int]] = [
            (f"a walk over {orders:,} orders", _walk, ceil(orders / 100)),
            (f"the details of {some:,} orders", _details, some),
            (f"a summary where there are {statuses} statuses", _summary, 14 + statuses),
            (f"{some:,} changes of status, in bulk", _changes_in_bulk, ceil(some / 50)),
            (f"{some:,} changes of status, one by one", _changes_one_by_one, some),
        ]
        found: list[Row] = []
        for title, job, bound in jobs:
            sandbox.requests.clear()
            job(client, ids)
            paths = [record.path for record in sandbox.requests]
            waits = seconds_of_waiting(len(paths), sum("bulk" in path for path in paths))
            note = f"{waits / 60:g} min of waiting for the budget" if waits else "no waiting"
            found.append(Row(f"{title}: requests", len(paths), "", bound=bound, note=note))
        return found


def seconds_of_waiting(sent: int, bulk: int) -> float:
    """How long a client that uses a whole default budget waits for so many requests.

    Args:
        sent: requests of any kind.
        bulk: those of them that are bulk requests.
    """
    limit = RateLimit()
    periods = max((sent - 1) // limit.requests, (bulk - 1) // limit.bulk)
    return max(periods, 0) * limit.period


def _walk(client: StatusProClient, ids: list[int]) -> None:
    _use_up(client.iter_orders())


def _details(client: StatusProClient, ids: list[int]) -> None:
    _use_up(client.get_orders(ids))


def _summary(client: StatusProClient, ids: list[int]) -> None:
    client.summarize_orders()


def _changes_in_bulk(client: StatusProClient, ids: list[int]) -> None:
    _use_up(client.iter_bulk_update_order_status(ids, _STATUS_CODE))


def _changes_one_by_one(client: StatusProClient, ids: list[int]) -> None:
    for order_id in ids:
        client.update_order_status(order_id, _STATUS_CODE)


def _use_up(items: Iterable[object]) -> None:
    deque(items, maxlen=0)
