"""Change one order: its status, its comments, its due date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, cast

from statuspro import _arguments
from statuspro._http.call import one_call
from statuspro.api.confirmation import (
    Evidence,
    confirmed,
    is_commented,
    is_due,
    is_in_status,
)
from statuspro.api.orders import PATH, get_viable_statuses
from statuspro.errors import TransitionError
from statuspro.responses import unwrap_object
from statuspro.session import Client
from statuspro.types import Message

#: What a change may say of an order, and what each value must be.
_FIELDS: dict[str, Callable[[str, Any], Any]] = {
    "status_code": _arguments.text,
    "comment": _arguments.text,
    "public": _arguments.flag,
    "email_customer": _arguments.flag,
    "email_additional": _arguments.flag,
    "send_at": partial(_arguments.whole_number, least=0),
    "due_date": _arguments.day,
}


#: The fields that `notify` stands for.
_MAILS = ("email_customer", "email_additional")


def change_of(given: Mapping[str, Any], required: str) -> dict[str, Any]:
    """Makes the body of a change of the keywords that were given; None is not sent.

    Args:
        given: the arguments by name, others than fields of the body among them.
        required: the field that must not be None.

    Raises:
        TypeError, ValueError: an argument makes no sense.
    """
    given = {**given, **_mails(given)}
    return {
        name: check(name, given[name])
        for name, check in _FIELDS.items()
        if name == required or given.get(name) is not None
    }


def _mails(given: Mapping[str, Any]) -> dict[str, bool]:
    """Makes the fields that `notify` stands for; none where it was not given."""
    if given.get("notify") is None:
        return {}
    for name in _MAILS:
        if given.get(name) is not None:
            raise ValueError(f"notify sets {name} too: give notify or {name}, not both")
    return dict.fromkeys(_MAILS, _arguments.flag("notify", given["notify"]))


def update_order_status(
    client: Client,
    order_id: int | str,
    status_code: str,
    *,
    comment: str | None = None,
    public: bool | None = None,
    notify: bool | None = None,
    email_customer: bool | None = None,
    email_additional: bool | None = None,
    check: bool = False,
    confirm: bool = False,
) -> Message:
    """Moves an order to a status (`POST /orders/{id}/status`).

    What is not given is not sent, and the service's own defaults hold: it mails the customer and
    the additional addresses, and does not publish the comment. `notify=False` mails nobody.

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.
        status_code: the status, such as `st000003`.
        comment: shown in the order's history.
        public: whether the customer sees the comment.
        notify: whether the service mails anybody: the customer and the additional addresses, or
            neither. Sets `email_customer` and `email_additional`, and goes with neither.
        email_customer: whether the service mails the customer. False alone does not keep it from
            mailing the additional addresses.
        email_additional: whether the service mails the additional addresses.
        check: ask first whether the order can move there (one request more).
        confirm: where the outcome is not known, read the order back to find out, and send the
            change again only if it was certainly not applied (one request more before the change,
            to know the history).

    Returns:
        A dict with the service's `message`.

    Raises:
        TransitionError: with `check`: the order cannot move there. Nothing was sent.
        ValidationError: the service refused the change.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no response; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    order_id = _arguments.order_id(order_id)
    body = change_of(locals(), "status_code")
    code = body["status_code"]
    is_checked = _arguments.flag("check", check)
    is_confirmed = _arguments.flag("confirm", confirm)
    evidence = is_in_status(code, body.get("comment")) if is_confirmed else None
    with one_call():
        if is_checked:
            _check_transition(client, order_id, code)
        return _write(client, order_id, "status", body, evidence)


def add_order_comment(
    client: Client,
    order_id: int | str,
    comment: str,
    *,
    public: bool | None = None,
    confirm: bool = False,
) -> Message:
    """Adds a comment to an order (`POST /orders/{id}/comment`).

    The service has no switch for mails here, and does not say whether a public comment is mailed.

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.
        comment: 3 to 1000 characters.
        public: whether the customer sees it; the service's default is no.
        confirm: see :func:`update_order_status`.

    Returns:
        A dict with the service's `message`.

    Raises:
        ValidationError: the service refused the comment.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no response; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    order_id = _arguments.order_id(order_id)
    body = change_of(locals(), "comment")
    evidence = is_commented(body["comment"]) if _arguments.flag("confirm", confirm) else None
    return _write(client, order_id, "comment", body, evidence)


def set_order_due_date(
    client: Client,
    order_id: int | str,
    due_date: date | str | None,
    *,
    due_date_to: date | str | None = None,
    confirm: bool = False,
) -> Message:
    """Sets or clears the due date of an order (`POST /orders/{id}/due-date`).

    The service has no switch for mails here, and does not say whether it mails the new date.

    Args:
        client: any client.
        order_id: a positive whole number, or a string of digits.
        due_date: a `date`, `YYYY-MM-DD` or a day as the service writes it; None clears it.
        due_date_to: the end of the span, where the order is due within one.
        confirm: see :func:`update_order_status`.

    Returns:
        A dict with the service's `message`.

    Raises:
        ValidationError: the service refused the dates.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no response; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    order_id = _arguments.order_id(order_id)
    first = None if due_date is None else _arguments.day("due_date", due_date)
    last = None if due_date_to is None else _arguments.day("due_date_to", due_date_to)
    if first and last and last < first:
        raise ValueError("due_date_to must not be before due_date")
    body: dict[str, Any] = {"due_date": first}
    if last is not None:
        body["due_date_to"] = last
    evidence = is_due(first, last) if _arguments.flag("confirm", confirm) else None
    return _write(client, order_id, "due-date", body, evidence)


def _write(
    client: Client, order_id: int, what: str, body: dict[str, Any], evidence: Evidence | None
) -> Message:
    """Sends a change of an order; with evidence to confirm it by, finds out what became of it."""

    def send() -> Message:
        response = client.post(f"{PATH}/{order_id}/{what}", json=body)
        return cast("Message", unwrap_object(response))

    return send() if evidence is None else confirmed(client, order_id, send, evidence)


def _check_transition(client: Client, order_id: int, status_code: str) -> None:
    viable = [str(status.get("code")) for status in get_viable_statuses(client, order_id)]
    if status_code not in viable:
        raise TransitionError(
            f"Order {order_id} cannot move to {status_code} now. Possible: "
            f"{', '.join(viable) or 'none'}. Nothing was changed.",
            status_code_wanted=status_code,
            viable=viable,
        )
