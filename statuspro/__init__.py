"""A synchronous Python client for the StatusPro order-status API."""

from statuspro._version import __version__
from statuspro.api.bulk import bulk_update_order_status, get_orders, iter_bulk_update_order_status
from statuspro.api.orders import (
    find_order,
    get_order,
    get_viable_statuses,
    iter_order_pages,
    iter_orders,
    list_orders,
    lookup_order,
)
from statuspro.api.outcome import bulk_outcome
from statuspro.api.statuses import get_statuses
from statuspro.api.summary import summarize_orders
from statuspro.api.updates import add_order_comment, set_order_due_date, update_order_status
from statuspro.client import StatusProClient
from statuspro.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    BulkUpdateError,
    ConfigurationError,
    InvalidResponseError,
    MirrorError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProError,
    TransitionError,
    TruncatedListWarning,
    ValidationError,
)
from statuspro.pacing.limit import RateLimit
from statuspro.pagination.walk import paginate
from statuspro.responses import (
    get_error_message,
    handle_response,
    is_error,
    is_success,
    unwrap,
    unwrap_as,
    unwrap_data,
)
from statuspro.session import AuthenticatedClient, Client
from statuspro.values import due_days, hex_color, parse_moment, public_timeline

__all__ = [
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "AuthenticatedClient",
    "AuthenticationError",
    "BulkUpdateError",
    "Client",
    "ConfigurationError",
    "InvalidResponseError",
    "MirrorError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimit",
    "RateLimitError",
    "RedirectError",
    "ServerError",
    "StatusProClient",
    "StatusProError",
    "TransitionError",
    "TruncatedListWarning",
    "ValidationError",
    "__version__",
    "add_order_comment",
    "bulk_outcome",
    "bulk_update_order_status",
    "due_days",
    "find_order",
    "get_error_message",
    "get_order",
    "get_orders",
    "get_statuses",
    "get_viable_statuses",
    "handle_response",
    "hex_color",
    "is_error",
    "is_success",
    "iter_bulk_update_order_status",
    "iter_order_pages",
    "iter_orders",
    "list_orders",
    "lookup_order",
    "paginate",
    "parse_moment",
    "public_timeline",
    "set_order_due_date",
    "summarize_orders",
    "unwrap",
    "unwrap_as",
    "unwrap_data",
    "update_order_status",
]
