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

    #: A text in the order's number or in its customer's name or address, such as `Lee`.
    search: str | None
    #: The code of a status, such as `st000002`.
    status_code: str | None
    #: Tags that an order has all of, such as `["rush", "gift"]`.
    tags: Strings | None
    #: Tags that an order has one of, such as `["rush", "gift"]`.
    tags_any: Strings | None
    #: What an order has one of, such as `["paid"]`. No order shows its own.
    financial_status: FinancialStatuses | None
    #: What an order has one of, such as `["unfulfilled"]`. No order shows its own.
    fulfillment_status: FulfillmentStatuses | None
    #: Whether cancelled orders are left out, such as `True`. No order shows it.
    exclude_cancelled: bool | None
    #: The first due day, such as `date(2026, 3, 15)` or `2026-03-15`.
    due_date_from: date | str | None
    #: The last due day, such as `date(2026, 3, 31)` or `2026-03-31`.
    due_date_to: date | str | None


class BulkOptions(TypedDict, total=False):
    """The keywords of :func:`statuspro.bulk_update_order_status`, to be given with `**`."""

    #: A comment in the history of each order, such as `Packed`.
    comment: str | None
    #: Whether the customer may see the comment. The service's default is `False`.
    public: bool | None
    #: Sets both of the next two, such as `False`.
    notify: bool | None
    #: Whether the service mails the customer. The service's default is `True`.
    email_customer: bool | None
    #: Whether it mails the order's other addresses. The service's default is `True`.
    email_additional: bool | None
    #: When the service sends the mails, in seconds since 1970, such as `1773561600`.
    send_at: int | None
    #: A new due day, such as `date(2026, 3, 15)` or `2026-03-15`.
    due_date: date | str | None


class Customer(TypedDict):
    """The customer of an order."""

    #: Such as `Ann Lee`. The customer has chosen it.
    name: str
    #: Such as `ann@lee.test`.
    email: str
    #: The customer's language, such as `en`.
    locale: str


class LocaleTranslation(TypedDict):
    """A status in another language."""

    #: Such as `In Arbeit`.
    name: str
    #: Such as `Ein Tischler arbeitet gerade daran.`
    description: str


class _StatusIsSet(TypedDict):
    #: Whether the order has a status. Where it is `False`, all other fields are missing.
    is_set: bool


class Status(_StatusIsSet, total=False):
    """The status of an order. Many orders have none: `is_set` is False and there is no code."""

    #: Such as `st000002`. The account's own: another shop has other codes.
    code: str
    #: The name for the staff, such as `In Production`.
    name: str
    #: The name for customers, such as `On the workbench`. None where it has none.
    public_name: str | None
    #: Such as `A joiner is making this piece right now.`
    description: str
    #: Such as `#EC4899`; see :func:`statuspro.hex_color`.
    color: str
    #: Whether customers see the status, such as `True`.
    public: bool
    #: When the order got the status, such as `2026-03-01T09:30:00+00:00`, or None.
    set_at: str | None
    #: When the service moves the order on, such as `2026-03-11T09:30:00+00:00`, or None.
    auto_change_at: str | None
    #: By language, such as `de`. Lists and histories do not have it.
    translations: dict[str, LocaleTranslation]


# `from` is a keyword, which only the functional form of a TypedDict can name.

#: The mail that told a customer of an event.
MailLog = TypedDict(
    "MailLog",
    {
        #: The sender, such as `updates@shop.test`.
        "from": str,
        #: The addressee, such as `ann@lee.test`.
        "to": str,
        #: Such as `Order #1188: Shipped`.
        "subject": str,
        #: How far the mail is, such as `sent`. It changes afterwards.
        "delivery_status": str,
    },
)


class HistoryItem(TypedDict):
    """One thing that happened to an order."""

    #: What happened, such as `status_updated`.
    event: str
    #: The status that was set. None where the event set none, as a comment.
    status: Status | None
    #: Such as `Packed by the window`. None where there is none.
    comment: str | None
    #: Whether the customer may see the comment, such as `False`.
    comment_is_public: bool
    #: When it happened, such as `2026-03-01T09:30:00+00:00`.
    created_at: str
    #: The mail that told of it. None where none was sent.
    mail_log: MailLog | None


class ProgressTimelineItem(TypedDict):
    """One step of the progress that the customer sees."""

    #: The step's name for customers, such as `On the workbench`.
    name: str
    #: Such as `A joiner is making this piece right now.`
    description: str
    #: How far the step is, such as `complete` or `current`.
    progress: str
    #: When the order came there, such as `2026-03-01T09:30:00+00:00`. None where it has not.
    timestamp: str | None


class TimelineItem(TypedDict):
    """One thing of an order's history that the customer may see; what it does not have is None."""

    #: The moment, in UTC, such as `datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)`.
    at: datetime
    #: The code of the status, such as `st000002`. None for a comment alone.
    code: str | None
    #: The public name of the status, such as `On the workbench`. None for a comment alone.
    name: str | None
    #: Such as `A joiner is making this piece right now.` None for a comment alone.
    description: str | None
    #: Such as `#ec4899`. None for a comment alone.
    color: str | None
    #: A public comment, such as `Your oak has arrived`. None where there is none.
    comment: str | None


class _OrderBase(TypedDict):
    #: Such as `6110375248088`. It is longer than 32 bits.
    id: int
    #: The number as the customer knows it, such as `#1188`.
    name: str
    #: The number alone, such as `1188`.
    order_number: str
    #: Whose order it is.
    customer: Customer
    #: The present status. Many orders have none: then `is_set` is `False`.
    status: Status
    #: The due day as `2026-03-15T00:00:00+00:00`. None where the order has none.
    due_date: str | None
    #: The last day of a span, such as `2026-03-17T00:00:00+00:00`. None for one day.
    due_date_to: str | None


