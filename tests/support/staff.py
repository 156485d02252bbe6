"""A member of the staff at the Django admin, and the orders that they see there."""

from __future__ import annotations

import html
import re
from typing import Any

from statuspro.sandbox import Sandbox

ORDERS = "/admin/statuspro/order/"

#: What the staff may do with orders.
MAY = ("view", "move", "comment", "set_due_date", "fetch")


def member(*may: str, name: str = "ada") -> Any:
    """Gives a test client of Django's that is logged in as staff with these permissions."""
    from django.contrib.auth.models import Permission, User
    from django.test import Client

    user = User.objects.create_user(name, is_staff=True)
    codes = [f"{each}_order" for each in may] + (["view_status"] if "view" in may else [])
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client: Any = Client()
    client.force_login(user)
    client.user = user
    return client


def stored(sandbox: Sandbox, **fields: Any) -> Any:
    """Adds an order to the sandbox and to the copy; gives the copy's."""
    from statuspro.contrib.django import get_client
    from statuspro.contrib.django.mirror import DatabaseMirror
    from statuspro.contrib.django.models import Order

    order_id = sandbox.add_order(**fields)
    DatabaseMirror().fetch(get_client(), order_id)
    sandbox.requests.clear()
    return Order.objects.get(pk=order_id)


def catalogue(sandbox: Sandbox) -> None:
    """Stores the sandbox's statuses in the copy."""
    from statuspro.contrib.django.models import Status

    for position, status in enumerate(sandbox.client().get_statuses()):
        color = {"gray": "#6b7280", "pink": "#ec4899"}.get(status["color"], "")
        Status.objects.create(
            code=status["code"],
            position=position,
            name=status["name"],
            description=status["description"],
            color=color,
            definition="{}",
        )
    sandbox.requests.clear()


def writes(sandbox: Sandbox) -> list[tuple[str, Any]]:
    """What the sandbox was asked to change: the end of each path, and its body."""
    return [
        (record.path.rsplit("/", 1)[-1], record.json())
        for record in sandbox.requests
        if record.method == "POST"
    ]


def text_of(response: Any) -> str:
    """The words of a page, without its marks and with single spaces."""
    page = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
