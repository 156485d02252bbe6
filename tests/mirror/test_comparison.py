"""What counts as a difference between an order as it is kept and as the service shows it."""

from __future__ import annotations

from typing import Any

import pytest

from statuspro.mirror.comparison import change_between, fingerprint, gone, item_of, kept

ITEM: dict[str, Any] = {
    "id": 7,
    "name": "#1188",
    "status": {"is_set": True, "code": "st000002"},
    "due_date": None,
    "history_count": 1,
}
EVENT: dict[str, Any] = {
    "event": "status_updated",
    "status": {"code": "st000002"},
    "comment": None,
    "comment_is_public": False,
    "created_at": "2026-03-15T09:00:00+00:00",
    "mail_log": {"delivery_status": "pending"},
}
DETAIL: dict[str, Any] = {
    "id": 7,
    "name": "#1188",
    "status": {"is_set": True, "code": "st000002", "translations": {"de": {"name": "Da"}}},
    "due_date": None,
    "history": [EVENT],
    "public_progress_timeline": [],
}


def test_a_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint(dict(reversed(ITEM.items()))) == fingerprint(ITEM)
    assert fingerprint({**ITEM, "due_date": ""}) != fingerprint(ITEM)
    assert fingerprint({"name": "\ud800"})


def test_a_list_will_show_what_the_detail_shows() -> None:
    assert kept(ITEM, DETAIL, None).fingerprint == fingerprint(ITEM)


def test_a_detail_that_is_newer_than_the_list_is_what_the_next_list_will_show() -> None:
    newer = {**DETAIL, "due_date": "2026-04-01T00:00:00+00:00", "history": [EVENT, EVENT]}
    now = kept(ITEM, newer, None)
    assert now.item == {**ITEM, "due_date": newer["due_date"], "history_count": 2}
    assert now.fingerprint == fingerprint(now.item)


def test_a_list_that_differs_from_the_same_detail_twice_is_believed() -> None:
    other = {**ITEM, "name": "1188"}
    first = kept(other, DETAIL, None)
    second = kept(other, DETAIL, first)
    assert first.fingerprint == fingerprint(ITEM)
    assert second.fingerprint == fingerprint(other)
    assert first.item == second.item == ITEM
    # Once is not enough: a change may have been taken back before the detail was read.
    assert kept({**ITEM, "name": "88"}, DETAIL, first).fingerprint == fingerprint(ITEM)


def test_what_only_the_list_has_is_no_difference() -> None:
    item = {**ITEM, "channel": "web"}
    assert kept(item, DETAIL, None).fingerprint == fingerprint(item)


@pytest.mark.parametrize("history", [None, "none", {"0": 1}])
def test_a_history_of_another_kind_is_none(history: Any) -> None:
    before = kept(ITEM, DETAIL, None)
    now = kept(ITEM, {**DETAIL, "history": history}, before)
    assert now.item["history_count"] == 1
    assert change_between(before, now, is_explained=False) is None


def change(item: Any = ITEM, detail: Any = DETAIL, **keywords: Any) -> Any:
    now = kept(item, detail, None, **keywords)
    return change_between(kept(ITEM, DETAIL, None), now, is_explained=False)


def test_only_what_is_new_of_a_history_is_an_event() -> None:
    sent = {**EVENT, "mail_log": {"delivery_status": "sent"}}
    comment = {**EVENT, "event": "comment_added", "comment": "Cut"}
    found = change(detail={**DETAIL, "history": [sent, comment, "odd"]})
    assert (found["fields"], found["events"]) == (["history_count"], [comment, "odd"])
    # The same once more, such as a second comment within the second.
    assert change(detail={**DETAIL, "history": [EVENT, EVENT]})["events"] == [EVENT]
    assert change(detail={**DETAIL, "history": [sent]}) is None


def test_fields_that_come_and_go_differ() -> None:
    assert change({**ITEM, "channel": "web"})["fields"] == ["channel"]
    before = kept({**ITEM, "channel": "web"}, None, None)
    found = change_between(before, kept(ITEM, None, before), is_explained=False)
    assert found is not None
    assert found["fields"] == ["channel"]


def test_one_that_is_not_listed_any_more() -> None:
    assert change(listed=False)["fields"] == ["filtered"]
    before = kept(ITEM, None, None)
    now = kept({**ITEM, "due_date": "2026-04-01T00:00:00+00:00"}, None, before, listed=False)
    for is_explained, fields in ((True, ["due_date"]), (False, ["due_date", "filtered"])):
        found = change_between(before, now, is_explained=is_explained)
        assert found is not None
        assert found["fields"] == fields


def test_one_that_is_gone_comes_as_it_was() -> None:
    before = kept(ITEM, DETAIL, None)
    order = {**ITEM, **DETAIL}
    expected: Any = {
        "kind": "gone",
        "order": order,
        "before": order,
        "fields": [],
        "events": [],
    }
    assert gone(before) == expected


def test_an_item_is_made_of_a_detail_that_no_list_has_shown() -> None:
    assert item_of(DETAIL) == {
        "id": 7,
        "name": "#1188",
        "order_number": None,
        "customer": None,
        "status": {"is_set": True, "code": "st000002"},
        "due_date": None,
        "due_date_to": None,
        "history_count": 1,
    }
