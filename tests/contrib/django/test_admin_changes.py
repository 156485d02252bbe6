"""The changes that the staff send: what is asked before, sent once, and told after."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.support.staff import MAY, ORDERS, catalogue, member, stored, text_of, writes

pytestmark = pytest.mark.usefixtures("of_sandbox", "database")

IN_PRODUCTION, SHIPPED, QUALITY_CHECK, ON_HOLD, DELIVERED = (
    f"st{number:06d}" for number in (2, 3, 4, 5, 7)
)


@pytest.fixture
def staff(sandbox: Sandbox) -> Any:
    catalogue(sandbox)
    return member(*MAY)


def orders_of(sandbox: Sandbox, *codes: str | None) -> list[Any]:
    """Orders in these statuses, in the sandbox and in the copy."""
    return [
        stored(sandbox, status_code=code, name="Zoë", email=f"zoe{number}@example.org")
        for number, code in enumerate(codes)
    ]


def choose(staff: Any, action: str, orders: list[Any], **more: Any) -> Any:
    """Chooses orders in the list, and an action for them."""
    chosen = [order.pk for order in orders]
    given = {"action": action, "index": 0, "_selected_action": chosen, **more}
    return staff.post(f"{ORDERS}?all=", given)


def prepare(staff: Any, orders: list[Any], kind: str = "move", **values: Any) -> str:
    """Fills in the form of a change; gives the address of the page that asks."""
    if len(orders) == 1:
        page = f"{ORDERS}{orders[0].pk}/{kind.replace('set_due_date', 'due-date')}/"
    else:
        page = choose(staff, kind, orders)["Location"]
    given = {"status": SHIPPED, "mail": "mail", **values} if kind == "move" else values
    response = staff.post(page, given)
    assert response.status_code == 302, text_of(response)
    return str(response["Location"])


def send(staff: Any, page: str) -> str:
    """Presses the button of the page that asks; gives the words of the page that follows."""
    response = staff.post(page, {"send": "x"})
    assert response.status_code == 302
    return text_of(staff.get(response["Location"]))


def log() -> list[tuple[str, str]]:
    """What the admin's own log says: of which object, and what; the first one first."""
    from django.contrib.admin.models import LogEntry

    entries = LogEntry.objects.order_by("id")
    return [(entry.object_id, entry.get_change_message()) for entry in entries]


def code_of(order: Any) -> str:
    """The status of an order in the copy."""
    order.refresh_from_db()
    return str(order.status_code)


# Moving one order, or a few


def test_a_move_asks_first_and_is_sent_once(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order], comment="Left with DHL", public="on")
    assert writes(sandbox) == []
    asks = text_of(staff.get(page))
    for said in (
        f"Move {order} to Shipped?",
        "1 customer is mailed",
        "and the order's additional addresses",
        "Zoë (zoe0@example.org)",
        "Public comment: the customer sees it",
        "Left with DHL",
        "Can move",
    ):
        assert said in asks
    assert 'value="Move 1 order and mail its customer"' in staff.get(page).content.decode()
    assert writes(sandbox) == []
    tells = send(staff, page)
    assert "1 done." in tells
    mails = {"email_customer": True, "email_additional": True}
    body = {"status_code": SHIPPED, "comment": "Left with DHL", "public": True, **mails}
    assert writes(sandbox) == [("status", body)]
    assert code_of(order) == SHIPPED
    assert len(sandbox.mails) == 1
    said = "Moved to Shipped (st000003). With a comment. Mails were asked for."
    assert log() == [(str(order.pk), said)]


def test_a_move_without_mail_mails_nobody(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order], mail="none")
    asks = text_of(staff.get(page))
    assert "Nobody is mailed" in asks
    assert "is mailed 1" not in asks
    assert "Nobody was mailed." in send(staff, page)
    assert sandbox.mails == []
    ((_, body),) = writes(sandbox)
    assert body == {"status_code": SHIPPED, "email_customer": False, "email_additional": False}


