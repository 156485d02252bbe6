"""A synchronous Python client for the StatusPro order-status API.

The first program changes nothing. Its key is in `STATUSPRO_API_KEY`, `.env` or `~/.netrc`::

    from statuspro import StatusProClient

    with StatusProClient() as client:
        for order in client.iter_orders(exclude_cancelled=True, max_items=10):
            print(order["name"], order["status"].get("name"), order["due_date"])

Without a key, `python -m statuspro.sandbox` in a shell serves a made-up shop.

Read      iter_orders, list_orders, get_order, get_orders, lookup_order, find_order,
          get_statuses, get_viable_statuses, summarize_orders
Change    update_order_status, add_order_comment, set_order_due_date,
          bulk_update_order_status, iter_bulk_update_order_status, bulk_outcome
Values    due_days, parse_moment, hex_color, public_timeline

Each of these takes the client first, and those of the first two lines are its methods, too. **A
status change e-mails the customer**, unless it is called with `notify=False`.

The doors of other programs:

    statuspro.contrib.django      an app: customers' page, admin, orders in the database
    statuspro.contrib.notebook    frames, drawings, a bar that says why it waits
    statuspro.mirror              a local copy of all orders
    statuspro.testing             fixtures for your tests, on a shop of statuspro.sandbox
    statuspro --help              the command of the shell

Every error is a `StatusProError`. An `APIError` is a response that says no (`status_code`,
`message`), an `APIConnectionError` is none at all. Both say `maybe_applied` where a change was sent
and its outcome is not known: look at the order before you send it again. A `RateLimitError` says
when to come back (`retry_after`, in seconds). Every text ends with its section of docs/errors.rst.
"""

import sys
from typing import TYPE_CHECKING

from statuspro._version import __version__

if TYPE_CHECKING:
    from statuspro.api.bulk import (
        bulk_update_order_status,
        get_orders,
        iter_bulk_update_order_status,
    )
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

#: The modules that hold the public names. They are imported when the first name is asked for: the
#: command line starts without most of them.
_NAMES = {
    "api.bulk": "bulk_update_order_status get_orders iter_bulk_update_order_status",
    "api.orders": """
        find_order get_order get_viable_statuses iter_order_pages iter_orders list_orders
        lookup_order
    """,
    "api.outcome": "bulk_outcome",
    "api.statuses": "get_statuses",
    "api.summary": "summarize_orders",
    "api.updates": "add_order_comment set_order_due_date update_order_status",
    "client": "StatusProClient",
    "errors": """
        APIConnectionError APIError APITimeoutError AuthenticationError BulkUpdateError
        ConfigurationError InvalidResponseError MirrorError NotFoundError
        PermissionDeniedError RateLimitError RedirectError ServerError StatusProError
        TransitionError TruncatedListWarning ValidationError
    """,
    "pacing.limit": "RateLimit",
    "pagination.walk": "paginate",
    "responses": """
        get_error_message handle_response is_error is_success unwrap unwrap_as unwrap_data
    """,
    "session": "AuthenticatedClient Client",
    "values": "due_days hex_color parse_moment public_timeline",
}

_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

#: Modules that are attributes of the package without an import of their own.
_ROOMS = frozenset(
    """
    _arguments _forks _http _json _logging _typing api auth client config errors options pacing
    pagination redaction responses session types values
    """.split()
)

if not TYPE_CHECKING:  # or type checkers would believe every name to be there

    def __getattr__(name: str) -> object:
        """Imports what a public name stands for."""
        from importlib import import_module

        if name in _ROOMS:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # All threads wait for this one. If each imported another module of ours, Python could take
        # what they wait for in requests for a deadlock, and hand out modules that are half made.
        import_module(f"{__name__}.client")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Lists the public names, and the modules that have been imported."""
    shown = (name for name in globals() if name[:2] == "__" or _is_public_module(name))
    return sorted({*shown, *__all__})


def _is_public_module(name: str) -> bool:
    return not name.startswith("_") and f"{__name__}.{name}" in sys.modules
