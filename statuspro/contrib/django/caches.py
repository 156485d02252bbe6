"""What changes rarely, through Django's cache: the catalogue, and how many orders there are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.core.cache import caches

from statuspro.api import statuses, summary
from statuspro.contrib.django import conf
from statuspro.contrib.django.client import DjangoClient, get_client
from statuspro.contrib.django.sources import mirror_in_use
from statuspro.types import OrdersSummary, StatusDefinition

if TYPE_CHECKING:
    from statuspro.contrib.django.mirror import DatabaseMirror


def cached_statuses() -> list[StatusDefinition]:
    """Gives the catalogue of statuses, which is read once in `STATUSES_TTL` seconds.

    It is read from the mirror if that is in use, and anew after each synchronisation.

    Returns:
        What `get_statuses` gives, as a new list with each call.

    Raises:
        StatusProError: the cache does not have it, and the service refused or failed.
    """
    mirror = mirror_in_use()
    read = mirror.statuses if mirror else lambda: statuses.get_statuses(get_client())
    return cast("list[StatusDefinition]", _cached("STATUSES_TTL", mirror, read))


def cached_summary() -> OrdersSummary:
    """Gives how many orders there are, which is counted once in `SUMMARY_TTL` seconds.

    They are counted in the mirror if that is in use, and anew after each synchronisation. The
    service needs some twenty requests for it.

    Returns:
        What `summarize_orders` gives, as a new dict with each call. A mirror knows nothing of
        payment and delivery.

    Raises:
        StatusProError: the cache does not have it, and the service refused or failed.
    """
    mirror = mirror_in_use()
    read = mirror.summary if mirror else lambda: summary.summarize_orders(get_client())
    return cast("OrdersSummary", _cached("SUMMARY_TTL", mirror, read))


def _cached(ttl: str, mirror: DatabaseMirror | None, read: Callable[[], Any]) -> Any:
    cache = caches[conf.value_of("CACHE")]
    source = f"{mirror.using} {mirror.synced_at}" if mirror else _account_of(get_client())
    # Nothing of the account's key can be read back from this.
    key = f"statuspro.{ttl}.{hashlib.sha256(source.encode()).hexdigest()[:32]}"
    found = cache.get(key)
    if found is None:
        found = read()
        cache.set(key, found, conf.value_of(ttl))
    return found


def _account_of(client: DjangoClient) -> str:
    return f"{client.base_url} {getattr(client.auth, 'token', '')}"
