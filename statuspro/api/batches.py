"""A bulk update of many orders: batches of 50, one after another, and what became of each id."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Collection, Generator, Iterable, Sequence
from enum import Enum
from typing import Any, cast

import requests

from statuspro import _arguments
from statuspro._http.call import BULK_PATH, Call, WaitTooLong, one_call, pause
from statuspro._http.headers import date_of
from statuspro._http.transport import Transport
from statuspro.api.confirmation import Outcome, moved_since
from statuspro.api.journal import Journal, Sent, Steps
from statuspro.api.orders import PATH
from statuspro.errors import (
    APIConnectionError,
    APIError,
    BulkUpdateError,
    NotFoundError,
    RateLimitError,
    StatusProError,
    without_section,
)
from statuspro.responses import unwrap_object
from statuspro.session import Client
from statuspro.types import BulkBatch, BulkStatusUpdate

#: Seconds after which the service has worked off its queue.
QUEUE_TIME = 60.0

#: Seconds that the clocks of the service's machines may differ.
_CLOCKS_DIFFER = 60.0

#: Seconds. Where only this machine's clock told when a batch was sent: it may have been set since.
_CLOCK_WAS_SET = 86_400.0

#: The message of a batch whose ids an earlier run has sent.
_SHOWN = "The response was lost, but the histories show that the change was applied."

Json = dict[str, Any]


def post_batch(client: Client, ids: list[int], change: Json) -> requests.Response:
    """Sends one bulk call."""
    return client.post(BULK_PATH, json={"order_ids": ids, **change})


def batches(
    client: Client,
    order_ids: Iterable[int | str],
    change: Json,
    journal: str | None,
    queue_time: float = QUEUE_TIME,
) -> Generator[BulkBatch, None, None]:
    """Sends the ids batch by batch, see :func:`statuspro.iter_bulk_update_order_status`.

    Args:
        client: any client.
        order_ids: checked ones, or an iterable that is checked as it is read.
        change: the body without the ids.
        journal: the path of the journal; None for none.
        queue_time: seconds after which the service has worked off its queue.
    """
    if journal is None:
        yield from _Update(client, order_ids, change, Steps(), queue_time).batches()
        return
    with Journal(journal, client.base_url, change) as steps:
        yield from _Update(client, order_ids, change, steps, queue_time).batches()


class _Fate(Enum):
    """What became of a batch whose request failed."""

    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


class _Update:
    """One run of a bulk update: what is new is sent first, then what an earlier run left open."""

    def __init__(
        self,
        client: Client,
        order_ids: Iterable[int | str],
        change: Json,
        steps: Steps,
        queue_time: float,
    ) -> None:
        self._client = client
        self._ids = _Ids(order_ids, steps)
        self._change = change
        self._steps = steps
        self._queue_time = queue_time
        self._clock = _ServiceClock()
        #: The batch under way, its calls, and whether the steps say 'sent' of it.
        self._sending: list[int] = []
        self._writes: list[Call] = []
        self._is_noted = False
        #: Ids of an earlier run whose history shows no trace: they are sent again next.
        self._lost: list[int] = []
        #: Ids of an earlier run whose history leaves open whether the change was applied.
        self._unclear: list[int] = []

    def batches(self) -> Generator[BulkBatch, None, None]:
        """Yields each batch that the service accepted, or that the histories show."""
        while batch := self._next():
            yield batch

    def _next(self) -> BulkBatch | None:
        try:
            batch = self._advance()
        except WaitTooLong as too_long:
            raise self._stopped(
                f"{too_long.reason} for {too_long.seconds:.0f} s. That is longer than "
                f"{too_long.bound}: run it again then."
            ) from None
        except Exception as error:
            raise self._stopped(without_section(error), self._fate(error)) from error
        except BaseException as error:
            self._note_on(error)
            raise
        if batch is None and self._unclear:
            raise self._stopped("The histories of the uncertain ones do not tell. All else is done")
        return batch

    def _advance(self) -> BulkBatch | None:
        if self._ids.next_batch():
            return self._send(self._ids.take_batch())
        while self._lost or self._ids.pending:
            if self._lost:
                lost, self._lost = self._lost, []
                return self._send(lost)
            if found := self._read_back(self._ids.pending[: _arguments.MOST_IDS]):
                return self._accepted("found", found, _SHOWN, len(found))
        return None

    # Sending

    def _send(self, batch: list[int]) -> BulkBatch:
        self._sending, self._is_noted = batch, False
        with one_call() as one:
            earlier, listener = len(one.writes), one.on_attempt
            one.on_attempt = self._note_attempt
            try:
                if not _is_ours(self._client):  # an adapter of the caller's does not tell
                    self._note_sent()
                response = post_batch(self._client, batch, self._change)
                queued = cast("BulkStatusUpdate", unwrap_object(response))
            finally:
                one.on_attempt = listener
                self._writes = one.writes[earlier:]
        self._clock.hear(response)
        said, count = queued.get("message", ""), queued.get("count", len(batch))
        return self._accepted("accepted", batch, said, count)

    def _note_attempt(self, call: Call, is_sent_next: bool) -> None:
        if not call.path.endswith(BULK_PATH):  # sent by a hook of the caller's
            return
        if is_sent_next:
            self._note_sent()
        elif not call.may_have_arrived and self._is_noted:
            self._is_noted = False
            self._steps.note("not_sent", self._sending)

    def _note_sent(self) -> None:
        self._steps.note("sent", self._sending, Sent(time.time(), self._clock.now()))
        self._is_noted = True

    def _accepted(self, step: str, batch: list[int], message: str, count: int) -> BulkBatch:
        self._sending = []
        self._ids.accepted += batch
        self._steps.note(step, batch)
        return {
            "order_ids": batch,
            "message": message,
            "count": count,
            "accepted_total": len(self._ids.accepted),
        }

    # Reading back

    def _read_back(self, batch: list[int]) -> list[int]:
        """Finds out what became of ids that an earlier run sent; returns the applied ones."""
        self._wait_for_queue(batch)
        found: dict[Outcome, list[int]] = {outcome: [] for outcome in Outcome}
        for order_id in batch:
            found[self._outcome_of(order_id)].append(order_id)
        del self._ids.pending[: len(batch)]
        self._lost = found[Outcome.NO_TRACE]
        self._unclear += found[Outcome.UNCLEAR]
        return found[Outcome.APPLIED]

    def _wait_for_queue(self, batch: list[int]) -> None:
        last = max(self._steps.sends_of(order_id)[-1].at for order_id in batch)
        # Never longer than that: the clock may have been set back.
        seconds = min(last + self._queue_time - time.time(), self._queue_time)
        if seconds > 0:
            reason = (
                f"the service may still have {len(batch)} orders of an earlier run in its queue"
            )
            settings = self._client._settings  # pyright: ignore[reportPrivateUsage]
            pause(settings, seconds, f"GET {PATH}/{batch[0]}", reason)

    def _outcome_of(self, order_id: int) -> Outcome:
        response = self._client.get(f"{PATH}/{order_id}")
        self._clock.hear(response)
        try:
            order = unwrap_object(response)
        except NotFoundError:
            return Outcome.NO_TRACE  # the service passes it over
        sent, doubt = self._clock.moment_of(self._steps.sends_of(order_id)[0])
        code, comment = self._change["status_code"], self._change.get("comment")
        return moved_since(order, code, comment, sent, doubt)

    # Stopping

    def _fate(self, error: Exception) -> _Fate:
        """Finds what `error` means for the batch under way, and notes it in the steps."""
        fate = _fate_after(error, self._client, self._writes)
        if self._sending and self._is_noted and fate is not _Fate.UNCERTAIN:
            with contextlib.suppress(OSError, StatusProError):  # then it is read back
                self._steps.note(fate.value, self._sending)
        return fate

    def _stopped(self, why: str, fate: _Fate = _Fate.NOT_SENT) -> BulkUpdateError:
        rest = self._ids.take_all()
        ids: dict[str, list[int]] = {each.value: [] for each in _Fate}
        ids[fate.value] += self._sending
        ids["uncertain"] += [*self._unclear, *self._ids.pending]
        ids["not_sent"] += [*self._lost, *rest]
        accepted = self._ids.accepted
        return BulkUpdateError(
            f"The bulk update stopped: {len(accepted)} orders were accepted, "
            f"{self._told(ids['uncertain'])}, {len(ids['refused'])} were refused, "
            f"{len(ids['not_sent'])} were not sent. {why}",
            accepted=accepted,
            uncertain=ids["uncertain"],
            refused=ids["refused"],
            not_sent=ids["not_sent"],
        )

    def _told(self, uncertain: Sequence[int]) -> str:
        """Says how many are uncertain, and what to do about them."""
        if not uncertain:
            return "0 are uncertain"
        advice = "read them back before sending them again"
        if not self._unclear and self._steps.is_kept():
            advice = f"run it again with the journal {self._steps.path}, which finds out"
        return f"{len(uncertain)} are uncertain ({advice})"

    def _note_on(self, error: BaseException) -> None:
        """Notes on a Ctrl-C and its like which ids are uncertain."""
        is_open = self._sending and _may_have_arrived(self._client, self._writes)
        uncertain = [*(self._sending if is_open else ()), *self._unclear, *self._ids.pending]
        if sys.version_info >= (3, 11):
            told = f"{self._told(uncertain)}: {str(uncertain)[1:-1]}"
            error.add_note(
                f"The bulk update was interrupted: {len(self._ids.accepted)} orders were accepted, "
                f"{told if uncertain else 'none are uncertain'}."
            )


class _ServiceClock:
    """The service's clock, as its responses tell it."""

    def __init__(self) -> None:
        self._date: float | None = None
        self._heard = 0.0
        #: What it is ahead of this machine's.
        self._ahead = 0.0

    def hear(self, response: requests.Response) -> None:
        date = date_of(response.headers)
        if date is not None:
            self._date, self._heard = date, time.monotonic()
            self._ahead = date - time.time()

    def now(self) -> float | None:
        """What it shows now at the least; None while no response has told."""
        return None if self._date is None else self._date + time.monotonic() - self._heard

    def moment_of(self, sent: Sent) -> tuple[float, float]:
        """When a batch was sent at the earliest, and how many seconds that may be wrong."""
        if sent.service_at is not None:
            return sent.service_at, _CLOCKS_DIFFER
        return sent.at + self._ahead, _CLOCK_WAS_SET


