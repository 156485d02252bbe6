"""Where orders come from: the mirror, or the service; and a customer's order from either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, transaction

from statuspro.api import orders
from statuspro.contrib.django import conf
from statuspro.contrib.django.client import get_client
from statuspro.errors import APIError, MirrorError, NotFoundError
from statuspro.types import Order

if TYPE_CHECKING:
    from statuspro.contrib.django.mirror import DatabaseMirror

#: With these the service refuses a number or an address that makes no sense to it.
_MAKES_NO_SENSE = (400, 422)


def mirror_in_use() -> DatabaseMirror | None:
    """Gives the mirror if the setting MIRROR says so; by default, once a sync has run through.

    Returns:
        The mirror; None where the service is to be asked.

    Raises:
        MirrorError: the setting wants the mirror, and no sync has run through yet.
    """
    wanted = conf.value_of("MIRROR")
    if wanted is False or (wanted is None and not apps.is_installed("statuspro.contrib.django")):
        return None
    # Not above: models can be imported only when the apps are loaded.
    from statuspro.contrib.django.mirror import DatabaseMirror

    mirror = DatabaseMirror()
    if wanted:
        if not mirror.is_in_use:
            raise MirrorError(
                "no synchronisation has run through yet: see manage.py statuspro_sync"
            )
        return mirror
    return mirror if _is_in_use(mirror) else None


def _is_in_use(mirror: DatabaseMirror) -> bool:
    """Takes a database that is away, or without this app's tables, for one without a mirror."""
    whole: Any = transaction.atomic(mirror.using)  # so the request's own transaction stays usable
    try:
        with whole:
            return mirror.is_in_use
    except (DatabaseError, ImproperlyConfigured):
        return False


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