class OrderListItem(_OrderBase):
    """An order as lists have it."""

    #: How many entries the history has, such as `4`. The detail does not have it.
    history_count: int


class Order(_OrderBase):
    """An order in detail."""

    #: What happened to the order. Lists do not have it.
    history: list[HistoryItem]
    #: The steps that customers see. Lists do not have it.
    public_progress_timeline: list[ProgressTimelineItem]


class MirroredOrder(OrderListItem, total=False):
    """An order as a mirror has it: the list's item, and the detail where histories are kept."""

    #: What happened to the order. Missing where the mirror keeps no histories.
    history: list[HistoryItem]
    #: The steps that customers see. Missing where the mirror keeps no histories.
    public_progress_timeline: list[ProgressTimelineItem]


class Change(TypedDict):
    """What a synchronisation of a mirror found to have changed.

    `order` is as it is now; as it was where it is gone.
    """

    #: Such as `changed`.
    kind: Literal["new", "changed", "gone"]
    #: As it is now; as it was last where it is gone.
    order: MirroredOrder
    #: As the mirror had it. None for a new order.
    before: MirroredOrder | None
    #: What differs, such as `["status", "due_date"]`. Empty where the order is new or gone.
    fields: list[str]
    #: What is new in its history. Empty where the mirror keeps no histories.
    events: list[HistoryItem]


#: Where a page of a list is, and how long the list is. Of a list that was joined it is one page.
OrderListMeta = TypedDict(
    "OrderListMeta",
    {
        #: Which page this is, from `1` on.
        "current_page": int,
        #: The position of the page's first order, such as `101`. None on an empty page.
        "from": int | None,
        #: How many pages there are, such as `7`.
        "last_page": int,
        #: How many orders a page has, such as `100`.
        "per_page": int,
        #: The position of the page's last order, such as `200`. None on an empty page.
        "to": int | None,
        #: How many orders there are on all pages, such as `640`.
        "total": int,
    },
)


class OrderList(TypedDict):
    """A page of orders, or a whole list."""

    #: The orders, the newest first.
    data: list[OrderListItem]
    #: Where the page is in the list, and how long the list is.
    meta: OrderListMeta


class StatusDefinition(TypedDict):
    """A status as the account defines it."""

    #: Such as `In Production`.
    name: str
    #: Such as `A joiner is making this piece right now.`
    description: str
    #: Such as `st000002`.
    code: str
    #: The name of a colour, such as `pink`; see :func:`statuspro.hex_color`.
    color: str


class ViableStatus(TypedDict):
    """A status that an order can move to now."""

    #: Such as `st000002`.
    code: str
    #: Such as `In Production`.
    name: str
    #: Such as `A joiner is making this piece right now.`
    description: str
    #: The name of a colour, such as `pink`; see :func:`statuspro.hex_color`.
    color: str


class Message(TypedDict):
    """What the service says of a write."""

    #: A sentence of the service's, such as `Status updated.`
    message: str


class BulkStatusUpdate(TypedDict):
    """A bulk update was queued; it is applied later."""

    #: A sentence of the service's, such as `Bulk update queued.`
    message: str
    #: How many orders are queued, such as `50`.
    count: int
    #: How many orders one request may have, such as `50`.
    limit: int


class BulkBatch(TypedDict):
    """One accepted batch of a bulk update of many orders."""

    #: The orders of the batch, such as `[6110375248088]`.
    order_ids: list[int]
    #: A sentence of the service's, such as `Bulk update queued.`
    message: str
    #: How many orders of the batch are queued, such as `50`.
    count: int
    #: How many orders the service has accepted so far, such as `150`.
    accepted_total: int


class BulkOutcome(TypedDict):
    """Which orders of a bulk update are in the status; each id stands in one of the lists."""

    #: The orders that are in the status, such as `[6110375248088]`.
    applied: list[int]
    #: All others, such as `[6110375249001]`.
    not_applied: list[int]


class StatusCount(TypedDict):
    """How many orders have a status."""

    #: Such as `st000002`.
    code: str
    #: Such as `In Production`.
    name: str
    #: The name of a colour, such as `pink`.
    color: str
    #: How many orders have the status, such as `42`.
    count: int


class OrdersSummary(TypedDict):
    """How many orders there are, by status and by payment and delivery."""

    #: How many orders are not cancelled, such as `640`.
    total: int
    #: How many of these have no status, such as `120`.
    without_status: int
    #: A count for each status of the account.
    by_status: list[StatusCount]
    #: Counts by payment, such as `{"paid": 500}`. Empty from a mirror.
    by_financial_status: dict[str, int]
    #: Counts by delivery, such as `{"unfulfilled": 80}`. Empty from a mirror.
    by_fulfillment_status: dict[str, int]


class BudgetReading(TypedDict):
    """What a client finds in its rate budget.

    Requests that wait for their turn before the client's own count in all fields but the first, and
    so does a pause after a refusal.
    """

    #: How many requests of any kind the limit allows in one period, such as `60`.
    requests: int
    #: How many this client can send now, without what it leaves to others, such as `38`.
    remaining: int
    #: How many of those can be bulk requests, such as `5`.
    bulk_remaining: int
    #: The seconds until this client can send its next request, such as `0.0`: now.
    next_in: float