def test_mail_is_what_a_form_begins_with(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = staff.get(f"{ORDERS}{order.pk}/move/").content.decode()
    (checked,) = re.findall(r"<input[^>]* checked>", page)
    assert 'value="mail"' in checked


def test_a_second_send_changes_nothing(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    send(staff, page)
    tells = send(staff, page)
    assert "It was not sent again" in tells
    assert "1 done." in tells
    assert len(writes(sandbox)) == 1
    assert len(log()) == 1


def test_a_page_that_is_opened_again_sends_nothing(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    send(staff, page)
    sandbox.requests.clear()
    for _ in range(3):
        assert "1 done." in text_of(staff.get(page))
    assert sandbox.requests == []


def test_orders_that_cannot_move_are_told_and_skipped(staff: Any, sandbox: Sandbox) -> None:
    able, stuck, there = orders_of(sandbox, IN_PRODUCTION, DELIVERED, SHIPPED)
    page = prepare(staff, [able, stuck, there])
    asks = text_of(staff.get(page))
    assert "2 of 3 orders cannot move there." in asks
    assert "Cannot move there, is skipped It can move to no status." in asks
    assert "Is there already, is skipped" in asks
    assert "1 customer is mailed" in asks
    tells = send(staff, page)
    assert "1 done; 2 skipped." in tells
    assert [record.path for record in sandbox.requests if record.method == "POST"] == [
        f"/api/v1/orders/{able.pk}/status"
    ]
    assert [order_id for order_id, _ in log()] == [str(able.pk)]


def test_where_no_order_can_move_there_is_no_button(staff: Any, sandbox: Sandbox) -> None:
    (stuck,) = orders_of(sandbox, DELIVERED)
    page = staff.get(prepare(staff, [stuck]))
    assert "Nothing can be sent." in text_of(page)
    assert 'name="send"' not in page.content.decode()


def test_an_order_that_has_moved_meanwhile_is_told_before_anything_is_sent(
    staff: Any, sandbox: Sandbox
) -> None:
    first, second = orders_of(sandbox, IN_PRODUCTION, IN_PRODUCTION)
    page = prepare(staff, [first, second])
    sandbox.client().update_order_status(second.pk, QUALITY_CHECK, notify=False)
    sandbox.requests.clear()
    response = staff.post(page, {"send": "x"})
    assert response["Location"] != page
    asks = text_of(staff.get(response["Location"]))
    assert f"Nothing was sent: {second} is in Quality Check now, and not in In Production" in asks
    assert writes(sandbox) == []
    assert "2 done." in send(staff, response["Location"])


def test_an_order_that_the_service_has_no_more_is_told(staff: Any, sandbox: Sandbox) -> None:
    first, second = orders_of(sandbox, IN_PRODUCTION, IN_PRODUCTION)
    page = prepare(staff, [first, second])
    sandbox.fail(404, times=1, path=f"/orders/{second.pk}")
    response = staff.post(page, {"send": "x"})
    asks = text_of(staff.get(response["Location"]))
    assert f"Nothing was sent: {second} is not known any more" in asks
    assert "1 of 2 orders cannot move there." in asks
    assert "1 done; 1 skipped." in send(staff, response["Location"])


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("move", {"status": SHIPPED, "mail": "mail"}, "2 orders cannot be moved to Shipped"),
        ("comment", {"comment": "The oak is here"}, "2 orders cannot be commented"),
        (
            "set_due_date",
            {"first": "2026-03-15"},
            "The due date of 2 orders cannot be set to March 15, 2026",
        ),
    ],
)
def test_a_change_of_orders_that_are_gone_has_no_button(
    staff: Any, sandbox: Sandbox, kind: str, values: dict[str, Any], said: str
) -> None:
    orders = orders_of(sandbox, IN_PRODUCTION, IN_PRODUCTION)
    form = choose(staff, kind, orders)["Location"]
    for order in orders:
        order.delete()
    asks = staff.get(staff.post(form, values)["Location"])
    assert said in text_of(asks)
    assert "Nothing can be sent." in text_of(asks)
    assert "Gets" not in text_of(asks)
    assert 'name="send"' not in asks.content.decode()


# What the service may answer


def test_a_move_whose_response_is_lost_is_uncertain_and_not_sent_again(
    staff: Any, sandbox: Sandbox
) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    sandbox.drop(times=5, applied=True, method="POST")
    tells = send(staff, page)
    assert "1 uncertain." in tells
    assert "look before you try again" in tells
    assert "Its status is Shipped now." in tells
    assert len(writes(sandbox)) == 1
    sandbox.clear_faults()
    assert "It was not sent again" in send(staff, page)
    assert len(writes(sandbox)) == 1
    assert log()[0][1].endswith("It is uncertain whether it was done.")


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("comment", {"comment": "A word"}, "Its timeline, fetched again, shows whether"),
        ("set_due_date", {"first": "2026-03-15"}, "Its due date is March 15, 2026 now."),
        ("set_due_date", {"clear": "on"}, "Its due date is not set now."),
    ],
)
def test_what_is_uncertain_is_read_back(
    staff: Any, sandbox: Sandbox, kind: str, values: dict[str, str], said: str
) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order], kind, **values)
    sandbox.drop(times=5, applied=True, method="POST")
    tells = send(staff, page)
    assert "1 uncertain." in tells
    assert said in tells
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 500}, "look before you try again"),
        ({"status": 422}, "The service refused this"),
        ({"status": 404}, "The service does not know this order."),
        ({"status": 401}, "does not accept the API key"),
        ({"status": 403}, "does not accept the API key"),
    ],
)
def test_a_failure_is_told_on_the_page(
    staff: Any, sandbox: Sandbox, fault: dict[str, Any], said: str
) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    sandbox.fail(fault["status"], times=9, method="POST")
    tells = send(staff, page)
    assert said in tells
    assert "1 done" not in tells
    assert len(log()) == ("uncertain" in tells)


