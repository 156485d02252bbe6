"""Histories as a frame, and the time in each status."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import Any

import pandas as pd
import pytest

from statuspro import StatusProClient
from statuspro.contrib.notebook import (
    NO_STATUS,
    durations_frame,
    history_frame,
    orders_frame,
    read_so_far,
)
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox

DTYPES = {
    "order_id": "int64",
    "name": "string",
    "position": "int64",
    "at": "datetime64[us, UTC]",
    "event": "string",
    "status": "category",
    "status_code": "string",
    "status_name": "string",
    "status_color": "string",
    "comment": "string",
    "comment_is_public": "boolean",
    "mail_delivery": "string",
}

OF_DURATIONS = {
    "order_id": "int64",
    "name": "string",
    "status": "category",
    "status_code": "string",
    "status_color": "string",
    "entered": "datetime64[us, UTC]",
    "left": "datetime64[us, UTC]",
    "duration": "timedelta64[us]",
}


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def event(at: str, code: str | None, **more: Any) -> dict[str, Any]:
    status = None if code is None else {"is_set": True, "code": code, "name": code.upper()}
    entry = {"event": "status_updated", "status": status, "created_at": f"2026-03-{at}:00Z"}
    return {"comment": None, "comment_is_public": False, "mail_log": None, **entry, **more}


def an_order(order_id: int, *history: dict[str, Any]) -> dict[str, Any]:
    return {"id": order_id, "name": f"#{order_id}", "history": list(history)}


# Events


def test_client_mirror_and_details_give_the_same(client: StatusProClient, mirror: Mirror) -> None:
    of_client = history_frame(client)
    details = [mirror.order(order["id"]) for order in mirror.orders()]
    of_details = history_frame(filter(None, details), statuses=mirror.statuses())
    assert dtypes(of_client) == DTYPES
    pd.testing.assert_frame_equal(history_frame(mirror), of_client)
    pd.testing.assert_frame_equal(of_details, of_client)
    assert len(of_client) == orders_frame(mirror)["history_count"].sum()
    assert of_client.attrs == orders_frame(mirror).attrs
    assert of_client["status"].dtype == orders_frame(mirror)["status"].dtype


@pytest.mark.parametrize("orders", [[], [an_order(1)]])
def test_an_empty_frame_has_the_same_columns_and_dtypes(orders: list[Any]) -> None:
    assert dtypes(history_frame(orders)) == DTYPES
    assert len(history_frame(orders)) == 0
    assert dtypes(durations_frame(history_frame(orders))) == OF_DURATIONS


def test_a_row_has_what_the_event_has(mirror: Mirror) -> None:
    frame = history_frame(mirror)
    told = 0
    rows: Any = frame.itertuples()
    for row in rows:
        entry: Any = mirror.history(row.order_id)[row.position]
        assert row.at == pd.Timestamp(entry["created_at"])
        assert row.event == entry["event"]
        assert (None if pd.isna(row.comment) else row.comment) == entry["comment"]
        assert row.comment_is_public == entry["comment_is_public"]
        if entry["status"] is None:
            assert pd.isna(row.status)
        else:
            assert row.status == row.status_name == entry["status"]["name"]
        if entry["mail_log"] is not None:
            told += 1
            assert row.mail_delivery == entry["mail_log"]["delivery_status"]
    assert told > 0


def test_the_status_of_an_event_may_be_that_there_is_none() -> None:
    unset = {**event("01T10:00", None), "status": {"is_set": False}}
    frame = history_frame([an_order(1, unset, event("01T11:00", None), event("01T12:00", "a"))])
    assert list(frame["status"].cat.add_categories("-").fillna("-")) == [NO_STATUS, "-", "A"]


# Which orders, and what they cost


def test_a_mirror_costs_nothing(mirror: Mirror, shop: Sandbox) -> None:
    assert len(history_frame(mirror)) > 60
    assert not shop.requests


def test_orders_chosen_in_a_frame_are_asked_for_alone(
    client: StatusProClient, mirror: Mirror, shop: Sandbox
) -> None:
    frame = orders_frame(mirror)
    late = frame[frame["history_count"] > 2].head(5)
    of_mirror = history_frame(mirror, late.index)
    assert list(of_mirror["order_id"].unique()) == list(late.index)
    assert not shop.requests
    pd.testing.assert_frame_equal(history_frame(client, late.index), of_mirror)
    assert len(shop.requests) == 5 + 1


def test_an_order_that_is_not_there_is_left_out(client: StatusProClient, mirror: Mirror) -> None:
    order_id = next(iter(mirror.orders()))["id"]
    for source in (client, mirror):
        assert set(history_frame(source, [7, order_id])["order_id"]) <= {order_id}


def test_a_mirror_without_histories_is_refused(client: StatusProClient, tmp_path: Any) -> None:
    with Mirror(tmp_path / "orders.sqlite3") as mirror:
        list(mirror.sync(client, history=False))
        with pytest.raises(ValueError, match="sync with history=True"):
            history_frame(mirror)


def test_orders_of_a_list_are_refused(client: StatusProClient) -> None:
    with pytest.raises(ValueError, match="orders of a list have none"):
        history_frame(client.iter_orders())


@pytest.mark.parametrize(
    ("source", "order_ids", "error"),
    [
        ("orders", None, TypeError),
        ([], [1], ValueError),
    ],
)
def test_what_makes_no_sense_is_refused(source: Any, order_ids: Any, error: Any) -> None:
    with pytest.raises(error):
        history_frame(source, order_ids)


def test_ids_that_are_none_are_refused_before_anything_is_sent(
    client: StatusProClient, shop: Sandbox
) -> None:
    wrong: list[Any] = ["7x", [1.5], 7, [True]]
    for order_ids in wrong:
        with pytest.raises((TypeError, ValueError)):
            history_frame(client, order_ids)
    assert not shop.requests


def test_what_was_read_before_an_interruption_is_there() -> None:
    shop = Sandbox(orders=30)
    client = shop.client(adapter=shop.adapter(), max_retries=0)
    ids = [order["id"] for order in client.iter_orders(has_status=True)]

    def interrupt(response: Any, **_: Any) -> None:
        if response.url.endswith(str(ids[9])):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        history_frame(client.with_options(hooks={"response": interrupt}), ids)
    assert list(read_so_far()["order_id"].unique()) == ids[:9]
    if sys.version_info >= (3, 11):
        assert dtypes(read_so_far()) == DTYPES


# Time in each status


def test_a_stay_goes_from_one_status_to_the_next() -> None:
    order = an_order(
        1,
        event("01T10:00", "a"),
        event("01T11:00", None, event="comment_added", comment="Cut"),
        event("01T12:00", "a", comment="Still there"),
        event("02T10:00", "b"),
        event("03T10:00", "a"),
    )
    stays = durations_frame(history_frame([order]))
    assert dtypes(stays) == OF_DURATIONS
    assert list(stays["status"]) == ["A", "B", "A"]
    assert list(stays["entered"].dt.day) == [1, 2, 3]
    assert list(stays["left"].dt.day.dropna()) == [2, 3]
    assert list(stays["duration"].dropna()) == [pd.Timedelta(days=1), pd.Timedelta(days=1)]
    assert stays["duration"].isna().tolist() == [False, False, True]


def test_a_stay_that_has_not_ended_counts_to_a_moment_if_that_is_given() -> None:
    history = history_frame([an_order(1, event("01T10:00", "a"))])
    until = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    stays: Any = durations_frame(history, until=until)
    (stay,) = stays.itertuples()
    assert stay.duration == pd.Timedelta(hours=2)
    assert pd.isna(stay.left)
    tokyo: Any = pd.Timestamp("2026-03-01T21:00", tz="Asia/Tokyo")
    assert durations_frame(history, until=tokyo)["duration"].iloc[0] == stay.duration


def test_the_stays_of_one_order_are_not_mixed_with_anothers() -> None:
    orders = [
        an_order(2, event("01T10:00", "a"), event("05T10:00", "b")),
        an_order(1, event("02T10:00", "b"), event("03T10:00", "a")),
    ]
    history = history_frame(orders)
    for rows in (history, history.sample(frac=1, random_state=1)):
        stays = durations_frame(rows)
        assert list(stays["order_id"]) == [1, 1, 2, 2]
        assert list(stays["duration"].dt.days.dropna()) == [1, 4]


def test_stays_add_up_to_the_time_between_first_and_last(mirror: Mirror) -> None:
    history = history_frame(mirror)
    stays = durations_frame(history)
    known = history[history["status"].notna()]
    spans = known.groupby("order_id")["at"].agg(lambda at: at.max() - at.min())
    for order_id, group in stays.groupby("order_id"):
        assert group["duration"].sum() <= spans[order_id]
        last = group.iloc[-1]
        assert pd.isna(last["left"])
        assert last["status"] == orders_frame(mirror).loc[order_id, "status"]


def test_what_is_no_history_is_refused(client: StatusProClient) -> None:
    wrong: Any = [an_order(1)]
    with pytest.raises(TypeError, match="history must be a data frame of history_frame, not list"):
        durations_frame(wrong)
    with pytest.raises(ValueError, match="it lacks order_id, position, at"):
        durations_frame(orders_frame(client))
    with pytest.raises(TypeError, match="until must be a moment with a time zone"):
        durations_frame(history_frame([]), until=datetime(2026, 3, 1))
