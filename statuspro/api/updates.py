"""Change one order: its status, its comments, its due date."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from statuspro import _arguments
from statuspro._http.call import one_call
from statuspro.api.confirmation import confirmed, is_commented, is_due, is_in_status
from statuspro.api.orders import PATH, get_viable_statuses
from statuspro.errors import TransitionError
from statuspro.responses import unwrap_object
from statuspro.session import Client

if TYPE_CHECKING:
    # Not at run time: so many TypedDicts take a tenth of the time to import all of this package.
    from statuspro.types import (
        Message,
    )


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
    number = _arguments.order_id(order_id)
    body = status_body(status_code, comment, public, email_customer, email_additional)
    code = body["status_code"]
    is_checked, is_confirmed = _arguments.flag("check", check), _arguments.flag("confirm", confirm)

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
    number = _arguments.order_id(order_id)
    text = _arguments.text("comment", comment)
    body = {"comment": text, **_given(public=public)}

    def send() -> Message:
        return _post(client, f"{PATH}/{number}/comment", body)

    if _arguments.flag("confirm", confirm):
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
    number = _arguments.order_id(order_id)
    first = None if due_date is None else _arguments.day("due_date", due_date)
    last = None if due_date_to is None else _arguments.day("due_date_to", due_date_to)
    if first and last and last < first:
        raise ValueError("due_date_to must not be before due_date")
    body: dict[str, Any] = {"due_date": first}
    if last is not None:
        body["due_date_to"] = last

    def send() -> Message:
        return _post(client, f"{PATH}/{number}/due-date", body)

    if _arguments.flag("confirm", confirm):
        return confirmed(client, number, send, is_due(first, last))
    return send()


def _post(client: Client, path: str, body: dict[str, Any]) -> Message:
    return cast("Message", unwrap_object(client.post(path, json=body)))


def status_body(
    status_code: str,
    comment: str | None,
    public: bool | None,
    email_customer: bool | None,
    email_additional: bool | None,
) -> dict[str, Any]:
    """Makes the body of a status change, of one order or of many."""
    body: dict[str, Any] = {"status_code": _arguments.text("status_code", status_code)}
    if comment is not None:
        body["comment"] = _arguments.text("comment", comment)
    return body | _given(
        public=public, email_customer=email_customer, email_additional=email_additional
    )


def _given(**flags: bool | None) -> dict[str, bool]:
    return {
        name: _arguments.flag(name, value) for name, value in flags.items() if value is not None
    }


def _check_transition(client: Client, order_id: int, status_code: str) -> None:
    viable = [str(status.get("code")) for status in get_viable_statuses(client, order_id)]
    if status_code not in viable:
        raise TransitionError(
            f"Order {order_id} cannot move to {status_code} now. Possible: "
            f"{', '.join(viable) or 'none'}. Nothing was changed.",
            status_code_wanted=status_code,
            viable=viable,
        )
