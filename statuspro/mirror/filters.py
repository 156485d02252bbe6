"""The service's filters, as far as what it shows of an order can tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from statuspro._arguments import TRIMMED
from statuspro._flat import value_at
from statuspro.mirror.storage import Json

#: The filters that an order shows to pass, and not only to fail.
_CERTAIN = frozenset({"status_code", "due_date_from", "due_date_to"})

#: Where the service searches.
_SEARCHED = ("name", "order_number", "customer.name", "customer.email")

_ENDS = re.compile(rf"\A{TRIMMED}+|{TRIMMED}+\Z")


def as_received(params: Mapping[str, Any]) -> dict[str, Any]:
    """Makes of query parameters what the service does: it trims texts, and `false` filters nothing.

    Args:
        params: as `filter_params` makes them.
    """
    received = {
        name: _ENDS.sub("", value) if isinstance(value, str) else value
        for name, value in params.items()
    }
    if received.get("exclude_cancelled") == "false":
        del received["exclude_cancelled"]
    return received


def fits(item: Json, params: Mapping[str, Any]) -> bool | None:
    """Tells whether an order passes query parameters; None where only the service can tell."""
    due = day(item.get("due_date"))
    first, last = params.get("due_date_from", ""), params.get("due_date_to", "9")
    is_due = not params.keys() & {"due_date_from", "due_date_to"} or (
        due is not None and first <= due <= last
    )
    code = params.get("status_code")
    has_code = code is None or value_at(item, "status.code") == code
    if not (is_due and has_code and is_found(params.get("search", ""), *_searched(item))):
        return False
    return True if params.keys() <= _CERTAIN else None


def is_found(search: str, *texts: str | None) -> bool:
    """Tells whether one of the texts that the service searches holds what is searched for."""
    wanted = search.casefold()
    return any(wanted in (text or "").casefold() for text in texts)


def day(value: Any) -> str | None:
    """The day of a due date; the service writes it as its midnight in UTC."""
    return value[:10] if isinstance(value, str) else None


def _searched(item: Json) -> list[str]:
    texts = [value_at(item, path) for path in _SEARCHED]
    return [text if isinstance(text, str) else "" for text in texts]
