"""A sandbox without sockets, and a mirror of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from statuspro import StatusProClient
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox


@pytest.fixture
def shop() -> Sandbox:
    return Sandbox(orders=60, enforce_viable=False)


@pytest.fixture
def client(shop: Sandbox) -> Iterator[StatusProClient]:
    with shop.client(adapter=shop.adapter(max_retries=0)) as client:
        yield client


@pytest.fixture
def mirror(client: StatusProClient, shop: Sandbox, tmp_path: Path) -> Iterator[Mirror]:
    """A mirror in step, that costs no request from now on."""
    with Mirror(tmp_path / "orders.sqlite3") as mirror:
        for _ in mirror.sync(client):
            pass
        shop.requests.clear()
        yield mirror
