"""What differs between an order as it is kept and as the service shows it."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import blake2b
from typing import Any, Literal, cast

from statuspro._flat import value_at
from statuspro._json import as_array, is_array, is_object
from statuspro.mirror.storage import Json, Kept
from statuspro.types import Change, MirroredOrder, OrderListItem

#: What only the detail of an order says of its status.
_ONLY_IN_DETAIL = "translations"

#: What stays as it is in an entry of a history; the state of its mail does not.
_IDENTITY = ("event", "comment", "comment_is_public", "created_at", "status.code")


def fingerprint(item: Json) -> str:
    """Makes a short text that differs where an item of a list does."""
    text = json.dumps(item, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=12).hexdigest()


def kept(item: Json, detail: Json | None, before: Kept | None, *, listed: bool = True) -> Kept:
    """Makes what is kept of an order.

    Args:
        item: as a list shows it.
        detail: as it was read after that; None where it was not.
        before: as it was kept so far.
        listed: whether the list shows it.
    """
    seen = fingerprint(item)
    if detail is None:
        return Kept(item, None, seen, seen, listed)
    shown = _as_item(detail, item)
    if before is not None and before.detail == detail and before.seen == seen:
        # The item and the detail are what they were the last time, and still differ: the service
        # shows them so. With the detail's fingerprint every sync would fetch it again.
        return Kept(shown, detail, seen, seen, listed)
    return Kept(shown, detail, fingerprint(shown), seen, listed)


def change_between(before: Kept | None, now: Kept, *, is_explained: bool) -> Change | None:
    """Tells what has changed; None if nothing has.

    Args:
        before: as the order was kept; None for a new one.
        now: as it is to be kept.
        is_explained: whether the fields that differ explain why it is in the list or is not.
    """
    order = order_of(now)
    if before is None:
        return _change("new", order, None, [], order.get("history", []))
    fields = [name for name in {**before.item, **now.item} if _differs(before, now, name)]
    if before.listed != now.listed and not (fields and is_explained):
        fields.append("filtered")
    events = _new_events(before.detail or {}, now.detail or {}) if before.detail else []
    if not fields and not events:
        return None
    return _change("changed", order, order_of(before), fields, events)


def gone(before: Kept) -> Change:
    """Tells of an order that the service does not have any more."""
    order = order_of(before)
    return _change("gone", order, order, [], [])


def order_of(kept: Kept) -> MirroredOrder:
    """Joins what the list and the detail show of an order."""
    return cast("MirroredOrder", {**kept.item, **(kept.detail or {})})


def item_of(detail: Json) -> Json:
    """Makes the item that a list would show of an order whose detail alone is known."""
    return _as_item(detail, dict.fromkeys(OrderListItem.__annotations__))


def _change(
    kind: Literal["new", "changed", "gone"],
    order: MirroredOrder,
    before: MirroredOrder | None,
    fields: list[str],
    events: Any,
) -> Change:
    return {"kind": kind, "order": order, "before": before, "fields": fields, "events": events}


def _differs(before: Kept, now: Kept, name: str) -> bool:
    return before.item.get(name) != now.item.get(name)


def _as_item(detail: Json, item: Json) -> Json:
    """The item that a list would show for what the detail shows."""
    shown = {name: detail.get(name, value) for name, value in item.items()}
    status, history = shown.get("status"), detail.get("history")
    if is_object(status):
        shown["status"] = {name: status[name] for name in status if name != _ONLY_IN_DETAIL}
    if "history_count" in item and is_array(history):
        shown["history_count"] = len(history)
    return shown


def _new_events(before: Json, now: Json) -> list[Json]:
    known = Counter(map(_identity, as_array(before.get("history"))))
    new: list[Json] = []
    for entry in as_array(now.get("history")):
        if known[_identity(entry)]:
            known[_identity(entry)] -= 1
        else:
            new.append(entry)
    return new


def _identity(entry: Any) -> str:
    return repr([value_at(entry, path) for path in _IDENTITY] if is_object(entry) else entry)
