"""A sandbox in a process of its own, so that its threads hold up none of those that are timed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from statuspro.sandbox import Sandbox
from statuspro.sandbox.sandbox import DEFAULT_API_KEY

ROOT = Path(__file__).absolute().parent.parent.parent

#: The customer's number and address, as the form of the page asks for them.
Customer = tuple[str, str]


class Service:
    """Runs the sandbox. It has no limits until :meth:`limit` is called.

    Args:
        orders: how many orders it has.
    """

    def __init__(self, orders: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(orders)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url: str = self._told()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def environment(self) -> dict[str, str]:
        """The settings by which a process finds the service."""
        return {"STATUSPRO_BASE_URL": self.url, "STATUSPRO_API_KEY": DEFAULT_API_KEY}

    def customers(self) -> list[Customer]:
        """Gives number and address of each order."""
        return [(number, email) for number, email in self._ask("customers")]

    def limit(self, period: float) -> None:
        """Sets the service's limits, with a period of so many seconds, and forgets what it saw."""
        self._ask("limit", period)

    def change(self, count: int) -> None:
        """Moves so many orders to another status, without a request."""
        self._ask("change", count)

    def requests(self) -> Counter[str]:
        """Counts requests by the process that sent them; under `refused`, those that got a 429."""
        return Counter(self._ask("requests"))

    def _ask(self, command: str, *arguments: Any) -> Any:
        assert self._process.stdin is not None
        print(json.dumps([command, *arguments]), file=self._process.stdin, flush=True)
        return self._told()

    def _told(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class _Commands:
    """What the process of the sandbox does for the other one."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        with sandbox.client(adapter=sandbox.adapter()) as client:
            self._ids = [order["id"] for order in client.iter_orders()]

    def customers(self) -> list[Customer]:
        orders = [self._sandbox.order(order_id) for order_id in self._ids]
        return [(order["order_number"], order.customer.email) for order in orders]

    def limit(self, period: float) -> None:
        limiter = self._sandbox._limiter  # pyright: ignore[reportPrivateUsage]
        limiter.requests, limiter.bulk, limiter.period = 60, 5, period
        self._sandbox.requests.clear()

    def change(self, count: int) -> None:
        for order_id in self._ids[:count]:
            is_there = self._sandbox.order(order_id).status_code == "st000004"
            self._sandbox.set_status(order_id, "st000003" if is_there else "st000004")

    def requests(self) -> dict[str, int]:
        seen = list(self._sandbox.requests)
        senders = Counter(record.headers.get("X-Sent-By", "?") for record in seen)
        return {**senders, "refused": sum(record.status == 429 for record in seen)}


def serve(orders: int) -> None:
    """Serves, and does what standard input says, until that ends."""
    with Sandbox(orders) as sandbox:
        commands = _Commands(sandbox)
        print(json.dumps(sandbox.base_url), flush=True)
        for line in sys.stdin:
            command, *arguments = json.loads(line)
            print(json.dumps(getattr(commands, command)(*arguments)), flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
