"""Serves orders rendered in advance, so that the service is never what is measured.

Base URLs are `http://127.0.0.1:PORT/ORDERS/MILLISECONDS/api/v1`: how many orders the list has, and
how long a response takes. `python -m benchmarks.server` prints the port and serves until its
standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qs

from statuspro.sandbox import Sandbox

#: Ids of real orders exceed 32 bits.
FIRST_ID = 6110375248088

#: Orders that are rendered; a longer list repeats them under other ids.
_RENDERED = 1000

_HEAD = (
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\n"
    "Connection: keep-alive\r\nCache-Control: no-cache, private\r\n"
    "Date: Tue, 10 Feb 2026 09:00:00 GMT\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Length: {}\r\n\r\n"
)


class Service:
    """Renders responses by path: a page of the list, one order, or the catalogue."""

    def __init__(self, items: list[Any], detail: Any, statuses: Any) -> None:
        self._items = [_template(item) for item in items]
        self._detail = _template(detail)
        self._statuses = _with_head(_encode(statuses))
        # A walk over 100,000 orders finds all its pages rendered, but for the first time.
        self._page = lru_cache(maxsize=1200)(self._render_page)

    def response(self, target: str) -> tuple[float, bytes]:
        """Gives the seconds to wait and the response to a request line's target."""
        path, _, query = target.partition("?")
        _, orders, milliseconds, *rest = path.split("/")
        if rest[-1] == "orders":
            fields = parse_qs(query)
            page, per_page = (int(fields[name][0]) for name in ("page", "per_page"))
            body = self._page(int(orders), page, per_page)
        elif rest[-1] == "statuses":
            body = self._statuses
        else:
            body = _with_head(self._detail % int(rest[-1]))
        return int(milliseconds) / 1000, body

    def _render_page(self, total: int, page: int, per_page: int) -> bytes:
        start = min((page - 1) * per_page, total)
        end = min(start + per_page, total)
        items = (
            self._items[number % len(self._items)] % (FIRST_ID + number)
            for number in range(start, end)
        )
        meta = {
            "current_page": page,
            "from": start + 1,
            "last_page": -(-total // per_page),
            "per_page": per_page,
            "to": end,
            "total": total,
        }
        return _with_head(b'{"data":[%s],"meta":%s}' % (b",".join(items), _encode(meta)))


def sandbox_service() -> Service:
    """A service with the sandbox's orders."""
    sandbox = Sandbox(orders=_RENDERED)
    with sandbox.client(adapter=sandbox.adapter()) as client:
        items = list(client.iter_orders())
        typical = next(item for item in items if item["history_count"] == 3)
        return Service(items, client.get_order(typical["id"]), client.get_statuses())


class _Connection(asyncio.Protocol):
    def __init__(self, service: Service) -> None:
        self._service = service
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            seconds, response = self._service.response(head.split(b" ", 2)[1].decode())
            if seconds:
                asyncio.get_running_loop().call_later(seconds, self._transport.write, response)
            else:
                self._transport.write(response)


async def serve() -> None:
    """Prints the port and serves until standard input ends."""
    service = sandbox_service()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(service), "127.0.0.1", 0, backlog=128)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    # Not a clean stop: that would wait for clients that keep their connections.
    os._exit(0)


def _template(order: Any) -> bytes:
    """The order as JSON, ready for `% id`."""
    text = _encode({**order, "id": 0}).replace(b"%", b"%%")
    head, _, tail = text.partition(b'"id":0')
    return head + b'"id":%d' + tail


def _encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _with_head(body: bytes) -> bytes:
    return _HEAD.format(len(body)).encode() + body


if __name__ == "__main__":
    asyncio.run(serve())
