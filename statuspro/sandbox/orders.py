"""Plain records of what the sandbox knows about an order. Times are seconds since 1970 (UTC)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypedDict

from .catalogue import CATALOGUE, Catalogue

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
    """An e-mail that the service would have sent.

    Attributes:
        order_id: the id of the order that it tells of.
        to: the addresses: the customer's, if it is mailed, before the additional ones.
        subject: the subject, with the order's name and the name of the status.
        status_code: the code of the new status.
        comment: the public comment; None for none, and for an internal one.
        time: when it was sent or scheduled, in seconds since 1970.
        send_at: when a scheduled mail is due, in seconds since 1970; None for the others.
    """

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
    catalogue: Catalogue = field(default_factory=lambda: CATALOGUE, repr=False)

    @property
    def name(self) -> str:
        """The order's name as the shop prints it, such as `#1188`."""
        return f"#{self.number}"


class OrderFields(TypedDict, total=False):
    """What a test may say of a new order, see `Sandbox.add_order`. Times are seconds since 1970."""

    status_code: str | None
    status_set_at: int | None
    customer: Mapping[str, str]
    name: str
    email: str
    locale: str
    due_date: date | str | None
    due_date_to: date | str | None
    tags: Iterable[str]
    additional_emails: Iterable[str]
    financial_status: str
    fulfillment_status: str
    created_at: int
    cancelled_at: int | None
    history: list[Event]
