"""A mirror's connection: closed with the mirror, also where its caller forgets that."""

from __future__ import annotations

import gc
import os
import sqlite3
from pathlib import Path

import pytest

from statuspro.mirror import connection as module
from statuspro.mirror.connection import Connection


def opened(path: Path) -> tuple[Connection, sqlite3.Connection]:
    connection = Connection(str(path / "orders.db"))
    with connection.transaction() as inner:
        return connection, inner


def test_a_connection_that_is_forgotten_is_closed(tmp_path: Path) -> None:
    connection, inner = opened(tmp_path)
    del connection
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        inner.execute("SELECT 1")


def test_a_child_leaves_a_forgotten_connection_of_its_parent_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, inner = opened(tmp_path)
    abandoned: list[sqlite3.Connection] = []
    monkeypatch.setattr(module, "_abandoned", abandoned)
    with monkeypatch.context() as in_a_child:
        pid = os.getpid() + 1
        in_a_child.setattr(os, "getpid", lambda: pid)
        del connection
        gc.collect()
    assert abandoned == [inner]
    inner.close()
