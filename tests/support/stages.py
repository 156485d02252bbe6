"""Where the shell of each page is played: a shop, its files, and what happens there meanwhile."""

from __future__ import annotations

import random
import shutil
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from statuspro import AuthenticationError, StatusProClient
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import DELIVERED, IN_PRODUCTION, RECEIVED, SHIPPED
from tests.support.django_shop import EXAMPLE
from tests.support.shell import Server, Shell

if TYPE_CHECKING:
    from statuspro._typing import Unpack
    from statuspro.sandbox.orders import OrderFields


def free_port() -> int:
    """Returns a port that no program listens on, below those that systems give to clients."""
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("every port is taken")


@dataclass
class Stage:
    """Where a page is played.

    Attributes:
        shop: it has three orders that move one by one, #1188 of Ann Lee and two more.
        shell: it has not begun.
        changed: how often the page has changed each order.
        port: a free one.
    """

    shop: Sandbox
    shell: Shell
    changed: Counter[int] = field(default_factory=Counter)
    port: int = field(default_factory=free_port)

    def fill(self, text: str) -> str:
        """Puts the stage's own port and folders in place of a page's."""
        text = text.replace("8900", str(self.port)).replace("/var/lib/shop", str(self.shell.folder))
        return text.replace("/home/ann", str(self.shell.home))


def set_stage(page: str, shop: Sandbox, shell: Shell) -> Stage:
    """Makes the stage of a page.

    Args:
        page: its name.
        shop: it runs, and has no orders yet.
        shell: it has not begun.
    """
    add_order(shop, name="Ann Lee", email="ann@lee.test")
    add_order(shop)
    add_order(shop)
    shell.environ["GUNICORN_CMD_ARGS"] = "--bind 127.0.0.1:0"
    stage = Stage(shop, shell)
    if page in _STAGES:
        _STAGES[page](stage)
    return stage


def add_order(shop: Sandbox, **fields: Unpack[OrderFields]) -> int:
    """Adds an order: in production and never due, if not told otherwise; careless changes mail."""
    told: OrderFields = {
        "status_code": IN_PRODUCTION,
        "due_date": None,
        "due_date_to": None,
        "additional_emails": ("office@reseller.example",),
        **fields,
    }
    return shop.add_order(**told)


def _of_commands(stage: Stage) -> None:
    """The budget that readers have, and files of further orders."""
    del stage.shell.environ["STATUSPRO_RATE_LIMIT"]
    folder = stage.shell.folder
    late = "".join(f"{add_order(stage.shop)}\n" for _ in range(2))
    (folder / "late.csv").write_text(f"id\n{late}", encoding="utf-8")
    (folder / "numbers.txt").write_text("#1188\n1189\n", encoding="utf-8")
    (stage.shell.home / ".config" / "fish" / "completions").mkdir(parents=True)
    add_order(stage.shop)
    add_order(stage.shop, status_code=DELIVERED)


def _of_a_job(stage: Stage) -> None:
    """So many late orders that a bulk update of them takes six requests."""
    for _ in range(287):
        add_order(stage.shop, due_date="2026-01-05")
    stage.shell.environ["STATUSPRO_RATE_LIMIT"] = "600/5/5"


def _of_a_project(stage: Stage) -> None:
    """A project of Django's: the example."""
    shutil.copytree(EXAMPLE, stage.shell.folder, dirs_exist_ok=True)


_STAGES: dict[str, Callable[[Stage], None]] = {
    "docs/cli.rst": _of_commands,
    "docs/cli-changes.rst": _of_commands,
    "docs/cli-output.rst": _of_commands,
    "docs/django-mirror.rst": _of_a_project,
    "docs/examples/django_shop/README.rst": _of_a_project,
    "docs/rate-limits.rst": _of_a_project,
    "docs/shell-job.rst": _of_a_job,
}


def _change_the_shop(stage: Stage) -> None:
    """Brings a copy into step, and makes a change of each kind behind it."""
    shop = stage.shop
    with shop.client() as client, Mirror(stage.shell.folder / "orders.sqlite3") as mirror:
        gone, moved, *_ = (change["order"]["id"] for change in mirror.sync(client))
        client.update_order_status(
            moved, SHIPPED, comment="Left with DHL", public=True, notify=False
        )
    add_order(shop, status_code=RECEIVED, due_date="2026-03-15")
    shop.remove_order(gone)
    shop.applied.clear()


#: What happens before a line.
MEANWHILE: dict[str, Callable[[Stage], None]] = {"statuspro sync orders.sqlite3": _change_the_shop}


def _ask_sandbox(url: str) -> None:
    with StatusProClient("a-key-of-no-sandbox", url) as client:
        try:
            client.get_statuses()
        except AuthenticationError:
            return
    raise AssertionError("the sandbox takes every key")


def _ask_shop(url: str) -> None:
    # As the web server in front of it does, where the shop has a name.
    headers = {"Host": "shop.example.com", "X-Forwarded-Proto": "https"}
    statuses = {
        requests.get(f"{url}/order/", headers=each, timeout=10).status_code
        for each in (headers, {})
    }
    assert 200 in statuses, statuses


#: The lines that serve until Ctrl-C, by their first word or two.
SERVERS = {
    "statuspro sandbox": Server(r"STATUSPRO_BASE_URL=(\S+)[^#]*#[^\n]*\n", _ask_sandbox),
    "gunicorn": Server(r"Listening at: (\S+)", _ask_shop),
}
