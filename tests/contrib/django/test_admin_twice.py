"""Requests that send the same change at the same moment: one of them does, on each database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.support.staff import MAY, ORDERS, catalogue, member, stored, writes

pytestmark = pytest.mark.usefixtures("of_sandbox")


class Router:
    """Sends every query to one database."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def db_for_read(self, model: Any, **_: Any) -> str:
        return self._alias

    def db_for_write(self, model: Any, **_: Any) -> str:
        return self._alias


@pytest.fixture
def on_database(alias: str) -> Iterator[str]:
    """The whole project is on one database, SQLite or PostgreSQL."""
    from django.test import override_settings

    with override_settings(DATABASE_ROUTERS=[Router(alias)]):
        yield alias


def test_of_many_requests_at_once_one_sends(on_database: str, sandbox: Sandbox) -> None:
    from django.db import connections
    from django.test import Client

    catalogue(sandbox)
    order = stored(sandbox, status_code="st000002")
    staff = member(*MAY)
    given = {"status": "st000003", "mail": "mail"}
    page = staff.post(f"{ORDERS}{order.pk}/move/", given)["Location"]
    ready = threading.Barrier(4)
    answers: list[int] = []

    def press() -> None:
        client: Any = Client()
        client.cookies = staff.cookies
        ready.wait(10)
        try:
            answers.append(client.post(page, {"send": "x"}).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [302] * 4
    assert len(writes(sandbox)) == 1
    assert len(sandbox.mails) == 1
    assert b"1 done." in staff.get(page).content
