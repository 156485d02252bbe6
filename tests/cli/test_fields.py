"""The names that `--fields` takes."""

from __future__ import annotations

from typing import Any

import click
import pytest

from statuspro.cli.fields import check_fields
from statuspro.types import Order, OrderListItem, OrdersSummary


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("id", OrderListItem),
        ("customer.email", OrderListItem),
        ("status.auto_change_at", OrderListItem),
        ("status.translations.de.name", OrderListItem),
        ("history", Order),
        ("by_financial_status.paid", OrdersSummary),
    ],
)
def test_what_the_service_is_known_to_send(path: str, kind: Any) -> None:
    check_fields([path], kind, None)
    check_fields([path], kind, {})


def test_what_it_sends_beyond_that() -> None:
    record = {"shop": {"name": "A"}, "status": {"is_set": True, "icon": "x"}}
    check_fields(["shop.name", "status.icon"], OrderListItem, record)
    with pytest.raises(click.BadParameter):
        check_fields(["shop.name"], OrderListItem, {"shop": None})


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("nmae", "Did you mean name"),
        ("status_name", "Did you mean status.name"),
        ("customer.mail", "Did you mean customer.email"),
        ("status.name.x", "Did you mean status.name"),
        ("history", "Did you mean history_count"),
        ("qqqqqqq", "There are id, name, order_number, customer, customer.name"),
        ("", "There are "),
        (".", "There are "),
    ],
)
def test_what_there_is_not(path: str, near: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        check_fields(["id", path], OrderListItem, None)
    assert refused.value.message.startswith(f"there is no field {path!r}. {near}")
