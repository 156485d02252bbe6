"""`statuspro list`, `view` and `viable`: look at orders."""

from __future__ import annotations

from typing import Any

import click

from statuspro._flat import flat
from statuspro.api.statuses import get_statuses
from statuspro.cli.command import command
from statuspro.cli.output import Column, Output, prints
from statuspro.cli.parameters import whole_number
from statuspro.cli.references import status_code
from statuspro.cli.session import asks_service
from statuspro.client import StatusProClient

_ORDER_COLUMNS = (
    Column("name", "name", is_cut=False),
    Column("status", "status.name", "status.color"),
    Column("due", "due_date", is_cut=False),
    Column("customer", "customer.name"),
    Column("id", "id", is_cut=False),
)


@command("list", "statuspro list --status shipped -n 5\nstatuspro list --all -o csv > orders.csv")
@click.option("--status", "status", metavar="NAME|CODE", help="Orders in this status.")
@click.option(
    "-n",
    "--limit",
    type=whole_number(1),
    default=30,
    show_default=True,
    help="So many at the most.",
)
@click.option("--all", "wants_all", is_flag=True, help="All of them.")
@prints
@asks_service
def list_command(
    client: StatusProClient, *, output: Output, status: str | None, limit: int, wants_all: bool
) -> None:
    """List orders, newest first."""
    filters: dict[str, Any] = {}
    if status is not None:
        filters["status_code"] = status_code(status, get_statuses(client))
    if not wants_all:
        filters |= {"max_items": limit, "per_page": min(limit, 100)}
    output.records(client.iter_orders(**filters), _ORDER_COLUMNS, flat)
