"""The payloads of the service, and the keywords of the endpoint functions, as TypedDicts.

A key of a payload is optional here where the service is known to leave it out.
"""

# Annotations are evaluated here: to keep them as texts takes six times as long to import.
from datetime import date, datetime
from typing import Literal, TypedDict

FinancialStatus = Literal[
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "voided",
    "pending",
    "authorized",
    "unpaid",
]

FulfillmentStatus = Literal["unfulfilled", "partial", "restocked", "fulfilled"]

#: What filters by several values take; an empty one is refused, as it would mean all orders.
Strings = list[str] | tuple[str, ...]
FinancialStatuses = list[FinancialStatus] | tuple[FinancialStatus, ...]
FulfillmentStatuses = list[FulfillmentStatus] | tuple[FulfillmentStatus, ...]


class OrderFilters(TypedDict, total=False):
    """The filters of :func:`statuspro.iter_orders` and its like, to be given with `**`."""

    search: str | None
    status_code: str | None
    tags: Strings | None
    tags_any: Strings | None
    financial_status: FinancialStatuses | None
    fulfillment_status: FulfillmentStatuses | None
    exclude_cancelled: bool | None
    due_date_from: date | str | None
    due_date_to: date | str | None


class BulkOptions(TypedDict, total=False):
    """The keywords of :func:`statuspro.bulk_update_order_status`, to be given with `**`."""

    comment: str | None
    public: bool | None
    notify: bool | None
    email_customer: bool | None
    email_additional: bool | None
    send_at: int | None
    due_date: date | str | None


class Customer(TypedDict):
    """The customer of an order."""

    name: str
    email: str
    locale: str


class LocaleTranslation(TypedDict):
    """A status in another language."""

    name: str
    description: str


class _StatusIsSet(TypedDict):
    is_set: bool


class Status(_StatusIsSet, total=False):
    """The status of an order. Many orders have none: `is_set` is False and there is no code."""

    code: str
    name: str
    public_name: str | None
    description: str
    color: str
    public: bool
    set_at: str | None
    auto_change_at: str | None
    translations: dict[str, LocaleTranslation]


# `from` is a keyword, which only the functional form of a TypedDict can name.
MailLog = TypedDict(
    "MailLog",
    {"from": str, "to": str, "subject": str, "delivery_status": str},
)


class HistoryItem(TypedDict):
    """One thing that happened to an order."""

    event: str
    status: Status | None
    comment: str | None
    comment_is_public: bool
    created_at: str
    mail_log: MailLog | None


class ProgressTimelineItem(TypedDict):
    """One step of the progress that the customer sees."""

    name: str
    description: str
    progress: str
    timestamp: str | None


class TimelineItem(TypedDict):
    """One thing of an order's history that the customer may see; what it does not have is None."""

    at: datetime
    code: str | None
    name: str | None
    description: str | None
    color: str | None
    comment: str | None


class _OrderBase(TypedDict):
    id: int
    name: str
    order_number: str
    customer: Customer
    status: Status
    due_date: str | None
    due_date_to: str | None


class OrderListItem(_OrderBase):
    """An order as lists have it."""

    history_count: int


class Order(_OrderBase):
    """An order in detail."""

    history: list[HistoryItem]
    public_progress_timeline: list[ProgressTimelineItem]


class MirroredOrder(OrderListItem, total=False):
    """An order as a mirror has it: the list's item, and the detail where histories are kept."""

    history: list[HistoryItem]
    public_progress_timeline: list[ProgressTimelineItem]


class Change(TypedDict):
    """What a synchronisation of a mirror found to have changed.

    `order` is as it is now; as it was where it is gone.
    """

    kind: Literal["new", "changed", "gone"]
    order: MirroredOrder
    before: MirroredOrder | None
    fields: list[str]
    events: list[HistoryItem]


OrderListMeta = TypedDict(
    "OrderListMeta",
    {
        "current_page": int,
        "from": int | None,
        "last_page": int,
        "per_page": int,
        "to": int | None,
        "total": int,
    },
)


class OrderList(TypedDict):
    """A page of orders, or a whole list."""

    data: list[OrderListItem]
    meta: OrderListMeta


class StatusDefinition(TypedDict):
    """A status as the account defines it."""

    name: str
    description: str
    code: str
    color: str


class ViableStatus(TypedDict):
    """A status that an order can move to now."""

    code: str
    name: str
    description: str
    color: str


class Message(TypedDict):
    """What the service says of a write."""

    message: str


class BulkStatusUpdate(TypedDict):
    """A bulk update was queued; it is applied later."""

    message: str
    count: int
    limit: int


class BulkBatch(TypedDict):
    """One accepted batch of a bulk update of many orders."""

    order_ids: list[int]
    message: str
    count: int
    accepted_total: int


class BulkOutcome(TypedDict):
    """Which orders of a bulk update are in the status; each id stands in one of the lists."""

    applied: list[int]
    not_applied: list[int]


class StatusCount(TypedDict):
    """How many orders have a status."""

    code: str
    name: str
    color: str
    count: int


class OrdersSummary(TypedDict):
    """How many orders there are, by status and by payment and delivery."""

    total: int
    without_status: int
    by_status: list[StatusCount]
    by_financial_status: dict[str, int]
    by_fulfillment_status: dict[str, int]


class BudgetReading(TypedDict):
    """What a client finds in its rate budget.

    `requests` is how many requests of any kind the limit allows in one period. `remaining` is how
    many this client can send now, without what it leaves to others, and `bulk_remaining` how many
    of those can be bulk requests. `next_in` is the seconds until this client can send its next
    request, 0.0 where it can now. Requests that wait for their turn before the client's own count
    in all three, and so does a pause after a refusal.
    """

    requests: int
    remaining: int
    bulk_remaining: int
    next_in: float
