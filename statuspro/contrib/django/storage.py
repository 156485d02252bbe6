"""Orders kept in the project's database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connections, models, transaction
from django.utils import timezone

from statuspro._kinds import is_mapping
from statuspro._payload import color_of, moment_of, object_in
from statuspro.contrib.django.locks import alone
from statuspro.contrib.django.models import (
    TEXT,
    HistoryEvent,
    Order,
    QueuedOrder,
    Status,
    SyncState,
    folded,
    storable,
)
from statuspro.contrib.django.outbox import tell_surely, tell_unsent
from statuspro.mirror.storage import Json, Kept, Known, Queued
from statuspro.types import Change
from statuspro.values import due_days

#: How many orders of the queue are read at once.
_AT_ONCE = 50

#: The largest number of the column `history_count`.
_LARGEST = 2**31 - 1


class ORMStorage:
    """The storage of a `DatabaseMirror`, see `statuspro.mirror.storage.Storage`.

    A transaction begins with its write: SQLite lets one that has read before not wait for others.

    Args:
        using: the alias of the database.
    """

    def __init__(self, using: str) -> None:
        self._using = using

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other synchronisations out, see `Storage`, and tells what a killed one has not."""
        with alone(self._using):
            tell_unsent(self._using)
            yield

    def state(self) -> dict[str, str]:
        """Returns what `save_state` has saved."""
        return dict(self._all(SyncState).values_list("name", "value"))

    def save_state(self, **values: str) -> None:
        """Saves short texts by their names."""
        self._upsert([SyncState(name=name, value=values[name]) for name in values])

    def known(self, order_ids: Sequence[int]) -> dict[int, Known]:
        """Looks up orders, see `Storage`."""
        rows = self._all(Order).filter(pk__in=order_ids).order_by()
        columns = rows.values_list("pk", "fingerprint", "has_detail", "listed")
        return {order_id: Known(*known) for order_id, *known in columns}

    def read(self, order_id: int) -> Kept | None:
        """Reads one order, see `Storage`."""
        columns = ("item", "detail", "fingerprint", "seen", "listed")
        row = self._all(Order).filter(pk=order_id).values_list(*columns).first()
        return row and Kept(json.loads(row[0]), _loaded(row[1]), *row[2:])

    def listed(self) -> list[int]:
        """Returns the ids of all orders that are listed, see `Storage`."""
        return list(self._all(Order).filter(listed=True).values_list("pk", flat=True))

    def store(self, order_id: int, kept: Kept, change: Change | None = None) -> None:
        """Keeps an order, see `Storage`, and has the signals tell of the change."""
        history = (kept.detail or {}).get("history")
        entries = history if isinstance(history, list) else []
        events = [_event(order_id, *entry) for entry in enumerate(entries)]
        with transaction.atomic(self._using):
            self._upsert([_order(order_id, kept)])
            self._all(QueuedOrder).filter(pk=order_id).delete()
            self._all(HistoryEvent).filter(order_id=order_id).delete()
            self._all(HistoryEvent).bulk_create(events)
            if change is not None:
                tell_surely(change, self._using)

    def remove(self, order_id: int, change: Change | None = None) -> None:
        """Forgets an order, see `Storage`, and has the signals tell of the change."""
        with transaction.atomic(self._using):
            self._all(QueuedOrder).filter(pk=order_id).delete()
            self._all(Order).filter(pk=order_id).delete()
            if change is not None:
                tell_surely(change, self._using)

    def begin_queue(self) -> None:
        """Begins a queue, see `Storage`."""
        self._all(QueuedOrder).filter(position__isnull=False).update(position=None)

    def queue(self, items: Mapping[int, Json]) -> None:
        """Queues orders, see `Storage`."""
        last = self._all(QueuedOrder).aggregate(last=models.Max("position"))["last"] or 0
        rows = [
            QueuedOrder(pk=order_id, position=position, item=json.dumps(items[order_id]))
            for position, order_id in enumerate(items, last + 1)
        ]
        self._upsert(rows, ["position", "item"])

    def attach(self, order_id: int, detail: Json) -> None:
        """Adds its detail to an order in the queue, see `Storage`."""
        self._all(QueuedOrder).filter(pk=order_id).update(detail=json.dumps(detail))

    def end_queue(self) -> None:
        """Drops what was not queued again, see `Storage`."""
        self._all(QueuedOrder).filter(position__isnull=True).delete()

    def queued(self) -> Iterator[tuple[int, Queued]]:
        """Yields the queue, see `Storage`."""
        position = 0
        waiting = self._all(QueuedOrder).values_list("position", "pk", "item", "detail")
        while rows := list(waiting.filter(position__gt=position)[:_AT_ONCE]):
            for position, order_id, item, detail in rows:  # noqa: B007 - where to go on
                yield order_id, Queued(json.loads(item), _loaded(detail))

    def keep_statuses(self, statuses: Sequence[Mapping[str, Any]]) -> None:
        """Keeps the catalogue, see `Storage`; of several with one code, the first."""
        rows: dict[str, Status] = {}
        for row in (_status(*entry) for entry in enumerate(statuses)):
            rows.setdefault(row.code, row)
        with transaction.atomic(self._using):
            self._upsert(list(rows.values()))
            self._all(Status).exclude(pk__in=rows).delete()

    def _all(self, model: type[models.Model]) -> Any:
        return model._default_manager.using(self._using)

    def _upsert(self, rows: list[Any], fields: Sequence[str] = ()) -> None:
        """Inserts rows of one table, or updates these fields (by default all) of those it has."""
        if not rows:
            return
        model, features = type(rows[0]), connections[self._using].features
        fields = fields or [field.name for field in model._meta.fields if not field.primary_key]
        if not features.supports_update_conflicts:  # such as Oracle
            for row in rows:
                given = {name: getattr(row, name) for name in fields}
                self._all(model).update_or_create(pk=row.pk, defaults=given)
            return
        with_target = features.supports_update_conflicts_with_target  # not MySQL
        self._all(model).bulk_create(
            rows,
            update_conflicts=True,
            update_fields=fields,
            unique_fields=[model._meta.pk.name] if with_target else None,
        )