def test_after_a_failure_the_orders_left_are_not_sent(staff: Any, sandbox: Sandbox) -> None:
    orders = orders_of(sandbox, *[IN_PRODUCTION] * 3)
    page = prepare(staff, orders)
    sandbox.fail(401, times=1, method="POST")
    tells = send(staff, page)
    assert "3 not sent." in tells
    assert "What was sent before failed. Nothing was sent for this order." in tells
    assert len(writes(sandbox)) == 1


def test_orders_that_were_not_sent_are_prepared_again_and_no_others(
    staff: Any, sandbox: Sandbox
) -> None:
    orders = orders_of(sandbox, *[IN_PRODUCTION] * 3)
    page = prepare(staff, orders, mail="none")
    sandbox.fail(500, times=1, method="POST")
    tells = send(staff, page)
    assert "2 not sent; 1 uncertain." in tells
    assert "Prepare the unsent ones again" in tells
    again = staff.post(page, {"again": "1"})["Location"]
    assert "Move 2 orders to Shipped?" in text_of(staff.get(again))
    assert len(writes(sandbox)) == 1
    assert "2 done." in send(staff, again)
    sent = [record.path.split("/")[-2] for record in sandbox.requests if record.method == "POST"]
    assert len(sent) == len(set(sent)) == 3
    assert staff.post(again, {"again": "1"})["Location"] == again


def test_after_a_refusal_the_orders_left_are_sent(staff: Any, sandbox: Sandbox) -> None:
    orders = orders_of(sandbox, *[IN_PRODUCTION] * 3)
    page = prepare(staff, orders)
    sandbox.fail(422, times=1, method="POST")
    assert "2 done; 1 refused." in send(staff, page)


def test_a_service_that_is_down_before_the_send_leaves_the_page_as_it_was(
    staff: Any, sandbox: Sandbox, of_sandbox: dict[str, Any]
) -> None:
    from django.test import override_settings

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        sandbox.fail(503, times=1)
        response = staff.post(page, {"send": "x"})
    assert response["Location"] == page
    assert "Nothing was sent. The service failed (503)." in text_of(staff.get(page))
    assert writes(sandbox) == []
    assert "1 done." in send(staff, page)


def test_a_service_that_cannot_be_asked_leaves_open_whether_an_order_can_move(
    staff: Any, sandbox: Sandbox, of_sandbox: dict[str, Any]
) -> None:
    from django.test import override_settings

    able, stuck = orders_of(sandbox, IN_PRODUCTION, DELIVERED)
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        sandbox.fail(500, times=1)
        page = prepare(staff, [able, stuck])
    asks = text_of(staff.get(page))
    assert "Not known whether it can move Not known. The service failed (500)." in asks
    assert "Not known whether it can move Not asked. The service failed (500)." in asks
    tells = send(staff, page)
    assert "1 done; 1 refused." in tells
    assert "The order cannot move there now. It can move to no status." in tells
    assert len(writes(sandbox)) == 1


