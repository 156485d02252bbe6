"""The Django app: add `statuspro.contrib.django` to INSTALLED_APPS.

The dict STATUSPRO in the settings holds the keywords of :class:`statuspro.StatusProClient` in
capitals. Nothing is looked up before :func:`get_client` is called.
"""

try:
    import django  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "django":
        raise
    hint = 'statuspro.contrib.django needs Django: pip install "statuspro[django]"'
    raise ModuleNotFoundError(hint, name="django") from None

from statuspro.contrib.django.asynchronous import (
    aadd_order_comment,
    abulk_outcome,
    abulk_update_order_status,
    afind_order,
    aget_order,
    aget_statuses,
    aget_viable_statuses,
    alist_orders,
    alookup_order,
    aset_order_due_date,
    asummarize_orders,
    aupdate_order_status,
)
from statuspro.contrib.django.client import DjangoClient, get_client, reset_client

__all__ = [
    "DjangoClient",
    "aadd_order_comment",
    "abulk_outcome",
    "abulk_update_order_status",
    "afind_order",
    "aget_order",
    "aget_statuses",
    "aget_viable_statuses",
    "alist_orders",
    "alookup_order",
    "aset_order_due_date",
    "asummarize_orders",
    "aupdate_order_status",
    "get_client",
    "reset_client",
]
