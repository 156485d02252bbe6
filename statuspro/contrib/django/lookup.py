"""Finds the order of a number and an address, in the mirror or by the service."""

from __future__ import annotations

from typing import Any

from statuspro.api import orders
from statuspro.contrib.django import conf
from statuspro.contrib.django.client import get_client
from statuspro.contrib.django.sources import mirror_in_use
from statuspro.errors import APIError, NotFoundError
from statuspro.types import Order

#: With these the service refuses a number or an address that makes no sense to it.
_MAKES_NO_SENSE = (400, 422)


def look_up(number: str, email: str, deadline: float) -> Any:
    """Finds an order by what its customer knows of it.

    Args:
        number: the order's number or name.
        email: the customer's address.
        deadline: seconds that the service is given where the setting has no DEADLINE.

    Returns:
        The order; None where the number is unknown, and where the address is not its customer's.

    Raises:
        StatusProError: the service refused or failed, or did not respond in time; or the setting
            wants a mirror that is not there.
    """
    mirror = mirror_in_use()
    if mirror is None:
        return _of_service(number, email, deadline)
    return mirror.lookup(number, email)


def _of_service(number: str, email: str, deadline: float) -> Order | None:
    client = get_client()
    if conf.value_of("DEADLINE") is None:
        client = client.with_options(deadline=deadline)
    try:
        return orders.lookup_order(client, number=number, email=email)
    except NotFoundError:
        return None
    except APIError as error:
        if error.status_code in _MAKES_NO_SENSE:
            return None
        raise
