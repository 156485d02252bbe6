"""Mirror: a local copy of the orders, in one SQLite file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from statuspro.mirror.base import BaseMirror
from statuspro.mirror.connection import Connection
from statuspro.mirror.sqlite import SQLiteStorage
from statuspro.mirror.storage import LARGEST
from statuspro.types import OrderListItem, StatusDefinition

#: How many orders are read at once.
_AT_ONCE = 500


class Mirror(BaseMirror):
    """A local copy of the orders.

    Reading costs no request, and goes on while another thread or process synchronises. Many threads
    may use one mirror; a forked child opens the file anew.

    Args:
        path: the file. It is made, readable by its owner alone, where there is none; its folder
            must exist.

    Raises:
        MirrorError: the file is no mirror, was written by a newer version, or cannot be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.realpath(os.fsdecode(path))  # one lock, also through symbolic links
        self._connection = Connection(self.path)
        storage = SQLiteStorage(self.path)
        self._close_storage = storage.close
        super().__init__(storage)
        self._connection.rows("SELECT 1")  # a file that cannot be used fails here

    def __enter__(self) -> Mirror:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Mirror({self.path!r})"

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        self._connection.close()
        self._close_storage()

    def statuses(self) -> list[StatusDefinition]:
        """Reads the catalogue, in the shape of `get_statuses`."""
        rows = self._rows("SELECT status FROM statuses ORDER BY position")
        return [json.loads(row[0]) for row in rows]

    def _order(self, order_id: int) -> Any:
        return next(self._details("id = ?", [order_id]), None)

    def _named(self, names: tuple[str, str], digits: str) -> Iterator[Any]:
        return self._details("name IN (?, ?) OR order_number = ?", [*names, digits])

    def _details(self, where: str, values: list[Any]) -> Iterator[Any]:
        sql = f"SELECT ifnull(detail, item) FROM orders WHERE {where} ORDER BY id DESC"
        for (text,) in self._rows(sql, values):
            yield json.loads(text)

    def _items(self, params: Mapping[str, Any], has_status: bool | None) -> Iterator[OrderListItem]:
        where = ["listed", *(text for name, text in _CONDITIONS.items() if name in params)]
        values = [params[name] for name in _CONDITIONS if name in params]
        if has_status is not None:
            where.append("status_is_set" if has_status else "NOT status_is_set")
        # By id, and not by one long read: that would keep SQLite from clearing its journal.
        sql = (
            f"SELECT id, item FROM orders WHERE id < ? AND {' AND '.join(where)} "
            f"ORDER BY id DESC LIMIT {_AT_ONCE}"
        )
        last = LARGEST
        while rows := self._rows(sql, [last, *values]):
            for last, text in rows:  # noqa: B007 - where to go on
                yield json.loads(text)

    def _entries(self, order_id: int) -> list[Any]:
        sql = "SELECT entry FROM history WHERE order_id = ? ORDER BY position"
        return [json.loads(row[0]) for row in self._rows(sql, [order_id])]

    def _counts(self) -> dict[Any, int]:
        sql = "SELECT status_code, count(*) FROM orders WHERE listed GROUP BY status_code"
        return dict(self._rows(sql))

    def _rows(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        return self._connection.rows(sql, values)


_CONDITIONS = {
    "search": "is_found(?, name, order_number, customer_name, customer_email)",
    "status_code": "status_code = ?",
    "due_date_from": "due_date >= ?",
    "due_date_to": "due_date <= ?",
}
