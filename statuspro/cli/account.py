"""`statuspro statuses`, `summary` and `budget`: look at the account."""

from __future__ import annotations

from statuspro.api.statuses import get_statuses
from statuspro.cli.command import command
from statuspro.cli.output import Column, Output, prints
from statuspro.cli.session import asks_service
from statuspro.session import Client

_STATUS_COLUMNS = (
    Column("code", "code", is_cut=False),
    Column("name", "name", "color"),
    Column("description", "description"),
)


@command("statuses", "statuspro statuses --json")
@prints
@asks_service
def statuses_command(client: Client, *, output: Output) -> None:
    """List the statuses of the account."""
    output.records(get_statuses(client), _STATUS_COLUMNS, dict)
