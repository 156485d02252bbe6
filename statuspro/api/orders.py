"""The orders: lists, details, and what may be written to one of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import date
from typing import TYPE_CHECKING, Any, TypedDict, cast

from statuspro import _arguments
from statuspro.pagination.page import MOST_PER_PAGE, checked_per_page, read_page
from statuspro.pagination.walk import Walk
from statuspro.responses import unwrap_array, unwrap_object
from statuspro.session import Client

if TYPE_CHECKING:
    from typing_extensions import Unpack

    # Not at run time: so many TypedDicts take a tenth of the time to import all of this package.
    from statuspro.types import (
        FinancialStatus,
        FulfillmentStatus,
        Order,
        OrderList,
        OrderListItem,
        OrderListMeta,
        ViableStatus,
    )

PATH = "/orders"

Strings = list[str] | tuple[str, ...]


class OrderFilters(TypedDict, total=False):
    """Which orders a list holds; None is 'not given'.

    Attributes:
        search: a part of the order's name or number or of the customer's name or e-mail.
        status_code: a status such as `st000002`.
        tags: all of these; no list of filters may be empty.
        tags_any: one of these.
        financial_status: one of these.
        fulfillment_status: one of these.
        exclude_cancelled: whether cancelled orders are left out.
        due_date_from: due on this day or later: a `date` or `YYYY-MM-DD`.
        due_date_to: due on this day or earlier: a `date` or `YYYY-MM-DD`.
    """

    search: str | None
    status_code: str | None
    tags: Strings | None
    tags_any: Strings | None
    financial_status: list[FinancialStatus] | tuple[FinancialStatus, ...] | None
    fulfillment_status: list[FulfillmentStatus] | tuple[FulfillmentStatus, ...] | None
    exclude_cancelled: bool | None
    due_date_from: date | str | None
    due_date_to: date | str | None


#: The parameter of each filter and what its values must be.
_FILTERS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "search": ("search", _arguments.text),
    "status_code": ("status_code", _arguments.text),
    "tags": ("tags[]", _arguments.texts),
    "tags_any": ("tags_any[]", _arguments.texts),
    "financial_status": ("financial_status[]", _arguments.texts),
    "fulfillment_status": ("fulfillment_status[]", _arguments.texts),
    "exclude_cancelled": ("exclude_cancelled", _arguments.flag),
    "due_date_from": ("due_date_from", _arguments.day),
    "due_date_to": ("due_date_to", _arguments.day),
}


def filter_params(filters: OrderFilters) -> dict[str, str | list[str]]:
    """The filters as query parameters.

    Raises:
        TypeError: an unknown filter, or a value of the wrong kind.
        ValueError: a value that makes no sense.
    """
    for name in filters:
        if name not in _FILTERS:
            raise TypeError(f"there is no filter {name!r}; there are: {', '.join(_FILTERS)}")
    params: dict[str, str | list[str]] = {}
    for name, (parameter, check) in _FILTERS.items():
        value = cast("dict[str, Any]", filters).get(name)
        if value is not None:
            params[parameter] = _arguments.parameter(check(name, value))
    return params


def list_orders(
    client: Client,
    *,
    page: int | None = None,
    per_page: int = MOST_PER_PAGE,
    max_items: int | None = None,
    max_pages: int | None = None,
    **filters: Unpack[OrderFilters],
) -> OrderList:
    """Orders, newest first (`GET /orders`): one page, or all pages joined into one.

    Args:
        client: any client.
        page: the page to fetch, from 1; all of them when not given.
        per_page: orders a page, 1 to 100.
        max_items: stops after so many orders; not with `page`.
        max_pages: goes no further into the list than so many pages; not with `page`. The client's
            `max_pages` by default.
        filters: see :class:`OrderFilters`.

    Returns:
        `{"data": [order, …], "meta": {…}}`: a page as the service sent it; or every page joined,
        where `per_page` and `to` are the number of orders returned and `total` is what the service
        last said, so that a shortened list can be seen.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no answer.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    params = filter_params(filters)
    if page is not None:
        if max_items is not None or max_pages is not None:
            raise ValueError("page asks for one page: max_items and max_pages do not go with it")
        number = _arguments.whole_number("page", page, 1)
        one = read_page(client, PATH, params, number, checked_per_page(per_page))
        return cast("OrderList", one.body)
    walk = Walk(client, PATH, params, per_page=per_page, max_items=max_items, max_pages=max_pages)
    data = [order for one in walk.pages() for order in one["data"]]
    return {"data": cast("list[OrderListItem]", data), "meta": _joined_meta(len(data), walk.total)}