def _order(order_id: int, kept: Kept) -> Order:
    item = kept.item
    customer, status = object_in(item, "customer"), object_in(item, "status")
    first_day, last_day = due_days(item)
    name, number = _text(item.get("name")), _text(item.get("order_number"))
    customer_name, email = _text(customer.get("name")), _text(customer.get("email"))
    return Order(
        id=order_id,
        name=_cut(name),
        order_number=_cut(number),
        customer_name=_cut(customer_name),
        customer_email=_cut(email),
        customer_locale=_cut(_text(customer.get("locale"))),
        searched=folded(name, number, customer_name, email),
        status_is_set=bool(status.get("is_set")),
        status_code=_cut(_text(status.get("code"))),
        status_name=_cut(_text(status.get("name"))),
        status_color=_color(status.get("color")),
        status_set_at=_moment(status.get("set_at")),
        due_date=first_day,
        due_date_to=last_day,
        history_count=_count(item.get("history_count")),
        listed=kept.listed,
        fingerprint=kept.fingerprint,
        seen=kept.seen,
        has_detail=kept.detail is not None,
        item=json.dumps(item),
        detail=None if kept.detail is None else json.dumps(kept.detail),
    )


def _event(order_id: int, position: int, entry: Any) -> HistoryEvent:
    known: Mapping[str, Any] = entry if is_mapping(entry) else {}
    status, comment = object_in(known, "status"), known.get("comment")
    is_public = known.get("comment_is_public")
    return HistoryEvent(
        order_id=order_id,
        position=position,
        created_at=_moment(known.get("created_at")),
        event=_cut(_text(known.get("event"))),
        status_code=_cut(_text(status.get("code"))),
        status_name=_cut(_text(status.get("name"))),
        comment=None if comment is None else _text(comment),
        comment_is_public=None if is_public is None else bool(is_public),
        entry=json.dumps(entry),
    )


def _status(position: int, status: Mapping[str, Any]) -> Status:
    return Status(
        code=_cut(_text(status.get("code"))),
        position=position,
        name=_cut(_text(status.get("name"))),
        description=_text(status.get("description")),
        color=_color(status.get("color")),
        definition=json.dumps(status),
    )


# What the service sends as columns have it; `json.dumps` escapes all but ASCII.


def _text(value: Any) -> str:
    if value is None:
        return ""
    return storable(value if isinstance(value, str) else json.dumps(value))


def _cut(text: str) -> str:
    return text[:TEXT]


def _color(value: Any) -> str:
    return color_of(value) or ""


def _moment(value: Any) -> datetime | None:
    moment = moment_of(value)
    if moment is None or settings.USE_TZ:
        return moment
    naive: datetime = timezone.make_naive(moment, timezone.get_default_timezone())
    return naive


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else None


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)
