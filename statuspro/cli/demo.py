"""The demo: shows the library's main job, step by step, against a sandbox of its own.

Above its result each step prints its Python, word for word.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from statuspro._version import __version__
from statuspro.cli.account import STATUS_COLUMNS
from statuspro.cli.counts import bar_charts
from statuspro.cli.drawing import (
    Console,
    color_style,
    facts,
    glyph,
    no_status,
    order_status,
    status_text,
    table,
)
from statuspro.cli.waiting import line
from statuspro.client import StatusProClient
from statuspro.errors import TransitionError, ValidationError
from statuspro.mirror import Mirror
from statuspro.pacing.limit import RateLimit
from statuspro.sandbox import Sandbox
from statuspro.types import HistoryItem, OrderListItem, StatusDefinition

ORDERS = 2000

#: Seconds, the least and the most: as of a service that is near.
LATENCY = (0.01, 0.03)

#: Columns in front of what a step has found.
_INDENT = 2

_NEXT = """
Next:
  statuspro sandbox --port 8900     serves a StatusPro to experiment with, until Ctrl-C
  export STATUSPRO_API_KEY=...      with your own key the same lines reach your shop
  statuspro list                    and so do the other commands: statuspro --help
  python
  >>> from statuspro import StatusProClient
  >>> client = StatusProClient()
  >>> client.get_statuses()
