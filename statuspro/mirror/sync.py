"""Bring a copy of the orders into step with the service, and tell what has changed."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timezone
from typing import Any, cast

from statuspro._flat import value_at
from statuspro._logging import log
from statuspro.api.orders import PATH, get_order
from statuspro.api.statuses import get_statuses
from statuspro.errors import (
    APIError,
    AuthenticationError,
    MirrorError,
    NotFoundError,
    RateLimitError,
)
from statuspro.mirror.comparison import change_between, fingerprint, gone, kept
from statuspro.mirror.filters import fits
from statuspro.mirror.storage import LARGEST, Json, Kept, Known, Queued, Storage
from statuspro.pagination.walk import Walk
from statuspro.session import Client
from statuspro.types import Change

#: A walk of a copy goes to the end of the list.
_ALL_PAGES = 10**9

#: So many orders in a row that the service fails to show: it is not about these orders.
_MOST_FAILURES = 3

#: Seconds after which the catalogue of statuses is read again.
_CATALOGUE_LASTS = 24 * 3600.0


class Sync(Iterator[Change]):
    """One synchronisation: an iterator over what has changed.

    A change is stored when the next one is asked for. A loop that ends before, or is killed, gets
    it again from the next synchronisation. One thread at a time may ask, of the process that began.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._pid = os.getpid()
        # The generator does not refer to this object, so it ends when a loop drops the object.
        self._changes = steps.run()

    def __iter__(self) -> Sync:
        return self

    def __next__(self) -> Change:
        if os.getpid() != self._pid:  # in a child the lock is the parent's
            raise MirrorError("This sync was begun by another process: begin one in this process.")
        return next(self._changes)

    @property
    def done(self) -> int:
        """How many orders are in step."""
        return self._steps.done

    @property
    def total(self) -> int | None:
        """How many orders there are, as far as is known; None before the first response."""
        return self._steps.total

    def close(self) -> None:
        """Ends the synchronisation; the change that was told last is not stored."""
        self._changes.close()


