"""Orders of the local copy: as it has them, and asked for again."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from statuspro.contrib.django.mirror import DatabaseMirror
from statuspro.contrib.django.models import Order
from statuspro.session import Client


def fetch(client: Client, order_id: int) -> bool:
    """Asks the service for one order, and stores it.

    Returns:
        Whether the service has the order. Where it has not, the copy has it no more.

    Raises:
        APIError: the service refused or failed, or neither it nor the copy has the order.
        APIConnectionError: there is no response.
    """
    change = DatabaseMirror().fetch(client, order_id)
    return change is None or change["kind"] != "gone"


def as_of() -> str:
    """Says of when the copy is."""
    synced_at = DatabaseMirror().synced_at
    if synced_at is None:
        return "Not synchronised yet: run manage.py statuspro_sync"
    at = date_format(timezone.localtime(synced_at), "DATETIME_FORMAT")
    return f"As of {at}"


def known(orders: Any, ids: list[int]) -> dict[int, Order]:
    """Finds the orders of these ids that the copy has, without what the service said of each.

    Args:
        orders: the queryset of what the member of the staff may see.
        ids: the ids.
    """
    found = {order.pk: order for order in orders.filter(pk__in=ids).defer("item", "detail")}
    return {order_id: found[order_id] for order_id in ids if order_id in found}
