"""The nine endpoints: each reads or changes the state, and returns the response."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from . import render, validation
from .bulk import BulkQueue
from .messages import API_ROOT, Record, Response
from .orders import Order
from .rules import InvalidError
from .store import NotViableError, Store, UnknownOrderError

_ORDER_PATH = re.compile(r"/orders/(\d{1,18})(/[a-z-]+)?", re.ASCII)


class Request(NamedTuple):
    """What an endpoint gets: the request, and the order's id if the path holds one."""

    record: Record
    order_id: int = 0

    def body(self) -> dict[str, Any]:
        """Parses the request's JSON object.

        Raises:
            MalformedError: the request has none.
        """
        return validation.read_body(self.record.headers["Content-Type"] or "", self.record.body)


class Endpoints:
    """The endpoints of the service, one method each."""

    def __init__(self, store: Store, bulk: BulkQueue) -> None:
        self._store = store
        self._bulk = bulk
        self._catalogue = store.catalogue

    def list_orders(self, request: Request) -> Response:
        """Answers `GET /orders`."""
        asked = validation.read_list_query(request.record.query)
        lines, total = self._store.page(asked.filters, asked.page, asked.per_page)
        first = (asked.page - 1) * asked.per_page + 1
        meta = {
            "current_page": asked.page,
            "from": first if lines else None,
            "last_page": max(-(-total // asked.per_page), 1),
            "per_page": asked.per_page,
            "to": first + len(lines) - 1 if lines else None,
            "total": total,
        }
        body = b'{"data":[%b],"meta":%b}' % (b",".join(lines), render.to_json(meta))
        return Response.of_bytes(200, body)

    def get_order(self, request: Request) -> Response:
        """Answers `GET /orders/{id}`."""
        return Response.of_json(200, render.detail(self._order(request)))

    def lookup(self, request: Request) -> Response:
        """Answers `GET /orders/lookup`."""
        try:
            number, email = validation.read_lookup_query(request.record.query)
        except InvalidError as error:
            # The vendor's description has no 422 for this endpoint, and no `errors` for a 400.
            return Response.of_json(400, {"message": error.message})
        order = self._store.lookup(number, email)
        if order is None:
            raise UnknownOrderError(number)
        return Response.of_json(200, render.detail(order))

    def viable_statuses(self, request: Request) -> Response:
        """Answers `GET /orders/{id}/viable-statuses`."""
        return Response.of_json(200, render.viable(self._order(request)))

    def statuses(self, request: Request) -> Response:
        """Answers `GET /statuses`."""
        return Response.of_json(
            200, [render.definition(status) for status in self._catalogue.values()]
        )

    def update_status(self, request: Request) -> Response:
        """Answers `POST /orders/{id}/status`."""
        change = validation.read_status_change(self._body_for_known_order(request), self._catalogue)
        try:
            self._store.update_status(request.order_id, change)
        except NotViableError:
            reason = "The status code may not follow the order's present status."
            raise InvalidError({"status_code": [reason]}) from None
        return _done("Order status updated.")

    def comment(self, request: Request) -> Response:
        """Answers `POST /orders/{id}/comment`."""
        comment, public = validation.read_comment(self._body_for_known_order(request))
        self._store.add_comment(request.order_id, comment, public)
        return _done("Order comment added.")

    def due_date(self, request: Request) -> Response:
        """Answers `POST /orders/{id}/due-date`."""
        due_date, due_date_to = validation.read_due_date(self._body_for_known_order(request))
        self._store.set_due_date(request.order_id, due_date, due_date_to)
        return _done("Order due date set.")

    def _body_for_known_order(self, request: Request) -> dict[str, Any]:
        if request.order_id not in self._store:
            raise UnknownOrderError(request.order_id)
        return request.body()

    def bulk_status(self, request: Request) -> Response:
        """Answers `POST /orders/bulk-status`."""
        order_ids, change = validation.read_bulk_change(request.body(), self._catalogue)
        self._bulk.put(order_ids, change)
        queued = {
            "message": "Bulk status update queued.",
            "count": len(order_ids),
            "limit": validation.BULK_LIMIT,
        }
        return Response.of_json(202, queued)

    def _order(self, request: Request) -> Order:
        order = self._store.get(request.order_id)
        if order is None:
            raise UnknownOrderError(request.order_id)
        return order


def _done(message: str) -> Response:
    return Response.of_json(200, {"message": message})


Endpoint = Callable[[Endpoints, Request], Response]

_FIXED_ROUTES: dict[str, dict[str, Endpoint]] = {
    "/orders": {"GET": Endpoints.list_orders},
    "/orders/lookup": {"GET": Endpoints.lookup},
    "/orders/bulk-status": {"POST": Endpoints.bulk_status},
    "/statuses": {"GET": Endpoints.statuses},
}
_ORDER_ROUTES: dict[str, dict[str, Endpoint]] = {
    "": {"GET": Endpoints.get_order},
    "/status": {"POST": Endpoints.update_status},
    "/comment": {"POST": Endpoints.comment},
    "/due-date": {"POST": Endpoints.due_date},
    "/viable-statuses": {"GET": Endpoints.viable_statuses},
}


def match(path: str) -> tuple[dict[str, Endpoint], int]:
    """Finds the endpoints at `path`, by their method, and the order's id in it (0 if none)."""
    if not path.startswith(API_ROOT):
        return {}, 0
    route = path[len(API_ROOT) :]
    if route in _FIXED_ROUTES:
        return _FIXED_ROUTES[route], 0
    found = _ORDER_PATH.fullmatch(route)
    if found is None:
        return {}, 0
    return _ORDER_ROUTES.get(found[2] or "", {}), int(found[1])
