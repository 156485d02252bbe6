"""The changes that the staff prepare, kept in the database: each is sent at most once."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from django.db import router
from django.utils import timezone

from statuspro.contrib.django.models import StaffTask

#: After this a task is deleted, with the comment that it may hold.
_KEPT = timedelta(days=1)


def database() -> str:
    """Names the database of the tasks: always the one that is written, so that nothing lags."""
    alias: str = router.db_for_write(StaffTask)
    return alias


class Task:
    """A change that a member of the staff has prepared or sent.

    Nothing of it changes but that it is sent and what became of it: what a page shows is what its
    button sends.

    Attributes:
        token: its name in addresses, which cannot be guessed.
        kind: the name of its kind.
        ids: the orders.
        back: the address of the page that it began on.
        values: what was filled in; empty where only the orders are chosen.
        plan: what was known of the orders when the page was drawn; empty like `values`.
        sent_at: when it was sent; None before.
        outcome: what became of each order; None where that is not known.
    """

    def __init__(self, row: Any) -> None:
        content = json.loads(row.content)
        self.token: str = row.token
        self.kind: str = row.kind
        self.ids: list[int] = content["ids"]
        self.back: str = content["back"]
        self.values: dict[str, Any] = content["values"]
        self.plan: dict[str, Any] = content["plan"]
        self.sent_at = row.sent_at
        self.outcome: dict[str, Any] | None = row.outcome and json.loads(row.outcome)

    def claim(self) -> bool:
        """Takes the right to send it; False where another request has, in any process."""
        now = timezone.now()
        rows = StaffTask.objects.using(database()).filter(pk=self.token, sent_at=None)
        is_ours = bool(rows.update(sent_at=now) == 1)
        if is_ours:
            self.sent_at = now
        return is_ours

    def keep(self, outcome: dict[str, Any]) -> None:
        """Stores what became of the orders."""
        rows = StaffTask.objects.using(database()).filter(pk=self.token)
        rows.update(outcome=json.dumps(outcome))
        self.outcome = outcome


def new_task(
    user: Any,
    kind: str,
    ids: list[int],
    back: str,
    values: dict[str, Any] | None = None,
    plan: dict[str, Any] | None = None,
) -> Task:
    """Stores a task, and deletes those of the day before.

    Args:
        user: the member of the staff; nobody else gets at the task.
        kind: the name of its kind.
        ids: the orders.
        back: the address of the page that it began on.
        values: what was filled in.
        plan: what is known of the orders.
    """
    rows = StaffTask.objects.using(database())
    now = timezone.now()
    rows.filter(created_at__lt=now - _KEPT).delete()
    content = {"ids": ids, "back": back, "values": values or {}, "plan": plan or {}}
    row = rows.create(
        token=secrets.token_urlsafe(16),
        owner=str(user.pk),
        kind=kind,
        created_at=now,
        content=json.dumps(content),
    )
    return Task(row)


def task_of(user: Any, token: str) -> Task | None:
    """Finds a task of this member of the staff."""
    row = StaffTask.objects.using(database()).filter(pk=token, owner=str(user.pk)).first()
    return row and Task(row)
