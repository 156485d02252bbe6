"""The admin: orders to look at, and what the staff may do with them; the catalogue to look at."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.http import HttpResponse

from statuspro.contrib.django.models import Order, Status
from statuspro.contrib.django.staff import cells
from statuspro.contrib.django.staff.copies import as_of
from statuspro.contrib.django.staff.filters import (
    DueFilter,
    HasStatusFilter,
    ListedFilter,
    StatusFilter,
)
from statuspro.contrib.django.staff.kinds import KINDS
from statuspro.contrib.django.staff.pages import Pages
from statuspro.contrib.django.staff.timeline import timeline


class ReadOnlyAdmin(admin.ModelAdmin):  # pyright: ignore[reportMissingTypeArgument]
    """Rows that a sync writes: nobody adds, changes or deletes them by hand."""

    class Media:
        """The badges."""

        css: ClassVar[dict[str, list[str]]] = {"all": ["statuspro/admin.css"]}

    def has_add_permission(self, request: Any) -> bool:
        """Allows nobody to add."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Allows nobody to change."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Allows nobody to delete."""
        return False


class OrderList(ChangeList):
    """The list, which leaves in the database what the service said of each order."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> Any:
        """Gives the orders without their payloads."""
        return super().get_queryset(*args, **kwargs).defer("item", "detail", "searched")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders: a list, the history of each, and the changes that the service makes for the staff."""

    list_display = ("order_name", "status", "due", "customer")
    list_filter = (StatusFilter, DueFilter, HasStatusFilter, ListedFilter)
    search_fields = ("searched",)
    search_help_text = "Number, name, customer's name or e-mail address"
    actions = ("move", "comment", "set_due_date", "fetch")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("order_name", "number", "status", "status_set_at", "due")}),
        ("Customer", {"fields": ("customer_name", "customer_email", "customer_locale")}),
        ("Copy", {"fields": ("order_id", "listed", "history_count"), "classes": ("collapse",)}),
    )

    # What is shown

    @admin.display(description="order", ordering="name")
    def order_name(self, order: Any) -> str:
        """Gives the name of an order, or its id."""
        return str(order)

    @admin.display(description="number", empty_value="-")
    def number(self, order: Any) -> str:
        """Gives the number as it is written: without signs between its digits."""
        return str(order.order_number)

    @admin.display(description="id at the service")
    def order_id(self, order: Any) -> str:
        """Gives the id as it is written: without signs between its digits."""
        return str(order.pk)

    @admin.display(description="status", ordering="status_name")
    def status(self, order: Any) -> Any:
        """Draws the status as a badge."""
        return cells.status_badge(order)

    @admin.display(description="due date", ordering="due_date")
    def due(self, order: Any) -> Any:
        """Writes the due date, and whether it is overdue."""
        return cells.due(order)

    @admin.display(description="customer", ordering="customer_name")
    def customer(self, order: Any) -> Any:
        """Writes the customer's name and address."""
        return cells.customer(order)

    def get_changelist(self, request: Any, **kwargs: Any) -> type[ChangeList]:
        """Gives the list that leaves the payloads in the database."""
        return OrderList

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Finds each word in capitals or not, in any alphabet, on every database."""
        for word in search_term.split():
            queryset = queryset.search(word)
        return queryset, False

    # Here, as in the app's own pages, nothing that a request fails on undoes what was stored.
    @transaction.non_atomic_requests
    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        """Shows the list, and of when it is."""
        more = {"subtitle": as_of(), **(extra_context or {})}
        return super().changelist_view(request, more)

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Shows an order, its timeline, and the changes that this member of the staff may make."""
        order = self.get_object(request, object_id)
        may = {
            "timeline": timeline(order) if order else [],
            "kinds": [kind for kind in KINDS.values() if self._may(request, kind.name)],
            "may_fetch": self.has_fetch_permission(request),
        }
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """Adds the pages of the changes."""
        return [*Pages(self).urls(), *super().get_urls()]

    # Who may

    def has_move_permission(self, request: Any) -> bool:
        """Allows to move orders."""
        return self._may(request, "move")

    def has_comment_permission(self, request: Any) -> bool:
        """Allows to comment orders."""
        return self._may(request, "comment")

    def has_set_due_date_permission(self, request: Any) -> bool:
        """Allows to set due dates."""
        return self._may(request, "set_due_date")

    def has_fetch_permission(self, request: Any) -> bool:
        """Allows to fetch orders again."""
        return self._may(request, "fetch")

    def _may(self, request: Any, name: str) -> bool:
        is_allowed = request.user.has_perm(f"statuspro.{name}_order")
        return bool(is_allowed and self.has_view_permission(request))

    # Actions of the list

    @admin.action(permissions=["move"], description=KINDS["move"].label)
    def move(self, request: Any, queryset: Any) -> HttpResponse:
        """Goes to the page on which a status is chosen."""
        return Pages(self).begin(KINDS["move"], request, queryset)

    @admin.action(permissions=["comment"], description=KINDS["comment"].label)
    def comment(self, request: Any, queryset: Any) -> HttpResponse:
        """Goes to the page on which a comment is written."""
        return Pages(self).begin(KINDS["comment"], request, queryset)

    @admin.action(permissions=["set_due_date"], description=KINDS["set_due_date"].label)
    def set_due_date(self, request: Any, queryset: Any) -> HttpResponse:
        """Goes to the page on which a due date is chosen."""
        return Pages(self).begin(KINDS["set_due_date"], request, queryset)

    @admin.action(permissions=["fetch"], description="Fetch again")
    def fetch(self, request: Any, queryset: Any) -> None:
        """Asks the service for the orders, and stores them."""
        Pages(self).fetch_chosen(request, queryset)


@admin.register(Status)
class StatusAdmin(ReadOnlyAdmin):
    """The catalogue, in its order."""

    list_display = ("badge", "code", "description")
    list_display_links = ("badge",)
    ordering = ("position",)
    fields = ("badge", "code", "description")

    @admin.display(description="status", ordering="position")
    def badge(self, status: Any) -> Any:
        """Draws the status as a badge."""
        return cells.badge(str(status), status.color)
