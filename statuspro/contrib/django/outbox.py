"""Has the signals tell of changes: once they are committed, and after a kill too."""

from __future__ import annotations

import json
from functools import partial

from django.db import transaction
from django.dispatch import Signal

from statuspro.contrib.django.models import Order, UnsentChange
from statuspro.contrib.django.signals import order_changed, order_gone, order_new
from statuspro.types import Change

_SIGNALS: dict[str, Signal] = {"new": order_new, "changed": order_changed, "gone": order_gone}


def tell(change: Change, using: str) -> None:
    """Sends a change's signal when the transaction is committed.

    A receiver that fails does not keep the others from being told; Django logs its error.

    Args:
        change: what has changed.
        using: the alias of the database.
    """
    if _SIGNALS[change["kind"]].has_listeners(Order):
        transaction.on_commit(partial(_send, change, using), using=using)


def tell_surely(change: Change, using: str) -> None:
    """Does as :func:`tell`; where the process is killed before, :func:`tell_unsent` sends it.

    To be called within the transaction that stores what has changed.

    Args:
        change: what has changed.
        using: the alias of the database.
    """
    if _SIGNALS[change["kind"]].has_listeners(Order):
        row = UnsentChange.objects.using(using).create(change=json.dumps(change))
        transaction.on_commit(partial(_send_row, row, change, using), using=using)


def tell_unsent(using: str) -> None:
    """Sends what a killed synchronisation has stored and not told, or not told to the end.

    Args:
        using: the alias of the database.
    """
    for row in UnsentChange.objects.using(using):
        _send_row(row, json.loads(row.change), using)


def _send_row(row: UnsentChange, change: Change, using: str) -> None:
    _send(change, using)
    row.delete()


def _send(change: Change, using: str) -> None:
    signal = _SIGNALS[change["kind"]]
    signal.send_robust(sender=Order, order=change["order"], change=change, using=using)
