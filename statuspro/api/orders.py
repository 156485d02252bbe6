"""The orders: lists, details, and what may be written to one of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, TypedDict, cast

from statuspro import checks
from statuspro.api.confirmation import confirmed, is_commented, is_due, is_in_status
from statuspro.calls import one_call
from statuspro.errors import TransitionError
from statuspro.pagination import MOST_PER_PAGE, Walk, checked_per_page, read_page
from statuspro.session import Client
from statuspro.unwrap import unwrap_array, unwrap_object

if TYPE_CHECKING:
    from typing_extensions import Unpack

    # Not at run time: so many TypedDicts take a tenth of the time to import all of this package.
    from statuspro.types import (
        BulkStatusUpdate,
        FinancialStatus,
        FulfillmentStatus,
        Message,
        Order,
        OrderList,
        OrderListItem,
        OrderListMeta,
        ViableStatus,
    )

PATH = "/orders"
BULK_STATUS_PATH = "/orders/bulk-status"

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
    "search": ("search", checks.text),
    "status_code": ("status_code", checks.text),
    "tags": ("tags[]", checks.texts),
    "tags_any": ("tags_any[]", checks.texts),
    "financial_status": ("financial_status[]", checks.texts),
    "fulfillment_status": ("fulfillment_status[]", checks.texts),
    "exclude_cancelled": ("exclude_cancelled", checks.flag),
    "due_date_from": ("due_date_from", checks.day),
    "due_date_to": ("due_date_to", checks.day),
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
            params[parameter] = checks.parameter(check(name, value))
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
        number = checks.whole_number("page", page, 1)
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
    wanted = checks.flag("has_status", has_status)
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
    response = client.get(f"{PATH}/{checks.order_id(order_id)}")
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
        number = str(checks.whole_number("number", number, 1))
    params = {"number": checks.text("number", number), "email": checks.text("email", email)}
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
    response = client.get(f"{PATH}/{checks.order_id(order_id)}/viable-statuses")
    return cast("list[ViableStatus]", unwrap_array(response))


def update_order_status(
    client: Client,
    order_id: int | str,
    status_code: str,
    *,
    comment: str | None = None,
    public: bool | None = None,
    email_customer: bool | None = None,
    email_additional: bool | None = None,
    check: bool = False,
    confirm: bool = False,
) -> Message:
    """Moves an order to a status (`POST /orders/{id}/status`).

    What is not given is not sent. The service then does not publish the comment, and does mail
    the customer and the additional addresses.

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.
        status_code: the status, such as `st000003`.
        comment: shown in the order's history.
        public: whether the customer sees the comment.
        email_customer: whether the customer is mailed.
        email_additional: whether the additional addresses are mailed.
        check: ask first whether the order can move there (one request more).
        confirm: where the outcome is not known, read the order back to find out, and send the
            change again only if it was certainly not applied (one request more before the change,
            to know the history).

    Returns:
        `{"message": …}`

    Raises:
        TransitionError: with `check`: the order cannot move there. Nothing was sent.
        ValidationError: the service refused the change.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no answer; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    number = checks.order_id(order_id)
    body = _status_body(status_code, comment, public, email_customer, email_additional)
    code = body["status_code"]
    is_checked, is_confirmed = checks.flag("check", check), checks.flag("confirm", confirm)

    def send() -> Message:
        return _post(client, f"{PATH}/{number}/status", body)

    with one_call():
        if is_checked:
            _check_transition(client, number, code)
        if is_confirmed:
            return confirmed(client, number, send, is_in_status(code, body.get("comment")))
        return send()


