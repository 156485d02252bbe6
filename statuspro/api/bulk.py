"""Bulk work: many orders, a few at a time, within the budget."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterable
from datetime import date
from os import PathLike
from typing import cast

from statuspro import _arguments
from statuspro.api.batches import batches, post_batch
from statuspro.api.orders import get_order
from statuspro.api.updates import change_of
from statuspro.errors import NotFoundError
from statuspro.pagination.prefetch import Lookahead
from statuspro.responses import unwrap_object
from statuspro.session import Client
from statuspro.types import BulkBatch, BulkStatusUpdate, Order


def bulk_update_order_status(
    client: Client,
    order_ids: Iterable[int | str],
    status_code: str,
    *,
    comment: str | None = None,
    public: bool | None = None,
    notify: bool | None = None,
    email_customer: bool | None = None,
    email_additional: bool | None = None,
    send_at: int | None = None,
    due_date: date | str | None = None,
) -> BulkStatusUpdate:
    """Queues a status for up to 50 orders (`POST /orders/bulk-status`, one request).

    The service applies it later. An id that it does not know is not an error. Where nothing is
    said of mails, the service mails every customer and every additional address.

    Args:
        client: any client.
        order_ids: an iterable of 1 to 50 ids.
        status_code: the status, such as `st000003`.
        comment: shown in the orders' history.
        public: whether the customers see the comment.
        notify: whether the service mails anybody: the customers and the additional addresses, or
            none of them. Sets `email_customer` and `email_additional`, and goes with neither.
        email_customer: whether the service mails the customers. False alone does not keep it from
            mailing the additional addresses.
        email_additional: whether the service mails the additional addresses.
        send_at: when the service sends the mails, in seconds since 1970 (Unix time).
        due_date: the orders' due date: a `date` or `YYYY-MM-DD`.

    Returns:
        A dict with the service's `message`, the `count` of the ids and the `limit` of a request.

    Raises:
        ValidationError: the service refused the change.
        APIError: the service refused or failed; see `maybe_applied`.
        APIConnectionError: there is no response; see `maybe_applied`.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    ids = _arguments.order_ids(order_ids)
    response = post_batch(client, ids, change_of(locals(), "status_code"))
    return cast("BulkStatusUpdate", unwrap_object(response))


def iter_bulk_update_order_status(
    client: Client,
    order_ids: Iterable[int | str],
    status_code: str,
    *,
    comment: str | None = None,
    public: bool | None = None,
    notify: bool | None = None,
    email_customer: bool | None = None,
    email_additional: bool | None = None,
    send_at: int | None = None,
    due_date: date | str | None = None,
    journal: str | PathLike[str] | None = None,
) -> Generator[BulkBatch, None, None]:
    """Queues a status for any number of orders, 50 a request (`POST /orders/bulk-status`).

    Where nothing is said of mails, the service mails every customer and every additional address.

    Args:
        client: any client; one that paces itself sends 5 batches a minute.
        order_ids: an iterable of ids; one that is given twice is sent once. A collection is checked
            before anything is sent, another iterable as it is read.
        status_code: the status, such as `st000003`.
        comment: shown in the orders' history.
        public: whether the customers see the comment.
        notify: whether the service mails anybody: the customers and the additional addresses, or
            none of them. Sets `email_customer` and `email_additional`, and goes with neither.
        email_customer: whether the service mails the customers. False alone does not keep it from
            mailing the additional addresses.
        email_additional: whether the service mails the additional addresses.
        send_at: when the service sends the mails, in seconds since 1970 (Unix time).
        due_date: the orders' due date: a `date` or `YYYY-MM-DD`.
        journal: the path of a file that says what was sent and what was accepted. A run that was
            killed goes on where it was, if the function is called again with the same journal,
            status and options: it skips the ids that the service has accepted. Those that were
            sent with an outcome that is not known come last: a minute after they were sent it
            reads them back (`GET /orders/{id}`, one request each), and sends again those that
            show no trace of the change. Refused ones are sent again.

    Yields:
        A dict after each accepted batch, for a progress bar. `order_ids` are its ids, `message` and
        `count` come from the service, and `accepted_total` is the number of ids that the service
        has accepted so far. With a journal, `accepted_total` counts those of earlier runs too as
        they are skipped, and ids whose history shows the change come in a batch of their own.

    Raises:
        BulkUpdateError: a batch failed, or the iterable of the ids did, and nothing was sent after
            it. It says which ids were accepted, are uncertain, were refused or not sent; the cause
            is attached. An iterable that is no collection is not read on. With a journal, the
            accepted ones of earlier runs are told too, and the error also comes at the end where a
            history leaves open whether the change was applied: such ids are not sent again.
        ConfigurationError: the journal is of another update, or damaged. Nothing was sent.
        StatusProError: another update uses the journal now. Nothing was sent.
        OSError: the journal cannot be opened. Nothing was sent.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    change = change_of(locals(), "status_code")
    # In full: the loop's own code may change the working directory.
    path = None if journal is None else os.path.abspath(_arguments.path("journal", journal))
    return batches(client, _checked(order_ids), change, path)


def get_orders(
    client: Client, order_ids: Iterable[int | str], *, workers: int = 4
) -> Generator[tuple[int, Order | None], None, None]:
    """Fetches many orders in detail, a few at a time, in the order of the ids.

    Each costs a request (`GET /orders/{id}`).

    Args:
        client: any client; one that paces itself keeps to its budget here too.
        order_ids: an iterable of ids; one that is given twice is fetched twice. A collection is
            checked before anything is sent, another iterable as it is read.
        workers: how many requests are under way at a time.

    Yields:
        `(id, order)`, with None for an order that the service does not know.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        TypeError, ValueError: an argument makes no sense. What the iterable itself raises, or an id
            that is none, comes out after the orders before it.
    """
    ahead = _arguments.whole_number("workers", workers, 1)
    return _details(client, _checked(order_ids), ahead)


def _checked(order_ids: Iterable[int | str]) -> Iterable[int | str]:
    """Checks a collection of ids at once; another iterable is checked as it is read."""
    if isinstance(_arguments.iterable_of_ids(order_ids), Collection):
        return [_arguments.order_id(value) for value in order_ids]
    return order_ids


def _details(
    client: Client, order_ids: Iterable[int | str], ahead: int
) -> Generator[tuple[int, Order | None], None, None]:
    def fetch(order_id: int) -> Order | None:
        try:
            return get_order(client, order_id)
        except NotFoundError:
            return None

    source = iter(order_ids)
    failure: Exception | None = None
    lookahead = Lookahead(fetch, ahead)
    try:
        while True:
            while failure is None and lookahead.has_room():
                try:
                    lookahead.ask(_arguments.order_id(next(source)))
                except Exception as error:  # raised when what was fetched has been handed out
                    failure = error
            if not lookahead.asked():
                break
            yield lookahead.next_answer()
    finally:
        lookahead.close()
    if failure is not None and not isinstance(failure, StopIteration):
        raise failure
