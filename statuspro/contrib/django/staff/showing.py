"""What the pages of a change, and the admin's log, say: what will happen, and what became of it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, NamedTuple

from django.contrib.admin.models import CHANGE, LogEntry
from django.utils.dateparse import parse_datetime

from statuspro._progress import counted
from statuspro.contrib.django.models import Status
from statuspro.contrib.django.staff import cells, sending
from statuspro.contrib.django.staff.cells import badge, span
from statuspro.contrib.django.staff.kinds import FEW
from statuspro.contrib.django.staff.mails import mailed, mails_of
from statuspro.contrib.django.staff.tasks import Task


class Row(NamedTuple):
    """An order on a page.

    Attributes:
        order: the order as the copy has it; None where it does not have it.
        name: its name.
        now: its status or due date when the page was drawn.
        fate: what will happen, or what has.
        note: what there is to add.
        is_skipped: whether nothing is sent for it.
    """

    order: Any
    name: str
    now: Any
    fate: str
    note: str
    is_skipped: bool = False


class Group(NamedTuple):
    """The orders of a page of results that have fared alike."""

    title: str
    advice: str
    level: str
    rows: list[Row]
    has_notes: bool


#: For each fate: the title, what to do, and how the page marks it.
_FATES = {
    sending.UNSURE: (
        "Uncertain",
        "The service did not confirm these. They may have been changed, and their customers "
        "mailed: look before you try again.",
        "warning",
    ),
    sending.REFUSED: ("Refused", "The service did not change these.", "error"),
    sending.NOT_SENT: (
        "Not sent",
        "Nothing was changed, and nobody was mailed for these.",
        "error",
    ),
    sending.SKIPPED: (
        "Skipped",
        "Nothing was sent for these: they cannot be changed so, or are there already.",
        "info",
    ),
    sending.PASSED_OVER: (
        "Passed over, or not done yet",
        "The service has accepted these, and others of the same change are in the status. It says "
        "nothing where it passes over an order that cannot move. Look again in a minute.",
        "warning",
    ),
    sending.ACCEPTED: (
        "Accepted, not known yet",
        "The service works them off later. It passes over an order that cannot move without "
        "saying so. Look again in a minute.",
        "info",
    ),
    sending.DONE: ("Done", "", "success"),
}


def confirmation(task: Task, orders: dict[int, Any], most: int) -> dict[str, Any]:
    """Gives what the page says before anything is sent.

    Args:
        task: the prepared task.
        orders: those of its orders that the copy has.
        most: so many orders are named.
    """
    planned = task.plan["orders"]
    ids = task.ids[:most]
    rows = [_planned_row(task, orders.get(each), planned[str(each)]) for each in ids]
    able = [each for each in task.ids if planned[str(each)]["can"] is not False]
    values = task.values
    return {
        "task": task,
        "title": _question(task, len(able)),
        "rows": rows,
        "more": len(task.ids) - len(rows),
        "able": len(able),
        "skipped": len(task.ids) - len(able),
        "is_asked": task.plan["is_asked"],
        "is_bulk": task.kind == "move" and len(task.ids) > FEW,
        "at": parse_datetime(task.plan["at"]),
        "mails": mails_of(task, orders, able),
        "comment": values.get("comment"),
        "is_public": values.get("public"),
        "status": _badge_of(values["status"]) if task.kind == "move" else None,
        "button": _button(task, len(able)),
    }


def results(task: Task, orders: dict[int, Any]) -> dict[str, Any]:
    """Gives what the page says after it was sent.

    Args:
        task: the task that was sent.
        orders: those of its orders that the copy has.
    """
    outcome = task.outcome or {}
    planned = task.plan["orders"]
    groups = []
    for what, (title, advice, level) in _FATES.items():
        ids = [each for each in task.ids if outcome.get(str(each), {}).get("what") == what]
        rows = [
            Row(
                orders.get(each),
                planned[str(each)]["name"] or f"order {each}",
                _now(task, orders.get(each)),
                title,
                outcome[str(each)]["words"],
            )
            for each in ids
        ]
        if rows:
            has_notes = any(row.note for row in rows)
            groups.append(Group(title, advice, level, rows, has_notes))
    is_open = any(each["what"] in sending.OPEN for each in outcome.values())
    return {
        "task": task,
        "title": f"Result: {_done(task)}",
        "groups": groups,
        "summary": _summary(outcome),
        "is_known": task.outcome is not None,
        "unsent": sum(each["what"] == sending.NOT_SENT for each in outcome.values()),
        "can_look": is_open and task.kind == "move",
        "is_bulk": task.kind == "move" and len(task.ids) > FEW,
        "mailed": mailed(task),
        "names": [planned[str(each)]["name"] for each in task.ids[:10]],
    }


def record(user: Any, task: Task, orders: dict[int, Any]) -> None:
    """Writes into the admin's own log what was sent; no word of a comment, nothing of a customer.

    Args:
        user: the member of the staff.
        task: the task that was sent.
        orders: those of its orders that the copy has.
    """
    said = {
        sending.DONE: "",
        sending.ACCEPTED: " Accepted; whether it was done is not known yet.",
        sending.PASSED_OVER: " Accepted, but it was not seen to be done.",
        sending.UNSURE: " It is uncertain whether it was done.",
    }
    outcome = task.outcome or {}
    for what, more in said.items():
        changed = [
            order
            for order_id, order in orders.items()
            if outcome.get(str(order_id), {}).get("what") == what
        ]
        if changed:
            LogEntry.objects.log_actions(user.pk, changed, CHANGE, f"{_sentence(task)}{more}")


# What is done


def facts_of(order: Any) -> dict[str, Any]:
    """Gives what a page says of one order before its form."""
    return {
        "status": cells.status_badge(order),
        "due": cells.due(order),
        "customer": cells.customer(order),
    }


def _to(task: Task) -> str:
    """Says where a task moves orders, or which day it sets; empty for a comment."""
    if task.kind == "move":
        return f"to {_status_name(task.values['status'])}"
    return f"to {_days(task.values) or 'no day'}" if task.kind == "set_due_date" else ""


def _days(values: dict[str, Any]) -> str:
    first, last = (values[name] and date.fromisoformat(values[name]) for name in ("first", "last"))
    return span(first, last)


def _status_name(code: str) -> str:
    status = Status.objects.filter(pk=code).first()
    return str(status) if status else code


def _badge_of(code: str) -> Any:
    status = Status.objects.filter(pk=code).first()
    return badge(str(status), status.color) if status else code


def _question(task: Task, able: int) -> str:
    which, to = _which(task), _to(task)
    question, refusal = {
        "move": (f"Move {which} {to}?", f"{which} cannot be moved {to}"),
        "comment": (f"Comment {which}?", f"{which} cannot be commented"),
        "set_due_date": (
            f"Set the due date of {which} {to}?",
            f"The due date of {which} cannot be set {to}",
        ),
    }[task.kind]
    return question if able else refusal


def _done(task: Task) -> str:
    which, to = _which(task), _to(task)
    return {
        "move": f"{which} {to}",
        "comment": f"comment on {which}",
        "set_due_date": f"due date of {which} {to}",
    }[task.kind]


def _which(task: Task) -> str:
    if len(task.ids) > 1:
        return counted(len(task.ids))
    (planned,) = task.plan["orders"].values()
    return planned["name"] or f"order {task.ids[0]}"


def _sentence(task: Task) -> str:
    values = task.values
    if task.kind == "move":
        mails = "Mails were asked for." if values["notify"] else "Nobody was mailed."
        comment = " With a comment." if values["comment"] else ""
        return f"Moved {_to(task)} ({values['status']}).{comment} {mails}"
    if task.kind == "comment":
        return f"Added {'a public' if values['public'] else 'an internal'} comment."
    return f"Set the due date {_to(task)}."


def _button(task: Task, able: int) -> str:
    values = task.values
    if task.kind == "move" and values["notify"]:
        whom = "its customer" if able == 1 else "their customers"
        return f"Move {counted(able)} and mail {whom}"
    if task.kind == "move":
        return f"Move {counted(able)}, mail nobody"
    if task.kind == "comment":
        kind = "public" if values["public"] else "internal"
        return f"Add the {kind} comment to {counted(able)}"
    done = "Set" if values["first"] else "Clear"
    return f"{done} the due date of {counted(able)}"


# Rows


def _now(task: Task, order: Any) -> Any:
    if order is None:
        return "not in the copy"
    return cells.due(order) if task.kind == "set_due_date" else cells.status_badge(order)


def _planned_row(task: Task, order: Any, planned: dict[str, Any]) -> Row:
    now = badge(planned["status"], planned["color"]) if planned["status"] else "no status"
    if task.kind == "set_due_date":
        now = _days(planned) or "no due date"
    name = planned["name"] or "not in the copy"
    return Row(order, name, now, _fate(task, planned), planned["note"], planned["can"] is False)


def _fate(task: Task, planned: dict[str, Any]) -> str:
    if task.kind != "move" and planned["can"] is False:
        return "Cannot be changed"
    if task.kind != "move":
        return "Gets the comment" if task.kind == "comment" else "Gets the new due date"
    is_there = planned["code"] == task.values["status"]
    if planned["can"] is False:
        return "Is there already, is skipped" if is_there else "Cannot move there, is skipped"
    if is_there:
        return "Is there already"
    if planned["can"]:
        return "Can move"
    return "Is sent" if len(task.ids) > FEW else "Not known whether it can move"


def _summary(outcome: dict[str, Any]) -> str:
    counts = Counter(each["what"] for each in outcome.values())
    said = [
        f"{counts[what]} {title[0].lower()}{title[1:]}"
        for what, (title, _, _) in reversed(_FATES.items())
        if counts[what]
    ]
    return "; ".join(said)
