"""The demo: shows the library's main job, step by step, against a sandbox of its own.

Above its result each step prints its Python, word for word.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from statuspro._version import __version__
from statuspro.cli.command import command
from statuspro.cli.terminal import Terminal
from statuspro.client import StatusProClient
from statuspro.errors import TransitionError, ValidationError
from statuspro.sandbox import Sandbox
from statuspro.types import HistoryItem, OrderListItem, Status, StatusDefinition

ORDERS = 5000

#: Seconds, the least and the most: as of a service that is near.
LATENCY = (0.01, 0.03)

_BAR_WIDTH = 40
_NEXT = """
Next:
  statuspro sandbox --port 8900     serves a StatusPro to experiment with, until Ctrl-C
  export STATUSPRO_API_KEY=...      with your own key the same lines reach your shop
  python
  >>> from statuspro import StatusProClient
  >>> client = StatusProClient()
  >>> client.get_statuses()
"""


@command("demo")
def demo_command() -> None:
    """Show the library's main job, step by step."""
    run_demo(Terminal(sys.stdout))


def run_demo(terminal: Terminal) -> None:
    """Shows all steps, in some seconds."""
    started = time.monotonic()
    with Sandbox(orders=ORDERS) as sandbox, sandbox.client() as client:
        sandbox.latency = LATENCY
        _introduce(terminal, sandbox)
        statuses = _show_statuses(terminal, client)
        orders = _walk(terminal, client, statuses)
        order = _look_up(terminal, client, orders)
        _change_status(terminal, client, order)
        _update_in_bulk(terminal, client, orders)
        _survive_an_outage(terminal, client, sandbox, order)
        _show_an_error(terminal, client, order)
    terminal.line()
    terminal.line(f"That took {time.monotonic() - started:.1f} s.")
    for line in _NEXT.splitlines():
        terminal.line(line)


