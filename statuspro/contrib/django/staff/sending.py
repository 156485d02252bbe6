"""Sends a change once, and says what became of each order; nothing is sent again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from statuspro._arguments import MOST_IDS
from statuspro.contrib.django.models import Order
from statuspro.contrib.django.staff.cells import span
from statuspro.contrib.django.staff.copies import fetch
from statuspro.contrib.django.staff.deadline import Deadline
from statuspro.contrib.django.staff.kinds import FEW
from statuspro.contrib.django.staff.words import (
    FAILURES,
    FAILURES_OF_COPY,
    FAULTS_OF_ORDER,
    is_uncertain,
    told,
)
from statuspro.errors import BulkUpdateError

#: What became of an order, in the order in which a page tells it.
UNSURE, REFUSED, NOT_SENT, SKIPPED, PASSED_OVER, ACCEPTED, DONE = (
    "uncertain",
    "refused",
    "not_sent",
    "skipped",
    "passed_over",
    "accepted",
    "done",
)

#: What another look may find to be done.
OPEN = (UNSURE, ACCEPTED, PASSED_OVER)

#: Seconds in which a bulk update is looked for.
_LOOK = 4.0

#: Seconds that a write needs: with less it would end as uncertain.
_FOR_WRITE = 2.0

#: Seconds that the page keeps for itself.
_REST = 1.0

_AFTER_FAILURE = "What was sent before failed. Nothing was sent for this order."

Outcomes = dict[str, dict[str, str]]


def send(
    kind: str, ids: list[int], values: dict[str, Any], plan: dict[str, Any], deadline: Deadline
) -> Outcomes:
    """Sends a change to the orders that can take it.

    Args:
        kind: the name of the kind of change.
        ids: the orders.
        values: what was filled in.
        plan: what the page has shown of them.
        deadline: that of the page.

    Returns:
        For each id what became of it (`what`), and in `words` what there is to add.
    """
    planned = plan["orders"]
    able = [order_id for order_id in ids if planned[str(order_id)]["can"] is not False]
    if kind == "move" and len(ids) > FEW:
        outcomes = _send_bulk(deadline, able, values)
    else:
        outcomes = _send_each(deadline, kind, able, values, planned)
    for order_id in ids:
        cannot = {"what": SKIPPED, "words": planned[str(order_id)]["note"]}
        outcomes.setdefault(str(order_id), cannot)
    return outcomes


def look_again(outcomes: Outcomes, status_code: str) -> Outcomes:
    """Asks once where the orders of a bulk update are now; nothing is sent but questions.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
        ImproperlyConfigured: there is no key, or the settings cannot be used.
    """
    asked = [int(order_id) for order_id, each in outcomes.items() if each["what"] in OPEN]
    found = Deadline().client().bulk_outcome(asked, status_code, timeout=0)
    return {**outcomes, **_seen(found["applied"], found["not_applied"], outcomes)}


def unsent(outcomes: Outcomes) -> list[int]:
    """Finds the orders that were to be changed, and of which nothing was sent."""
    return [int(order_id) for order_id, each in outcomes.items() if each["what"] == NOT_SENT]


def _send_each(
    deadline: Deadline, kind: str, ids: list[int], values: dict[str, Any], planned: Any
) -> Outcomes:
    """Sends one request for each order; none after the service has failed."""
    outcomes: Outcomes = {}
    has_failed = False
    for order_id in ids:
        if has_failed:
            outcomes.update(_all([order_id], NOT_SENT, _AFTER_FAILURE))
            continue
        is_checked = planned[str(order_id)]["can"] is None
        outcome, error = _send_one(deadline, kind, order_id, values, is_checked)
        outcomes[str(order_id)] = outcome
        has_failed = error is not None and not isinstance(error, FAULTS_OF_ORDER)
    return outcomes


def _send_one(
    deadline: Deadline, kind: str, order_id: int, values: dict[str, Any], is_checked: bool
) -> tuple[dict[str, str], Exception | None]:
    failure: Exception | None = None
    what, words = DONE, ""
    try:
        _write(deadline, kind, order_id, values, is_checked)
    except FAULTS_OF_ORDER as error:
        what, words, failure = REFUSED, told(error), error
    except FAILURES as error:
        what, words, failure = (UNSURE if is_uncertain(error) else NOT_SENT), told(error), error
    if what in (DONE, UNSURE):
        words = _read_back(deadline, kind, order_id, what)
    return {"what": what, "words": words}, failure


def _write(
    deadline: Deadline, kind: str, order_id: int, values: dict[str, Any], is_checked: bool
) -> None:
    client = deadline.client(_FOR_WRITE)
    comment, public = values.get("comment") or None, values.get("public") or None
    if kind == "move":
        client.update_order_status(
            order_id,
            values["status"],
            comment=comment,
            public=public,
            notify=values["notify"],
            check=is_checked,
        )
    elif kind == "comment":
        client.add_order_comment(order_id, values["comment"], public=public)
    else:
        client.set_order_due_date(order_id, values["first"], due_date_to=values["last"])


def _read_back(deadline: Deadline, kind: str, order_id: int, what: str) -> str:
    """Fetches the order into the copy; says what it is now where the change is not certain."""
    try:
        fetch(deadline.client(), order_id)
    except FAILURES_OF_COPY as error:
        return f"The order could not be fetched again: {told(error)}"
    order = Order.objects.filter(pk=order_id).defer("item", "detail").first()
    if what == DONE or order is None:
        return ""
    if kind == "comment":
        return "Its timeline, fetched again, shows whether the comment is there."
    if kind == "move":
        return f"Its status is {order.status_name or order.status_code or 'not set'} now."
    return f"Its due date is {span(order.due_date, order.due_date_to) or 'not set'} now."


# Many orders


def _send_bulk(deadline: Deadline, ids: list[int], values: dict[str, Any]) -> Outcomes:
    """Sends bulk requests, and looks for a few seconds what has become of them."""
    outcomes: Outcomes = {}
    has_failed = False
    for start in range(0, len(ids), MOST_IDS):
        batch = ids[start : start + MOST_IDS]
        if has_failed:
            outcomes.update(_all(batch, NOT_SENT, _AFTER_FAILURE))
            continue
        of_batch = _send_batch(deadline, batch, values)
        outcomes.update(of_batch)
        has_failed = any(each["what"] != ACCEPTED for each in of_batch.values())
    return {**outcomes, **_look(deadline, outcomes, values["status"])}


def _send_batch(deadline: Deadline, ids: list[int], values: dict[str, Any]) -> Outcomes:
    """Sends up to 50 orders in one request."""
    try:
        batches = deadline.client(_FOR_WRITE).iter_bulk_update_order_status(
            ids,
            values["status"],
            comment=values["comment"] or None,
            public=values["public"] or None,
            notify=values["notify"],
        )
        for _ in batches:
            pass
    except BulkUpdateError as error:
        reason = told(error.__cause__ or error)
        fates = (ACCEPTED, error.accepted), (REFUSED, error.refused), (NOT_SENT, error.not_sent)
        outcomes = {key: each for what, of in fates for key, each in _all(of, what, reason).items()}
        return {**outcomes, **_all(error.uncertain, UNSURE, "")}
    except FAILURES as error:
        return _all(ids, NOT_SENT, told(error))
    return _all(ids, ACCEPTED, "")


def _look(deadline: Deadline, outcomes: Outcomes, status_code: str) -> Outcomes:
    accepted = [int(order_id) for order_id, each in outcomes.items() if each["what"] == ACCEPTED]
    seconds = min(_LOOK, deadline.left() - _REST)
    if not accepted or seconds <= 0:
        return {}
    try:
        found = deadline.client().bulk_outcome(accepted, status_code, timeout=seconds)
    except FAILURES as error:
        words = f"The service could not be asked yet what became of it. {told(error)}"
        return _all(accepted, ACCEPTED, words)
    return _seen(found["applied"], found["not_applied"], outcomes)


def _seen(applied: list[int], not_applied: list[int], before: Outcomes) -> Outcomes:
    """What a look tells; where none is found by any look, the service may not have begun."""
    has_begun = applied or any(each["what"] == DONE for each in before.values())
    what = PASSED_OVER if has_begun else ACCEPTED
    left = [order_id for order_id in not_applied if before[str(order_id)]["what"] != UNSURE]
    return {**_all(applied, DONE, ""), **_all(left, what, "")}


def _all(ids: Iterable[int], what: str, words: str) -> Outcomes:
    return {str(order_id): {"what": what, "words": words} for order_id in ids}
