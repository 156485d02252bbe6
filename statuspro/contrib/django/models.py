"""The local copy of the orders, as tables of the project's database."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, ClassVar, cast

from django.db import models
from django.db.models.functions import Coalesce

from statuspro.contrib.django import clock
from statuspro.types import MirroredOrder, StatusDefinition

#: Characters of a text that is searched or sorted by. `item` and `detail` hold it whole.
TEXT = 255


def storable(text: str) -> str:
    """Replaces what some databases refuse in a text: NUL, and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def folded(*texts: str) -> str:
    """Makes of texts what `Order.searched` holds: SQLite alone knows capitals in ASCII only."""
    return storable("\n".join(texts)).casefold()


class OrderQuerySet(models.QuerySet["Order"]):
    """Orders, with the questions that shops ask of them."""

    def listed(self) -> OrderQuerySet:
        """Leaves out the orders that have fallen out of the sync's filters."""
        kept: OrderQuerySet = self.filter(listed=True)
        return kept

    def search(self, text: str) -> OrderQuerySet:
        """Keeps the orders that have a text in their number, name, or customer's name or address.

        The text is found in capitals or not, in any alphabet, on every database.

        Args:
            text: as a visitor typed it.
        """
        kept: OrderQuerySet = self.filter(searched__contains=folded(text))
        return kept

    def overdue(self, today: date | None = None) -> OrderQuerySet:
        """Keeps the orders whose last day has passed.

        Args:
            today: the day to compare with; that of the current time zone by default.
        """
        last_day = Coalesce("due_date_to", "due_date")
        day = today or clock.today()
        kept: OrderQuerySet = self.alias(last_day=last_day).filter(last_day__lt=day)
        return kept


class Order(models.Model):
    """An order as the last sync found it.

    The columns are there to search, to sort and to filter by. :meth:`payload` is the order itself.
    """

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=TEXT, db_index=True, blank=True)
    order_number = models.CharField(max_length=TEXT, db_index=True, blank=True)
    customer_name = models.CharField(max_length=TEXT, blank=True)
    customer_email = models.CharField(max_length=TEXT, blank=True)
    customer_locale = models.CharField(max_length=TEXT, blank=True)
    searched = models.TextField(blank=True)
    status_is_set = models.BooleanField()
    status_code = models.CharField(max_length=TEXT, db_index=True, blank=True)
    status_name = models.CharField(max_length=TEXT, blank=True)
    status_color = models.CharField(max_length=7, blank=True)
    status_set_at = models.DateTimeField(null=True)
    due_date = models.DateField(null=True, db_index=True)
    due_date_to = models.DateField(null=True)
    history_count = models.IntegerField(null=True)
    # What a sync has to know of it, see `statuspro.mirror.storage.Kept`.
    listed = models.BooleanField(db_index=True)
    fingerprint = models.CharField(max_length=64)
    seen = models.CharField(max_length=64)
    has_detail = models.BooleanField()
    # Text, as PostgreSQL's own JSON refuses characters that customers' texts may hold.
    item = models.TextField()
    detail = models.TextField(null=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        """Newest first, as the service lists them; staff may be allowed what the admin does."""

        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        permissions: ClassVar[list[tuple[str, str]]] = [
            ("move_order", "Can move an order to another status"),
            ("comment_order", "Can comment an order"),
            ("set_due_date_order", "Can set the due date of an order"),
            ("fetch_order", "Can fetch an order again"),
        ]

    def __str__(self) -> str:
        return str(self.name or f"order {self.pk}")

    def payload(self) -> MirroredOrder:
        """Gives the order in the shape of `get_order`: a new dict with each call.

        Returns:
            The order. It has no `history` where it was synchronised without.
        """
        detail = json.loads(self.detail) if self.detail else {}
        return cast("MirroredOrder", {**json.loads(self.item), **detail})


class HistoryEvent(models.Model):
    """One thing that happened to an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="events")
    position = models.PositiveIntegerField()
    created_at = models.DateTimeField(null=True, db_index=True)
    event = models.CharField(max_length=TEXT, blank=True)
    status_code = models.CharField(max_length=TEXT, blank=True)
    status_name = models.CharField(max_length=TEXT, blank=True)
    comment = models.TextField(null=True)
    comment_is_public = models.BooleanField(null=True)
    entry = models.TextField()

    class Meta:
        """Oldest first, as the service has them."""

        ordering: ClassVar[list[str]] = ["order", "position"]
        default_permissions = ("view",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "position"], name="statuspro_event_of_order"),
        ]

    def __str__(self) -> str:
        return str(self.event or f"event {self.position}")

    def payload(self) -> Any:
        """Gives the entry as the service has it in the `history` of an order."""
        return json.loads(self.entry)


class Status(models.Model):
    """A status of the catalogue."""

    code = models.CharField(max_length=TEXT, primary_key=True)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=TEXT, blank=True)
    description = models.TextField(blank=True)
    color = models.CharField(max_length=7, blank=True)
    definition = models.TextField()

    class Meta:
        """In the catalogue's order."""

        ordering: ClassVar[list[str]] = ["position"]
        default_permissions = ("view",)
        verbose_name_plural = "statuses"

    def __str__(self) -> str:
        return str(self.name or self.code)

    def payload(self) -> StatusDefinition:
        """Gives the status in the shape of `get_statuses`."""
        return cast("StatusDefinition", json.loads(self.definition))


class QueuedOrder(models.Model):
    """An order that a sync has seen to be new or changed, and that it has not stored yet."""

    id = models.BigIntegerField(primary_key=True)
    position = models.BigIntegerField(null=True, db_index=True)
    item = models.TextField()
    detail = models.TextField(null=True)

    class Meta:
        """In the order in which a sync takes them; no person works with them."""

        ordering: ClassVar[list[str]] = ["position"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"order {self.pk} to be stored"


class SyncState(models.Model):
    """A short text that a sync keeps for the next one."""

    name = models.CharField(max_length=TEXT, primary_key=True)
    value = models.TextField()

    class Meta:
        """No person works with them."""

        default_permissions = ()

    def __str__(self) -> str:
        return str(self.name)


class UnsentChange(models.Model):
    """A change that a sync has stored, and that the signals have not told yet."""

    change = models.TextField()

    class Meta:
        """In the order in which they were stored; no person works with them."""

        ordering: ClassVar[list[str]] = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"change {self.pk} to be told"


class StaffTask(models.Model):
    """A change that a member of the staff prepares in the admin, and that is sent at most once."""

    token = models.CharField(max_length=43, primary_key=True)
    owner = models.CharField(max_length=TEXT)
    kind = models.CharField(max_length=20)
    created_at = models.DateTimeField(db_index=True)
    content = models.TextField()
    sent_at = models.DateTimeField(null=True)
    outcome = models.TextField(null=True)

    class Meta:
        """The newest first; no person works with them."""

        ordering: ClassVar[list[str]] = ["-created_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} of {self.created_at:%Y-%m-%d %H:%M}"
