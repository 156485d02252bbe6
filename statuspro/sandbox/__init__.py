"""An embedded StatusPro server with state, for demonstrations, tests and development."""

from .faults import Effect
from .messages import Record, Response
from .orders import Mail, Order, OrderFields
from .records import OrderRecord
from .sandbox import DEFAULT_API_KEY, Sandbox

__all__ = [
    "DEFAULT_API_KEY",
    "Effect",
    "Mail",
    "Order",
    "OrderFields",
    "OrderRecord",
    "Record",
    "Response",
    "Sandbox",
]