class _Ids:
    """Ids in batches, each once, read as they are needed.

    Attributes:
        accepted: ids that the service has accepted, those of an earlier run as they are read.
        pending: ids that an earlier run has sent, with an outcome that is not known.
    """

    def __init__(self, order_ids: Iterable[int | str], steps: Steps) -> None:
        self.accepted: list[int] = []
        self.pending: list[int] = []
        self._steps = steps
        self._source = iter(order_ids)
        # Another iterable may fail again, have no end, or cost its own requests.
        self._is_read_on = isinstance(order_ids, Collection)
        self._is_over = False
        self._known: set[int] = set()
        self._batch: list[int] = []

    def next_batch(self) -> list[int]:
        """The next ids, at most as many as one request takes; none at the end."""
        while len(self._batch) < _arguments.MOST_IDS and not self._is_over:
            try:
                value = next(self._source)
            except StopIteration:
                self._is_over = True
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
        if number in self._known:
            return
        self._known.add(number)
        if self._steps.is_accepted(number):
            self.accepted.append(number)
        elif self._steps.sends_of(number):
            self.pending.append(number)
        else:
            self._batch.append(number)


def _fate_after(error: Exception, client: Client, writes: Sequence[Call]) -> _Fate:
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


def _is_ours(client: Client) -> bool:
    return isinstance(client.get_adapter(client.base_url), Transport)


def _may_have_arrived(client: Client, writes: Sequence[Call]) -> bool:
    if not _is_ours(client):
        return True  # an adapter of the caller's does not tell
    return any(call.may_have_arrived for call in writes if call.path.endswith(BULK_PATH))