def _joined_meta(count: int, total: int | None) -> OrderListMeta:
    return {
        "current_page": 1,
        "from": 1 if count else None,
        "last_page": 1,
        "per_page": count,
        "to": count,
        "total": count if total is None else total,
    }


def iter_orders(
    client: Client,
    *,
    has_status: bool | None = None,
    per_page: int = MOST_PER_PAGE,
    max_items: int | None = None,
    max_pages: int | None = None,
    start_page: int = 1,
    prefetch: int = 0,
    **filters: Unpack[OrderFilters],
) -> Generator[OrderListItem, None, None]:
    """Orders, newest first, fetched page by page as they are asked for (`GET /orders`).

    Every order that is in the list from the first read to the last comes once, also when others
    arrive or leave meanwhile, even by the loop's own doing.

    Args:
        client: any client.
        has_status: only orders that have a status set, or only those that have none. The service
            has no such filter: the others are fetched and left out.
        per_page: orders a page, 1 to 100.
        max_items: stops after so many orders.
        max_pages: goes no further into the list than so many pages; the client's `max_pages` by
            default.
        start_page: the page to begin with, as the list is now.
        prefetch: how many pages to fetch ahead, by threads, while the caller works.
        filters: see :class:`OrderFilters`.

    Yields:
        One order after the other.

    Raises:
        StatusProError: a page could not be had; its `page` is the first that was not read.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    walk = Walk(
        client,
        PATH,
        filter_params(filters),
        per_page=per_page,
        max_items=max_items,
        max_pages=max_pages,
        start_page=start_page,
        prefetch=prefetch,
        keep=_keep(has_status),
    )
    return cast("Generator[OrderListItem, None, None]", walk.items())


def iter_order_pages(
    client: Client,
    *,
    has_status: bool | None = None,
    per_page: int = MOST_PER_PAGE,
    max_items: int | None = None,
    max_pages: int | None = None,
    start_page: int = 1,
    prefetch: int = 0,
    **filters: Unpack[OrderFilters],
) -> Generator[OrderList, None, None]:
    """Like :func:`iter_orders`, a page at a time.

    Yields:
        `{"data": [order, …], "meta": {…}}`, with the service's `meta`. Orders that an earlier page
        had are left out.
    """
    walk = Walk(
        client,
        PATH,
        filter_params(filters),
        per_page=per_page,
        max_items=max_items,
        max_pages=max_pages,
        start_page=start_page,
        prefetch=prefetch,
        keep=_keep(has_status),
    )
    return cast("Generator[OrderList, None, None]", walk.pages())


def _keep(has_status: bool | None) -> Callable[[dict[str, Any]], bool] | None:
    if has_status is None:
        return None
    wanted = _arguments.flag("has_status", has_status)
    return lambda order: _is_set(order) is wanted


def _is_set(order: dict[str, Any]) -> bool:
    status = order.get("status")
    return isinstance(status, dict) and bool(status.get("is_set"))


def get_order(client: Client, order_id: int | str) -> Order:
    """One order in detail (`GET /orders/{id}`).

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.

    Returns:
        The order, with its `history`.

    Raises:
        NotFoundError: there is no such order.
        APIError: the service refused or failed.
        APIConnectionError: there is no answer.
        TypeError, ValueError: the id makes no sense. Nothing was sent.
    """
    response = client.get(f"{PATH}/{_arguments.order_id(order_id)}")
    return cast("Order", unwrap_object(response))


def lookup_order(client: Client, *, number: str | int, email: str) -> Order:
    """One order by what its customer knows of it (`GET /orders/lookup`).

    Args:
        client: any client.
        number: the order's number or name: `1188` or `#1188`.
        email: the customer's address.

    Returns:
        The order, with its `history`.

    Raises:
        NotFoundError: no order has this number and address.
        APIError: the service refused or failed.
        APIConnectionError: there is no answer.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    if not isinstance(number, str):
        number = str(_arguments.whole_number("number", number, 1))
    params = {"number": _arguments.text("number", number), "email": _arguments.text("email", email)}
    return cast("Order", unwrap_object(client.get(f"{PATH}/lookup", params=params)))


def get_viable_statuses(client: Client, order_id: int | str) -> list[ViableStatus]:
    """The statuses that an order can move to now (`GET /orders/{id}/viable-statuses`).

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.

    Returns:
        One dict a status: `{"code", "name", "description", "color"}`.

    Raises:
        NotFoundError: there is no such order.
        APIError: the service refused or failed.
        APIConnectionError: there is no answer.
        TypeError, ValueError: the id makes no sense. Nothing was sent.
    """
    response = client.get(f"{PATH}/{_arguments.order_id(order_id)}/viable-statuses")
    return cast("list[ViableStatus]", unwrap_array(response))
