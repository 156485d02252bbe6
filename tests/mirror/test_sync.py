"""What a sync tells, what it costs, and what is left of one that was cut off."""

from __future__ import annotations

import gc
import linecache
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import Mock

import pytest

from statuspro import (
    APIError,
    APITimeoutError,
    AuthenticationError,
    MirrorError,
    RateLimitError,
    ServerError,
    StatusProClient,
    TruncatedListWarning,
)
from statuspro.mirror import Change, Mirror
from statuspro.mirror.sync import _MOST_FAILURES
from statuspro.sandbox import Sandbox
from statuspro.sandbox.render import detail, list_item, to_json
from tests.support.forks import runs_in_fork
from tests.support.mirrors import DirectClient, assert_equal

#: A Ctrl-C is tried at each such line of a sync; at 1 it takes half a minute.
LINES_AT_A_TIME = 41


def told(mirror: Mirror, client: StatusProClient, **arguments: Any) -> list[Any]:
    return list(mirror.sync(client, **arguments))


def ids_of(shop: Sandbox) -> list[int]:
    with shop.client(adapter=shop.adapter()) as client:
        return [order["id"] for order in client.iter_orders()]


def details_asked(shop: Sandbox) -> list[str]:
    """The ids of the orders that were asked for one by one."""
    last = [record.path.rpartition("/")[2] for record in shop.requests]
    return [part for part in last if part.isdecimal()]


@pytest.fixture
def ids(shop: Sandbox, mirror: Mirror, client: StatusProClient) -> list[int]:
    """The ids of the orders, which are all in the mirror; nothing has been requested."""
    told(mirror, client)
    ids = ids_of(shop)
    shop.requests.clear()
    return ids


# Kinds


