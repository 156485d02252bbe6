"""Decides whether orders are read from the mirror or asked for of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, transaction

from statuspro.contrib.django import conf
from statuspro.errors import MirrorError

if TYPE_CHECKING:
    from statuspro.contrib.django.mirror import DatabaseMirror


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
