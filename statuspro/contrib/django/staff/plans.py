"""What is known of the orders before a change is sent, and whether they have changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from django.utils import timezone

from statuspro.contrib.django.models import Order
from statuspro.contrib.django.staff.copies import fetch, known
from statuspro.contrib.django.staff.deadline import Deadline
from statuspro.contrib.django.staff.kinds import FEW
from statuspro.contrib.django.staff.words import FAILURES, FAULTS_OF_ORDER, told

#: What of an order may not change between the page and its button.
_WATCHED = {"move": ("code",), "comment": (), "set_due_date": ("first", "last")}


class _Verdict(TypedDict):
    """Whether an order can take a change (None where that is not known), and what to add."""

    can: bool | None
    note: str


_UNASKED: _Verdict = {"can": None, "note": ""}
_GONE: _Verdict = {"can": False, "note": "This order is not known any more."}


def asks_service(kind: str, ids: list[int]) -> bool:
    """Tells whether the service is asked for each order, rather than the copy."""
    return bool(_WATCHED[kind]) and (kind != "move" or len(ids) <= FEW)


def plan_of(kind: str, ids: list[int], values: dict[str, Any], orders: Any) -> dict[str, Any]:
    """Finds out what will happen to each order.

    Args:
        kind: the name of the kind of change.
        ids: the orders.
        values: what was filled in.
        orders: the queryset of what the member of the staff may see.

    Returns:
        What JSON can hold. `at` is the moment, `is_asked` whether the service was asked for each
        order, and `orders` has for each id what it is now, whether it `can` move (None where that
        is not known), and a `note`.
    """
    is_asked = asks_service(kind, ids)
    before = known(orders, ids)
    judge = _by_service if is_asked else _by_copy
    verdicts = judge(kind, before, values)
    found = {**before, **known(orders, ids)}
    return {
        "at": timezone.now().isoformat(),
        "is_asked": is_asked,
        "orders": {
            str(order_id): {
                **_shown(found.get(order_id)),
                **verdicts.get(order_id, _UNASKED if order_id in found else _GONE),
            }
            for order_id in ids
        },
    }


def changes_since(
    kind: str, ids: list[int], plan: Mapping[str, Any], orders: Any, deadline: Deadline
) -> dict[int, dict[str, Any]]:
    """Finds the orders that are not any more what the page has shown.

    Args:
        kind: the name of the kind of change.
        ids: the orders.
        plan: what the page has shown.
        orders: the queryset of what the member of the staff may see.
        deadline: that of the page.

    Returns:
        What each of them is now.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        ImproperlyConfigured: there is no key, or the settings cannot be used.
    """
    able = [each for each in ids if plan["orders"][str(each)]["can"] is not False]
    if plan["is_asked"]:
        for order_id in able:
            fetch(deadline.client(), order_id)
    found = known(orders, able)
    now = {order_id: _shown(found.get(order_id)) for order_id in able}
    return {
        order_id: shown
        for order_id, shown in now.items()
        if not shown["is_known"]
        or any(shown[name] != plan["orders"][str(order_id)][name] for name in _WATCHED[kind])
    }


def difference(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Says how an order differs from what a page has shown."""
    if not now["is_known"]:
        return f"{was['name']} is not known any more"
    if was["code"] != now["code"]:
        before, after = (each["status"] or "no status" for each in (was, now))
        return f"{was['name']} is in {after} now, and not in {before} any more"
    return f"{was['name']} has another due date now"


def _shown(order: Order | None) -> dict[str, Any]:
    """What of an order a page shows, as JSON can hold it."""
    if order is None:
        nothing: dict[str, Any] = dict.fromkeys(("code", "status", "color", "first", "last"))
        return {"is_known": False, "name": "", **nothing}
    return {
        "is_known": True,
        "name": str(order),
        "code": order.status_code if order.status_is_set else None,
        "status": order.status_name or order.status_code if order.status_is_set else None,
        "color": order.status_color,
        "first": order.due_date and order.due_date.isoformat(),
        "last": order.due_date_to and order.due_date_to.isoformat(),
    }


def _by_service(
    kind: str, orders: Mapping[int, Order], values: dict[str, Any]
) -> dict[int, _Verdict]:
    """What the service says of each order; it is asked no more after it failed."""
    deadline = Deadline()
    verdicts: dict[int, _Verdict] = {}
    failure = ""
    for order_id in orders:
        if failure:
            verdicts[order_id] = {"can": None, "note": f"Not asked. {failure}"}
            continue
        try:
            verdicts[order_id] = _verdict(deadline, kind, order_id, values)
        except FAULTS_OF_ORDER as error:
            verdicts[order_id] = {"can": False, "note": told(error)}
        except FAILURES as error:
            failure = told(error)
            verdicts[order_id] = {"can": None, "note": f"Not known. {failure}"}
    return verdicts


def _verdict(deadline: Deadline, kind: str, order_id: int, values: dict[str, Any]) -> _Verdict:
    if not fetch(deadline.client(), order_id):
        return _GONE
    if kind != "move":
        return _UNASKED
    viable = deadline.client().get_viable_statuses(order_id)
    if any(status.get("code") == values["status"] for status in viable):
        return {"can": True, "note": ""}
    names = ", ".join(str(status.get("name") or status.get("code")) for status in viable)
    return {"can": False, "note": f"It can move to {names or 'no status'}."}


def _by_copy(kind: str, orders: Mapping[int, Order], values: dict[str, Any]) -> dict[int, _Verdict]:
    """The orders that the copy has in the status already: their customers are not mailed twice."""
    if kind != "move":
        return {}
    return {
        order_id: {"can": False, "note": ""}
        for order_id, order in orders.items()
        if order.status_is_set and order.status_code == values["status"]
    }
