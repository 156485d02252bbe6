"""Bulk work: many orders, a few at a time, within the budget."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from datetime import date
from enum import Enum
from typing import Any, cast

from statuspro import _arguments
from statuspro._http.call import BULK_PATH, Call, one_call
from statuspro._http.transport import Transport
from statuspro.api.orders import get_order
from statuspro.api.updates import change_of
from statuspro.errors import (
    APIConnectionError,
    APIError,
    BulkUpdateError,
    NotFoundError,
    RateLimitError,
)
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
    return _post(client, ids, change_of(locals(), "status_code"))


def _post(client: Client, ids: list[int], change: dict[str, Any]) -> BulkStatusUpdate:
    response = client.post(BULK_PATH, json={"order_ids": ids, **change})
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

    Yields:
        A dict after each accepted batch, for a journal or a progress bar. `order_ids` are its ids,
        `message` and `count` come from the service, and `accepted_total` is the number of ids that
        the service has accepted so far.

    Raises:
        BulkUpdateError: a batch failed, or the iterable of the ids did, and nothing was sent after
            it. It says which ids were accepted, are uncertain, were refused or not sent; the cause
            is attached. An iterable that is no collection is not read on.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    change = change_of(locals(), "status_code")
    return _batches(client, _Ids(_checked(order_ids)), change)


def _batches(client: Client, ids: _Ids, change: dict[str, Any]) -> Generator[BulkBatch, None, None]:
    accepted: list[int] = []
    while True:
        try:
            batch = ids.next_batch()
        except Exception as error:
            raise _stopped(error, accepted, not_sent=ids.take_all()) from error
        if not batch:
            return
        with one_call() as one:
            earlier = len(one.writes)
            try:
                queued = _post(client, batch, change)
            except Exception as error:
                fate = _fate(error, client, one.writes[earlier:])
                raise _stopped(error, accepted, fate, ids.take_batch(), ids.take_all()) from error
        accepted += ids.take_batch()
        yield {
            "order_ids": batch,
            "message": queued.get("message", ""),
            "count": queued.get("count", len(batch)),
            "accepted_total": len(accepted),
        }


class _Ids:
    """Ids in batches, each once, read as they are needed."""

    def __init__(self, order_ids: Iterable[int | str]) -> None:
        self._source = iter(order_ids)
        # Another iterable may fail again, have no end, or cost its own requests.
        self._is_read_on = isinstance(order_ids, Collection)
        self._known: set[int] = set()
        self._batch: list[int] = []

    def next_batch(self) -> list[int]:
        """The next ids, at most as many as one request takes; none at the end."""
        while len(self._batch) < _arguments.MOST_IDS:
            try:
                value = next(self._source)
            except StopIteration:
                break
            self._add(_arguments.order_id(value))
        return list(self._batch)

    def take_batch(self) -> list[int]:
        """The ids of the current batch, which is over now."""
        batch, self._batch = self._batch, []
        return batch

    def take_all(self) -> list[int]:
        """All ids that have not been taken, those included that a collection still has."""
        if self._is_read_on:
            for value in self._source:
                self._add(_arguments.order_id(value))
        return self.take_batch()

    def _add(self, number: int) -> None:
        if number not in self._known:
            self._known.add(number)
            self._batch.append(number)


class _Fate(Enum):
    """What became of a batch whose request failed."""

    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


def _fate(error: Exception, client: Client, writes: list[Call]) -> _Fate:
    """What `error` means for its batch; only what came of our own request says so by its class."""
    if not _is_of_our_request(error):
        return _Fate.UNCERTAIN if _may_have_arrived(client, writes) else _Fate.NOT_SENT
    if getattr(error, "maybe_applied", False):
        return _Fate.UNCERTAIN
    if isinstance(error, APIError) and not isinstance(error, RateLimitError):
        return _Fate.REFUSED
    return _Fate.NOT_SENT


def _is_of_our_request(error: Exception) -> bool:
    """Whether it is the outcome of a bulk call, and not raised by the caller's own code."""
    if not isinstance(error, (APIError, APIConnectionError)):
        return False
    method, _, path = error.request_line.partition(" ")
    return method == "POST" and path.endswith(BULK_PATH)


def _may_have_arrived(client: Client, writes: list[Call]) -> bool:
    if not isinstance(client.get_adapter(client.base_url), Transport):
        return True  # an adapter of the caller's does not tell
    return any(call.may_have_arrived for call in writes if call.path.endswith(BULK_PATH))


def _stopped(
    error: Exception,
    accepted: list[int],
    fate: _Fate = _Fate.NOT_SENT,
    batch: Sequence[int] = (),
    not_sent: Sequence[int] = (),
) -> BulkUpdateError:
    ids: dict[str, list[int]] = {each.value: [] for each in _Fate}
    ids[fate.value] += batch
    ids[_Fate.NOT_SENT.value] += not_sent
    return BulkUpdateError(
        f"The bulk update stopped: {len(accepted)} orders were accepted, {len(ids['uncertain'])} "
        f"are uncertain (read them back before sending them again), {len(ids['refused'])} were "
        f"refused, {len(ids['not_sent'])} were not sent. {error}",
        accepted=accepted,
        uncertain=ids["uncertain"],
        refused=ids["refused"],
        not_sent=ids["not_sent"],
    )


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
