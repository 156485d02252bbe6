"""Bulk work: many orders, a few at a time, within the budget."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Generator, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from statuspro import checks
from statuspro.api.orders import BulkOptions, bulk_change, bulk_update_order_status, get_order
from statuspro.errors import APIError, BulkUpdateError, NotFoundError, RateLimitError
from statuspro.lookahead import Lookahead
from statuspro.session import Client

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from statuspro.types import BulkBatch, Order


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
        options: see :class:`statuspro.api.orders.BulkOptions`.

    Yields:
        After each accepted batch: `{"order_ids": […], "message": …, "count": …,
        "accepted_total": …}`, so that a journal or a progress bar hangs on a plain `for`.

    Raises:
        BulkUpdateError: a batch failed, and nothing was sent after it. It says which ids were
            accepted, are uncertain, were refused or not sent; the cause is attached.
        TypeError, ValueError: an argument makes no sense. Nothing was sent.
    """
    bulk_change(status_code, options)
    if isinstance(checks.iterable_of_ids(order_ids), Collection):
        order_ids = [checks.order_id(value) for value in order_ids]
    return _batches(client, _Ids(order_ids), status_code, options)


def _batches(
    client: Client, ids: _Ids, status_code: str, options: BulkOptions
) -> Generator[BulkBatch, None, None]:
    accepted: list[int] = []
    while True:
        try:
            batch = ids.next_batch()
            if not batch:
                return
            answer = bulk_update_order_status(client, batch, status_code, **options)
        except Exception as error:
            raise _stopped(accepted, ids, error) from error
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
        self._known: set[int] = set()
        self._batch: list[int] = []

    def next_batch(self) -> list[int]:
        """The next ids, at most as many as one request takes; none at the end."""
        while len(self._batch) < checks.MOST_IDS:
            try:
                value = next(self._source)
            except StopIteration:
                break
            self._add(checks.order_id(value))
        return list(self._batch)

    def take_batch(self) -> list[int]:
        """The ids of the current batch, which is over now."""
        batch, self._batch = self._batch, []
        return batch

    def take_rest(self) -> list[int]:
        """The ids that come after the current batch; those that are no ids are left out."""
        self._batch = []
        with suppress(Exception):  # where the source itself fails, that is its end
            for value in self._source:
                with suppress(TypeError, ValueError):
                    self._add(checks.order_id(value))
        return self.take_batch()

    def _add(self, number: int) -> None:
        if number not in self._known:
            self._known.add(number)
            self._batch.append(number)


def _stopped(accepted: list[int], ids: _Ids, error: Exception) -> BulkUpdateError:
    batch = ids.take_batch()
    not_sent = ids.take_rest()
    uncertain: list[int] = []
    refused: list[int] = []
    if getattr(error, "maybe_applied", False) or _is_of_a_hook(error):
        uncertain = batch
    elif isinstance(error, APIError) and not isinstance(error, RateLimitError):
        refused = batch
    else:
        not_sent = batch + not_sent
    return BulkUpdateError(
        f"The bulk update stopped: {len(accepted)} orders were accepted, {len(uncertain)} are "
        f"uncertain (read them back before sending them again), {len(refused)} were refused, "
        f"{len(not_sent)} were not sent. {error}",
        accepted=accepted,
        uncertain=uncertain,
        refused=refused,
        not_sent=not_sent,
    )


def _is_of_a_hook(error: Exception) -> bool:
    """Whether a hook of the caller's has raised it, which is called when there is an answer."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__") == "requests.hooks" for frame, _ in frames)


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
        TypeError, ValueError: an argument makes no sense.
    """
    ahead = checks.whole_number("workers", workers, 1)
    if isinstance(checks.iterable_of_ids(order_ids), Collection):
        order_ids = [checks.order_id(value) for value in order_ids]
    return _details(client, order_ids, ahead)


def _details(
    client: Client, order_ids: Iterable[int | str], ahead: int
) -> Generator[tuple[int, Order | None], None, None]:
    def fetch(order_id: int) -> Order | None:
        try:
            return get_order(client, order_id)
        except NotFoundError:
            return None

    lookahead = Lookahead(fetch, ahead)
    try:
        for value in order_ids:
            if not lookahead.has_room():
                yield lookahead.next_answer()
            lookahead.ask(checks.order_id(value))
        while lookahead.asked():
            yield lookahead.next_answer()
    finally:
        lookahead.close()
