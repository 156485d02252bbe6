"""A sandbox whose orders move between requests, and a reader that follows a mirror's changes."""

from __future__ import annotations

import io
import logging
import random
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

import requests

from statuspro import StatusProClient, iter_orders
from statuspro.mirror import Change, Mirror
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import seeded_order
from statuspro.sandbox.messages import Record
from statuspro.sandbox.render import detail
from statuspro.sandbox.store import StatusChange, Store

CODES = ["st000001", "st000002", "st000003", "st000004"]
_silent = logging.getLogger("tests.support.mirrors")
_silent.disabled = True

DAYS = [None, "2026-03-01", "2026-03-15", "2026-04-01"]


class MovingShop:
    """A sandbox whose orders arrive, leave and change before its requests, as a seed says.

    Args:
        rng: what happens.
        orders: how many there are at first.

    Attributes:
        most: how many things happen before a request, at most.
        moves: how many have happened.
        interrupt_in: after so many further requests the caller is interrupted, once.
    """

    def __init__(self, rng: random.Random, orders: int) -> None:
        self.sandbox = Sandbox(orders=orders, seed=rng.randrange(1000), enforce_viable=False)
        self.sandbox.on_request = self._before_request
        self.most = 0
        self.moves = 0
        self.interrupt_in: int | None = None
        self._rng = rng
        self._store: Store = self.sandbox._store
        self.ids: list[int] = self._store._ids  # as they are at any time

    def client(self, most: int = 100) -> StatusProClient:
        """Makes a stand-in for a client, which gets at most so many orders on a page."""
        return cast("StatusProClient", DirectClient(self.sandbox, most))

    def has(self, order_id: int) -> bool:
        return order_id in self._store

    def _before_request(self, record: Record) -> None:
        for _ in range(self._rng.randint(0, self.most)):
            self.move()
        if self.interrupt_in is not None:
            self.interrupt_in -= 1
            if self.interrupt_in < 0:
                self.interrupt_in = None
                raise KeyboardInterrupt

    def move(self) -> None:
        """One thing happens."""
        self.moves += 1
        rng, store = self._rng, self._store
        if not self.ids or rng.random() < 0.2:
            store.add(status_code=rng.choice([None, *CODES]))
            return
        order_id = rng.choice(self.ids)
        what = rng.randrange(8)
        if what == 0:
            store.remove(order_id)
        elif what == 1:
            cancelled = store.get(order_id)
            assert cancelled is not None
            store.change(order_id, cancelled_at=None if cancelled.cancelled_at else 1)
        elif what in (2, 3):
            store.update_status(order_id, StatusChange(rng.choice(CODES)))
        elif what == 4:
            store.add_comment(order_id, rng.choice(["Cut", "Glued"]), rng.random() < 0.5)
        elif what == 5:
            store.set_due_date(order_id, rng.choice(DAYS), None)
        elif what == 6:  # which no history tells
            customer = seeded_order(1, rng.randrange(3), 0, 0).customer
            store.change(order_id, customer=customer)
        else:
            store.change(order_id, tags=rng.choice([("rush",), ()]))


class DirectClient:
    """Stands in for a client of a sandbox, so that thousands of requests take seconds.

    Args:
        sandbox: answers.
        most: the most orders that a page has.
    """

    max_pages = 1
    last_write: object = None
    logger = _silent

    def __init__(self, sandbox: Sandbox, most: int = 100) -> None:
        self._app = sandbox.app
        self._key = sandbox.api_key
        self._most = most

    def get(self, url: str) -> requests.Response:
        path, _, query = url.partition("?")
        values = dict(parse_qsl(query))
        if int(values.get("per_page", 0)) > self._most:
            values["per_page"] = str(self._most)
        environ: Any = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/api/v1{path}",
            "QUERY_STRING": urlencode(values),
            "HTTP_AUTHORIZATION": f"Bearer {self._key}",
            "HTTP_ACCEPT": "application/json",
            "wsgi.input": io.BytesIO(),
        }
        response = requests.Response()
        response.url = url
        response.request = requests.Request("GET", "http://127.0.0.1/").prepare()

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            response.status_code = int(status[:3])
            response.headers.update(headers)

        content = b"".join(self._app(environ, start))
        vars(response).update(_content=content, _content_consumed=True)
        return response


class Follower:
    """Keeps what a mirror's changes tell, as a user's program would: the last one of each order."""

    def __init__(self) -> None:
        self.orders: dict[int, Any] = {}
        self.told: set[int] = set()
        self.changes = 0

    def note(self, change: Change) -> None:
        """Takes in a change whose loop body has come to its end."""
        self.changes += 1
        order_id = change["order"]["id"]
        self.told.add(order_id)
        if change["kind"] == "gone":
            self.orders.pop(order_id, None)
        else:
            self.orders[order_id] = change["order"]


def assert_equal(
    mirror: Mirror, sandbox: Sandbox, client: StatusProClient, **filters: Any
) -> list[int]:
    """The mirror shows exactly what the service does; returns the ids."""
    listed: list[Any] = list(iter_orders(client, **filters, max_pages=10**6))
    assert list(mirror.orders()) == listed
    for item in listed:
        shown = detail(sandbox.order(item["id"]))
        order: Any = mirror.order(item["id"])
        assert order == shown
        history: Any = mirror.history(item["id"])
        assert history == shown["history"]
    return [item["id"] for item in listed]
