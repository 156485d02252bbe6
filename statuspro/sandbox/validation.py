"""What the service takes: queries and bodies checked as Laravel does it, field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, cast

from .catalogue import CATALOGUE
from .filters import Filters
from .orders import FINANCIAL_STATUSES, FULFILLMENT_STATUSES
from .store import StatusChange

BULK_LIMIT = 50
MAX_PER_PAGE = 100
DEFAULT_PER_PAGE = 15

_ARRAY_NAME = re.compile(r"(\w+)\[\d*\]", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class InvalidError(Exception):
    """The request's values are refused; ``errors`` lists the reasons by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors

    @property
    def message(self) -> str:
        """The first reason, and how many more there are."""
        reasons = [reason for reasons in self.errors.values() for reason in reasons]
        more = len(reasons) - 1
        if not more:
            return reasons[0]
        return f"{reasons[0]} (and {more} more error{'s' if more > 1 else ''})"

    def as_json(self) -> dict[str, Any]:
        """The body of the answer that refuses the request."""
        return {"message": self.message, "errors": self.errors}


class MalformedError(Exception):
    """The request cannot be read at all."""


class _Checker:
    """Collects the reasons against a request's fields, to refuse all of them at once."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def refuse(self, name: str, reason: str) -> None:
        self.errors.setdefault(name, []).append(f"The {name.replace('_', ' ')} {reason}")

    def done(self) -> None:
        if self.errors:
            raise InvalidError(self.errors)


# Queries


@dataclass(frozen=True)
class ListQuery:
    """A page of the list as a caller asked for it."""

    filters: Filters
    page: int
    per_page: int


class _Query(_Checker):
    """The parameters of a query; of a scalar given twice the last one counts, as in PHP."""

    def __init__(self, query: Mapping[str, list[str]]) -> None:
        super().__init__()
        self.scalars: dict[str, str] = {}
        self.arrays: dict[str, list[str]] = {}
        for name, values in query.items():
            if array := _ARRAY_NAME.fullmatch(name):
                self.arrays.setdefault(array[1], []).extend(values)
            else:
                self.scalars[name] = values[-1]

    def scalar(self, name: str) -> str | None:
        if name in self.arrays:
            self.refuse(name, "field must be a string.")
        return self.scalars.get(name)

    def array(self, name: str, allowed: Iterable[str] | None = None) -> frozenset[str]:
        if name in self.scalars:
            self.refuse(name, "field must be an array.")
        values = self.arrays.get(name, [])
        for place, value in enumerate(values):
            if allowed is not None and value not in allowed:
                self.refuse(f"{name}.{place}", "field has an unknown value.")
        return frozenset(values)

    def integer(self, name: str, default: int, largest: int | None = None) -> int:
        text = self.scalar(name)
        if text is None:
            return default
        if not _INTEGER.fullmatch(text):
            self.refuse(name, "field must be an integer.")
        elif int(text) < 1:
            self.refuse(name, "field must be at least 1.")
        elif largest is not None and int(text) > largest:
            self.refuse(name, f"field must not be greater than {largest}.")
        else:
            return int(text)
        return default

    def boolean(self, name: str) -> bool:
        text = self.scalar(name)
        if text is not None and text not in _BOOLEANS:
            self.refuse(name, "field must be true or false.")
        return _BOOLEANS.get(text or "", False)

    def day(self, name: str) -> str | None:
        text = self.scalar(name)
        if text is not None and not is_date(text):
            self.refuse(name, "field must match the format Y-m-d.")
        return text

    def code(self, name: str) -> str | None:
        text = self.scalar(name)
        if text is not None and len(text) != 8:
            self.refuse(name, "field must be 8 characters.")
        return text


def read_list_query(query: Mapping[str, list[str]]) -> ListQuery:
    """The list that the query asks for; InvalidError if it is none."""
    values = _Query(query)
    filters = Filters(
        search=(values.scalar("search") or "").strip(),
        status_code=values.code("status_code"),
        tags=values.array("tags"),
        tags_any=values.array("tags_any"),
        financial_status=values.array("financial_status", FINANCIAL_STATUSES),
        fulfillment_status=values.array("fulfillment_status", FULFILLMENT_STATUSES),
        exclude_cancelled=values.boolean("exclude_cancelled"),
        due_date_from=values.day("due_date_from"),
        due_date_to=values.day("due_date_to"),
    )
    page = values.integer("page", 1)
    per_page = values.integer("per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE)
    values.done()
    return ListQuery(filters, page, per_page)


def read_lookup_query(query: Mapping[str, list[str]]) -> tuple[str, str]:
    """The number and the address to look up; InvalidError if either is missing or unusable."""
    values = _Query(query)
    number = (values.scalar("number") or "").strip()
    email = (values.scalar("email") or "").strip()
    if not number:
        values.refuse("number", "field is required.")
    if not email:
        values.refuse("email", "field is required.")
    elif not _EMAIL.fullmatch(email):
        values.refuse("email", "field must be a valid email address.")
    values.done()
    return number, email


def is_date(text: str) -> bool:
    """Whether ``text`` is a day of the calendar, written ``YYYY-MM-DD``."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