class Steps:
    """What a synchronisation does, step by step.

    Args:
        storage: where the orders are kept.
        client: asks the service.
        params: the filters, as query parameters.
        history: whether the histories are kept too.

    Attributes:
        done: how many orders are in step.
        total: how many there are, as far as is known.
    """

    def __init__(
        self, storage: Storage, client: Client, params: Mapping[str, Any], *, history: bool
    ) -> None:
        self.done = 0
        self.total: int | None = None
        self._storage = storage
        self._client = client
        self._params = params
        self._history = history
        self._seen: set[int] = set()
        self._codes: set[str] = set()
        self._failure: APIError | None = None
        self._failures = 0

    def run(self) -> Generator[Change, None, None]:
        """Yields the changes; each is stored when the next one is asked for."""
        with self._storage.alone():
            began = time.time()
            is_whole = self._walk()
            self._keep_catalogue(began)
            yield from self._changed()
            if is_whole:
                yield from self._missing()
            if self._failure is not None:
                raise self._failure
            if is_whole:
                at = datetime.fromtimestamp(began, timezone.utc)
                self._storage.save_state(synced_at=at.isoformat())

    # The list

    def _walk(self) -> bool:
        """Compares the list with what is kept; says whether all of it has been read."""
        walk = Walk(self._client, PATH, self._params, max_pages=_ALL_PAGES, moved=True)
        self._storage.begin_queue()
        with closing(walk.pages()) as pages:
            for page in pages:
                self._compare(page["data"])
                self.total = walk.total
        self.total = len(self._seen)
        if walk.is_whole:
            self._storage.end_queue()
        return walk.is_whole

    def _compare(self, items: list[Json]) -> None:
        by_id = {_id_of(item): item for item in items}
        known = self._storage.known(list(by_id))
        changed = {
            order_id: item
            for order_id, item in by_id.items()
            if not self._is_in_step(known.get(order_id), item)
        }
        if changed:
            self._storage.queue(changed)
        self._seen.update(by_id)
        self._codes.update(map(_code_of, items))
        self.done += len(by_id) - len(changed)

    def _is_in_step(self, known: Known | None, item: Json) -> bool:
        return known is not None and known.listed and self._is_as_kept(known, item)

    def _is_as_kept(self, known: Known, item: Json) -> bool:
        is_known = known.has_detail or not self._history
        return is_known and known.fingerprint == fingerprint(item)

    # The orders

    def _changed(self) -> Generator[Change, None, None]:
        for order_id, queued in self._storage.queued():
            before = self._storage.read(order_id)
            try:
                now = self._now(order_id, queued, before)
            except NotFoundError:
                yield from self._gone(order_id, before)
                continue
            except APIError as error:
                self._put_aside(error)
                continue
            # It did not pass the filters: what differs is why the list shows it now.
            is_explained = before is not None and fits(before.item, self._params) is False
            yield from self._store(order_id, before, now, is_explained=is_explained)

    def _now(self, order_id: int, queued: Queued, before: Kept | None) -> Kept:
        """The order as it is now, with its detail where histories are kept."""
        if before is not None and self._is_as_kept(before.known, queued.item):
            return before._replace(listed=True)
        detail = None
        if self._history:
            detail = queued.detail
            if detail is None or not _goes_with(detail, queued.item):
                detail = self._fetch(order_id)
                self._storage.attach(order_id, detail)
        return kept(queued.item, detail, before)

    def _fetch(self, order_id: int) -> Json:
        return cast("Json", get_order(self._client, order_id))

    def _missing(self) -> Generator[Change, None, None]:
        """Asks for each order that is kept and was not in the list."""
        missing = [order_id for order_id in self._storage.listed() if order_id not in self._seen]
        self.total = (self.total or 0) + len(missing)
        if missing:
            text = "%d orders are not in the list any more: each is asked for"
            log(self._client.logger, "info", text, len(missing))
        for order_id in missing:
            before = self._storage.read(order_id)
            if before is None:
                continue
            try:
                detail = self._fetch(order_id)
            except NotFoundError:
                yield from self._gone(order_id, before)
                continue
            except APIError as error:
                self._put_aside(error)
                continue
            yield from self._fallen_out(order_id, before, detail)

    def _fallen_out(
        self, order_id: int, before: Kept, detail: Json
    ) -> Generator[Change, None, None]:
        now = kept(before.item, detail, None)
        is_explained = fits(now.item, self._params)
        # Without filters, or where it fits them, it was out of the list for a moment only.
        now = now._replace(listed=is_explained is True)
        if not self._history:
            now = now._replace(detail=None)
        yield from self._store(order_id, before, now, is_explained=is_explained is False)

    def _store(
        self, order_id: int, before: Kept | None, now: Kept, *, is_explained: bool
    ) -> Generator[Change, None, None]:
        self._failures = 0
        change = change_between(before, now, is_explained=is_explained)
        if change is not None:
            yield copy.deepcopy(change)  # what the loop does to it is not stored
        self._storage.store(order_id, now, change)
        self.done += 1

    def _gone(self, order_id: int, before: Kept | None) -> Generator[Change, None, None]:
        self._failures = 0
        change = gone(before) if before is not None else None
        if change is not None:
            yield copy.deepcopy(change)
        self._storage.remove(order_id, change)
        self.done += 1

    def _put_aside(self, error: APIError) -> None:
        """Goes on with the other orders, and raises the first failure at the end."""
        self._failure = self._failure or error
        self._failures += 1
        is_about_all = isinstance(error, (AuthenticationError, RateLimitError))
        if is_about_all or self._failures >= _MOST_FAILURES:
            raise error

    # The catalogue

    def _keep_catalogue(self, now: float) -> None:
        state = self._storage.state()
        codes = set(json.loads(state.get("status_codes", "[]")))
        age = now - float(state.get("statuses_at", "-inf"))
        if self._codes - {""} <= codes and 0 <= age < _CATALOGUE_LASTS:
            return
        statuses = get_statuses(self._client)
        self._storage.keep_statuses(statuses)
        codes = self._codes - {""} | {_code_of({"status": status}) for status in statuses}
        self._storage.save_state(statuses_at=str(now), status_codes=json.dumps(sorted(codes)))


def _id_of(item: Json) -> int:
    order_id = item.get("id")
    if isinstance(order_id, bool) or not isinstance(order_id, int) or not 0 < order_id < LARGEST:
        raise MirrorError("The service lists an order without a usable id: it cannot be kept.")
    return order_id


def _goes_with(detail: Json, item: Json) -> bool:
    """Whether the list shows the order still as it was when the detail was fetched."""
    return kept(item, detail, None).fingerprint == fingerprint(item)


def _code_of(item: Json) -> str:
    code = value_at(item, "status.code")
    return code if isinstance(code, str) else ""
