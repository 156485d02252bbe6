"""The filters of a list of orders."""

from __future__ import annotations

from dataclasses import dataclass

from .orders import Order


@dataclass(frozen=True)
class Filters:
    """The filters of a list. An order must pass each of them. An empty filter passes."""

    search: str = ""
    status_code: str | None = None
    tags: frozenset[str] = frozenset()
    tags_any: frozenset[str] = frozenset()
    financial_status: frozenset[str] = frozenset()
    fulfillment_status: frozenset[str] = frozenset()
    exclude_cancelled: bool = False
    due_date_from: str | None = None
    due_date_to: str | None = None

    def match(self, order: Order) -> bool:
        """Tells whether `order` passes every filter."""
        return (
            (self.status_code is None or order.status_code == self.status_code)
            and not (self.exclude_cancelled and order.cancelled_at is not None)
            and (not self.financial_status or order.financial_status in self.financial_status)
            and (not self.fulfillment_status or order.fulfillment_status in self.fulfillment_status)
            and self._match_tags(order)
            and self._match_due_date(order)
            and self._match_search(order)
        )

    def _match_tags(self, order: Order) -> bool:
        return self.tags.issubset(order.tags) and not (
            self.tags_any and self.tags_any.isdisjoint(order.tags)
        )

    def _match_due_date(self, order: Order) -> bool:
        first, last = self.due_date_from, self.due_date_to
        if first is None and last is None:
            return True
        due = order.due_date
        return due is not None and (first or due) <= due <= (last or due)

    def _match_search(self, order: Order) -> bool:
        if not self.search:
            return True
        wanted = self.search.casefold()
        # The name holds the number ("#1188"), so a search in the name finds both.
        customer = order.customer
        return any(
            wanted in text.casefold() for text in (order.name, customer.name, customer.email)
        )


EVERYTHING = Filters()
