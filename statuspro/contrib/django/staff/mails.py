"""Whom the service mails when a change is sent: what the pages say before and after."""

from __future__ import annotations

from typing import Any, NamedTuple

from statuspro.contrib.django.staff.kinds import FEW
from statuspro.contrib.django.staff.tasks import Task


class Mails(NamedTuple):
    """Which mails the service sends, in words.

    Attributes:
        level: how the page marks it: `yes`, `no` or `unknown`.
        headline: the short of it.
        words: the long of it.
        names: the customers, where they are few.
    """

    level: str
    headline: str
    words: str
    names: list[str]


def mails_of(task: Task, orders: dict[int, Any], able: list[int]) -> Mails:
    """Says before a change is sent whom the service mails.

    Args:
        task: the prepared task.
        orders: those of its orders that the copy has.
        able: the ids of the orders that can take the change.
    """
    if not able:
        return Mails("no", "Nobody is mailed", "Nothing can be sent.", [])
    if task.kind == "move":
        return _of_move(task, orders, able)
    if task.kind == "comment":
        return Mails(
            "unknown",
            "It is not known whether anybody is mailed",
            "The service has no switch for the mails of a comment, and does not say whether it "
            "mails one. A comment that goes with a move to a status can be sent without a mail.",
            [],
        )
    return Mails(
        "unknown",
        "It is not known whether anybody is mailed",
        "The service has no switch for the mails of a due date, and does not say whether it mails "
        "the new one.",
        [],
    )


def _of_move(task: Task, orders: dict[int, Any], able: list[int]) -> Mails:
    if not task.values["notify"]:
        said = "Neither the customers nor the additional addresses get a mail of this change."
        return Mails("no", "Nobody is mailed", said, [])
    planned = task.plan["orders"]
    is_certain = all(planned[str(each)]["can"] for each in able)
    number = len(able) if is_certain else f"Up to {len(able)}"
    whom = "customer is" if len(able) == 1 else "customers are"
    words = "The service mails the customer of each order, and the order's additional addresses."
    named = [orders[each] for each in able if each in orders]
    names = [
        f"{order.customer_name or 'no name'} ({order.customer_email or 'no e-mail address known'})"
        for order in named
    ]
    return Mails("yes", f"{number} {whom} mailed", words, names if len(names) <= FEW else [])


def mailed(task: Task) -> str:
    """Says whom the service was asked to mail; nothing where it has no switch for that."""
    if task.kind != "move":
        return ""
    if task.values["notify"]:
        return (
            "The service was asked to mail the customers and the additional addresses of the "
            "orders that it moves."
        )
    return "Nobody was mailed."
