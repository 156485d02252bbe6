"""`statuspro list`, `view` and `viable`: look at orders."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from statuspro._flat import flat
from statuspro.api.orders import get_order, get_viable_statuses, iter_order_pages, lookup_order
from statuspro.cli.account import STATUS_COLUMNS
from statuspro.cli.command import command
from statuspro.cli.filters import Filters, filters
from statuspro.cli.output import Column, Output, plain, prints, tell
from statuspro.cli.parameters import whole_number
from statuspro.cli.pipe import check_for_reader
from statuspro.cli.references import order_id, takes_ref
from statuspro.cli.session import asks_service
from statuspro.cli.waiting import line
from statuspro.client import StatusProClient
from statuspro.pagination.page import MOST_PER_PAGE
from statuspro.types import (
    Order,
    OrderList,
    OrderListItem,
    ViableStatus,
)

if TYPE_CHECKING:
    from rich.text import Text

_DEFAULT_LIMIT = 30

#: No list is longer.
_ALL_PAGES = sys.maxsize // MOST_PER_PAGE

_LIST_EXAMPLES = """
    statuspro list
    statuspro list --status 'in production' --due-to 2026-03-15
    statuspro list --no-status --exclude-cancelled --all
    statuspro list --tag rush --tag oak --financial paid --financial partially_paid
    statuspro list --search 'Ann Lee' --json --fields name,status.name,due_date
    statuspro list --all -o csv > orders.csv
    statuspro list -o jsonl | head -5
"""

_VIEW_EXAMPLES = """
    statuspro view '#1188'
    statuspro view 1188 --viable
    statuspro view 1188 --email ann@lee.test
    statuspro view 6110375248088 --json
    statuspro view 1188 --fields status.code
"""

_VIABLE_EXAMPLES = """
    statuspro viable '#1188'
    statuspro viable 1188 --fields code
