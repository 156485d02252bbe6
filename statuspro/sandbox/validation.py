"""Reads and checks the queries and bodies of the endpoints, each field by its rules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from . import rules
from .catalogue import CATALOGUE, Catalogue
from .filters import Filters
from .orders import FINANCIAL_STATUSES, FULFILLMENT_STATUSES
from .rules import (
    ARRAY,
    BOOLEAN,
    DATE,
    EMAIL,
    INTEGER,
    STRING,
    Rule,
    Validator,
    received,
    to_integer,
)
from .store import StatusChange

BULK_LIMIT = 50
MAX_PER_PAGE = 100
DEFAULT_PER_PAGE = 15

_ARRAY_NAME = re.compile(r"(\w+)\[\d*\]", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

#: In a query the service accepts `true` and `false` too. Laravel's own rule refuses them.
_QUERY_BOOLEAN = Rule(lambda value: isinstance(value, str) and value in _BOOLEANS, BOOLEAN.reason)


class MalformedError(Exception):
    """The request cannot be parsed."""


# Queries


@dataclass(frozen=True)
class ListQuery:
    """A page of the list, as the caller asks for it."""

    filters: Filters
    page: int
    per_page: int


def _received_query(query: Mapping[str, list[str]]) -> dict[str, Any]:
    """Reads the parameters as PHP does: the last value of a repeated scalar counts."""
    values: dict[str, Any] = {}
    for name, given in query.items():
        if array := _ARRAY_NAME.fullmatch(name):
            earlier = values.get(array[1])
            values[array[1]] = [*(earlier if isinstance(earlier, list) else ()), *given]
        else:
            values[name] = given[-1]
    return cast("dict[str, Any]", received(values))


def read_list_query(query: Mapping[str, list[str]]) -> ListQuery:
    """Reads which page of which list the query asks for.

    Raises:
        InvalidError: a value is refused.
    """
    checked = Validator(_received_query(query))
    search = checked.check("search", STRING, nullable=True)
    status_code = checked.check("status_code", STRING, rules.exactly(8))
    tags = _texts(checked, "tags", STRING)
    tags_any = _texts(checked, "tags_any", STRING)
    financial = _texts(checked, "financial_status", rules.one_of(FINANCIAL_STATUSES))
    fulfillment = _texts(checked, "fulfillment_status", rules.one_of(FULFILLMENT_STATUSES))
    exclude_cancelled = checked.check("exclude_cancelled", _QUERY_BOOLEAN)
    due_date_from = checked.check("due_date_from", DATE)
    due_date_to = checked.check("due_date_to", DATE)
    page = checked.check("page", INTEGER, *rules.between(1))
    per_page = checked.check("per_page", INTEGER, *rules.between(1, MAX_PER_PAGE))
    checked.done()
    filters = Filters(
        search=search or "",
        status_code=status_code,
        tags=frozenset(tags),
        tags_any=frozenset(tags_any),
        financial_status=frozenset(financial),
        fulfillment_status=frozenset(fulfillment),
        exclude_cancelled=_BOOLEANS.get(exclude_cancelled, False),
        due_date_from=due_date_from,
        due_date_to=due_date_to,
    )
    return ListQuery(filters, to_integer(page) or 1, to_integer(per_page) or DEFAULT_PER_PAGE)


def _texts(checked: Validator, name: str, rule: Rule) -> list[str]:
    checked.check(name, ARRAY)
    return checked.check_each(name, rule)


def read_lookup_query(query: Mapping[str, list[str]]) -> tuple[str, str]:
    """Reads the number and the address to look up.

    Raises:
        InvalidError: one of them is missing or unusable.
    """
    checked = Validator(_received_query(query))
    number = checked.require("number", STRING)
    email = checked.require("email", EMAIL)
    checked.done()
    return number, email


# Bodies


def read_body(content_type: str, body: bytes) -> dict[str, Any]:
    """Parses the JSON object in `body`, and prepares it as Laravel does.

    Raises:
        MalformedError: the body is no JSON object.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise MalformedError("The request's Content-Type must be application/json.")
    try:
        values: Any = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        # JSON can spell half a surrogate pair, UTF-8 cannot encode it: refused here too.
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise MalformedError("The request's body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise MalformedError("The request's body must be a JSON object.")
    return cast("dict[str, Any]", received(values))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def read_status_change(values: Mapping[str, Any], catalogue: Catalogue = CATALOGUE) -> StatusChange:
    """Reads the change of one order's status.

    Raises:
        InvalidError: a value is refused.
    """
    checked = Validator(values)
    change = _status_change(checked, catalogue)
    checked.done()
    return StatusChange(**change)


def read_bulk_change(
    values: Mapping[str, Any], catalogue: Catalogue = CATALOGUE
) -> tuple[list[int], StatusChange]:
    """Reads the ids of a bulk update and the change.

    Raises:
        InvalidError: a value is refused.
    """
    checked = Validator(values)
    checked.require("order_ids", ARRAY, *rules.items(1, BULK_LIMIT))
    order_ids = checked.check_each("order_ids", INTEGER)
    change = _status_change(checked, catalogue)
    send_at = checked.check("send_at", INTEGER, *rules.between(0))
    due_date = checked.check("due_date", DATE)
    checked.done()
    ids = [to_integer(order_id) or 0 for order_id in order_ids]
    return ids, StatusChange(**change, send_at=to_integer(send_at), due_date=due_date)


def _status_change(checked: Validator, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "status_code": checked.require("status_code", STRING, rules.known(catalogue)),
        "comment": _stored(checked.check("comment", STRING)),
        "public": _boolean(checked, "public", False),
        "email_customer": _boolean(checked, "email_customer", True),
        "email_additional": _boolean(checked, "email_additional", True),
    }


def read_comment(values: Mapping[str, Any]) -> tuple[str, bool]:
    """Reads the comment, and whether it is public.

    Raises:
        InvalidError: a value is refused.
    """
    checked = Validator(values)
    comment = _stored(checked.require("comment", STRING, *rules.characters(3, 1000)))
    public = _boolean(checked, "public", False)
    checked.done()
    return comment, public


def read_due_date(values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Reads the due date (None clears it) and the end of its span.

    Raises:
        InvalidError: a value is refused.
    """
    checked = Validator(values)
    due_date = checked.require_present("due_date", DATE)
    last = rules.not_before(due_date, "due_date")
    due_date_to = checked.check("due_date_to", DATE, last)
    checked.done()
    return due_date, due_date_to


def _boolean(checked: Validator, name: str, default: bool) -> bool:
    value = checked.check(name, BOOLEAN)
    return default if value is None else value not in (False, "0")


def _stored(text: Any) -> Any:
    """Returns a text as the service stores it: every line ends with a newline alone."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text
