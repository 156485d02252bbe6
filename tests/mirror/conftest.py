"""A mirror in a file of the test's own, and a sandbox without sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from statuspro import StatusProClient
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.sqlite3"


@pytest.fixture
def mirror(path: Path) -> Iterator[Mirror]:
    with Mirror(path) as mirror:
        yield mirror


@pytest.fixture
def shop() -> Sandbox:
    return Sandbox(orders=25, enforce_viable=False)


@pytest.fixture
def client(shop: Sandbox) -> Iterator[StatusProClient]:
    with shop.client(adapter=shop.adapter(max_retries=0), max_pages=1) as client:
        yield client
