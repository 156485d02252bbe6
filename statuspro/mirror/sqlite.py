"""Orders kept in a SQLite file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from statuspro._filelock import FileLock
from statuspro._json import as_array
from statuspro._kinds import is_mapping
from statuspro._payload import object_in
from statuspro.errors import MirrorError
from statuspro.mirror.connection import Connection, storable
from statuspro.mirror.filters import day
from statuspro.mirror.storage import LARGEST, Json, Kept, Known, Queued
from statuspro.types import Change

#: How many orders of the queue are read at once.
_AT_ONCE = 50

_ORDER = f"INSERT OR REPLACE INTO orders VALUES ({', '.join('?' * 19)})"
_ENTRY = f"INSERT INTO history VALUES ({', '.join('?' * 9)})"


class SQLiteStorage:
    """The storage of a `Mirror`, see `Storage`.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection = Connection(path)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other synchronisations out, see `Storage`."""
        lock = FileLock(f"{self._path}-lock")
        try:
            if not _acquired(lock, self._path):
                raise MirrorError(
                    f"Another sync of {self._path} is under way: wait until it has ended."
                )
            yield
        finally:
            lock.release()

    def state(self) -> dict[str, str]:
        """Returns what `save_state` has saved."""
        return dict(self._connection.rows("SELECT name, value FROM state"))

    def save_state(self, **values: str) -> None:
        """Saves short texts by their names."""
        with self._connection.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", values.items())

    def known(self, order_ids: Sequence[int]) -> dict[int, Known]:
        """Looks up orders, see `Storage`."""
        marks = ", ".join("?" * len(order_ids))
        columns = "id, fingerprint, has_detail, listed"
        rows = self._connection.rows(
            f"SELECT {columns} FROM orders WHERE id IN ({marks})",
            order_ids,
        )
        return {row[0]: Known(row[1], bool(row[2]), bool(row[3])) for row in rows}

    def read(self, order_id: int) -> Kept | None:
        """Reads one order, see `Storage`."""
        columns = "item, detail, fingerprint, seen, listed"
        rows = self._connection.rows(f"SELECT {columns} FROM orders WHERE id = ?", [order_id])
        for item, detail, fingerprint, seen, listed in rows:
            return Kept(json.loads(item), _loaded(detail), fingerprint, seen, bool(listed))
        return None

    def listed(self) -> list[int]:
        """Returns the ids of all orders that are listed, see `Storage`."""
        rows = self._connection.rows("SELECT id FROM orders WHERE listed ORDER BY id DESC")
        return [order_id for (order_id,) in rows]

    def store(self, order_id: int, kept: Kept, change: Change | None = None) -> None:
        """Keeps an order, see `Storage`."""
        entries = as_array((kept.detail or {}).get("history"))
        with self._connection.transaction() as connection:
            connection.execute("DELETE FROM history WHERE order_id = ?", [order_id])
            connection.execute("DELETE FROM queue WHERE id = ?", [order_id])
            connection.execute(_ORDER, _order_row(order_id, kept))
            connection.executemany(
                _ENTRY, (_entry_row(order_id, *entry) for entry in enumerate(entries))
            )

    def remove(self, order_id: int, change: Change | None = None) -> None:
        """Forgets an order, see `Storage`."""
        with self._connection.transaction() as connection:
            connection.execute("DELETE FROM history WHERE order_id = ?", [order_id])
            connection.execute("DELETE FROM queue WHERE id = ?", [order_id])
            connection.execute("DELETE FROM orders WHERE id = ?", [order_id])

    def begin_queue(self) -> None:
        """Begins a queue, see `Storage`."""
        with self._connection.transaction() as connection:
            connection.execute("UPDATE queue SET position = NULL WHERE position NOT NULL")

    def queue(self, items: Mapping[int, Json]) -> None:
        """Queues orders, see `Storage`."""
        last = "(SELECT ifnull(max(position), 0) + 1 FROM queue)"
        upsert = (
            f"INSERT INTO queue (id, position, item) VALUES (?, {last}, ?) "
            "ON CONFLICT (id) DO UPDATE SET position = excluded.position, item = excluded.item"
        )
        with self._connection.transaction() as connection:
            connection.executemany(upsert, ((one, _dumped(items[one])) for one in items))

    def attach(self, order_id: int, detail: Json) -> None:
        """Adds its detail to an order in the queue, see `Storage`."""
        with self._connection.transaction() as connection:
            update = "UPDATE queue SET detail = ? WHERE id = ?"
            connection.execute(update, [_dumped(detail), order_id])

    def end_queue(self) -> None:
        """Drops what was not queued again, see `Storage`."""
        with self._connection.transaction() as connection:
            connection.execute("DELETE FROM queue WHERE position IS NULL")

    def queued(self) -> Iterator[tuple[int, Queued]]:
        """Yields the queue, see `Storage`."""
        position = 0
        sql = (
            "SELECT position, id, item, detail FROM queue "
            f"WHERE position > ? ORDER BY position LIMIT {_AT_ONCE}"
        )
        while rows := self._connection.rows(sql, [position]):
            for position, order_id, item, detail in rows:  # noqa: B007 - where to go on
                yield order_id, Queued(json.loads(item), _loaded(detail))

    def keep_statuses(self, statuses: Sequence[Mapping[str, Any]]) -> None:
        """Keeps the catalogue, see `Storage`."""
        with self._connection.transaction() as connection:
            connection.execute("DELETE FROM statuses")
            connection.executemany(
                "INSERT INTO statuses VALUES (?, ?, ?, ?, ?, ?)",
                (_status_row(*entry) for entry in enumerate(statuses)),
            )


def _acquired(lock: FileLock, path: str) -> bool:
    try:
        return lock.acquire()
    except OSError as error:
        failure = MirrorError(f"The mirror {path} cannot be locked: {error.strerror or error}.")
    raise failure from None


def _order_row(order_id: int, kept: Kept) -> tuple[Any, ...]:
    item = kept.item
    customer, status = object_in(item, "customer"), object_in(item, "status")
    return (
        order_id,
        *(_text(item.get(name)) for name in ("name", "order_number")),
        *(_text(customer.get(name)) for name in ("name", "email", "locale")),
        bool(status.get("is_set")),
        *(_text(status.get(name)) for name in ("code", "name", "set_at")),
        *(_text(day(item.get(name))) for name in ("due_date", "due_date_to")),
        _number(item.get("history_count")),
        kept.listed,
        kept.fingerprint,
        kept.seen,
        kept.detail is not None,
        _dumped(item),
        None if kept.detail is None else _dumped(kept.detail),
    )


def _entry_row(order_id: int, position: int, entry: Any) -> tuple[Any, ...]:
    known: Mapping[str, Any] = entry if is_mapping(entry) else {}
    status, is_public = object_in(known, "status"), known.get("comment_is_public")
    return (
        order_id,
        position,
        *(_text(known.get(name)) for name in ("created_at", "event")),
        *(_text(status.get(name)) for name in ("code", "name")),
        _text(known.get("comment")),
        None if is_public is None else bool(is_public),
        _dumped(entry),
    )


def _status_row(position: int, status: Mapping[str, Any]) -> tuple[Any, ...]:
    columns = (_text(status.get(name)) for name in ("code", "name", "description", "color"))
    return (position, *columns, _dumped(status))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return storable(value if isinstance(value, str) else _dumped(value))


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and abs(value) <= LARGEST else None


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)