def add_order_comment(
    client: Client,
    order_id: int | str,
    comment: str,
    *,
    public: bool | None = None,
    confirm: bool = False,
) -> Message:
    """Adds a comment to an order (`POST /orders/{id}/comment`).

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.
        comment: 3 to 1000 characters.
        public: whether the customer sees it; the service's default is no.
        confirm: see :func:`update_order_status`.

    Returns:
        `{"message": …}`

    Raises:
        ValidationError: the service refused the comment.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no answer; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    number = checks.order_id(order_id)
    text = checks.text("comment", comment)
    body = {"comment": text, **_given(public=public)}

    def send() -> Message:
        return _post(client, f"{PATH}/{number}/comment", body)

    if checks.flag("confirm", confirm):
        return confirmed(client, number, send, is_commented(text))
    return send()


def set_order_due_date(
    client: Client,
    order_id: int | str,
    due_date: date | str | None,
    *,
    due_date_to: date | str | None = None,
    confirm: bool = False,
) -> Message:
    """Sets or clears the due date of an order (`POST /orders/{id}/due-date`).

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.
        due_date: a `date`, `YYYY-MM-DD` or a day as the service writes it; None clears it.
        due_date_to: the end of the span, where the order is due within one.
        confirm: see :func:`update_order_status`.

    Returns:
        `{"message": …}`

    Raises:
        ValidationError: the service refused the dates.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no answer; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    number = checks.order_id(order_id)
    first = None if due_date is None else checks.day("due_date", due_date)
    last = None if due_date_to is None else checks.day("due_date_to", due_date_to)
    if first and last and last < first:
        raise ValueError("due_date_to must not be before due_date")
    body: dict[str, Any] = {"due_date": first}
    if last is not None:
        body["due_date_to"] = last

    def send() -> Message:
        return _post(client, f"{PATH}/{number}/due-date", body)

    if checks.flag("confirm", confirm):
        return confirmed(client, number, send, is_due(first, last))
    return send()


class BulkOptions(TypedDict, total=False):
    """What else a bulk update says; None is 'not given' and not sent.

    Attributes:
        comment: shown in the orders' history.
        public: whether the customers see the comment.
        email_customer: whether the customers are mailed.
        email_additional: whether the additional addresses are mailed.
        send_at: when the mails are sent, in seconds since 1970 (Unix time).
        due_date: the orders' due date: a `date` or `YYYY-MM-DD`.
    """

    comment: str | None
    public: bool | None
    email_customer: bool | None
    email_additional: bool | None
    send_at: int | None
    due_date: date | str | None


def bulk_update_order_status(
    client: Client,
    order_ids: Iterable[int | str],
    status_code: str,
    **options: Unpack[BulkOptions],
) -> BulkStatusUpdate:
    """Queues a status for up to 50 orders (`POST /orders/bulk-status`, one request).

    The service applies it later. An id that it does not know is not an error.

    Args:
        client: any client.
        order_ids: an iterable of 1 to 50 ids.
        status_code: the status, such as `st000003`.
        options: see :class:`BulkOptions`.

    Returns:
        `{"message": …, "count": …, "limit": 50}`

    Raises:
        ValidationError: the service refused the change.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no answer; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    body = {"order_ids": checks.order_ids(order_ids), **bulk_change(status_code, options)}
    answer = unwrap_object(client.post(BULK_STATUS_PATH, json=body))
    return cast("BulkStatusUpdate", answer)


def bulk_change(status_code: str, options: BulkOptions) -> dict[str, Any]:
    """What a bulk update says of every order, as the body of the request has it.

    Raises:
        TypeError, ValueError: an argument makes no sense.
    """
    for name in options:
        if name not in BulkOptions.__annotations__:
            raise TypeError(f"a bulk update got an unexpected keyword argument {name!r}")
    body = _status_body(
        status_code,
        options.get("comment"),
        options.get("public"),
        options.get("email_customer"),
        options.get("email_additional"),
    )
    if (send_at := options.get("send_at")) is not None:
        body["send_at"] = checks.whole_number("send_at", send_at, 0)
    if (due_date := options.get("due_date")) is not None:
        body["due_date"] = checks.day("due_date", due_date)
    return body


def _post(client: Client, path: str, body: dict[str, Any]) -> Message:
    return cast("Message", unwrap_object(client.post(path, json=body)))


def _status_body(
    status_code: str,
    comment: str | None,
    public: bool | None,
    email_customer: bool | None,
    email_additional: bool | None,
) -> dict[str, Any]:
    body: dict[str, Any] = {"status_code": checks.text("status_code", status_code)}
    if comment is not None:
        body["comment"] = checks.text("comment", comment)
    return body | _given(
        public=public, email_customer=email_customer, email_additional=email_additional
    )


def _given(**flags: bool | None) -> dict[str, bool]:
    return {name: checks.flag(name, value) for name, value in flags.items() if value is not None}


def _check_transition(client: Client, order_id: int, status_code: str) -> None:
    viable = [str(status.get("code")) for status in get_viable_statuses(client, order_id)]
    if status_code not in viable:
        raise TransitionError(
            f"Order {order_id} cannot move to {status_code} now. Possible: "
            f"{', '.join(viable) or 'none'}. Nothing was changed.",
            status_code_wanted=status_code,
            viable=viable,
        )
