"""A mirror's connection: closed with the mirror, also where its caller forgets that."""

from __future__ import annotations

import ctypes
import gc
import os
import sqlite3
from pathlib import Path

import pytest

from statuspro.errors import MirrorError
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_leaves_a_forgotten_connection_of_its_parent_open(tmp_path: Path) -> None:
    """A fork from C, which runs no hooks of Python: they would have closed it before."""
    connection, inner = opened(tmp_path)
    held = [connection]
    del connection
    child = ctypes.PyDLL(None).fork()
    if child == 0:
        status = 1
        try:
            held.clear()
            gc.collect()
            assert inner.execute("SELECT 1").fetchone() == (1,)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    held[0].close()


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (sqlite3.OperationalError("database or disk is full"), "Look whether the disk is full."),
        (sqlite3.OperationalError("disk I/O error"), "Look whether the disk is full."),
        (sqlite3.OperationalError("database is locked"), "Another process is writing to it"),
        (sqlite3.DatabaseError("database disk image is malformed"), "It is damaged: move it away"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "SQLite writes into"),
        (PermissionError(13, "Permission denied"), "Look at its folder and at the permissions."),
    ],
)
def test_a_failure_says_what_to_do(error: Exception, hint: str, tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    with (
        pytest.raises(MirrorError) as caught,
        Connection(str(path)).transaction(),
    ):
        raise error
    said = str(error).removeprefix("[Errno 13] ")
    assert str(caught.value).startswith(f"The mirror {path} cannot be used: {said}. {hint}")