def test_each_order_is_new_the_first_time(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    changes = told(mirror, client)
    assert [change["order"]["id"] for change in changes] == ids_of(shop)
    for change in changes:
        order = shop.order(change["order"]["id"])
        assert change == {
            "kind": "new",
            "order": {**list_item(order), **detail(order)},
            "before": None,
            "fields": [],
            "events": detail(order)["history"],
        }


def test_nothing_is_told_of_what_has_not_changed(
    mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    assert told(mirror, client) == []


def test_a_changed_order_comes_with_what_has_changed(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    before = mirror.order(ids[3])
    client.update_order_status(ids[3], "st000003", comment="Cut", public=True)
    (change,) = told(mirror, client)
    shown = detail(shop.order(ids[3]))
    assert (change["kind"], change["order"].get("history")) == ("changed", shown["history"])
    assert {"status", "history_count"} == set(change["fields"])
    assert change["events"] == shown["history"][-1:]
    assert change["events"][0]["comment"] == "Cut"
    assert change["before"] is not None
    assert before is not None
    assert change["before"]["status"] == before["status"]
    assert change["order"]["status"] == shown["status"] == mirror.order(ids[3])["status"]  # type: ignore[index]


def test_a_customer_s_new_address_is_a_change_without_events(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    customer = shop.order(ids[0]).customer._replace(email="new@shop.test")
    shop._store.change(ids[0], customer=customer)
    (change,) = told(mirror, client)
    assert (change["kind"], change["fields"], change["events"]) == ("changed", ["customer"], [])


def test_an_order_is_gone_when_the_service_says_404(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    before = mirror.order(ids[5])
    shop.remove_order(ids[5])
    (change,) = told(mirror, client)
    assert (change["kind"], change["fields"], change["events"]) == ("gone", [], [])
    assert before is not None
    assert change["order"] == change["before"] == {**change["order"], **before}
    assert mirror.order(ids[5]) is None
    assert mirror.history(ids[5]) == []
    assert details_asked(shop) == [str(ids[5])]
    assert told(mirror, client) == []


def test_an_order_falls_out_of_the_filters_by_its_status(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    for order_id in ids_of(shop)[:3]:
        shop.set_status(order_id, "st000002")
    first = [change["order"]["id"] for change in told(mirror, client, status_code="st000002")]
    client.update_order_status(first[0], "st000003")
    (change,) = told(mirror, client, status_code="st000002")
    assert (change["kind"], change["order"]["id"]) == ("changed", first[0])
    assert set(change["fields"]) == {"status", "history_count"}
    assert len(change["events"]) == 1
    assert first[0] not in [order["id"] for order in mirror.orders()]
    assert mirror.order(first[0]) == detail(shop.order(first[0]))


def test_an_order_falls_out_of_the_filters_for_what_it_does_not_show_and_comes_back(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    told(mirror, client, exclude_cancelled=True)
    one = next(iter(mirror.orders()))["id"]
    for cancelled_at in (1, None):
        shop._store.change(one, cancelled_at=cancelled_at)
        (change,) = told(mirror, client, exclude_cancelled=True)
        assert (change["kind"], change["order"]["id"]) == ("changed", one)
        assert (change["fields"], change["events"]) == (["filtered"], [])
        assert (one in [order["id"] for order in mirror.orders()]) is (cancelled_at is None)
        assert told(mirror, client, exclude_cancelled=True) == []


def test_coming_back_costs_no_request_where_nothing_else_has_changed(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    shop._store.change(ids[0], cancelled_at=1)
    told(mirror, client, exclude_cancelled=True)
    shop.requests.clear()
    changes = told(mirror, client)
    assert changes[0]["order"]["id"] == ids[0]
    assert all(change["fields"] == ["filtered"] for change in changes)
    assert details_asked(shop) == []


def test_a_filter_of_the_status_explains_why_an_order_comes_in(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    shop.set_status(ids[0], "st000002")
    told(mirror, client)
    told(mirror, client, status_code="st000003")
    shop.set_status(ids[0], "st000003")
    (change,) = told(mirror, client, status_code="st000003")
    assert (change["order"]["id"], change["fields"]) == (ids[0], ["status"])


def test_an_order_that_was_out_of_the_filters_for_a_moment_stays_listed(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    for order_id in ids[:2]:
        shop.set_status(order_id, "st000002")
    told(mirror, client, status_code="st000002")
    set_at = shop.order(ids[0]).status_set_at
    shop._store.change(ids[0], status_code="st000003")

    def move_back(record: Any) -> None:
        if record.path.endswith(str(ids[0])):
            shop._store.change(ids[0], status_code="st000002", status_set_at=set_at)

    shop.on_request = move_back
    assert told(mirror, client, status_code="st000002") == []
    assert ids[0] in [order["id"] for order in mirror.orders()]


def test_an_order_that_the_whole_list_leaves_out_stays_listed(
    shop: Sandbox,
    mirror: Mirror,
    client: StatusProClient,
    ids: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a service may do that is odd: it is there, and nothing filters it out."""
    page = shop._store.page
    one = f'"id":{ids[3]},'.encode()

    def without_one(*args: Any) -> tuple[list[bytes], int]:
        lines, total = page(*args)
        return [line for line in lines if one not in line], total - 1

    monkeypatch.setattr(shop._store, "page", without_one)
    assert told(mirror, client) == []
    assert ids[3] in [order["id"] for order in mirror.orders()]


def test_an_order_that_arrives_is_new(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    arrived = shop.add_order()
    (change,) = told(mirror, client)
    assert (change["kind"], change["order"]["id"], change["before"]) == ("new", arrived, None)
    assert details_asked(shop) == [str(arrived)]


# Costs


def test_a_night_costs_the_walk_and_the_changed_ones(mirror: Mirror) -> None:
    shop = Sandbox(orders=2_000, enforce_viable=False)
    with shop.client(adapter=shop.adapter(), max_pages=1) as client:
        told(mirror, client, history=False)
        shop.requests.clear()
        told(mirror, client, history=False)
        walk = len(shop.requests)
        assert walk <= 1.2 * 20
        for order_id in ids_of(shop)[::50]:
            shop.set_status(order_id, "st000002")
            shop._store.change(order_id, due_date="2031-01-01")
        shop.requests.clear()
        assert len(told(mirror, client, history=False)) == 40
        assert len(shop.requests) == walk


def test_only_what_has_changed_is_asked_for(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    for order_id in ids[:4]:
        client.add_order_comment(order_id, "Cut")
    shop.requests.clear()
    assert len(told(mirror, client)) == 4
    assert details_asked(shop) == [str(order_id) for order_id in ids[:4]]
    assert len(shop.requests) == 1 + 4  # the page


def test_the_catalogue_is_asked_for_once_a_day_and_for_a_new_status(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> bool:
        shop.requests.clear()
        told(mirror, client)
        return any(record.path.endswith("/statuses") for record in shop.requests)

    assert asked()
    assert not asked()
    # As if the account had got its statuses since.
    mirror._storage.save_state(status_codes="[]")
    assert asked()
    assert not asked()
    monkeypatch.setattr("statuspro.mirror.sync._CATALOGUE_LASTS", 0.0)
    assert asked()
    assert mirror.statuses() == client.get_statuses()


# Cut off


def test_a_change_is_stored_when_the_loop_comes_back(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    first: list[int] = []
    for change in mirror.sync(client):
        first.append(change["order"]["id"])
        assert mirror.order(first[-1]) is None
        assert len(first) < 2 or mirror.order(first[-2]) is not None
        if len(first) == 7:
            break
    asked = details_asked(shop)
    assert asked == [str(order_id) for order_id in first]
    second = [change["order"]["id"] for change in mirror.sync(client)]
    assert second == ids_of(shop)[6:]
    assert sorted(details_asked(shop)) == sorted(map(str, ids_of(shop)))  # each of them once


def test_what_a_loop_does_to_a_change_is_not_stored(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    for change in told_one_by_one(mirror, client):
        change["order"]["customer"]["email"] = "hidden"
        for event in change["events"]:
            event.clear()
        change["order"].pop("history")
    for order_id in ids_of(shop):
        assert mirror.order(order_id) == detail(shop.order(order_id))
        assert list_item(shop.order(order_id)) in list(mirror.orders())


def told_one_by_one(mirror: Mirror, client: StatusProClient) -> Iterator[Any]:
    yield from mirror.sync(client)


def test_a_loop_that_raises_repeats_that_change(
    mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    client.add_order_comment(ids[2], "Cut")

    def loop() -> None:
        for _ in mirror.sync(client):
            raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            loop()
    assert [change["order"]["id"] for change in mirror.sync(client)] == [ids[2]]


def test_a_detail_that_is_out_of_date_by_then_is_asked_for_again(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    client.add_order_comment(ids[2], "Cut")
    next(mirror.sync(client))
    client.add_order_comment(ids[2], "Glued")
    (change,) = told(mirror, client)
    assert [event["comment"] for event in change["events"]] == ["Cut", "Glued"]


def test_one_that_was_gone_is_told_again_where_the_loop_ended(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    shop.remove_order(ids[0])
    assert next(mirror.sync(client))["kind"] == "gone"
    assert mirror.order(ids[0]) is not None
    assert [change["kind"] for change in told(mirror, client)] == ["gone"]


def test_closing_ends_the_sync_and_lets_another_begin(
    mirror: Mirror, client: StatusProClient
) -> None:
    sync = mirror.sync(client)
    next(sync)
    sync.close()
    assert list(sync) == []
    assert len(told(mirror, client)) == 25


# A response that is cut off while it is made, as none is made over a socket, has no end.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_in_the_middle(shop: Sandbox, mirror: Mirror, client: StatusProClient) -> None:
    def interrupt(record: Any) -> None:
        if len(shop.requests) == 12:
            os.kill(os.getpid(), signal.SIGINT)

    shop.on_request = interrupt
    with pytest.raises(KeyboardInterrupt):
        told(mirror, client)
    shop.on_request = None
    told(mirror, client)
    asked = details_asked(shop)
    assert len(asked) <= 25 + 1
    assert len(list(mirror.orders())) == 25


class InterruptAt:
    """A trace function that raises a KeyboardInterrupt at one line of the mirror, from 1."""

    def __init__(self, line: int) -> None:
        self.left = line

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        name = frame.f_code.co_filename
        if "/statuspro/mirror/" not in name and "/statuspro/_filelock" not in name:
            return None
        # Python lets no signal in between the end of a `try` and the call in its `finally`.
        text = linecache.getline(name, frame.f_lineno)
        if event == "line" and not re.search(r"release\(\)|ROLLBACK|suppress", text):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
        return self


# Python drops a Ctrl-C in the `__del__` of a lock.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_at_any_line_leaves_the_file_to_the_next_sync(path: Path) -> None:
    shop = Sandbox(orders=2)
    client: Any = DirectClient(shop)
    before, line, ended = sys.gettrace(), 0, False
    while not ended:
        line += LINES_AT_A_TIME
        one = path.with_name(f"{line}.sqlite3")
        with Mirror(one) as mirror:
            interrupt = InterruptAt(line)
            sys.settrace(interrupt)
            try:
                list(mirror.sync(client))
                ended = interrupt.left > 0
            except KeyboardInterrupt:
                pass
            finally:
                sys.settrace(before)
            list(mirror.sync(client))
            assert_equal(mirror, shop, client)
    assert line > 100


# Odd services


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detail shows another name of the status than the list does."""

    def renamed(order: Any) -> Any:
        shown = detail(order)
        if shown["status"]["is_set"]:
            shown["status"]["name"] += " (detail)"
        return shown

    monkeypatch.setattr("statuspro.sandbox.render.detail", renamed)


@pytest.mark.usefixtures("translated")
def test_a_list_that_differs_from_the_detail_costs_one_more_night(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    told(mirror, client)
    assert told(mirror, client) == []
    shop.requests.clear()
    assert told(mirror, client) == []
    assert details_asked(shop) == []
    one = ids_of(shop)[0]
    client.update_order_status(one, "st000003")
    assert [change["order"]["id"] for change in told(mirror, client)] == [one]
    assert told(mirror, client) == []
    shop.requests.clear()
    assert told(mirror, client) == []
    assert details_asked(shop) == []


def test_a_change_that_was_taken_back_and_made_again_is_not_missed(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    """The list shows it, the detail does not any more, and the next list shows it again."""
    first = shop.order(ids[0]).customer
    other = first._replace(name="Someone Else")

    def take_back(record: Any) -> None:
        if record.path.endswith(str(ids[0])):
            shop._store.change(ids[0], customer=first)

    shop._store.change(ids[0], customer=other)
    shop.on_request = take_back
    assert told(mirror, client) == []
    shop.on_request = None
    shop._store.change(ids[0], customer=other)
    (change,) = told(mirror, client)
    assert change["order"]["customer"]["name"] == "Someone Else"


def test_an_order_without_an_id_ends_the_sync(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bad in ({}, {"id": None}, {"id": "7"}, {"id": 0}, {"id": 2**63}):
        monkeypatch.setattr(shop._store, "page", Mock(return_value=([to_json(bad)], 1)))
        with pytest.raises(MirrorError, match="without a usable id"):
            told(mirror, client)
    monkeypatch.undo()
    assert len(told(mirror, client)) == 25


@pytest.mark.parametrize("status", [500, 503, 403, 422, 410, 302])
def test_an_order_that_fails_does_not_stop_the_others(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, status: int
) -> None:
    one = ids_of(shop)[4]
    shop.fail(status, 99, path=f"/orders/{one}")
    changes: list[int] = []
    with pytest.raises(APIError):
        changes.extend(change["order"]["id"] for change in mirror.sync(client))
    assert changes == [order_id for order_id in ids_of(shop) if order_id != one]
    assert repr(mirror.synced_at) == "None"
    shop.clear_faults()
    assert [change["order"]["id"] for change in mirror.sync(client)] == [one]
    assert mirror.synced_at is not None


def test_failures_that_are_not_in_a_row_end_nothing(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    for order_id in ids_of(shop):
        shop._store.change(order_id, cancelled_at=None)
    failing, others = ids_of(shop)[:8:2], ids_of(shop)[1:8:2]
    for order_id in failing:
        shop.fail(500, path=f"/orders/{order_id}")
    changes: list[int] = []
    with pytest.raises(ServerError):
        changes.extend(change["order"]["id"] for change in mirror.sync(client))
    assert changes == [order_id for order_id in ids_of(shop) if order_id not in failing]
    told(mirror, client)
    for leave in (shop.remove_order, shop.cancel_order):
        changes.clear()
        for order_id in failing:
            leave(order_id)
            shop.fail(500, path=f"/orders/{order_id}")
        for order_id in others:
            leave(order_id)
        with pytest.raises(ServerError):
            changes.extend(
                change["order"]["id"] for change in mirror.sync(client, exclude_cancelled=True)
            )
        assert changes == others
        told(mirror, client, exclude_cancelled=True)
        failing, others = ids_of(shop)[:8:2], ids_of(shop)[1:8:2]


def test_some_failures_in_a_row_end_the_sync(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    shop.fail(500, 99, path="/orders/*")
    with pytest.raises(ServerError):
        told(mirror, client)
    assert len(details_asked(shop)) == _MOST_FAILURES


def test_an_order_that_is_not_shown_and_fails_is_not_gone(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    shop._store.change(ids[0], cancelled_at=1)
    shop.fail(500, path=f"/orders/{ids[0]}")
    with pytest.raises(ServerError):
        told(mirror, client, exclude_cancelled=True)
    assert mirror.order(ids[0]) is not None
    assert [change["fields"] for change in told(mirror, client, exclude_cancelled=True)] == [
        ["filtered"]
    ]


def test_an_order_that_leaves_between_the_list_and_its_detail(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    arrived = shop.add_order()
    client.add_order_comment(ids[0], "Cut")

    def leave(record: Any) -> None:
        for order_id in (arrived, ids[0]):
            if record.path.endswith(str(order_id)):
                shop.remove_order(order_id)

    shop.on_request = leave
    (change,) = told(mirror, client)  # the new one was never there
    assert (change["kind"], change["order"]["id"]) == ("gone", ids[0])
    assert mirror.order(arrived) is None


@pytest.mark.parametrize(
    ("status", "expected"), [(401, AuthenticationError), (429, RateLimitError)]
)
def test_what_the_service_refuses_is_raised_and_the_next_sync_goes_on(
    shop: Sandbox,
    mirror: Mirror,
    client: StatusProClient,
    status: int,
    expected: type[Exception],
) -> None:
    sync = mirror.sync(client)
    first = [next(sync)["order"]["id"] for _ in range(3)]
    shop.fail(status, path="/orders/*")
    with pytest.raises(expected):
        next(sync)
    asked = details_asked(shop)
    assert len(asked) == 4
    assert [change["order"]["id"] for change in mirror.sync(client)] == ids_of(shop)[3:]
    assert mirror.order(first[-1]) is not None


def test_a_deadline_is_raised_and_the_next_sync_goes_on(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    shop.slow(5, path="/orders/*")
    hasty = shop.client(adapter=shop.adapter(max_retries=0), timeout=0.05)
    with pytest.raises(APITimeoutError):
        told(mirror, hasty)
    assert len(told(mirror, client)) == 25


def test_a_truncated_walk_asks_for_nothing_that_it_did_not_show(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Sandbox(orders=400)
    with shop.client(adapter=shop.adapter()) as client:
        told(mirror, client, history=False)
        at = mirror.synced_at
        shop.remove_order(ids_of(shop)[-1])
        monkeypatch.setattr("statuspro.pagination.walk._MOST_FOR_EACH_PAGE", 0)
        monkeypatch.setattr("statuspro.pagination.walk._MOST_OVERLAPPING", 1)
        with pytest.warns(TruncatedListWarning):
            assert told(mirror, client, history=False) == []
        assert mirror.synced_at == at
        assert len(list(mirror.orders())) == 400
        monkeypatch.undo()
        assert [change["kind"] for change in told(mirror, client, history=False)] == ["gone"]


def test_a_truncated_walk_keeps_the_details_of_an_earlier_sync(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Sandbox(orders=250)
    with shop.client(adapter=shop.adapter()) as client:
        told(mirror, client, history=False)
        last = ids_of(shop)[-1]
        shop._store.change(last, due_date="2031-01-01")
        storage = mirror._storage
        storage.begin_queue()
        storage.queue({last: list_item(shop.order(last))})
        storage.attach(last, detail(shop.order(last)))
        monkeypatch.setattr("statuspro.pagination.walk._MOST_FOR_EACH_PAGE", 0)
        monkeypatch.setattr("statuspro.pagination.walk._MOST_OVERLAPPING", 1)
        with pytest.warns(TruncatedListWarning):
            told(mirror, client, history=False)
        monkeypatch.undo()
        shop.requests.clear()
        told(mirror, client)
        assert str(last) not in details_asked(shop)


# Histories


def test_without_histories_only_lists_are_asked_for(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    changes = told(mirror, client, history=False)
    assert details_asked(shop) == []
    assert [change["order"] for change in changes] == list(mirror.orders())
    assert changes[0]["order"] == mirror.order(changes[0]["order"]["id"])
    assert mirror.history(changes[0]["order"]["id"]) == []


def test_histories_that_are_switched_on_later_are_fetched_without_a_word(
    shop: Sandbox, mirror: Mirror, client: StatusProClient
) -> None:
    told(mirror, client, history=False)
    assert told(mirror, client) == []
    for order_id in ids_of(shop):
        assert mirror.order(order_id) == detail(shop.order(order_id))
    assert len(details_asked(shop)) == 25


def test_a_history_that_is_switched_off_stays_until_the_order_changes(
    shop: Sandbox, mirror: Mirror, client: StatusProClient, ids: list[int]
) -> None:
    client.add_order_comment(ids[0], "Cut")
    (change,) = told(mirror, client, history=False)
    assert (change["fields"], change["events"]) == (["history_count"], [])
    assert details_asked(shop) == []
    assert mirror.history(ids[0]) == []
    assert mirror.order(ids[0]) == list_item(shop.order(ids[0]))
    assert mirror.order(ids[1]) == detail(shop.order(ids[1]))
    assert told(mirror, client) == []
    assert mirror.order(ids[0]) == detail(shop.order(ids[0]))


# Alone


def test_a_second_sync_of_a_file_is_refused(
    path: Path, mirror: Mirror, client: StatusProClient
) -> None:
    sync = mirror.sync(client)
    next(sync)
    with Mirror(path) as other:
        for refused in (mirror.sync(client), other.sync(client)):
            with pytest.raises(MirrorError, match=r"Another sync of .* is under way"):
                next(refused)
    assert len(list(sync)) == 24


def test_a_second_sync_is_refused_in_another_thread_and_through_a_link(
    path: Path, mirror: Mirror, client: StatusProClient
) -> None:
    link = path.with_name("link.sqlite3")
    link.symlink_to(path)
    sync = mirror.sync(client)
    next(sync)
    errors: list[Exception] = []

    def second() -> None:
        with Mirror(link) as other:
            try:
                next(other.sync(client))
            except MirrorError as error:
                errors.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    thread.join()
    assert len(errors) == 1


def test_a_loop_that_breaks_leaves_the_file_to_others_at_once(
    mirror: Mirror, client: StatusProClient
) -> None:
    gc.disable()
    try:
        for _ in mirror.sync(client):
            break
        assert len(told(mirror, client)) == 25
    finally:
        gc.enable()


def test_a_sync_that_is_forgotten_is_collected_in_any_thread(
    mirror: Mirror, client: StatusProClient
) -> None:
    class Ring:
        sync: Iterator[Change]
        itself: Ring

    gc.disable()
    try:
        ring = Ring()
        ring.sync, ring.itself = mirror.sync(client), ring
        next(ring.sync)
        del ring
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join()
        assert len(told(mirror, client)) == 25
    finally:
        gc.enable()


def test_a_sync_is_of_one_thread_at_a_time(mirror: Mirror, client: StatusProClient) -> None:
    sync = mirror.sync(client)
    shop_is_asked, go_on = threading.Event(), threading.Event()

    def wait(*args: Any, **kwargs: Any) -> None:
        shop_is_asked.set()
        go_on.wait(10)

    client.hooks["response"].append(wait)
    thread = threading.Thread(target=lambda: next(sync))
    thread.start()
    shop_is_asked.wait(10)
    with pytest.raises(ValueError, match="already executing"):
        next(sync)
    go_on.set()
    thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_neither_holds_the_lock_nor_goes_on(
    path: Path, mirror: Mirror, client: StatusProClient
) -> None:
    sync = mirror.sync(client)
    next(sync)

    def child() -> None:
        with pytest.raises(MirrorError, match="begun by another process"):
            next(sync)
        sync.close()
        with pytest.raises(MirrorError, match="is under way"):
            next(mirror.sync(client))
        assert len(list(mirror.orders())) == 0

    assert runs_in_fork(child)
    with Mirror(path) as other, pytest.raises(MirrorError, match="is under way"):
        next(other.sync(client))  # the child has not given it back
    assert len(list(sync)) == 24
    pid = os.fork()
    if pid == 0:
        signal.pause()
    try:
        sync = mirror.sync(client)
        list(sync)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


# Progress


def test_progress(shop: Sandbox, mirror: Mirror, client: StatusProClient) -> None:
    sync = mirror.sync(client)
    assert (sync.done, sync.total) == (0, None)
    assert [(sync.done, sync.total) for _ in sync] == [(done, 25) for done in range(25)]
    assert (sync.done, sync.total) == (25, 25)
    for order_id in ids_of(shop)[:2]:
        client.add_order_comment(order_id, "Cut")
    shop.remove_order(ids_of(shop)[2])
    sync = mirror.sync(client)
    assert [(sync.done, sync.total) for _ in sync] == [(22, 24), (23, 24), (24, 25)]
    assert (sync.done, sync.total) == (25, 25)


def test_synced_at_is_when_the_sync_began(mirror: Mirror, client: StatusProClient) -> None:
    assert repr(mirror.synced_at) == "None"
    before = datetime.now(timezone.utc)
    sync = mirror.sync(client)
    next(sync)
    began = datetime.now(timezone.utc)
    assert repr(mirror.synced_at) == "None"
    list(sync)
    at = mirror.synced_at
    assert at is not None
    assert before <= at <= began
    assert at.utcoffset() == timedelta(0)


# Arguments


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"history": 1}, TypeError),
        ({"tags": []}, ValueError),
        ({"search": " "}, ValueError),
        ({"due_date_from": "soon"}, ValueError),
        ({"has_status": True}, TypeError),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    shop: Sandbox,
    mirror: Mirror,
    client: StatusProClient,
    arguments: Any,
    expected: type[Exception],
) -> None:
    with pytest.raises(expected):
        mirror.sync(client, **arguments)
    assert shop.requests == []
