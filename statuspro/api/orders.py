"""Read orders: lists, pages, details."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import date
from typing import Any, cast

from statuspro import _arguments
from statuspro._http.call import one_call
from statuspro._json import as_object
from statuspro.errors import StatusProError
from statuspro.pagination.page import MOST_PER_PAGE, Item, Page, checked_per_page, read_page
from statuspro.pagination.walk import Walk
from statuspro.responses import unwrap_array, unwrap_object
from statuspro.session import Client
from statuspro.types import (
    FinancialStatuses,
    FulfillmentStatuses,
    Order,
    OrderList,
    OrderListItem,
    OrderListMeta,
    Strings,
    ViableStatus,
)

PATH = "/orders"

#: How many pages of a search `find_order` reads at the most.
_MOST_SEARCHED = 4

#: What stands around a number or name and tells nothing.
# A pattern is compiled when it is first used: an import need not wait for that.
_AROUND_A_NUMBER = rf"\A(?:#|{_arguments.TRIMMED})+|{_arguments.TRIMMED}+\Z"

#: What the value of each filter must be.
_FILTERS: dict[str, Callable[[str, Any], Any]] = {
    "search": _arguments.text,
    "status_code": _arguments.text,
    "tags": _arguments.texts,
    "tags_any": _arguments.texts,
    "financial_status": _arguments.texts,
    "fulfillment_status": _arguments.texts,
    "exclude_cancelled": _arguments.flag,
    "due_date_from": _arguments.day,
    "due_date_to": _arguments.day,
}


def filter_params(given: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Makes query parameters of the filters among the keywords that were given.

    Raises:
        TypeError: a value is of the wrong kind.
        ValueError: a value makes no sense.
    """
    params: dict[str, str | list[str]] = {}
    for name, check in _FILTERS.items():
        if given.get(name) is not None:
            value = _arguments.parameter(check(name, given[name]))
            params[f"{name}[]" if isinstance(value, list) else name] = value
    return params


def list_orders(
    client: Client,
    *,
    search: str | None = None,
    status_code: str | None = None,
    tags: Strings | None = None,
    tags_any: Strings | None = None,
    financial_status: FinancialStatuses | None = None,
    fulfillment_status: FulfillmentStatuses | None = None,
    exclude_cancelled: bool | None = None,
    due_date_from: date | str | None = None,
    due_date_to: date | str | None = None,
    page: int | None = None,
    per_page: int = MOST_PER_PAGE,
    max_items: int | None = None,
    max_pages: int | None = None,
) -> OrderList:
    """Lists orders, newest first (`GET /orders`): one page, or all pages joined into one.

    A filter that is None filters by nothing.

    Args:
        client: any client.
        search: a part of the order's name or number or of the customer's name or e-mail.
        status_code: a status such as `st000002`.
        tags: orders with all of these; no list of a filter may be empty.
        tags_any: orders with one of these.
        financial_status: orders with one of these, such as `["paid", "pending"]`.
        fulfillment_status: orders with one of these, such as `["unfulfilled"]`.
        exclude_cancelled: whether cancelled orders are left out; the service includes them.
        due_date_from: due on this day or later: a `date` or `YYYY-MM-DD`.
        due_date_to: due on this day or earlier: a `date` or `YYYY-MM-DD`.
        page: the page to fetch, from 1; all of them when not given.
        per_page: orders a page, 1 to 100.
        max_items: stops after so many orders; not with `page`.
        max_pages: goes no further into the list than so many pages; not with `page`. The client's
            `max_pages` by default.

    Returns:
        A dict with the orders (`data`) and `meta`. With `page` it is the page as the service sent
        it. Without, every page is joined. Then `per_page` and `to` of `meta` are the number of
        orders returned, and `total` is what the service last said. A shortened list has a `to`
        below `total`.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    params = filter_params(locals())
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
    search: str | None = None,
    status_code: str | None = None,
    tags: Strings | None = None,
    tags_any: Strings | None = None,
    financial_status: FinancialStatuses | None = None,
    fulfillment_status: FulfillmentStatuses | None = None,
    exclude_cancelled: bool | None = None,
    due_date_from: date | str | None = None,
    due_date_to: date | str | None = None,
    has_status: bool | None = None,
    per_page: int = MOST_PER_PAGE,
    max_items: int | None = None,
    max_pages: int | None = None,
    start_page: int = 1,
    prefetch: int = 0,
) -> Generator[OrderListItem, None, None]:
    """Walks the orders, newest first, and fetches them as they are asked for (`GET /orders`).

    Every order that is in the list from the first read to the last comes once, also when others
    arrive or leave meanwhile, even by the loop's own doing. A filter that is None filters by
    nothing.

    Args:
        client: any client.
        search: a part of the order's name or number or of the customer's name or e-mail.
        status_code: a status such as `st000002`.
        tags: orders with all of these; no list of a filter may be empty.
        tags_any: orders with one of these.
        financial_status: orders with one of these, such as `["paid", "pending"]`.
        fulfillment_status: orders with one of these, such as `["unfulfilled"]`.
        exclude_cancelled: whether cancelled orders are left out; the service includes them.
        due_date_from: due on this day or later: a `date` or `YYYY-MM-DD`.
        due_date_to: due on this day or earlier: a `date` or `YYYY-MM-DD`.
        has_status: only orders that have a status set, or only those that have none. The service
            has no such filter: the others are fetched and left out.
        per_page: orders a page, 1 to 100.
        max_items: stops after so many orders.
        max_pages: goes no further into the list than so many pages; the client's `max_pages` by
            default.
        start_page: the page to begin with, as the list is now.
        prefetch: how many pages to fetch ahead, by threads, while the caller works.

    Yields:
        One order after the other.

    Raises:
        StatusProError: a page could not be had; its `page` is the first that was not read.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    return cast("Generator[OrderListItem, None, None]", _walk(**locals()).items())


