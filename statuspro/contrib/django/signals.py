"""Signals that tell of an order that is new, has changed or is gone, once that is committed."""

from __future__ import annotations

from django.dispatch import Signal

#: Each is sent by `statuspro.contrib.django.models.Order`, with `order` as it is now (as it was
#: where it is gone), the whole `change` as a sync yields it, and `using`, the database's alias.
order_new = Signal()
order_changed = Signal()
order_gone = Signal()
