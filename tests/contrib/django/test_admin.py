"""The admin's list and pages of orders: what the staff see, and who may do what."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT
from tests.support.rows import fill
from tests.support.staff import MAY, ORDERS, catalogue, member, stored, text_of

pytestmark = pytest.mark.usefixtures("of_sandbox", "database")

TODAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages are of one day."""
    from statuspro.contrib.django import clock

    monkeypatch.setattr(clock, "today", lambda: TODAY)


def row(order_id: int, **columns: Any) -> Any:
    """An order of the copy, not of the service."""
    from statuspro.contrib.django.models import Order, folded

    given = {
        "name": f"#{order_id}",
        "order_number": str(order_id),
        "status_is_set": bool(columns.get("status_code")),
        "listed": True,
        "has_detail": False,
        "item": "{}",
        **columns,
    }
    names = ("name", "order_number", "customer_name", "customer_email")
    texts: list[Any] = [given.get(name, "") for name in names]
    return Order(id=order_id, searched=folded(*texts), **given)


def save(*rows: Any) -> None:
    from statuspro.contrib.django.models import Order

    Order.objects.bulk_create(rows)


def shown(client: Any, query: str = "") -> list[str]:
    """The names of the orders that the list shows."""
    response = client.get(f"{ORDERS}?{query}")
    assert response.status_code == 200, response.get("Location")
    return [str(order) for order in response.context_data["cl"].result_list]


@pytest.fixture
def staff() -> Any:
    return member(*MAY)


# The list


def test_the_list_shows_status_due_date_and_customer(staff: Any) -> None:
    save(
        row(
            1188,
            status_code="st000002",
            status_name="In Production",
            status_color="#ec4899",
            due_date=TODAY,
            customer_name="Zoë <b>",
            customer_email="zoe@example.org",
        )
    )
    response = staff.get(ORDERS)
    page = response.content.decode()
    assert 'fill="#ec4899"' in page
    assert "Zoë &lt;b&gt;" in page
    words = text_of(response)
    for said in ("#1188", "In Production", "March 15, 2026", "zoe@example.org"):
        assert said in words


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((None, None), "no due date"),
        ((-3, None), "overdue by 3 days"),
        ((-1, None), "overdue by 1 day "),
        ((-3, -1), "overdue by 1 day "),
        ((0, None), "due now"),
        ((-2, 2), "due now"),
        ((1, None), "March 16, 2026"),
    ],
)
def test_an_overdue_order_is_marked_in_words(
    staff: Any, days: tuple[int | None, int | None], said: str
) -> None:
    first, last = (None if day is None else TODAY + timedelta(day) for day in days)
    save(row(1, due_date=first, due_date_to=last))
    words = text_of(staff.get(ORDERS))
    assert said in words
    assert ("overdue by" in words) == ("overdue" in said)
    assert ("due now" in words) == (said == "due now")


def test_colours_that_are_none_do_not_reach_the_page(staff: Any) -> None:
    save(row(1, status_code="x", status_name="X", status_color='"><b>'))
    assert '"><b>' not in staff.get(ORDERS).content.decode()


@pytest.mark.parametrize("searched", ["1188", "%231188", "ÖZLEM", "özlem", "OEZ@", "özlem 1188"])
def test_the_list_is_searched_in_any_alphabet(staff: Any, searched: str) -> None:
    save(
        row(1188, customer_name="Özlem Şahin", customer_email="oez@example.org"),
        row(2000, customer_name="Ada", customer_email="ada@example.org"),
    )
    assert shown(staff, f"q={searched}") == ["#1188"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("due=overdue", ["#2", "#1"]),
        ("due=today", ["#4", "#3"]),
        ("due=week", ["#5", "#4", "#3"]),
        ("due=none", ["#7"]),
        ("due=nonsense", ["#7", "#6", "#5", "#4", "#3", "#2", "#1"]),
        ("has_status=1", ["#2"]),
        ("has_status=0", ["#7", "#6", "#5", "#4", "#3", "#1"]),
        ("status=st000002", ["#2"]),
        ("status=-&due=overdue", ["#1"]),
    ],
)
def test_the_list_is_filtered(staff: Any, query: str, names: list[str]) -> None:
    day = {-1: TODAY - timedelta(1), 0: TODAY, 7: TODAY + timedelta(7), 8: TODAY + timedelta(8)}
    save(
        row(1, due_date=day[-1]),
        row(2, due_date=day[-1], status_code="st000002"),
        row(3, due_date=day[-1], due_date_to=day[7]),
        row(4, due_date=day[0]),
        row(5, due_date=day[7]),
        row(6, due_date=day[8]),
        row(7),
    )
    assert shown(staff, query) == names


