"""A synchronisation of a mirror as one call, and its changes as a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from statuspro import StatusProClient
from statuspro.contrib.notebook import NO_STATUS, orders_frame, read_so_far, sync
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox

IN_FRONT = {
    "kind": "category",
    "fields": "string",
    "status_before": "category",
    "due_date_before": "datetime64[s]",
    "new_events": "int64",
}


def test_the_first_sync_finds_all_orders_new(client: StatusProClient, tmp_path: Path) -> None:
    with Mirror(tmp_path / "orders.sqlite3") as mirror:
        changes = sync(mirror, client)
        orders = orders_frame(mirror)
    assert set(changes["kind"]) == {"new"}
    assert changes["status_before"].isna().all()
    assert set(changes.index) == set(orders.index)
    found: Any = changes[list(orders)]
    pd.testing.assert_frame_equal(found.sort_index(), orders.sort_index())
    assert changes["new_events"].sum() == orders["history_count"].sum()


def test_a_sync_tells_what_has_changed(
    client: StatusProClient, mirror: Mirror, shop: Sandbox
) -> None:
    before = orders_frame(mirror)
    moved = before.index[before["status"] == "In Production"][0]
    unset = before.index[before["status"] == NO_STATUS][0]
    gone = before.index[-1]
    due = before.index[before["due_date"].notna()].difference([moved, unset, gone])[0]
    for order_id in (moved, unset):
        client.update_order_status(order_id, "st000003", notify=False)
    client.set_order_due_date(due, "2031-05-06")
    shop._store.remove(int(gone))
    new = shop.add_order()
    changes = sync(mirror, client)
    assert set(changes.index) == {moved, unset, due, gone, new}
    assert dict(changes["kind"]) == {
        moved: "changed",
        unset: "changed",
        due: "changed",
        gone: "gone",
        new: "new",
    }
    assert list(changes.loc[moved, ["status_before", "status"]]) == ["In Production", "Shipped"]
    assert list(changes.loc[unset, ["status_before", "status"]]) == [NO_STATUS, "Shipped"]
    assert changes["status_before"].dtype == changes["status"].dtype == before["status"].dtype
    assert "status" in changes.loc[moved, "fields"]
    assert changes.loc[moved, "new_events"] == 1
    assert changes.loc[due, "due_date_before"] == before.loc[due, "due_date"]
    assert changes.loc[due, "due_date"] == pd.Timestamp("2031-05-06")
    assert len(sync(mirror, client)) == 0


def test_the_columns_are_always_the_same(client: StatusProClient, mirror: Mirror) -> None:
    changes = sync(mirror, client)
    assert len(changes) == 0
    of_orders = {name: str(dtype) for name, dtype in orders_frame(mirror).dtypes.items()}
    found = {name: str(dtype) for name, dtype in changes.dtypes.items()}
    assert found == {**IN_FRONT, **of_orders}
    assert list(found)[: len(IN_FRONT)] == list(IN_FRONT)
    assert list(changes["kind"].cat.categories) == ["new", "changed", "gone"]


def test_filters_and_history_are_those_of_the_mirrors_sync(
    client: StatusProClient, shop: Sandbox, tmp_path: Path
) -> None:
    with Mirror(tmp_path / "orders.sqlite3") as mirror:
        changes = sync(mirror, client, history=False, status_code="st000002", tags=["rush"])
        wanted = {
            order["id"] for order in client.iter_orders(status_code="st000002", tags=["rush"])
        }
        assert set(changes.index) == wanted
        assert not [record for record in shop.requests if record.path[-1].isdigit()]
        with pytest.raises(ValueError, match="tags must not be empty"):
            sync(mirror, client, tags=[])


def test_what_is_in_step_stays_so_where_a_sync_is_interrupted(tmp_path: Path) -> None:
    shop = Sandbox(orders=40)
    client = shop.client(adapter=shop.adapter(), max_retries=0)
    left: Any = 25

    def interrupt(*_: Any, **__: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    with Mirror(tmp_path / "orders.sqlite3") as mirror:
        with pytest.raises(KeyboardInterrupt):
            sync(mirror, client.with_options(hooks={"response": interrupt}))
        first = read_so_far()
        assert 15 < len(first) < 25
        assert set(first.index) == set(orders_frame(mirror).index)
        rest = sync(mirror, client)
        assert len(rest) == 40 - len(first)
        assert not set(rest.index) & set(first.index)
