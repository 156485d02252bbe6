"""Bulk work: many orders, a few at a time, within the budget."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, TypedDict, cast

from statuspro import _arguments
from statuspro._http.call import Call, one_call
from statuspro._http.transport import Transport
from statuspro.api.orders import get_order
from statuspro.api.updates import status_body
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

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from statuspro.types import BulkBatch, BulkStatusUpdate, Order


def iter_bulk_update_order_status(
    client: Client,
    order_ids: Iterable[int | str],
    status_code: str,
    **options: Unpack[BulkOptions],
) -> Generator[BulkBatch, None, None]:
    """Queues a status for any number of orders, 50 a request (`POST /orders/bulk-status`).

    Args:
        client: any client; one that paces itself sends 5 batches a minute.
        order_ids: an iterable of ids; one that is given twice is sent once. A collection is checked
            before anything is sent, another iterable as it is read.
        status_code: the status, such as `st000003`.
        options: see :class:`statuspro.api.bulk.BulkOptions`.

    Yields:
        After each accepted batch: `{"order_ids": […], "message": …, "count": …,
        "accepted_total": …}`, so that a journal or a progress bar hangs on a plain `for`.

    Raises:
        BulkUpdateError: a batch failed, or the iterable of the ids did, and nothing was sent after
            it. It says which ids were accepted, are uncertain, were refused or not sent; the cause
            is attached. An iterable that is no collection is not read on.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    bulk_change(status_code, options)
    if isinstance(_arguments.iterable_of_ids(order_ids), Collection):
        order_ids = [_arguments.order_id(value) for value in order_ids]
    return _batches(client, _Ids(order_ids), status_code, options)


def _batches(
    client: Client, ids: _Ids, status_code: str, options: BulkOptions
) -> Generator[BulkBatch, None, None]:
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
                answer = bulk_update_order_status(client, batch, status_code, **options)
            except Exception as error:
                fate = _fate(error, client, one.writes[earlier:])
                raise _stopped(error, accepted, fate, ids.take_batch(), ids.take_all()) from error
        accepted += ids.take_batch()
        yield {
            "order_ids": batch,
            "message": answer.get("message", ""),
            "count": answer.get("count", len(batch)),
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
    return method == "POST" and path.endswith(BULK_STATUS_PATH)


def _may_have_arrived(client: Client, writes: list[Call]) -> bool:
    if not isinstance(client.get_adapter(client.base_url), Transport):
        return True  # an adapter of the caller's does not tell
    return any(call.may_have_arrived for call in writes if call.path.endswith(BULK_STATUS_PATH))


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
    """Many orders in detail, a few at a time, in the order of the ids (`GET /orders/{id}` each).

    Args:
        client: any client; one that paces itself keeps to its budget here too.
        order_ids: an iterable of ids; one that is given twice is fetched twice. A collection is
            checked before anything is sent, another iterable as it is read.
        workers: how many requests are under way at a time.

    Yields:
        `(id, order)`, with None for an order that the service does not know.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no answer.
        TypeError, ValueError: an argument makes no sense. What the iterable itself raises, or an id
            that is none, comes out after the orders before it.
    """
    ahead = _arguments.whole_number("workers", workers, 1)
    if isinstance(_arguments.iterable_of_ids(order_ids), Collection):
        order_ids = [_arguments.order_id(value) for value in order_ids]
    return _details(client, order_ids, ahead)


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


BULK_STATUS_PATH = "/orders/bulk-status"


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
    body = {"order_ids": _arguments.order_ids(order_ids), **bulk_change(status_code, options)}
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
    body = status_body(
        status_code,
        options.get("comment"),
        options.get("public"),
        options.get("email_customer"),
        options.get("email_additional"),
    )
    if (send_at := options.get("send_at")) is not None:
        body["send_at"] = _arguments.whole_number("send_at", send_at, 0)
    if (due_date := options.get("due_date")) is not None:
        body["due_date"] = _arguments.day("due_date", due_date)
    return body