def iter_order_pages(
    client: Client,
    *,
    search: str | None = None,
    status_code: str | None = None,
    tags: Strings | None = None,
    tags_any: Strings | None = None,
    financial_status: FinancialStatuses | None = None,
    fulfillment_status: FulfillmentStatuses | None = None,
    exclude_cancelled: bool | None = None,
    due_date_from: date | str | None = None,
    due_date_to: date | str | None = None,
    has_status: bool | None = None,
    per_page: int = MOST_PER_PAGE,
    max_items: int | None = None,
    max_pages: int | None = None,
    start_page: int = 1,
    prefetch: int = 0,
) -> Generator[OrderList, None, None]:
    """Walks the orders like :func:`iter_orders`, a page at a time.

    Args:
        client: any client.
        search: a part of the order's name or number or of the customer's name or e-mail.
        status_code: a status such as `st000002`.
        tags: orders with all of these; no list of a filter may be empty.
        tags_any: orders with one of these.
        financial_status: orders with one of these, such as `["paid", "pending"]`.
        fulfillment_status: orders with one of these, such as `["unfulfilled"]`.
        exclude_cancelled: whether cancelled orders are left out; the service includes them.
        due_date_from: due on this day or later: a `date` or `YYYY-MM-DD`.
        due_date_to: due on this day or earlier: a `date` or `YYYY-MM-DD`.
        has_status: only orders that have a status set, or only those that have none. The service
            has no such filter: the others are fetched and left out.
        per_page: orders a page, 1 to 100.
        max_items: stops after so many orders.
        max_pages: goes no further into the list than so many pages; the client's `max_pages` by
            default.
        start_page: the page to begin with, as the list is now.
        prefetch: how many pages to fetch ahead, by threads, while the caller works.

    Yields:
        A dict for each page, with its orders (`data`) and the service's `meta`. Orders that an
        earlier page had are left out.

    Raises:
        StatusProError: a page could not be had; its `page` is the first that was not read.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    return cast("Generator[OrderList, None, None]", _walk(**locals()).pages())


def _walk(client: Client, has_status: bool | None, **given: Any) -> Walk:
    paging = {name: value for name, value in given.items() if name not in _FILTERS}
    return Walk(client, PATH, filter_params(given), keep=_keep(has_status), **paging)


def _keep(has_status: bool | None) -> Callable[[dict[str, Any]], bool] | None:
    if has_status is None:
        return None
    wanted = _arguments.flag("has_status", has_status)
    return lambda order: _is_set(order) is wanted


def _is_set(order: dict[str, Any]) -> bool:
    return bool(as_object(order.get("status")).get("is_set"))


def get_order(client: Client, order_id: int | str) -> Order:
    """Fetches one order in detail (`GET /orders/{id}`).

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.

    Returns:
        The order, with its `history`.

    Raises:
        NotFoundError: there is no such order.
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        TypeError, ValueError: the id makes no sense. Nothing was sent.
    """
    response = client.get(f"{PATH}/{_arguments.order_id(order_id)}")
    return cast("Order", unwrap_object(response))


def lookup_order(client: Client, *, number: str | int, email: str) -> Order:
    """Finds one order by what its customer knows of it (`GET /orders/lookup`).

    Args:
        client: any client.
        number: the order's number or name: `1188` or `#1188`.
        email: the customer's address.

    Returns:
        The order, with its `history`.

    Raises:
        NotFoundError: no order has this number and address.
        APIError: the service refused or failed. A malformed address has `status_code` 400.
        APIConnectionError: there is no response.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    params = {"number": _number(number), "email": _arguments.text("email", email)}
    return cast("Order", unwrap_object(client.get(f"{PATH}/lookup", params=params)))