"""


def run_demo(console: Console) -> None:
    """Shows all steps, in some seconds."""
    started = time.monotonic()
    with Sandbox(orders=ORDERS) as sandbox, sandbox.client() as client:
        sandbox.latency = LATENCY
        console.print(Text(f"statuspro {__version__}", "bold"))
        _say(console, f"A StatusPro with {ORDERS:,} orders runs for this demo on", sandbox.base_url)
        statuses = _show_statuses(console, client)
        orders = _walk(console, client, statuses)
        order = _look_up(console, client, orders)
        _change_status(console, client, order)
        _update_in_bulk(console, client, orders)
        _keep_a_copy(console, client, sandbox, orders)
        _leave_a_part(console, sandbox, orders)
        _survive_an_outage(console, client, sandbox, order)
        _show_an_error(console, client, order)
    console.print()
    console.print(f"That took {time.monotonic() - started:.1f} s.")
    for text in _NEXT.splitlines():
        console.print(Text(text), soft_wrap=True)


def _step(console: Console, title: str, *code: str) -> None:
    console.print()
    console.print(Text(title, "bold"))
    _code(console, *code)


def _code(console: Console, *lines: str) -> None:
    for text in lines:
        console.print(Text(f"    {text}", "dim"), soft_wrap=True)


def _say(console: Console, *parts: str | Text) -> None:
    console.print(_joined(parts))


def _joined(parts: Iterable[str | Text]) -> Text:
    return Text(" ").join(Text(part) if isinstance(part, str) else part for part in parts)


def _tell(console: Console, *parts: str | Text) -> None:
    """Prints what a step has found."""
    _draw(console, _joined(parts))


def _draw(console: Console, drawn: RenderableType) -> None:
    """Draws what a step has found."""
    console.print(Padding(drawn, (0, 0, 0, _INDENT), expand=False))


def _width(console: Console) -> int:
    """How wide what a step has found may be."""
    return console.width - _INDENT


def _show_statuses(console: Console, client: StatusProClient) -> list[StatusDefinition]:
    _step(console, "1. The statuses of the shop", "statuses = client.get_statuses()")
    statuses = client.get_statuses()
    _draw(console, table(statuses, STATUS_COLUMNS, _width(console)))
    return statuses


def _walk(
    console: Console, client: StatusProClient, statuses: list[StatusDefinition]
) -> list[OrderListItem]:
    _step(
        console,
        "2. A walk over all orders that are not cancelled",
        "for order in client.iter_orders(exclude_cancelled=True):",
        "    orders.append(order)",
    )
    orders: list[OrderListItem] = []
    for order in client.iter_orders(exclude_cancelled=True):
        orders.append(order)
        if len(orders) % 25 == 0:
            line.tell(f"{len(orders):,} orders")
    line.hide()
    _tell(console, f"{len(orders):,} orders, {-(-len(orders) // 100)} pages")
    counts = Counter(order["status"].get("code") for order in orders)
    rows = [
        (
            status_text(status["name"], status["color"]),
            counts[status["code"]],
            color_style(status["color"]),
        )
        for status in statuses
    ]
    rows.append((no_status(), counts[None], "dim"))
    (chart,) = bar_charts([rows], _width(console))
    _draw(console, chart)
    return orders


def _look_up(
    console: Console, client: StatusProClient, orders: list[OrderListItem]
) -> OrderListItem:
    _step(
        console,
        "3. One order, by its number and its customer's address",
        "order = client.lookup_order(number=number, email=email)",
    )
    wanted = _in_production(orders)[0]
    number, email = wanted["name"], wanted["customer"].get("email", "")
    order = client.lookup_order(number=number, email=email)
    _tell(console, f"{number}, {email}")
    _tell(console, f"{order['name']} of {order['customer'].get('name')}:", order_status(order))
    return wanted


def _change_status(console: Console, client: StatusProClient, order: OrderListItem) -> None:
    _step(
        console,
        "4. A checked status change that mails nobody, and the order's history after it",
        "try:",
        '    client.update_order_status(order["id"], "st000007", check=True, notify=False)',
        "except TransitionError as error:",
    )
    try:
        client.update_order_status(order["id"], "st000007", check=True, notify=False)
    except TransitionError as error:
        _tell(console, str(error))
    _code(
        console,
        "client.update_order_status(",
        '    order["id"], "st000004", comment="Sanded and oiled", check=True, notify=False',
        ")",
        'history = client.get_order(order["id"])["history"]',
    )
    client.update_order_status(
        order["id"], "st000004", comment="Sanded and oiled", check=True, notify=False
    )
    history = client.get_order(order["id"])["history"]
    for item in history:
        _tell(console, *_history_parts(item))


def _history_parts(item: HistoryItem) -> list[str | Text]:
    comment, mail = item.get("comment"), item.get("mail_log")
    parts: list[str | Text] = [item.get("created_at", "")[:16].replace("T", " ")]
    if item.get("status"):
        parts.append(order_status(item))
    if comment:
        parts.append(f"“{comment}”")
    if mail:
        parts.append(Text(f"mail to {mail.get('to')}", "dim"))
    return parts


def _update_in_bulk(console: Console, client: StatusProClient, orders: list[OrderListItem]) -> None:
    _step(
        console,
        "5. Fifty orders in one request, without mails",
        'queued = client.bulk_update_order_status(ids, "st000003", notify=False)',
    )
    ids = [order["id"] for order in _in_production(orders)[1:51]]
    before = _shipped(client)
    queued = client.bulk_update_order_status(ids, "st000003", notify=False)
    told = f"{queued['message']} ({queued['count']} orders; {before} were shipped before)"
    _tell(console, told)
    deadline = time.monotonic() + 5
    while _shipped(client) < before + len(ids) and time.monotonic() < deadline:
        time.sleep(0.05)
    _tell(console, f"a moment later {_shipped(client)} are shipped")


def _keep_a_copy(
    console: Console, client: StatusProClient, sandbox: Sandbox, orders: list[OrderListItem]
) -> None:
    _step(
        console,
        "6. A copy of all orders in a file, and what has changed since",
        "with Mirror(path) as mirror:",
        "    copied = sum(1 for _ in mirror.sync(client, history=False))",
        "    changes = list(mirror.sync(client, history=False))",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.sqlite3"
        with Mirror(path) as mirror:
            copied = sum(1 for _ in mirror.sync(client, history=False))
            _tell(console, f"{copied:,} orders are in the copy; now a colleague moves one")
            sandbox.set_status(_in_production(orders)[60]["id"], "st000005")
            changes = list(mirror.sync(client, history=False))
            for change in changes:
                now, before = change["order"], change["before"] or change["order"]
                told = f"{now['name']} is {change['kind']}:"
                _tell(console, told, order_status(before), glyph("→", "->"), order_status(now))


def _leave_a_part(console: Console, sandbox: Sandbox, orders: list[OrderListItem]) -> None:
    _step(
        console,
        "7. A job that leaves a part of the rate budget to the shop's web pages",
        "job = sandbox.client(rate_limit=limit, rate_limit_reserve=20)",
        "details = list(job.get_orders(ids))",
        "left = job.budget(), web.budget()",
    )
    limit = RateLimit(requests=60, bulk=5, period=60.0)
    ids = [order["id"] for order in orders[:40]]
    job = sandbox.client(rate_limit=limit, rate_limit_reserve=20)
    web = sandbox.client(rate_limit=limit)
    with job, web:
        details = list(job.get_orders(ids))
        left = job.budget(), web.budget()
    for name, reading in zip(("the job", "a web page"), left, strict=True):
        if reading is not None:
            told = f"{name} may send {reading['remaining']} requests at once"
            wait = f", the next in {reading['next_in']:.0f} s" if reading["next_in"] else ""
            _tell(console, told + wait)
    _tell(console, f"{len(details)} requests were sent in this minute, of {limit.requests}")


def _survive_an_outage(
    console: Console, client: StatusProClient, sandbox: Sandbox, order: OrderListItem
) -> None:
    _step(
        console,
        "8. An outage: the service fails with a 503, then drops the connection",
        "patient = client.with_options(on_wait=tell)",
        'found = patient.get_order(order["id"])',
    )

    def tell(seconds: float, reason: str) -> None:
        _tell(console, f"{reason} in {seconds:.2f} s")

    sandbox.fail(503)
    sandbox.drop()
    patient = client.with_options(on_wait=tell)
    found = patient.get_order(order["id"])
    _tell(console, f"{found['name']} is there, and nothing had to be caught")


def _show_an_error(console: Console, client: StatusProClient, order: OrderListItem) -> None:
    _step(
        console,
        "9. An error, and what it carries",
        "try:",
        '    client.update_order_status(order["id"], "st999999", notify=False)',
        "except ValidationError as error:",
    )
    try:
        client.update_order_status(order["id"], "st999999", notify=False)
    except ValidationError as error:
        names = ("status_code", "message", "validation_errors", "maybe_applied")
        _draw(console, facts((name, str(getattr(error, name))) for name in names))


def _in_production(orders: list[OrderListItem]) -> list[OrderListItem]:
    return [order for order in orders if order["status"].get("code") == "st000002"]


def _shipped(client: StatusProClient) -> int:
    return client.list_orders(status_code="st000003", page=1, per_page=1)["meta"]["total"]