def test_an_order_that_is_there_already_is_told_though_the_service_cannot_be_asked(
    staff: Any, sandbox: Sandbox, of_sandbox: dict[str, Any]
) -> None:
    from django.test import override_settings

    (order,) = orders_of(sandbox, SHIPPED)
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        sandbox.fail(500, times=1)
        asks = text_of(staff.get(prepare(staff, [order])))
    assert "Is there already Not known. The service failed (500)." in asks


def test_what_cannot_be_read_back_is_told(
    staff: Any, sandbox: Sandbox, of_sandbox: dict[str, Any]
) -> None:
    from django.test import override_settings

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order], "comment", comment="The oak is here")
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        sandbox.fail(500, method="GET")
        tells = send(staff, page)
    assert "1 done." in tells
    assert "The order could not be fetched again: The service failed (500)." in tells


def test_a_used_up_rate_limit_is_told_in_seconds(
    staff: Any, sandbox: Sandbox, of_sandbox: dict[str, Any]
) -> None:
    from django.test import override_settings

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    with override_settings(STATUSPRO={**of_sandbox, "DEADLINE": 1}):
        sandbox.fail(429, times=9, retry_after=40, method="POST")
        tells = send(staff, page)
    assert re.search(r"The rate limit is used up for now\. Try again in 4\d s\.", tells)
    assert "1 not sent." in tells


def test_a_deadline_ends_a_page_in_time(
    staff: Any, sandbox: Sandbox, of_sandbox: dict[str, Any]
) -> None:
    from django.test import override_settings

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    with override_settings(STATUSPRO={**of_sandbox, "DEADLINE": 0.2}):
        sandbox.stall(times=9, method="POST")
        tells = send(staff, page)
    assert "1 uncertain." in tells
    assert len(writes(sandbox)) == 1


def test_the_time_of_a_page_is_less_than_that_of_its_worker(of_sandbox: dict[str, Any]) -> None:
    from django.test import override_settings

    from statuspro.contrib.django.staff.deadline import Deadline
    from statuspro.errors import APITimeoutError

    assert 19 < Deadline().left() <= 20
    with override_settings(STATUSPRO={**of_sandbox, "WORKER_TIMEOUT": 10, "DEADLINE": 5}):
        assert 5 < Deadline().left() <= 6
        assert Deadline().client()._settings.deadline == 5
        assert 1 < (Deadline(2).client()._settings.deadline or 0) <= 2
    with pytest.raises(APITimeoutError):
        Deadline(0).client()


def test_a_site_without_a_key_is_told(staff: Any, sandbox: Sandbox) -> None:
    from django.test import override_settings

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    with override_settings(STATUSPRO={}):
        page = prepare(staff, [order])
        assert "This site has no usable key" in text_of(staff.get(page))
        assert "Nothing was sent. This site has no usable key" in send(staff, page)
        response = staff.post(f"{ORDERS}{order.pk}/fetch/", follow=True)
        assert "This site has no usable key" in text_of(response)


def test_a_send_that_was_interrupted_is_not_begun_again(staff: Any, sandbox: Sandbox) -> None:
    from statuspro.contrib.django.staff.tasks import task_of

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    task = task_of(staff.user, page.rsplit("/", 2)[1])
    assert task is not None
    assert task.claim()
    assert not task.claim()
    tells = send(staff, page)
    assert "what became of it is not stored" in tells
    assert writes(sandbox) == []


# Many orders


