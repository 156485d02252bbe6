"""What the threads of the soak do, and how they tell a right answer from a wrong one."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from statuspro import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    InvalidResponseError,
    RateLimitError,
    ServerError,
    StatusProClient,
    StatusProError,
)
from statuspro.types import OrderListItem

#: What a call under random faults may end with.
EXPECTED = (
    ServerError,
    RateLimitError,
    InvalidResponseError,
    APIConnectionError,
    APITimeoutError,
)


class WrongAnswerError(AssertionError):
    """An answer that is not the one that was asked for."""


def check(is_right: bool, what: str) -> None:
    if not is_right:
        raise WrongAnswerError(what)


class Report:
    """What the threads have seen."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._lock = threading.Lock()

    def count(self, call: str, error: str | None = None) -> None:
        with self._lock:
            self.calls[call] += 1
            if error is not None:
                self.errors[error] += 1

    def blame(self, call: str, error: BaseException) -> None:
        with self._lock:
            self.wrong.append(f"{call}: {type(error).__name__}: {error}")


class Worker(threading.Thread):
    """Makes random calls until the time is over.

    Args:
        client: shared by all the threads.
        orders: those that are always there, by id.
        journal: gets a line a comment that was written: the order, the words, what is known.
    """

    def __init__(
        self,
        number: int,
        client: StatusProClient,
        orders: dict[int, OrderListItem],
        journal: Path,
        report: Report,
        until: float,
    ) -> None:
        super().__init__(name=f"soak-{number}")
        self._client = client
        self._orders = orders
        self._ids = list(orders)
        self._journal = journal
        self._report = report
        self._until = until
        self._random = random.Random(number)
        self._written = 0

    def run(self) -> None:
        calls: list[Callable[[], None]] = [
            self.get_order,
            self.get_orders,
            self.lookup_order,
            self.find_order,
            self.one_page,
            self.walk,
            self.get_statuses,
            self.comment,
            self.move,
            self.derive,
        ]
        weights = [30, 3, 10, 5, 10, 1, 10, 15, 5, 5]
        while time.monotonic() < self._until:
            call = self._random.choices(calls, weights)[0]
            try:
                call()
            except EXPECTED as error:
                self._report.count(call.__name__, type(error).__name__)
            except BaseException as error:
                self._report.blame(call.__name__, error)
            else:
                self._report.count(call.__name__)

    def get_order(self) -> None:
        order_id = self._random.choice(self._ids)
        order = self._client.get_order(order_id)
        check(order["id"] == order_id, f"asked for {order_id}, got {order['id']}")
        check(order["name"] == self._orders[order_id]["name"], "another order's name")

    def get_orders(self) -> None:
        wanted = self._random.sample(self._ids, 8)
        for (order_id, order), expected in zip(
            self._client.get_orders(wanted, workers=4), wanted, strict=True
        ):
            check(order is not None and order["id"] == order_id == expected, "another order")

    def lookup_order(self) -> None:
        known = self._orders[self._random.choice(self._ids)]
        order = self._client.lookup_order(number=known["name"], email=known["customer"]["email"])
        check(order["id"] == known["id"], "looked up one order and got another")

    def find_order(self) -> None:
        known = self._orders[self._random.choice(self._ids)]
        order = self._client.find_order(known["order_number"])
        check(order is not None and order["id"] == known["id"], "found another order")

    def one_page(self) -> None:
        number = self._random.randint(1, 5)
        page = self._client.list_orders(page=number, per_page=20)
        check(page["meta"]["current_page"] == number, "another page")
        check(len(page["data"]) == 20, "a page that is not full")

    def walk(self) -> None:
        prefetch = self._random.choice([0, 0, 3])
        seen = [order["id"] for order in self._client.iter_orders(prefetch=prefetch)]
        check(len(seen) == len(set(seen)), "an order came twice")
        check(self._orders.keys() <= set(seen), "an order was skipped")

    def get_statuses(self) -> None:
        statuses = self._client.get_statuses()
        check(statuses[0]["code"] == "st000001", "the statuses are others")

    def comment(self) -> None:
        order_id = self._random.choice(self._ids)
        confirm = self._random.random() < 0.7
        self._write(
            order_id,
            lambda words: self._client.add_order_comment(order_id, words, confirm=confirm),
        )

    def move(self) -> None:
        order_id = self._random.choice(self._ids)
        code = self._random.choice(["st000002", "st000003", "st000004"])
        confirm = self._random.random() < 0.7
        self._write(
            order_id,
            lambda words: self._client.update_order_status(
                order_id, code, comment=words, confirm=confirm
            ),
        )

    def _write(self, order_id: int, send: Callable[[str], Any]) -> None:
        self._written += 1
        words = f"{self.name} says {self._written}"
        known = "done"
        try:
            send(words)
        except (APIError, APIConnectionError) as error:
            known = "unknown" if error.maybe_applied else "not done"
            raise
        except StatusProError:
            known = "not done"
            raise
        finally:
            with self._journal.open("a", encoding="utf-8") as journal:
                journal.write(f"{order_id}\t{words}\t{known}\n")

    def derive(self) -> None:
        with self._client.with_options(timeout=0.8, headers={"X-Soak": self.name}) as derived:
            order_id = self._random.choice(self._ids)
            check(derived.get_order(order_id)["id"] == order_id, "another order")