"""


def _status(order: Mapping[str, Any]) -> Text:
    from statuspro.cli.drawing import order_status

    return order_status(order)


def _due(order: Mapping[str, Any]) -> Text:
    from statuspro.cli.drawing import order_due

    return order_due(order)


ORDER_COLUMNS = (
    Column("name", "name", is_cut=False),
    Column("status", "status.name", draw=_status),
    Column("due", "due_date", is_cut=False, draw=_due),
    Column("id", "id", is_cut=False, least_width=60),
    # Behind the digits: a terminal would draw them on the left of a Hebrew or an Arabic name.
    Column("customer", "customer.name", least_width=50),
    Column("email", "customer.email", least_width=110),
)


@command("list", _LIST_EXAMPLES)
@filters
@click.option(
    "--no-status",
    is_flag=True,
    help="Orders that have no status set. The service cannot filter by it: all are read.",
)
@click.option(
    "-n",
    "--limit",
    type=whole_number(1),
    help=f"So many orders at the most; {_DEFAULT_LIMIT} by default.",
)
@click.option("--all", "wants_all", is_flag=True, help="All of them: a request for each 100.")
@prints
@asks_service
def list_command(
    client: StatusProClient,
    *,
    output: Output,
    filters: Filters,
    no_status: bool,
    limit: int | None,
    wants_all: bool,
) -> None:
    """List orders, newest first.

    Filters that are given together must all apply. DAY is a day such as 2026-03-15.

    On a terminal it is a table. A due date that has passed is red and has a mark (!); the service
    does not tell which orders are done. Without a terminal it is tab-separated values without a
    heading: name, status, due date, id, customer, address.

    JSON is what the service sent. CSV has a fixed set of columns, with days as dates; a cell that
    a spreadsheet would take for a formula begins with '. JSON lines, CSV and tab-separated values
    are written as they arrive: when the reader leaves, no further page is asked for.
    """
    if filters.status is not None and no_status:
        raise click.UsageError("--status and --no-status do not go together.")
    if limit is not None and wants_all:
        raise click.UsageError("--limit and --all do not go together.")
    keywords = filters.keywords(client)
    most = None if wants_all else limit or _DEFAULT_LIMIT
    if no_status:
        keywords["has_status"] = False
    elif most:
        keywords["per_page"] = min(most, MOST_PER_PAGE)
    pages = iter_order_pages(client, **keywords, max_items=most, max_pages=_ALL_PAGES)
    found = _Found(pages, most)
    output.records(found, ORDER_COLUMNS, flat, OrderListItem)
    found.tell_of_others(can_tell_how_many=not no_status)


class _Found:
    """The orders of some pages, counted as they are read.

    Args:
        pages: the pages.
        most: how many were asked for; None for all.
    """

    def __init__(self, pages: Iterable[OrderList], most: int | None) -> None:
        self._pages, self._most = pages, most
        self._count = 0
        self._total: int | None = None

    def __iter__(self) -> Iterator[OrderListItem]:
        read = 0
        for page in self._pages:
            meta: Mapping[str, Any] = page["meta"]
            self._total = meta.get("total")
            for order in page["data"]:
                self._count += 1
                yield order
            read = max(read, meta.get("to") or 0)
            if self._goes_on(read):
                if self._total:
                    line.tell(f"{read:,} of {self._total:,} orders read")
                check_for_reader()

    def _goes_on(self, read: int) -> bool:
        """Whether a further page is asked for, as far as can be told."""
        is_enough = self._most is not None and self._count >= self._most
        return not is_enough and (self._total is None or read < self._total)

    def tell_of_others(self, *, can_tell_how_many: bool) -> None:
        """Tells at the end that there are more, or that there are none at all.

        Args:
            can_tell_how_many: whether the service's total counts the same orders.
        """
        if not self._count:
            tell("There are no such orders.")
        elif self._most is None:
            return
        elif not can_tell_how_many:
            if self._count >= self._most:
                tell(f"{self._count:,} orders; there may be more: --all shows all.")
        elif self._total is not None and self._total > self._count:
            tell(f"{self._count:,} of {self._total:,} orders; --all shows all.")


@command("view", _VIEW_EXAMPLES)
@takes_ref
@click.option(
    "--email",
    metavar="ADDRESS",
    help="Find the order by its number and this address of its customer, in one request.",
)
@click.option("--viable", is_flag=True, help="Show also what the order can move to now.")
@prints
@asks_service
def view_command(
    client: StatusProClient, *, output: Output, reference: str, email: str | None, viable: bool
) -> None:
    """Show an order: its due date, its customer, its history.

    On a terminal moments are in the time zone of this machine. Internal comments are shown, and
    marked so. Without a terminal there is a line for each value, its name in front of a tab, and
    one for each entry of the history.

    JSON is the order in detail as the service sent it. With --viable it has viable_statuses
    besides.

    Exit codes: 0 shown, 1 the service said no, 2 usage, 3 rate limit or deadline, 4 no such order,
    5 no key or a wrong one, 130 Ctrl-C.
    """
    if email is not None:
        order = lookup_order(client, number=reference, email=email)
    else:
        order = get_order(client, order_id(client, reference))
    options = get_viable_statuses(client, order["id"]) if viable else None
    if output.is_for_people:
        from statuspro.cli.detail import order_in_full

        output.draw(lambda width: order_in_full(order, options))
    elif output.form == "tsv" and not output.has_fields:
        output.lines(_detail_lines(order, options))
    else:
        shown = order if options is None else {**order, "viable_statuses": options}
        output.record(shown, _flat_detail, Order)


def _flat_detail(order: Mapping[str, Any]) -> dict[str, Any]:
    row = flat(order)
    if "viable_statuses" in order:
        row["viable_statuses"] = " ".join(each["code"] for each in order["viable_statuses"])
    return row


def _detail_lines(order: Order, options: Iterable[ViableStatus] | None) -> Iterator[Iterable[Any]]:
    yield from flat(order).items()
    for entry in order.get("history") or ():
        status: Mapping[str, Any] = entry.get("status") or {}
        mail: Mapping[str, Any] = entry.get("mail_log") or {}
        comment = entry.get("comment")
        kind = comment and ("public" if entry.get("comment_is_public") else "internal")
        yield (
            "history", entry.get("created_at"), entry.get("event"), status.get("name"),
            kind, comment, mail.get("to"), mail.get("subject"),
        )  # fmt: skip
    for option in options or ():
        yield "viable", option["code"], option["name"]


@command("viable", _VIABLE_EXAMPLES)
@takes_ref
@prints
@asks_service
def viable_command(client: StatusProClient, *, output: Output, reference: str) -> None:
    """List the statuses that an order can move to now.

    The service decides it by the status that the order has. `statuspro move` asks the same before
    it moves an order.
    """
    found = get_viable_statuses(client, order_id(client, reference))
    output.records(found, STATUS_COLUMNS, dict, ViableStatus)
    if not found:
        tell(f"{plain(reference)} can move to no status now.")
