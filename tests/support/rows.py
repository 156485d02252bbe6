"""Rows of the Django app's tables, of what a sandbox has."""

from __future__ import annotations

from typing import Any

from statuspro.sandbox import Sandbox
from tests.support.mirrors import DirectClient


def fill(sandbox: Sandbox, using: str = "default", *, history: bool = True, **filters: Any) -> None:
    """Synchronises the database with a sandbox, without sockets; notes nothing in `requests`.

    Args:
        sandbox: has the orders.
        using: the alias of the database, whose tables are there.
        history: whether the histories are kept too.
        filters: of `DatabaseMirror.sync`.
    """
    from statuspro.contrib.django.mirror import DatabaseMirror

    client: Any = DirectClient(sandbox)
    before = len(sandbox.requests)
    for _ in DatabaseMirror(using).sync(client, history=history, **filters):
        pass
    del sandbox.requests[before:]
