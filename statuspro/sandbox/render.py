"""Renders orders and statuses as the service's JSON."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from .catalogue import Status
from .data import DAY
from .orders import Event, Order

JSON = dict[str, Any]

SENDER = "updates@workshop.example"

_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


def to_json(value: object) -> bytes:
    """Writes `value` as compact JSON in ASCII. The service escapes other characters too."""
    return _encode(value).encode("ascii")


def iso_time(time: float | None) -> str | None:
    """Writes a time, given in seconds since 1970, as ISO 8601 in UTC, without fractions."""
    if time is None:
        return None
    return datetime.fromtimestamp(int(time), timezone.utc).isoformat()


def list_item(order: Order) -> JSON:
    """Renders the order as a list shows it: with the length of its history only."""
    return {**_head(order), "history_count": len(order.history)}


def detail(order: Order) -> JSON:
    """Renders the order in full, with its history and the progress that its customer sees."""
    shown = _head(order)
    if order.status_code is not None:
        shown["status"]["translations"] = _translations(order.catalogue[order.status_code])
    shown["history"] = [_history_item(order, event) for event in order.history]
    shown["public_progress_timeline"] = _timeline(order)
    return shown


def definition(status: Status) -> JSON:
    """Renders a status as the catalogue and the list of viable statuses show it."""
    return {
        "name": status.name,
        "description": status.description,
        "code": status.code,
        "color": status.color,
    }


def viable(order: Order) -> list[JSON]:
    """Renders the statuses that the order may move to."""
    catalogue = order.catalogue
    return [definition(catalogue[code]) for code in catalogue.viable_after(order.status_code)]


def _head(order: Order) -> JSON:
    customer = order.customer
    return {
        "id": order.id,
        "name": order.name,
        "order_number": str(order.number),
        "customer": {
            "name": customer.name,
            "email": customer.email,
            "locale": customer.locale,
        },
        "status": _status(order, order.status_code, order.status_set_at),
        "due_date": _midnight(order.due_date),
        "due_date_to": _midnight(order.due_date_to),
    }


def _status(order: Order, code: str | None, set_at: int | None) -> JSON:
    if code is None:
        return {"is_set": False}
    status = order.catalogue[code]
    days = status.auto_change_days
    return {
        "is_set": True,
        "code": code,
        "name": status.name,
        "public_name": status.public_name,
        "description": status.description,
        "color": status.hex_color,
        "public": status.public,
        "set_at": iso_time(set_at),
        "auto_change_at": iso_time(set_at + days * DAY if days and set_at is not None else None),
    }


def _translations(status: Status) -> JSON:
    return {
        locale: {"name": name, "description": description}
        for locale, (name, description) in status.translations.items()
    }


def _midnight(day: str | None) -> str | None:
    return None if day is None else f"{day}T00:00:00+00:00"


def _history_item(order: Order, event: Event) -> JSON:
    mail = event.mail
    return {
        "event": event.event,
        "status": event.status_code and _status(order, event.status_code, event.time),
        "comment": event.comment,
        "comment_is_public": event.comment_is_public,
        "created_at": iso_time(event.time),
        "mail_log": mail
        and {
            "from": SENDER,
            "to": mail.to[0],
            "subject": mail.subject,
            "delivery_status": "sent" if mail.send_at is None else "scheduled",
        },
    }


def _timeline(order: Order) -> list[JSON]:
    """Renders the public statuses of the order's history. The last of them is the current one."""
    passed = [
        event
        for event in order.history
        if event.status_code is not None and order.catalogue[event.status_code].public
    ]
    return [
        {
            "name": status.public_name or status.name,
            "description": status.description,
            "progress": "current" if event is passed[-1] else "complete",
            "timestamp": iso_time(event.time),
        }
        for event in passed
        for status in (order.catalogue[event.status_code or ""],)
    ]