# Bodies


class _Body(_Checker):
    """The fields of a JSON body; a field that is null is refused unless it may be."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.values = values

    def _typed(self, name: str, kind: type, what: str) -> Any:
        value = self.values.get(name)
        if name in self.values and not isinstance(value, kind):
            self.refuse(name, f"field must be {what}.")
            return None
        return value

    def require(self, name: str) -> None:
        if name not in self.values:
            self.refuse(name, "field is required.")

    def text(self, name: str) -> str | None:
        text: str | None = self._typed(name, str, "a string")
        return text

    def boolean(self, name: str, default: bool) -> bool:
        value = self._typed(name, bool, "true or false")
        return default if value is None else bool(value)

    def day(self, name: str) -> str | None:
        text = self.text(name)
        if text is not None and not is_date(text):
            self.refuse(name, "field must match the format Y-m-d.")
            return None
        return text

    def integer(self, name: str) -> int | None:
        if name not in self.values:
            return None
        value = _whole(self.values[name])
        if value is None or value < 0:
            self.refuse(name, "field must be an integer.")
        return value

    def known_status(self) -> str:
        self.require("status_code")
        code = self.text("status_code")
        if code is not None and code not in CATALOGUE:
            self.refuse("status_code", "is invalid.")
        return code or ""

    def order_ids(self) -> list[int]:
        self.require("order_ids")
        given: list[object] = self._typed("order_ids", list, "an array") or []
        if "order_ids" in self.values and not self.errors and not 1 <= len(given) <= BULK_LIMIT:
            self.refuse("order_ids", f"field must have between 1 and {BULK_LIMIT} items.")
        ids = [_whole(value) for value in given[:BULK_LIMIT]]
        for place, order_id in enumerate(ids):
            if order_id is None:
                self.refuse(f"order_ids.{place}", "field must be an integer.")
        return [order_id for order_id in ids if order_id is not None]


def _whole(value: object) -> int | None:
    """A JSON number without a fraction, as an int; JSON has no other integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_body(content_type: str, body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``; MalformedError if there is none."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise MalformedError("The request's Content-Type must be application/json.")
    try:
        values: Any = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        # What JSON can write and UTF-8 cannot, half a surrogate pair, ends here too.
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise MalformedError("The request's body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise MalformedError("The request's body must be a JSON object.")
    return cast("dict[str, Any]", values)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def read_status_change(values: Mapping[str, Any]) -> StatusChange:
    """The change of one order's status; InvalidError if it is none."""
    body = _Body(values)
    change = _status_change(body)
    body.done()
    return change


def read_bulk_change(values: Mapping[str, Any]) -> tuple[list[int], StatusChange]:
    """The orders of a bulk update and the change they get; InvalidError if it is none."""
    body = _Body(values)
    order_ids = body.order_ids()
    change = _status_change(body, send_at=body.integer("send_at"), due_date=body.day("due_date"))
    body.done()
    return order_ids, change


def _status_change(
    body: _Body, send_at: int | None = None, due_date: str | None = None
) -> StatusChange:
    return StatusChange(
        status_code=body.known_status(),
        comment=body.text("comment"),
        public=body.boolean("public", False),
        email_customer=body.boolean("email_customer", True),
        email_additional=body.boolean("email_additional", True),
        send_at=send_at,
        due_date=due_date,
    )


def read_comment(values: Mapping[str, Any]) -> tuple[str, bool]:
    """The comment and whether it is public; InvalidError if it is none."""
    body = _Body(values)
    body.require("comment")
    comment = body.text("comment") or ""
    public = body.boolean("public", False)
    if not body.errors and not 3 <= len(comment) <= 1000:
        body.refuse("comment", "field must be between 3 and 1000 characters.")
    body.done()
    return comment, public


def read_due_date(values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The due date, None to clear it, and the end of its range; InvalidError if it is none."""
    body = _Body(values)
    body.require("due_date")
    due_date = None if values.get("due_date") is None else body.day("due_date")
    due_date_to = body.day("due_date_to")
    if due_date is not None and due_date_to is not None and due_date_to < due_date:
        body.refuse("due_date_to", "field must be a date after or equal to due date.")
    body.done()
    return due_date, due_date_to
