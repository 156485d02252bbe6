"""What changes rarely, through Django's cache: the catalogue, and how many orders there are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, cast

from django.core.cache import caches

from statuspro.api import statuses, summary
from statuspro.contrib.django import conf
from statuspro.contrib.django.client import DjangoClient, get_client
from statuspro.types import OrdersSummary, StatusDefinition


def cached_statuses() -> list[StatusDefinition]:
    """Gives the catalogue of statuses, which is asked for once in `STATUSES_TTL` seconds.

    Returns:
        What `get_statuses` gives: a new list with each call.

    Raises:
        StatusProError: the cache does not have it, and the service refused or failed.
    """
    return cast("list[StatusDefinition]", _cached("STATUSES_TTL", statuses.get_statuses))


def cached_summary() -> OrdersSummary:
    """Gives how many orders there are, which is counted once in `SUMMARY_TTL` seconds.

    Returns:
        What `summarize_orders` gives: a new dict with each call.

    Raises:
        StatusProError: the cache does not have it, and the service refused or failed.
    """
    return cast("OrdersSummary", _cached("SUMMARY_TTL", summary.summarize_orders))


def _cached(ttl: str, ask: Callable[[DjangoClient], Any]) -> Any:
    client = get_client()
    cache = caches[conf.value_of("CACHE")]
    key = f"statuspro.{ask.__name__}.{_account_of(client)}"
    found = cache.get(key)
    if found is None:
        found = ask(client)
        cache.set(key, found, conf.value_of(ttl))
    return found


def _account_of(client: DjangoClient) -> str:
    """Tells one account from another, for which nothing of the key can be read back."""
    token = getattr(client.auth, "token", "")
    return hashlib.sha256(f"{client.base_url} {token}".encode()).hexdigest()[:32]