def test_orders_that_the_sync_finds_no_more_are_shown_when_asked_for(staff: Any) -> None:
    save(row(1), row(2, listed=False))
    assert shown(staff) == ["#1"]
    assert shown(staff, "listed=0") == ["#2"]
    assert shown(staff, "listed=all") == ["#2", "#1"]
    assert staff.get(f"{ORDERS}2/change/").status_code == 200


def test_the_statuses_stand_in_the_order_and_colours_of_the_catalogue(
    staff: Any, sandbox: Sandbox
) -> None:
    catalogue(sandbox)
    page = staff.get(f"{ORDERS}?_facets=True").content.decode()
    found = re.search(r'(?s)<h2 id="changelist-filter-header">.*?</nav>', page)
    assert found
    names = re.findall(r'fill="(.*?)"/></svg>(.*?) \(0\)</a>', found[0])
    assert names[:2] == [("#6b7280", "Order Received"), ("#ec4899", "In Production")]
    assert "no status (0)" in found[0]


@pytest.fixture
def counted(staff: Any) -> Callable[[str], int]:
    """Counts the queries of a page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(path: str) -> int:
        staff.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(path).status_code == 200
        return len(queries)

    return count


def test_ten_thousand_orders_take_the_queries_of_a_few(counted: Any) -> None:
    from statuspro.contrib.django.models import HistoryEvent

    save(row(1, status_code="st000002"), row(2))
    few = [counted(ORDERS), counted(f"{ORDERS}?q=5&due=none"), counted(f"{ORDERS}1/change/")]
    save(*(row(order_id, status_code="st000003") for order_id in range(3, 10_001)))
    events = [HistoryEvent(order_id=1, position=each, entry="{}") for each in range(50)]
    HistoryEvent.objects.bulk_create(events)
    many = [counted(ORDERS), counted(f"{ORDERS}?q=5&due=none"), counted(f"{ORDERS}1/change/")]
    assert many == few
    assert max(many) <= 12


def test_the_list_leaves_the_payloads_in_the_database(staff: Any) -> None:
    save(row(1))
    (order,) = staff.get(ORDERS).context_data["cl"].result_list
    assert {"item", "detail", "searched"} <= order.get_deferred_fields()


# One order


def test_the_timeline_marks_public_and_internal_comments_in_time_order(
    staff: Any, sandbox: Sandbox
) -> None:
    order = stored(sandbox, status_code="st000002")
    client = sandbox.client()
    client.add_order_comment(order.pk, "Waits for <b>oak</b>")
    client.add_order_comment(order.pk, "Your table is oiled", public=True)
    staff.post(f"{ORDERS}{order.pk}/fetch/")
    response = staff.get(f"{ORDERS}{order.pk}/change/")
    assert "Waits for &lt;b&gt;oak&lt;/b&gt;" in response.content.decode()
    words = text_of(response)
    marks = re.findall(r"Internal comment|Public comment: the customer sees it", words)
    assert marks == ["Internal comment", "Public comment: the customer sees it"]
    at = [words.index(said) for said in ("Comment added", "Waits for", "Your table is oiled")]
    assert at == sorted(at)


def test_the_timeline_stands_what_no_database_and_no_page_can_hold(staff: Any) -> None:
    from statuspro.contrib.django.models import HistoryEvent

    save(row(1, has_detail=True))
    mail = '{"mail_log": {"subject": "half \\ud83d of a smile", "delivery_status": null}}'
    for position, entry in enumerate((mail, "null", '{"status": "?", "mail_log": 5}')):
        HistoryEvent.objects.create(order_id=1, position=position, entry=entry)
    words = text_of(staff.get(f"{ORDERS}1/change/"))
    assert "half ? of a smile (fate unknown)" in words
    assert words.count("no date") == 3


@pytest.mark.parametrize(
    ("has_detail", "said"), [(True, "Nothing has happened"), (False, "has not been fetched yet")]
)
def test_an_order_without_a_history_says_why(staff: Any, has_detail: bool, said: str) -> None:
    save(row(1, has_detail=has_detail))
    assert said in text_of(staff.get(f"{ORDERS}1/change/"))


def test_ids_are_written_without_signs_between_their_digits(staff: Any) -> None:
    from django.test import override_settings

    save(row(6110375248088))
    with override_settings(USE_THOUSAND_SEPARATOR=True):
        page = staff.get(f"{ORDERS}6110375248088/change/").content.decode()
    assert "6110375248088" in text_of(staff.get(f"{ORDERS}6110375248088/change/"))
    assert "6,110" not in page
    assert f'href="{ORDERS}6110375248088/move/"' in page


def test_an_order_that_is_not_there_is_no_page(staff: Any) -> None:
    assert staff.get(f"{ORDERS}1/change/").status_code == 302
    for page in ("move", "comment", "due-date"):
        assert staff.get(f"{ORDERS}1/{page}/").status_code == 404
    assert staff.post(f"{ORDERS}1/fetch/").status_code == 404


# Who may do what


def test_nobody_adds_changes_or_deletes_by_hand() -> None:
    from django.contrib.auth.models import User
    from django.test import Client

    save(row(1))
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    statuses = "/admin/statuspro/status/"
    for path in (f"{ORDERS}add/", f"{ORDERS}1/delete/", f"{statuses}add/"):
        assert root.get(path).status_code == 403, path
    assert root.post(f"{ORDERS}1/change/", {"name": "x"}).status_code == 403
    page = root.get(f"{ORDERS}1/change/").content.decode()
    assert 'name="_save"' not in page
    assert "delete_selected" not in root.get(ORDERS).content.decode()


def test_the_tables_of_the_sync_are_not_in_the_admin(staff: Any) -> None:
    from django.contrib import admin

    ours = {
        model.__name__ for model in admin.site._registry if model._meta.app_label == "statuspro"
    }
    assert ours == {"Order", "Status"}


def test_who_may_only_view_sees_no_action() -> None:
    save(row(1), row(2))
    viewer = member("view")
    for path in (ORDERS, f"{ORDERS}1/change/"):
        page = viewer.get(path).content.decode()
        assert "Move to" not in page
        assert "Fetch again" not in page
        assert 'name="action"' not in page
        assert "/due-date/" not in page
    for page in ("move", "comment", "due-date"):
        assert viewer.get(f"{ORDERS}1/{page}/").status_code == 403
    assert viewer.post(f"{ORDERS}1/fetch/").status_code == 403
    answer = viewer.post(ORDERS, {"action": "move", "index": 0, "_selected_action": [1]})
    assert "tasks" not in answer.get("Location", "")


def test_who_may_not_view_may_do_nothing_else() -> None:
    save(row(1))
    blind = member(*(each for each in MAY if each != "view"))
    assert blind.get(ORDERS).status_code == 403
    for page in ("move", "comment", "due-date"):
        assert blind.get(f"{ORDERS}1/{page}/").status_code == 403
    assert blind.post(f"{ORDERS}1/fetch/").status_code == 403


@pytest.mark.parametrize("one", ["move", "comment", "set_due_date", "fetch"])
def test_a_permission_gives_its_action_and_no_other(one: str) -> None:
    save(row(1))
    client = member("view", one)
    page = client.get(ORDERS).content.decode()
    assert re.findall(r'<option value="(\w+)">', page) == [one]
    pages = {"move": "move", "comment": "comment", "set_due_date": "due-date"}
    for name, path in pages.items():
        status = client.get(f"{ORDERS}1/{path}/").status_code
        assert status == (200 if name == one else 403)


def test_a_visitor_is_sent_to_the_login() -> None:
    from django.test import Client

    for path in (f"{ORDERS}1/move/", f"{ORDERS}tasks/x/", f"{ORDERS}1/fetch/"):
        assert Client().get(path)["Location"].startswith("/admin/login/")


# Other sites, the catalogue, and projects without an admin


def test_another_site_of_the_project_has_the_pages_at_its_own_addresses(staff: Any) -> None:
    from django.contrib import admin
    from django.test import override_settings
    from django.urls import path

    from statuspro.contrib.django.admin import OrderAdmin
    from statuspro.contrib.django.models import Order

    board = admin.AdminSite(name="board")
    board.register(Order, OrderAdmin)
    urls: Any = type("urls", (), {"urlpatterns": [path("board/", board.urls)]})
    save(row(1))
    with override_settings(ROOT_URLCONF=urls):
        page = staff.get("/board/statuspro/order/1/change/").content.decode()
        assert 'href="/board/statuspro/order/1/move/"' in page
        chosen = {"action": "comment", "index": 0, "_selected_action": [1]}
        response = staff.post("/board/statuspro/order/", chosen)
        assert response["Location"].startswith("/board/statuspro/order/tasks/")
        response = staff.post(response["Location"], {"comment": "a word"})
        assert response["Location"].startswith("/board/statuspro/order/tasks/")
        assert staff.get(response["Location"]).status_code == 200


def test_the_catalogue_is_shown_in_its_order(staff: Any, sandbox: Sandbox) -> None:
    catalogue(sandbox)
    words = text_of(staff.get("/admin/statuspro/status/"))
    at = [words.index(name) for name in ("Order Received", "In Production", "Delivered")]
    assert at == sorted(at)
    page = staff.get("/admin/statuspro/status/st000002/change/")
    assert "A joiner is making this piece" in text_of(page)


def test_the_documentation_has_the_permissions_and_bounds() -> None:
    from statuspro.contrib.django.models import Order
    from statuspro.contrib.django.staff import deadline, kinds

    page = (ROOT / "docs" / "django-admin.rst").read_text(encoding="utf-8")
    for code, _ in Order._meta.permissions:
        (row,) = re.findall(rf"``statuspro\.{code}`` +(\d+) orders", page)
        name = code.removesuffix("_order")
        most = kinds.KINDS[name].most if name in kinds.KINDS else kinds.MOST_SINGLE
        assert int(row) == most
    assert f"Up to {kinds.FEW} orders are moved one by one" in page
    assert (
        f"{deadline._SECONDS:.0f} seconds at most, or {deadline._PART:.0%}".replace("%", " %")
        in page
    )


WITHOUT_ADMIN = """
import sys, django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("check")
print("statuspro.contrib.django.admin" in sys.modules)
"""


def test_the_app_works_without_the_admin(tmp_path: Path) -> None:
    settings = {
        "DJANGO_SETTINGS_MODULE": "tests.contrib.django.project.without_admin",
        "PYTHONPATH": str(ROOT),
        "SHOP_DEBUG": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_ADMIN],
        cwd=tmp_path,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "False"


def test_the_list_says_of_when_it_is(staff: Any, sandbox: Sandbox) -> None:
    assert "Not synchronised yet" in text_of(staff.get(ORDERS))
    fill(sandbox)
    assert re.search(r"As of \w+\.? \d+, \d{4}", text_of(staff.get(ORDERS)))
