"""Lists to walk over: without a server, in a sandbox, with reads that come out of order."""

from __future__ import annotations

import itertools
import json
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from statuspro import Client, StatusProClient
from statuspro.sandbox import Sandbox
from statuspro.sandbox.faults import Answer, Pause
from statuspro.sandbox.messages import Record, Response

Page = dict[str, Any]


class Pages(BaseAdapter):
    """Takes the transport's place and answers each read of a page.

    Args:
        answer: gets the page's number and the items a page.

    Attributes:
        reads: the numbers of the pages that were asked for.
    """

    def __init__(self, answer: Callable[[int, int], Any]) -> None:
        super().__init__()
        self.reads: list[int] = []
        self._answer = answer

    @property
    def client(self) -> Client:
        return Client("http://127.0.0.1/api/v1", adapter=self)

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # type: ignore[override] # as requests calls it
        query = dict(part.split("=") for part in (request.url or "").partition("?")[2].split("&"))
        number = int(query["page"])
        self.reads.append(number)
        body = self._answer(number, int(query["per_page"]))
        response = requests.Response()
        response.request = request
        response.url = request.url or ""
        response.status_code = 200
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        vars(response).update(_content=content, _content_consumed=True)
        return response

    def close(self) -> None:
        """Nothing is open."""


def page_of(ids: Iterable[int], number: int, last_page: int, per_page: int, total: int) -> Page:
    """A page as the service sends it."""
    meta = {
        "current_page": number,
        "last_page": last_page,
        "per_page": per_page,
        "total": total,
    }
    return {"data": [{"id": one} for one in ids], "meta": meta}


class MovingList(Pages):
    """A list of ids, the highest first, that may move before each read.

    Args:
        ids: what is in it.

    Attributes:
        ids: what is in it now.
        constant: what has been in it since the first read.
        before_read: called before each read but the first.
    """

    def __init__(self, ids: Iterable[int]) -> None:
        super().__init__(self._page)
        self.ids = sorted(ids, reverse=True)
        self.constant = set(self.ids)
        self.before_read: Callable[[], object] = lambda: None
        self._lock = threading.RLock()

    def at(self, read: int, action: Callable[[], object]) -> None:
        """Has `action` called before the read of that number, from 2."""

        def before_read() -> None:
            if len(self.reads) == read:
                action()

        self.before_read = before_read

    def insert(self, one: int) -> None:
        with self._lock:
            if one not in self.ids:
                self.ids = sorted([*self.ids, one], reverse=True)

    def add_on_top(self, count: int = 1) -> None:
        with self._lock:
            for _ in range(count):
                self.ids.insert(0, max(self.ids, default=0) + 10)

    def remove(self, *ids: int) -> None:
        with self._lock:
            for one in ids:
                self.ids.remove(one)
                self.constant.discard(one)

    def _page(self, number: int, per_page: int) -> Page:
        with self._lock:
            if len(self.reads) > 1:
                self.before_read()
            total = len(self.ids)
            ids = self.ids[(number - 1) * per_page : number * per_page]
        return page_of(ids, number, max(1, math.ceil(total / per_page)), per_page, total)


class OutOfOrder:
    """Stands in for `Lookahead`, without threads: what is under way is answered in any order.

    `choose(n)` picks one of the n reads that are under way and not answered yet; None: none now.
    """

    choose: Callable[[int], int | None]

    def __init__(self, fetch: Callable[[Any], Any], ahead: int) -> None:
        self._fetch = fetch
        self._ahead = ahead
        self._asked: deque[list[Any]] = deque()

    def asked(self) -> list[Any]:
        return [question for question, *_ in self._asked]

    def has_room(self) -> bool:
        return len(self._asked) < max(1, self._ahead)

    def ask(self, question: Any) -> None:
        self._asked.append([question])
        if self._ahead:
            self._answer_one()

    def next_answer(self) -> tuple[Any, Any]:
        while len(self._asked[0]) < 2:
            self._answer_one()
        question, answer = self._asked.popleft()
        return question, answer

    def close(self) -> None:
        self._asked.clear()

    def _answer_one(self) -> None:
        waiting = [entry for entry in self._asked if len(entry) < 2]
        chosen = type(self).choose(len(waiting))
        if chosen is not None:
            waiting[chosen].append(self._fetch(waiting[chosen][0]))


@contextmanager
def answered_out_of_order(choose: Callable[[int], int | None]) -> Iterator[None]:
    """Every walk within has its reads answered in the order that `choose` says."""
    lookahead = type("_OutOfOrder", (OutOfOrder,), {"choose": staticmethod(choose)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("statuspro.pagination.walk.Lookahead", lookahead)
        yield


def answer_each(sandbox: Sandbox, respond: Callable[[Record, Answer, Pause], Response]) -> None:
    """Has every request from now on answered by `respond`, which is told what it was."""
    here = threading.local()
    sandbox.on_request = lambda record: setattr(here, "record", record)
    sandbox.inject(lambda answer, pause: respond(here.record, answer, pause), times=10**9)


def page_number(record: Record) -> int:
    return int(record.query["page"][0])


def local(orders: int, *, max_retries: int = 5, **keywords: Any) -> tuple[Sandbox, StatusProClient]:
    """A sandbox without sockets, and its client."""
    sandbox = Sandbox(orders)
    adapter = sandbox.adapter(max_retries=max_retries)
    return sandbox, sandbox.client(adapter=adapter, **keywords)


def ids_of(items: Iterable[Any]) -> list[int]:
    return [item["id"] for item in items]


def pages_read(sandbox: Sandbox) -> list[int]:
    return [int(record.query["page"][0]) for record in sandbox.requests]


def failing_at(sandbox: Sandbox, number: int, times: int, status: int = 500) -> None:
    """The first reads of one page fail."""
    failures = itertools.count(1)

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        if page_number(record) == number and next(failures) <= times:
            return Response.of_json(status, {"message": "out of order"})
        return answer()

    answer_each(sandbox, respond)
