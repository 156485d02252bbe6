"""The orders in memory: their list, their history and their mails."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from statuspro.sandbox.catalogue import CATALOGUE
from statuspro.sandbox.data import FIRST_ID, FIRST_NUMBER, id_at
from statuspro.sandbox.filters import EVERYTHING, Filters
from statuspro.sandbox.orders import Order, OrderFields
from statuspro.sandbox.store import NotViableError, StatusChange, Store, UnknownOrderError

NOW = 1_800_000_000.5


def make_store(orders: int = 40, *, enforce_viable: bool = True) -> Store:
    return Store(orders, 1, clock=lambda: NOW, enforce_viable=enforce_viable)


def ids_of(store: Store, filters: Filters = EVERYTHING, per_page: int = 100) -> list[int]:
    lines, _ = store.page(filters, 1, per_page)
    return [json.loads(line)["id"] for line in lines]


def known(store: Store, order_id: int) -> Order:
    order = store.get(order_id)
    assert order is not None
    return order


def first_with(store: Store, code: str | None) -> int:
    return next(i for i in ids_of(store) if known(store, i).status_code == code)


def test_newest_first() -> None:
    assert ids_of(make_store(7)) == [id_at(index) for index in range(6, -1, -1)]


def test_pages_join_to_the_whole_list() -> None:
    store = make_store(23)
    pages = [store.page(EVERYTHING, page, 10) for page in (1, 2, 3, 4)]
    assert [len(lines) for lines, _ in pages] == [10, 10, 3, 0]
    assert {total for _, total in pages} == {23}
    joined = [json.loads(line)["id"] for lines, _ in pages for line in lines]
    assert joined == ids_of(store)


def test_an_empty_store() -> None:
    store = make_store(0)
    assert store.page(EVERYTHING, 1, 15) == ([], 0)
    assert store.get(FIRST_ID) is None
    assert len(store) == 0


def test_get_gives_a_copy() -> None:
    store = make_store()
    known(store, FIRST_ID).history.clear()
    known(store, FIRST_ID).status_code = "st000007"
    assert known(store, FIRST_ID) == make_store().get(FIRST_ID)


def test_unknown_ids() -> None:
    store = make_store()
    assert FIRST_ID in store
    assert FIRST_ID + 1 not in store
    assert store.get(FIRST_ID + 1) is None
    with pytest.raises(UnknownOrderError):
        store.update_status(1, StatusChange("st000001"))
    with pytest.raises(UnknownOrderError):
        store.add_comment(1, "hello", False)
    with pytest.raises(UnknownOrderError):
        store.set_due_date(1, None, None)
    with pytest.raises(UnknownOrderError):
        store.change(1, tags=())
    with pytest.raises(UnknownOrderError):
        store.remove(1)
    assert store.applied == []


@pytest.mark.parametrize("number", [str(FIRST_NUMBER + 4), f"#{FIRST_NUMBER + 4}"])
def test_lookup(number: str) -> None:
    store = make_store()
    order = known(store, id_at(4))
    assert store.lookup(number, order.customer.email.upper()) == order


@pytest.mark.parametrize(
    "number", ["", "#", "##1188", "abc", "1", "-1188", "٣", "9" * 19, "1188.0"]
)
def test_lookup_of_a_number_that_no_order_has(number: str) -> None:
    store = make_store()
    assert store.lookup(number, known(store, FIRST_ID).customer.email) is None


def test_lookup_with_somebody_elses_address() -> None:
    store = make_store()
    assert store.lookup(str(FIRST_NUMBER), "nobody@example.com") is None


def test_a_status_change_is_applied_with_history_and_mail() -> None:
    store = make_store()
    order_id = first_with(store, "st000002")
    before = known(store, order_id)
    store.update_status(order_id, StatusChange("st000003", comment="Off it goes", public=True))
    after = known(store, order_id)
    assert (after.status_code, after.status_set_at) == ("st000003", int(NOW))
    assert len(after.history) == len(before.history) + 1
    event = after.history[-1]
    assert (event.event, event.status_code, event.time) == (
        "status_updated",
        "st000003",
        int(NOW),
    )
    assert (event.comment, event.comment_is_public) == ("Off it goes", True)
    (mail,) = store.mails
    assert event.mail == mail
    assert mail.to[0] == after.customer.email
    assert mail.comment == "Off it goes"
    assert (mail.order_id, mail.time, mail.send_at) == (order_id, NOW, None)
    assert mail.subject == f"Order {after.name}: {CATALOGUE['st000003'].name}"
    assert store.applied == [(order_id, "status", NOW)]


def test_a_comment_that_is_not_public_is_not_mailed() -> None:
    store = make_store()
    store.update_status(first_with(store, "st000002"), StatusChange("st000003", comment="Secret"))
    assert [mail.comment for mail in store.mails] == [None]


@pytest.mark.parametrize(
    ("customer", "additional", "mailed"),
    [(True, True, 2), (True, False, 1), (False, True, 1), (False, False, 0)],
)
def test_who_is_mailed(customer: bool, additional: bool, mailed: int) -> None:
    store = make_store()
    order_id = store.add(email="a@example.com", additional_emails=("b@example.com",))
    store.update_status(
        order_id,
        StatusChange("st000001", email_customer=customer, email_additional=additional),
    )
    assert [len(mail.to) for mail in store.mails] == ([mailed] if mailed else [])
    assert len(known(store, order_id).history) == 1


def test_a_status_that_may_not_follow_is_refused_and_nothing_is_written() -> None:
    store = make_store()
    order_id = first_with(store, "st000007")
    before = known(store, order_id)
    with pytest.raises(NotViableError):
        store.update_status(order_id, StatusChange("st000001"))
    assert known(store, order_id) == before
    assert store.mails == []
    assert store.applied == []


def test_any_status_may_follow_where_transitions_are_not_enforced() -> None:
    store = make_store(enforce_viable=False)
    order_id = first_with(store, "st000007")
    store.update_status(order_id, StatusChange("st000001"))
    assert known(store, order_id).status_code == "st000001"


def test_a_comment_grows_the_history() -> None:
    store = make_store()
    before = len(known(store, FIRST_ID).history)
    store.add_comment(FIRST_ID, "Second coat is drying", True)
    history = known(store, FIRST_ID).history
    assert len(history) == before + 1
    assert history[-1] == ("comment_added", int(NOW), None, "Second coat is drying", True, None)
    assert store.mails == []
    assert store.applied == [(FIRST_ID, "comment", NOW)]


def test_due_dates_are_set_and_cleared() -> None:
    store = make_store()
    store.set_due_date(FIRST_ID, "2026-07-01", "2026-07-04")
    order = known(store, FIRST_ID)
    assert (order.due_date, order.due_date_to) == ("2026-07-01", "2026-07-04")
    store.set_due_date(FIRST_ID, None, "2026-07-04")
    order = known(store, FIRST_ID)
    assert (order.due_date, order.due_date_to) == (None, None)
    assert [event.event for event in order.history[-2:]] == ["due_date_updated"] * 2


def test_a_change_with_a_due_date_sets_it() -> None:
    store = make_store()
    order_id = store.add(due_date="2026-01-01", due_date_to="2026-01-02")
    store.update_status(order_id, StatusChange("st000001", due_date="2026-08-01"))
    order = known(store, order_id)
    assert (order.due_date, order.due_date_to) == ("2026-08-01", None)


def test_lists_show_what_was_written() -> None:
    store = make_store()
    shipped = Filters(status_code="st000003")
    order_id = first_with(store, "st000002")
    assert order_id not in ids_of(store, shipped)
    store.update_status(order_id, StatusChange("st000003"))
    assert order_id in ids_of(store, shipped)
    lines, _ = store.page(EVERYTHING, 1, 100)
    (line,) = [item for item in map(json.loads, lines) if item["id"] == order_id]
    assert line["status"]["code"] == "st000003"
    assert line["history_count"] == len(known(store, order_id).history)


def test_the_same_filters_find_the_same_orders_until_something_is_written() -> None:
    store = make_store()
    received = Filters(status_code="st000001")
    before = ids_of(store, received)
    assert ids_of(store, received) == before != []
    store.update_status(before[0], StatusChange("st000002"))
    assert ids_of(store, received) == before[1:]


def test_an_added_order_is_the_newest() -> None:
    store = make_store()
    shipped = Filters(status_code="st000003")
    before = ids_of(store, shipped)
    order_id = store.add(name="Ada King", status_code="st000003", tags=("rush",))
    assert ids_of(store)[0] == order_id > max(before)
    assert ids_of(store, shipped) == [order_id, *before]
    order = known(store, order_id)
    assert order.customer.name == "Ada King"
    assert order.tags == ("rush",)
    assert order.status_set_at == order.created_at == int(NOW)
    assert order.number == FIRST_NUMBER + 40
    assert store.lookup(str(order.number), order.customer.email) == order
    assert store.add() > order_id


def test_an_added_order_has_no_status_or_history_of_its_own_making() -> None:
    store = make_store()
    for _ in range(20):
        order = known(store, store.add())
        assert (order.status_code, order.history, order.cancelled_at) == (None, [], None)


@pytest.mark.parametrize("field", ["id", "number", "color"])
def test_fields_that_cannot_be_set(field: str) -> None:
    store = make_store()
    with pytest.raises(TypeError, match=field):
        store.add(**cast(OrderFields, {field: 1}))
    assert len(store) == 40


def test_a_status_that_does_not_exist_cannot_be_set() -> None:
    with pytest.raises(KeyError):
        make_store().change(FIRST_ID, status_code="st999999")


def test_a_changed_order_has_no_new_history() -> None:
    store = make_store()
    before = known(store, FIRST_ID).history
    store.change(FIRST_ID, status_code=None, financial_status="voided")
    order = known(store, FIRST_ID)
    assert (order.status_code, order.financial_status) == (None, "voided")
    assert order.history == before
    assert FIRST_ID in ids_of(store, Filters(financial_status=frozenset({"voided"})))


def test_a_removed_order_is_gone() -> None:
    store = make_store()
    everything = ids_of(store)
    gone = everything[3]
    store.remove(gone)
    assert ids_of(store) == [order_id for order_id in everything if order_id != gone]
    assert store.get(gone) is None
    with pytest.raises(UnknownOrderError):
        store.remove(gone)


def test_many_threads_lose_no_write() -> None:
    store = make_store(8, enforce_viable=False)
    ids = ids_of(store)
    before = sum(len(known(store, order_id).history) for order_id in ids)

    def work(number: int) -> None:
        for turn in range(50):
            order_id = ids[(number + turn) % len(ids)]
            store.update_status(order_id, StatusChange("st000001"))
            store.add_comment(order_id, "again", False)
            store.page(Filters(status_code="st000001"), 1, 100)
            if turn % 10 == 0:
                store.remove(store.add())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(store.applied) == 8 * 50 * 2
    assert len(store.mails) == 8 * 50
    assert sum(len(known(store, order_id).history) for order_id in ids) == before + 800
    assert ids_of(store) == ids


def test_viable_statuses_are_those_that_are_accepted() -> None:
    for code in CATALOGUE:
        for wanted in CATALOGUE:
            store = make_store(1)
            store.change(FIRST_ID, status_code=code)
            if wanted in CATALOGUE.viable_after(code):
                store.update_status(FIRST_ID, StatusChange(wanted))
            else:
                with pytest.raises(NotViableError):
                    store.update_status(FIRST_ID, StatusChange(wanted))


def test_dates_lie_around_the_day_on_which_the_store_was_made() -> None:
    store = make_store(400)
    today = "2027-01-15"
    due = [day for each in ids_of(store) if (day := known(store, each).due_date)]
    assert any(day < today for day in due)
    assert any(day > today for day in due)
    assert all(known(store, each).created_at < NOW for each in ids_of(store))


def test_an_order_that_arrives_is_due_in_time() -> None:
    store = make_store(0)
    arrived = [known(store, store.add()) for _ in range(20)]
    due = [order.due_date for order in arrived if order.due_date]
    assert due
    assert min(due) > "2027-01-15"
