"""Plain records of what the sandbox knows about an order. Times are seconds since 1970 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

FINANCIAL_STATUSES = (
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "voided",
    "pending",
    "authorized",
    "unpaid",
)
FULFILLMENT_STATUSES = ("unfulfilled", "partial", "restocked", "fulfilled")


class Customer(NamedTuple):
    """The customer of an order."""

    name: str
    email: str
    locale: str


class Mail(NamedTuple):
    """An e-mail that the service would have sent. A scheduled one has `send_at`."""

    order_id: int
    to: tuple[str, ...]
    subject: str
    status_code: str
    comment: str | None
    time: float
    send_at: int | None


class Event(NamedTuple):
    """One line of an order's history."""

    event: str
    time: int
    status_code: str | None = None
    comment: str | None = None
    comment_is_public: bool = False
    mail: Mail | None = None


@dataclass
class Order:
    """One order, with everything that the service stores about it. Due dates are `YYYY-MM-DD`."""

    id: int
    number: int
    customer: Customer
    created_at: int
    status_code: str | None = None
    status_set_at: int | None = None
    due_date: str | None = None
    due_date_to: str | None = None
    tags: tuple[str, ...] = ()
    financial_status: str = "paid"
    fulfillment_status: str = "unfulfilled"
    cancelled_at: int | None = None
    additional_emails: tuple[str, ...] = ()
    history: list[Event] = field(default_factory=list[Event])

    @property
    def name(self) -> str:
        """The order's name as the shop prints it, such as `#1188`."""
        return f"#{self.number}"