def test_many_orders_go_in_bulk_and_the_page_says_what_became_of_them(
    staff: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from statuspro.contrib.django.staff import sending

    monkeypatch.setattr(sending, "_LOOK", 0.5)
    orders = orders_of(sandbox, *[IN_PRODUCTION] * 5, DELIVERED, SHIPPED)
    page = prepare(staff, orders, mail="none", comment="On its way")
    asks = text_of(staff.get(page))
    assert "Move 7 orders to Shipped?" in asks
    assert "Nobody is mailed" in asks
    assert "passes over an order that cannot move" in asks
    assert asks.count("Is there already, is skipped") == 1
    assert sandbox.requests == []
    tells = send(staff, page)
    assert "5 done; 1 passed over, or not done yet; 1 skipped." in tells
    response = staff.post(page, {"look": "1"})
    again = text_of(staff.get(response["Location"]))
    assert "5 done; 1 passed over, or not done yet; 1 skipped." in again
    ((path, body),) = writes(sandbox)
    assert path == "bulk-status"
    assert sorted(body["order_ids"]) == sorted(order.pk for order in orders[:6])
    assert body["email_customer"] is body["email_additional"] is False
    assert len(log()) == 6
    assert sandbox.mails == []


def test_an_order_of_a_bulk_that_changed_in_the_copy_is_told(staff: Any, sandbox: Sandbox) -> None:
    from statuspro.contrib.django.models import Order

    orders = orders_of(sandbox, *[IN_PRODUCTION] * 6)
    page = prepare(staff, orders)
    Order.objects.filter(pk=orders[0].pk).update(status_code=ON_HOLD, status_name="On Hold")
    response = staff.post(page, {"send": "x"})
    assert f"Nothing was sent: {orders[0]} is in On Hold now" in text_of(
        staff.get(response["Location"])
    )
    assert writes(sandbox) == []


def test_a_bulk_whose_response_is_lost_is_uncertain_and_looked_for(
    staff: Any, sandbox: Sandbox
) -> None:
    orders = orders_of(sandbox, *[IN_PRODUCTION] * 6)
    page = prepare(staff, orders, mail="none")
    sandbox.drop(times=9, applied=True, method="POST")
    tells = send(staff, page)
    assert "6 uncertain." in tells
    assert len(writes(sandbox)) == 1
    sandbox.clear_faults()
    sandbox.flush()
    response = staff.post(page, {"look": "1"})
    assert "6 done." in text_of(staff.get(response["Location"]))
    assert len(writes(sandbox)) == 1


def test_what_is_not_known_yet_is_said_and_another_look_finds_it(
    staff: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from statuspro.contrib.django.staff import sending

    monkeypatch.setattr(sending, "_LOOK", 0.0)
    orders = orders_of(sandbox, *[IN_PRODUCTION] * 6)
    page = prepare(staff, orders, mail="none")
    monkeypatch.setattr(sandbox._bulk, "_delay", 30.0)
    assert "6 accepted, not known yet." in send(staff, page)
    sandbox.flush()
    assert "6 done." in text_of(staff.get(staff.post(page, {"look": "1"})["Location"]))
    assert len(writes(sandbox)) == 1


def test_a_look_that_fails_leaves_the_page_as_it_was(
    staff: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from statuspro.contrib.django.staff import sending

    orders = orders_of(sandbox, *[IN_PRODUCTION] * 6)
    page = prepare(staff, orders, mail="none")
    monkeypatch.setattr(sandbox._bulk, "_delay", 30.0)
    monkeypatch.setattr(sending, "_LOOK", 0.5)
    sandbox.fail(401, method="GET", times=2)
    tells = send(staff, page)
    assert "6 accepted, not known yet." in tells
    assert "The service could not be asked yet what became of it." in tells
    response = staff.post(page, {"look": "1"}, follow=True)
    assert "It is still not known. The service does not accept the API key" in text_of(response)
    assert "6 accepted, not known yet." in text_of(response)


def test_without_time_for_a_batch_none_of_it_is_sent(staff: Any, sandbox: Sandbox) -> None:
    from statuspro.contrib.django.staff import sending
    from statuspro.contrib.django.staff.deadline import Deadline

    values = {"status": SHIPPED, "notify": False, "comment": "", "public": False}
    plan = {"orders": {str(each): {"can": None, "note": ""} for each in range(1, 7)}}
    outcomes = sending.send("move", list(range(1, 7)), values, plan, Deadline(0))
    assert {each["what"] for each in outcomes.values()} == {"not_sent"}
    assert sandbox.requests == []


def test_a_refused_bulk_leaves_the_next_batch_unsent(staff: Any, sandbox: Sandbox) -> None:
    from statuspro.contrib.django.staff import sending
    from statuspro.contrib.django.staff.deadline import Deadline

    sandbox.fail(401, times=1, method="POST")
    values = {"status": SHIPPED, "notify": False, "comment": "", "public": False}
    ids = list(range(1, 61))
    plan = {"orders": {str(each): {"can": None, "note": ""} for each in ids}}
    outcomes = sending.send("move", ids, values, plan, Deadline())
    whats = [outcomes[str(each)]["what"] for each in ids]
    assert whats == ["refused"] * 50 + ["not_sent"] * 10
    assert len(writes(sandbox)) == 1


def fill(number: int) -> None:
    """Rows of orders that only the copy has."""
    from statuspro.contrib.django.models import Order

    Order.objects.bulk_create(
        Order(
            id=each, name=f"#{each}", status_is_set=False, listed=True, has_detail=False, item="{}"
        )
        for each in range(1, number + 1)
    )


def test_a_page_names_the_first_orders_and_counts_the_others(staff: Any, sandbox: Sandbox) -> None:
    fill(250)
    page = choose(staff, "move", [], _selected_action=[1], select_across=1)["Location"]
    form = text_of(staff.get(page))
    assert "Move 250 orders" in form
    assert "and 200 more" in form
    page = staff.post(page, {"status": SHIPPED, "mail": "mail"})["Location"]
    asks = staff.get(page)
    assert "Up to 250 customers are mailed" in text_of(asks)
    assert "And 200 more." in text_of(asks)
    assert len(re.findall(r'<th scope="row">', asks.content.decode())) == 50


@pytest.mark.parametrize(
    ("action", "number", "most", "hint"),
    [
        ("move", 251, 250, "statuspro bulk"),
        ("comment", 11, 10, "statuspro comment"),
        ("set_due_date", 11, 10, "statuspro due"),
        ("fetch", 11, 10, "statuspro_sync"),
    ],
)
def test_more_orders_than_a_page_takes_are_refused(
    staff: Any, sandbox: Sandbox, action: str, number: int, most: int, hint: str
) -> None:
    fill(number)
    response = choose(staff, action, [], _selected_action=[1], select_across=1)
    said = text_of(staff.get(response["Location"]))
    assert f"You have chosen {number} orders" in said
    assert f"up to {most}" in said
    assert hint in said
    assert sandbox.requests == []


# Comments, due dates, fetching


@pytest.mark.parametrize("is_public", [True, False])
def test_a_comment_is_shown_then_sent(staff: Any, sandbox: Sandbox, is_public: bool) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    values = {"comment": "The <oak> is here", **({"public": "on"} if is_public else {})}
    page = prepare(staff, [order], "comment", **values)
    asks = staff.get(page)
    assert "The &lt;oak&gt; is here" in asks.content.decode()
    assert "It is not known whether anybody is mailed" in text_of(asks)
    assert ("the customer sees it" in text_of(asks)) == is_public
    assert "1 done." in send(staff, page)
    body = {"comment": "The <oak> is here", **({"public": True} if is_public else {})}
    assert writes(sandbox) == [("comment", body)]
    assert order.events.filter(comment="The <oak> is here").exists()
    kind = "a public" if is_public else "an internal"
    assert log() == [(str(order.pk), f"Added {kind} comment.")]


@pytest.mark.parametrize(
    ("first", "last", "said", "button"),
    [
        ("2026-03-15", "", "to March 15, 2026?", "Set the due date of 1 order"),
        ("2026-03-15", "2026-03-20", "to March 15, 2026 to March 20, 2026?", "Set the due date"),
        ("", "", "to no day?", "Clear the due date of 1 order"),
    ],
)
def test_a_due_date_is_set_spanned_or_cleared(
    staff: Any, sandbox: Sandbox, first: str, last: str, said: str, button: str
) -> None:
    order = stored(sandbox, due_date="2026-01-02")
    values = {"first": first, "last": last, **({} if first else {"clear": "on"})}
    page = prepare(staff, [order], "set_due_date", **values)
    asks = staff.get(page)
    assert said in text_of(asks)
    assert button in asks.content.decode()
    assert "Jan. 2, 2026" in text_of(asks)
    assert "1 done." in send(staff, page)
    body = {"due_date": first or None, **({"due_date_to": last} if last else {})}
    assert writes(sandbox) == [("due-date", body)]
    order.refresh_from_db()
    assert str(order.due_date or "") == first
    assert str(order.due_date_to or "") == last


def test_a_due_date_that_has_changed_meanwhile_is_told(staff: Any, sandbox: Sandbox) -> None:
    order = stored(sandbox, due_date="2026-01-02")
    page = prepare(staff, [order], "set_due_date", first="2026-03-15")
    sandbox.client().set_order_due_date(order.pk, "2026-02-02")
    sandbox.requests.clear()
    response = staff.post(page, {"send": "x"})
    asks = text_of(staff.get(response["Location"]))
    assert f"Nothing was sent: {order} has another due date now" in asks
    assert writes(sandbox) == []


def test_orders_are_fetched_again_from_the_page_and_from_the_list(
    staff: Any, sandbox: Sandbox
) -> None:
    first, second = orders_of(sandbox, IN_PRODUCTION, IN_PRODUCTION)
    for order in (first, second):
        sandbox.client().update_order_status(order.pk, SHIPPED, notify=False)
    response = staff.post(f"{ORDERS}{first.pk}/fetch/", follow=True)
    assert f"Fetched again: {first}." in text_of(response)
    assert (code_of(first), code_of(second)) == (SHIPPED, IN_PRODUCTION)
    response = choose(staff, "fetch", [first, second])
    assert f"Fetched again: {second}, {first}." in text_of(staff.get(response["Location"]))
    assert code_of(second) == SHIPPED
    assert {said for _, said in log()} == {"Fetched again."}


def test_an_order_that_the_service_refuses_to_show_does_not_keep_the_others_from_being_fetched(
    staff: Any, sandbox: Sandbox
) -> None:
    first, second = orders_of(sandbox, IN_PRODUCTION, IN_PRODUCTION)
    sandbox.fail(422, times=1, path=f"/orders/{second.pk}")
    told = text_of(staff.get(choose(staff, "fetch", [first, second])["Location"]))
    assert f"{second} was not fetched. The service refused this" in told
    assert f"Fetched again: {first}." in told


def test_a_look_at_the_address_of_a_fetch_asks_nothing(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    response = staff.get(f"{ORDERS}{order.pk}/fetch/")
    assert response["Location"] == f"{ORDERS}{order.pk}/change/"
    assert sandbox.requests == []


def test_a_fetch_tells_of_an_order_that_is_gone_and_of_a_failure(
    staff: Any, sandbox: Sandbox, of_sandbox: dict[str, Any]
) -> None:
    from django.test import override_settings

    gone, first, second = orders_of(sandbox, *[IN_PRODUCTION] * 3)
    sandbox.fail(404, times=1)
    response = staff.post(f"{ORDERS}{gone.pk}/fetch/", follow=True)
    assert f"The service has {gone} no more, and the copy neither." in text_of(response)
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        sandbox.fail(503, times=1)
        response = choose(staff, "fetch", [first, second])
    said = text_of(staff.get(response["Location"]))
    assert f"Not fetched: {second}, {first}. The service failed (503)." in said


# Forms


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("move", {"mail": "mail"}, "This field is required."),
        ("move", {"mail": "mail", "status": "st999999"}, "Select a valid choice."),
        ("move", {"status": SHIPPED}, "This field is required."),
        ("move", {"mail": "mail", "status": SHIPPED, "comment": "ab"}, "at least 3 characters"),
        ("move", {"mail": "mail", "status": SHIPPED, "public": "on"}, "There is no comment"),
        ("comment", {}, "This field is required."),
        ("comment", {"comment": "x" * 1001}, "at most 1000 characters"),
        ("due-date", {}, "Give a day, or clear the due date."),
        ("due-date", {"first": "2026-03-15", "clear": "on"}, "not both"),
        ("due-date", {"first": "2026-03-15", "last": "2026-03-14"}, "ends before it begins"),
        ("due-date", {"first": "soon"}, "Enter a valid date."),
        ("due-date", {"last": "2026-03-14"}, "Give a day, or clear the due date."),
    ],
)
def test_a_form_says_what_is_wrong(
    staff: Any, sandbox: Sandbox, kind: str, values: dict[str, str], said: str
) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    response = staff.post(f"{ORDERS}{order.pk}/{kind}/", values)
    assert response.status_code == 200
    assert said in text_of(response)
    assert 'role="alert"' in response.content.decode()
    assert sandbox.requests == []


def test_a_change_is_filled_in_again_with_what_it_was(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order], mail="none", comment="Left with DHL")
    form = staff.get(f"{page}edit/").content.decode()
    assert re.findall(r'value="(\w+)"[^>]* checked', form) == [SHIPPED, "none"]
    assert "Left with DHL" in form
    other = staff.post(f"{page}edit/", {"status": ON_HOLD, "mail": "none"})["Location"]
    assert other != page
    assert "to On Hold?" in text_of(staff.get(other))
    assert "to Shipped?" in text_of(staff.get(page))


@pytest.mark.parametrize(
    ("kind", "values", "shown"),
    [
        ("comment", {"comment": "The oak is here", "public": "on"}, ["The oak is here", "checked"]),
        ("set_due_date", {"first": "2026-03-15", "last": "2026-03-20"}, ["2026-03-15", "03-20"]),
        ("set_due_date", {"clear": "on"}, ["checked"]),
    ],
)
def test_a_comment_and_a_due_date_are_filled_in_again_too(
    staff: Any, sandbox: Sandbox, kind: str, values: dict[str, str], shown: list[str]
) -> None:
    order = stored(sandbox, due_date="2026-01-02")
    form = staff.get(f"{prepare(staff, [order], kind, **values)}edit/").content.decode()
    assert all(each in form for each in shown)
    assert ("checked" in form) == ("checked" in shown)


def test_without_a_catalogue_the_form_says_where_it_comes_from(sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = member(*MAY).get(f"{ORDERS}{order.pk}/move/")
    assert "manage.py statuspro_sync fetches them" in text_of(page)


# Who, and what is kept


def test_a_task_is_its_owners_alone(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    other = member(*MAY, name="grace")
    assert other.get(page).status_code == 404
    assert other.post(page, {"send": "x"}).status_code == 404
    assert other.get(f"{page}edit/").status_code == 404
    assert writes(sandbox) == []


def test_a_permission_that_was_taken_away_sends_nothing(staff: Any, sandbox: Sandbox) -> None:
    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    staff.user.user_permissions.clear()
    assert staff.post(page, {"send": "x"}).status_code == 403
    assert writes(sandbox) == []


def test_what_a_member_of_the_staff_may_not_see_they_do_not_change(
    staff: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from statuspro.contrib.django.admin import OrderAdmin
    from statuspro.contrib.django.models import Order

    theirs, hidden = orders_of(sandbox, IN_PRODUCTION, IN_PRODUCTION)
    page = prepare(staff, [theirs, hidden], "comment", comment="A word")
    seen = Order.objects.exclude(pk=hidden.pk)
    monkeypatch.setattr(OrderAdmin, "get_queryset", lambda *_: seen)
    for path in ("change", "move", "comment"):
        assert staff.get(f"{ORDERS}{hidden.pk}/{path}/").status_code in (302, 404)
    assert staff.post(f"{ORDERS}{hidden.pk}/fetch/").status_code == 404
    again = staff.post(page, {"send": "x"})["Location"]
    assert again != page
    assert "1 done; 1 skipped." in send(staff, again)
    assert len(writes(sandbox)) == 1


def test_no_page_changes_anything_without_its_token(staff: Any, sandbox: Sandbox) -> None:
    from django.test import Client

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    page = prepare(staff, [order])
    strict: Any = Client(enforce_csrf_checks=True)
    strict.force_login(staff.user)
    for path in (page, f"{ORDERS}{order.pk}/move/", f"{ORDERS}{order.pk}/fetch/", ORDERS):
        assert strict.post(path, {"send": "x"}).status_code == 403
    assert writes(sandbox) == []


def test_tasks_are_deleted_after_a_day(staff: Any, sandbox: Sandbox) -> None:
    from django.utils import timezone

    from statuspro.contrib.django.models import StaffTask

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    old = prepare(staff, [order])
    StaffTask.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    prepare(staff, [order])
    assert StaffTask.objects.count() == 1
    assert staff.get(old).status_code == 404


def test_neither_the_log_nor_a_task_holds_anything_of_a_customer(
    staff: Any, sandbox: Sandbox
) -> None:
    from django.contrib.admin.models import LogEntry

    from statuspro.contrib.django.models import StaffTask

    (order,) = orders_of(sandbox, IN_PRODUCTION)
    send(staff, prepare(staff, [order], comment="Ring Zoë"))
    kept = [entry.change_message + entry.object_repr for entry in LogEntry.objects.all()]
    assert "Zoë" not in "".join(kept)
    assert "zoe" not in "".join(json.dumps(list(StaffTask.objects.values()), default=str))


def test_what_was_sent_stays_stored_whatever_the_request_fails_on() -> None:
    from django.urls import resolve

    for path in (ORDERS, f"{ORDERS}tasks/x/", f"{ORDERS}1/move/", f"{ORDERS}1/fetch/"):
        view: Any = resolve(path).func
        assert view._non_atomic_requests == {"default"}
