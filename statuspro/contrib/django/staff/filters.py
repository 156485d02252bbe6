"""Filters of the admin's list of orders: by status, due date, and whether the sync has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.html import format_html

from statuspro.contrib.django import clock
from statuspro.contrib.django.models import Status
from statuspro.contrib.django.staff.cells import dot


class StatusFilter(admin.SimpleListFilter):
    """Keeps the orders in one status; the statuses stand as in the catalogue, with colours."""

    title = "status"
    parameter_name = "status"

    #: Stands for an order without a status: no code is so short.
    _NONE: ClassVar[str] = "-"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """Reads the catalogue."""
        statuses = list(Status.objects.only("code", "name", "color"))
        self._colors = {status.code: status.color for status in statuses}
        return [*((status.code, str(status)) for status in statuses), (self._NONE, "no status")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keeps the orders of the status that was chosen."""
        if self.value() is None:
            return queryset
        if self.value() == self._NONE:
            return queryset.filter(status_is_set=False)
        return queryset.filter(status_is_set=True, status_code=self.value())

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Adds the colours to the names."""
        codes = [None, *(code for code, _ in self.lookup_choices)]
        for code, choice in zip(codes, super().choices(changelist), strict=True):
            if color := self._colors.get(code):
                choice["display"] = format_html("{}{}", dot(color), choice["display"])
            yield choice


class HasStatusFilter(admin.SimpleListFilter):
    """Keeps the orders that have a status, or those that have none."""

    title = "has a status"
    parameter_name = "has_status"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """Offers both."""
        return [("1", "Yes"), ("0", "No")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keeps the orders of the answer that was chosen."""
        if self.value() not in ("0", "1"):
            return queryset
        return queryset.filter(status_is_set=self.value() == "1")


class DueFilter(admin.SimpleListFilter):
    """Keeps the orders that are overdue, due today or soon, or on no day."""

    title = "due"
    parameter_name = "due"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """Offers the days in their order."""
        return [
            ("overdue", "Overdue"),
            ("today", "Today"),
            ("week", "Today or in the next 7 days"),
            ("none", "No due date"),
        ]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keeps the orders whose span reaches into the days that were chosen."""
        today = clock.today()
        days = queryset.alias(
            first_day=Coalesce("due_date", "due_date_to"),
            last_day=Coalesce("due_date_to", "due_date"),
        )
        chosen = {
            "overdue": Q(last_day__lt=today),
            "today": Q(first_day__lte=today, last_day__gte=today),
            "week": Q(first_day__lte=today + timedelta(days=7), last_day__gte=today),
            "none": Q(last_day=None),
        }.get(self.value() or "")
        return queryset if chosen is None else days.filter(chosen)


class ListedFilter(admin.SimpleListFilter):
    """Leaves out the orders that the sync does not find any more, unless they are asked for."""

    title = "in the list of the service"
    parameter_name = "listed"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """Offers the other orders too."""
        return [("0", "Not any more"), ("all", "All")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keeps those that are listed where nothing was chosen."""
        if self.value() == "all":
            return queryset
        return queryset.filter(listed=self.value() != "0")

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Calls the default by its name."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Yes"}
        yield from others