def _number(value: Any) -> str:
    if not isinstance(value, str):
        value = str(_arguments.whole_number("number", value, 1))
    return _arguments.text("number", value)


def find_order(client: Client, number: str | int) -> OrderListItem | None:
    """Finds an order by its number or name, without the customer's address (`GET /orders`).

    The service's search gives near hits too, such as `11880` for `1188`. Here only an order counts
    whose name or number is exactly this; a `#` in front and capitals make no difference. Of
    several, one with this name goes before one with this number only, and then the newest.

    It takes one request where the search has at most 100 hits. Where it has more, the last pages
    are read next, as the order with the shortest number is the oldest: 4 requests in all at most.

    Args:
        client: any client.
        number: the order's number or name: `1188`, `#1188` or `EX-1188`.

    Returns:
        The order as lists have it; None where no order has this number or name.

    Raises:
        StatusProError: the 4 requests did not show whether there is such an order.
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        TypeError, ValueError: the number makes no sense. Nothing was sent.
    """
    wanted = re.sub(_AROUND_A_NUMBER, "", _number(number))
    if not wanted:
        raise ValueError("number must hold more than #")
    pages: dict[int, Page] = {}
    with one_call():
        while (unread := _page_to_search(pages)) is not None and len(pages) < _MOST_SEARCHED:
            page = read_page(client, PATH, {"search": wanted}, unread, MOST_PER_PAGE)
            if (found := _first_with("name", wanted, [page])) is not None:
                return found
            pages[unread] = page
    by_number = _first_with("order_number", wanted, [pages[number] for number in sorted(pages)])
    if by_number is None and (unread or len({page.total for page in pages.values()}) > 1):
        raise StatusProError(
            f"{len(pages)} requests did not show whether an order has exactly this number or name: "
            "the search has too many hits, or they moved meanwhile. "
            "iter_orders(search=...) reads them all."
        )
    return by_number


def _page_to_search(pages: Mapping[int, Page]) -> int | None:
    """The page to read next: the first, then the last that was not read; None after all."""
    if not pages:
        return 1
    *_, latest = pages.values()
    return next((number for number in range(latest.last_page, 0, -1) if number not in pages), None)


def _first_with(key: str, wanted: str, pages: Iterable[Page]) -> OrderListItem | None:
    items = (item for page in pages for item in page.items)
    found = next((item for item in items if _is_called(item, key, wanted)), None)
    return cast("OrderListItem | None", found)


def _is_called(item: Item, key: str, wanted: str) -> bool:
    value = item.get(key)
    shown = str(value) if isinstance(value, (str, int)) else ""
    return re.sub(_AROUND_A_NUMBER, "", shown).casefold() == wanted.casefold()


def get_viable_statuses(client: Client, order_id: int | str) -> list[ViableStatus]:
    """Fetches the statuses that an order can move to now (`GET /orders/{id}/viable-statuses`).

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.

    Returns:
        A dict for each status, with `code`, `name`, `description` and `color`.

    Raises:
        NotFoundError: there is no such order.
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        TypeError, ValueError: the id makes no sense. Nothing was sent.
    """
    response = client.get(f"{PATH}/{_arguments.order_id(order_id)}/viable-statuses")
    return cast("list[ViableStatus]", unwrap_array(response))