def _introduce(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.line(terminal.bold(f"statuspro {__version__}"))
    terminal.line(f"A StatusPro with {ORDERS:,} orders runs for this demo on {sandbox.base_url}.")


def _step(terminal: Terminal, title: str, *code: str) -> None:
    terminal.line()
    terminal.line(terminal.bold(title))
    _code(terminal, *code)


def _code(terminal: Terminal, *lines: str) -> None:
    for line in lines:
        terminal.line(terminal.dim(f"    {line}"))


def _show_statuses(terminal: Terminal, client: StatusProClient) -> list[StatusDefinition]:
    _step(terminal, "1. The statuses of the shop", "statuses = client.get_statuses()")
    statuses = client.get_statuses()
    for status in statuses:
        mark = terminal.coloured(f"● {status.get('name', ''):<17}", status.get("color"))
        terminal.line(f"  {mark} {status.get('code')}  {status.get('description')}")
    return statuses


def _walk(
    terminal: Terminal, client: StatusProClient, statuses: list[StatusDefinition]
) -> list[OrderListItem]:
    _step(
        terminal,
        "2. A walk over all orders that are not cancelled",
        "for order in client.iter_orders(exclude_cancelled=True):",
        "    orders.append(order)",
    )
    orders: list[OrderListItem] = []
    for order in client.iter_orders(exclude_cancelled=True):
        orders.append(order)
        if len(orders) % 25 == 0:
            terminal.counter(f"  {len(orders):,} orders")
    terminal.line(f"  {len(orders):,} orders, {-(-len(orders) // 100)} pages")
    counts = Counter(order["status"].get("code") for order in orders)
    for status in statuses:
        count = counts[status["code"]]
        bar = terminal.coloured(
            "■" * round(_BAR_WIDTH * count / max(counts.values())), status["color"]
        )
        terminal.line(f"  {status['name']:<17} {count:>6,}  {bar}")
    terminal.line(f"  {'no status set':<17} {counts[None]:>6,}")
    return orders


def _look_up(
    terminal: Terminal, client: StatusProClient, orders: list[OrderListItem]
) -> OrderListItem:
    _step(
        terminal,
        "3. One order, by its number and its customer's address",
        "order = client.lookup_order(number=number, email=email)",
    )
    wanted = _in_production(orders)[0]
    number, email = wanted["name"], wanted["customer"].get("email", "")
    order = client.lookup_order(number=number, email=email)
    terminal.line(f"  {number}, {email}")
    status = _coloured_name(terminal, order["status"])
    customer = order["customer"].get("name")
    terminal.line(f"  {order['name']} of {customer}: {status}, id {order['id']}")
    return wanted


def _change_status(terminal: Terminal, client: StatusProClient, order: OrderListItem) -> None:
    _step(
        terminal,
        "4. A checked status change that mails nobody, and the order's history after it",
        "try:",
        '    client.update_order_status(order["id"], "st000007", check=True, notify=False)',
        "except TransitionError as error:",
    )
    try:
        client.update_order_status(order["id"], "st000007", check=True, notify=False)
    except TransitionError as error:
        terminal.line(f"  {error}")
    _code(
        terminal,
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
        terminal.line(f"  {_history_line(terminal, item)}")


def _history_line(terminal: Terminal, item: HistoryItem) -> str:
    status, comment, mail = item.get("status"), item.get("comment"), item.get("mail_log")
    parts = [item.get("created_at", "")[:16].replace("T", " ")]
    if status:
        parts.append(_coloured_name(terminal, status))
    if comment:
        parts.append(f"“{comment}”")
    if mail:
        parts.append(terminal.dim(f"mail to {mail.get('to')}"))
    return "  ".join(parts)


def _coloured_name(terminal: Terminal, status: Status) -> str:
    return terminal.coloured(f"● {status.get('name')}", status.get("color"))


def _update_in_bulk(
    terminal: Terminal, client: StatusProClient, orders: list[OrderListItem]
) -> None:
    _step(
        terminal,
        "5. Fifty orders in one request, without mails",
        'queued = client.bulk_update_order_status(ids, "st000003", notify=False)',
    )
    ids = [order["id"] for order in _in_production(orders)[1:51]]
    before = _shipped(client)
    queued = client.bulk_update_order_status(ids, "st000003", notify=False)
    terminal.line(f"  {queued['message']} ({queued['count']} orders; {before} were shipped before)")
    deadline = time.monotonic() + 5
    while _shipped(client) < before + len(ids) and time.monotonic() < deadline:
        time.sleep(0.05)
    terminal.line(f"  a moment later {_shipped(client)} are shipped")


def _survive_an_outage(
    terminal: Terminal, client: StatusProClient, sandbox: Sandbox, order: OrderListItem
) -> None:
    _step(
        terminal,
        "6. An outage: the service fails with a 503, then drops the connection",
        "patient = client.with_options(on_wait=tell)",
        'found = patient.get_order(order["id"])',
    )

    def tell(seconds: float, reason: str) -> None:
        terminal.line(f"  {reason} in {seconds:.2f} s")

    sandbox.fail(503)
    sandbox.drop()
    patient = client.with_options(on_wait=tell)
    found = patient.get_order(order["id"])
    terminal.line(f"  {found['name']} is there, and nothing had to be caught")


def _show_an_error(terminal: Terminal, client: StatusProClient, order: OrderListItem) -> None:
    _step(
        terminal,
        "7. An error, and what it carries",
        "try:",
        '    client.update_order_status(order["id"], "st999999", notify=False)',
        "except ValidationError as error:",
    )
    try:
        client.update_order_status(order["id"], "st999999", notify=False)
    except ValidationError as error:
        terminal.line(f"  status_code        {error.status_code}")
        terminal.line(f"  message            {error.message}")
        terminal.line(f"  validation_errors  {error.validation_errors}")
        terminal.line(f"  maybe_applied      {error.maybe_applied}")


def _in_production(orders: list[OrderListItem]) -> list[OrderListItem]:
    return [order for order in orders if order["status"].get("code") == "st000002"]


def _shipped(client: StatusProClient) -> int:
    return client.list_orders(status_code="st000003", page=1, per_page=1)["meta"]["total"]
