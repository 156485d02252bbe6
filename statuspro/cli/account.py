"""`statuspro statuses`, `summary` and `budget`: look at the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import requests

from statuspro._json import as_array
from statuspro.api.statuses import get_statuses
from statuspro.api.summary import summarize_orders
from statuspro.cli.command import command
from statuspro.cli.output import Column, Output, prints, tell, write
from statuspro.cli.session import asks_service, place_of
from statuspro.cli.waiting import line
from statuspro.client import StatusProClient
from statuspro.types import BudgetReading, OrdersSummary, StatusDefinition

if TYPE_CHECKING:
    from rich.console import RenderableType

STATUS_COLUMNS = (
    Column("code", "code", is_cut=False),
    Column("name", "name", "color"),
    Column("description", "description"),
)

_SUMMARY_COLUMNS = tuple(Column(name, name) for name in ("group", "code", "name", "count"))

_SUMMARY_EXAMPLES = """
    statuspro summary
    statuspro summary --json
    statuspro summary -o csv > summary.csv
"""

_BUDGET_EXAMPLES = """
    statuspro budget
    statuspro budget --fields remaining
    STATUSPRO_RATE_LIMIT=30 statuspro budget
"""


@command("statuses", "statuspro statuses\nstatuspro statuses --json\nstatuspro statuses | cut -f 1")
@prints
@asks_service
def statuses_command(client: StatusProClient, *, output: Output) -> None:
    """List the statuses of the account.

    An order moves from status to status. Other commands take a status by its code or its name.
    Without a terminal it is tab-separated values without a heading: code, name, description.
    """
    found = get_statuses(client)
    output.records(found, STATUS_COLUMNS, dict, StatusDefinition)
    if not found:
        tell("The account has no statuses.")


@command("summary", _SUMMARY_EXAMPLES)
@prints
@asks_service
def summary_command(client: StatusProClient, *, output: Output) -> None:
    """Count the orders by status, payment and delivery.

    Cancelled orders do not count. It costs 14 requests and one for each status of the account, as
    the service counts by one filter at a time. With 7 statuses that is 21 of the 60 that the
    service takes in a minute.

    JSON is one object. CSV and tab-separated values have a row for each figure: group (total,
    status, no_status, financial, fulfillment), code, name, count.
    """
    counting = _Counting()
    client.hooks["response"].append(counting)
    summary = summarize_orders(client)
    line.hide()
    if output.is_for_people:
        from statuspro.cli.counts import summary_in_full

        output.draw(lambda width: summary_in_full(summary, width))
    elif output.form in ("json", "jsonl"):
        output.record(summary, dict, OrdersSummary)
    else:
        output.records(list(_figures(summary)), _SUMMARY_COLUMNS)


class _Counting:
    """Tells how many of the requests have been answered: a hook of the client."""

    #: Beside one for each status.
    _OTHERS = 14

    def __init__(self) -> None:
        self._count = 0
        self._needed = 0

    def __call__(self, response: requests.Response, *_: Any, **__: Any) -> None:
        if not response.ok:
            return
        if not self._count:
            self._needed = self._OTHERS + len(as_array(response.json()))
        self._count += 1
        line.tell(f"Counting orders: {self._count} of {self._needed} requests")


def _figures(summary: OrdersSummary) -> Iterator[Mapping[str, Any]]:
    """A record for each figure."""
    yield _figure("total", None, None, summary["total"])
    for status in summary["by_status"]:
        yield _figure("status", status["code"], status["name"], status["count"])
    yield _figure("no_status", None, None, summary["without_status"])
    for code, count in summary["by_financial_status"].items():
        yield _figure("financial", code, None, count)
    for code, count in summary["by_fulfillment_status"].items():
        yield _figure("fulfillment", code, None, count)


def _figure(group: str, code: str | None, name: str | None, count: int) -> Mapping[str, Any]:
    return {"group": group, "code": code, "name": name, "count": count}


@command("budget", _BUDGET_EXAMPLES)
@prints
@asks_service
def budget_command(client: StatusProClient, *, output: Output) -> None:
    """Show what is left of the rate budget.

    The service takes 60 requests a minute for each key, and 5 bulk updates. This user's commands
    count theirs together (see --shared-budget), with all processes that share the storage. The
    command sends nothing.

    JSON: requests is what one period allows, remaining and bulk_remaining are what can be sent
    now, next_in is the seconds until the next request can be sent. It is null where pacing is off.
    """
    reading = client.budget()
    if reading is None:
        if output.form in ("json", "jsonl"):
            write("null")
        tell("There is no budget: pacing is off (STATUSPRO_RATE_LIMIT=none).")
    elif output.is_for_people:
        _draw_budget(client, reading, output)
    else:
        output.record(reading, dict, BudgetReading)


def _draw_budget(client: StatusProClient, reading: BudgetReading, output: Output) -> None:
    from statuspro.cli.drawing import facts

    limit, seconds = client.rate_limit, reading["next_in"]
    period = f"{limit.period:g} s" if limit else ""
    bulk = limit.bulk if limit else reading["bulk_remaining"]
    place = place_of(client.rate_limit_storage)

    def made(_: int) -> Iterator[RenderableType]:
        yield facts(
            [
                ("Requests", f"{reading['remaining']} of {reading['requests']} left in {period}"),
                ("Bulk updates", f"{reading['bulk_remaining']} of {bulk} left in {period}"),
                ("Next request", f"in {ceil(seconds)} s" if seconds else "now"),
                ("Counted", f"in {place}" if place else "by this command alone"),
            ]
        )

    output.draw(made)
