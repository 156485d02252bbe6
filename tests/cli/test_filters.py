"""The filters of `list` and `sync`: what they make of what the user said."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from statuspro.cli.filters import Filters, filters
from statuspro.cli.references import UnknownStatus
from statuspro.client import StatusProClient
from statuspro.sandbox import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> StatusProClient:
    return sandbox.client()


def said(client: StatusProClient, *arguments: str) -> dict[str, Any]:
    """The keywords that these options make."""
    made: list[dict[str, Any]] = []

    @click.command()
    @filters
    def show(filters: Filters) -> None:
        made.append(filters.keywords(client))

    ended = CliRunner().invoke(show, arguments, catch_exceptions=False, standalone_mode=False)
    if ended.exception:
        raise ended.exception
    return made[0]


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ([], {}),
        (["--status", "SHIPPED"], {"status_code": "st000003"}),
        (["--status", "st000003"], {"status_code": "st000003"}),
        (["--search", "Ann"], {"search": "Ann"}),
        (["--tag", "rush", "--tag", "oak"], {"tags": ["rush", "oak"]}),
        (["--any-tag", "rush"], {"tags_any": ["rush"]}),
        (["--financial", "PAID"], {"financial_status": ["paid"]}),
        (["--fulfillment", "partial"], {"fulfillment_status": ["partial"]}),
        (["--due-from", "2026-03-01"], {"due_date_from": "2026-03-01"}),
        (["--due-to", "2026-03-15"], {"due_date_to": "2026-03-15"}),
        (["--exclude-cancelled"], {"exclude_cancelled": True}),
    ],
)
def test_each_option_is_a_keyword(
    client: StatusProClient, arguments: list[str], keywords: dict[str, Any]
) -> None:
    assert said(client, *arguments) == keywords
    list(client.iter_orders(**keywords))


@pytest.mark.parametrize(
    "arguments",
    [["--financial", "gold"], ["--fulfillment", "all"], ["--due-to", "tomorrow"]],
)
def test_what_makes_no_sense_is_refused(client: StatusProClient, arguments: list[str]) -> None:
    with pytest.raises(click.UsageError):
        said(client, *arguments)


def test_an_unknown_status_is_refused(client: StatusProClient) -> None:
    with pytest.raises(UnknownStatus, match="Did you mean Shipped"):
        said(client, "--status", "shiped")


def test_the_catalogue_is_asked_for_once_and_only_for_a_status(
    client: StatusProClient, sandbox: Sandbox
) -> None:
    Filters(None, {"search": "Ann"}).keywords(client)
    assert sandbox.requests == []
    named = Filters("shipped", {})
    assert named.keywords(client) == named.keywords(client)
    assert len(sandbox.requests) == 1
