"""What comes out of a frame goes into every function of the client, or is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import statuspro
from statuspro import StatusProClient
from statuspro.contrib.notebook import orders_frame
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox

DUE = pd.Timestamp("2031-05-06")


class Row:
    """The scalars of an order, as a frame gives them."""

    def __init__(self, frame: pd.DataFrame) -> None:
        row: Any = frame[frame["status"] == "In Production"].assign(
            due_date=DUE, next_code="st000003", public=True, mail=False
        )
        row = row.astype({"next_code": "string", "public": "boolean", "mail": "boolean"})
        self.frame = row
        self.id = row.index[0]
        self.ids = row.index[:3]
        self.number = row["order_number"].iloc[0]
        self.whole_number: Any = np.int64(self.number)
        self.name = row["name"].iloc[0]
        self.email = row["customer_email"].iloc[0]
        self.code = row["status_code"].iloc[0]
        self.next_code = row["next_code"].iloc[0]
        self.mail = row["mail"].iloc[0]
        self.day = row["due_date"].iloc[0]
        self.flag = row["public"].iloc[0]
        self.few = row["history_count"].clip(1, 3).iloc[0]


@pytest.fixture
def row(client: StatusProClient) -> Row:
    return Row(orders_frame(client))


#: A call of each function, with all that a frame can give it.
CALLS: dict[str, Callable[[StatusProClient, Row], Any]] = {
    "list_orders": lambda c, r: c.list_orders(
        search=r.name, status_code=r.code, page=r.few, per_page=r.few, due_date_to=r.day
    ),
    "iter_orders": lambda c, r: list(
        c.iter_orders(
            search=r.email,
            status_code=r.code,
            exclude_cancelled=r.flag,
            has_status=r.flag,
            due_date_from=date(2020, 1, 1),
            due_date_to=r.day,
            per_page=r.few,
            max_items=r.few,
            max_pages=r.few,
            start_page=r.few,
            prefetch=r.few,
        )
    ),
    "iter_order_pages": lambda c, r: list(
        c.iter_order_pages(status_code=r.code, due_date_to=r.day, max_items=r.few)
    ),
    "get_order": lambda c, r: c.get_order(r.id),
    "get_orders": lambda c, r: list(c.get_orders(r.ids, workers=r.few)),
    "lookup_order": lambda c, r: c.lookup_order(number=r.number, email=r.email),
    "find_order": lambda c, r: c.find_order(r.whole_number),
    "get_viable_statuses": lambda c, r: c.get_viable_statuses(r.id),
    "update_order_status": lambda c, r: c.update_order_status(
        r.id,
        r.next_code,
        comment=r.name,
        public=r.flag,
        notify=r.mail,
        check=r.flag,
        confirm=r.flag,
    ),
    "add_order_comment": lambda c, r: c.add_order_comment(
        r.id, r.name, public=r.flag, confirm=r.flag
    ),
    "set_order_due_date": lambda c, r: c.set_order_due_date(
        r.id, r.day, due_date_to=r.day, confirm=r.flag
    ),
    "bulk_update_order_status": lambda c, r: c.bulk_update_order_status(
        r.ids, r.code, comment=r.name, notify=r.mail, due_date=r.day
    ),
    "iter_bulk_update_order_status": lambda c, r: list(
        c.iter_bulk_update_order_status(r.frame.index, r.code, notify=r.mail)
    ),
    "bulk_outcome": lambda c, r: c.bulk_outcome(r.ids, r.code, timeout=r.few),
    "get_statuses": lambda c, r: c.get_statuses(),
    "summarize_orders": lambda c, r: c.summarize_orders(),
    "paginate": lambda c, r: list(
        c.paginate("/orders", per_page=r.few, max_items=r.few, max_pages=r.few)
    ),
}


def test_each_function_of_the_client_is_called() -> None:
    functions = set(statuspro.__all__) & set(vars(StatusProClient))
    assert set(CALLS) == functions


def test_the_scalars_of_a_frame_are_not_pythons_own(row: Row) -> None:
    assert not isinstance(row.id, int)
    assert not isinstance(row.few, int)
    assert isinstance(row.day, pd.Timestamp)
    assert isinstance(row.ids, pd.Index)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_takes_what_a_frame_gives(
    name: str, client: StatusProClient, row: Row, shop: Sandbox
) -> None:
    shop.requests.clear()
    CALLS[name](client, row)
    shop.flush()
    assert shop.requests
    assert not [record for record in shop.requests if (record.status or 500) >= 400]


def test_a_write_is_of_the_order_and_the_day_that_the_frame_shows(
    client: StatusProClient, row: Row
) -> None:
    client.set_order_due_date(row.id, row.day)
    client.update_order_status(row.id, row.next_code, comment=row.name, notify=False)
    order = client.get_order(int(row.id))
    assert order["due_date"] == "2031-05-06T00:00:00+00:00"
    assert order["history"][-1]["comment"] == row.name


@pytest.mark.parametrize("unit", ["D", "s", "us", "ns"])
def test_a_day_of_numpy_is_that_day(unit: str, client: StatusProClient, row: Row) -> None:
    days: Any = np.array(["2031-05-06"], dtype=f"datetime64[{unit}]")
    client.set_order_due_date(row.id, days[0])
    assert client.get_order(row.id)["due_date"] == "2031-05-06T00:00:00+00:00"


def test_seconds_may_be_numpys(client: StatusProClient) -> None:
    numbers: list[Any] = [np.int64(5), np.float32(5), np.float64(5), pd.Series([5]).iloc[0]]
    for seconds in numbers:
        patient = client.with_options(timeout=seconds, max_wait=seconds, deadline=seconds)
        assert patient.get_statuses()


def test_a_mirror_takes_what_a_frame_gives(mirror: Mirror, client: StatusProClient) -> None:
    row = Row(orders_frame(mirror))
    number: Any = np.int64(row.number)
    assert mirror.order(row.id) == client.get_order(int(row.id))
    assert mirror.history(row.id)
    assert mirror.find(number) == mirror.find(row.name) == mirror.order(row.id)
    assert list(mirror.orders(status_code=row.code, due_date_to=row.day, has_status=row.flag))


MISSING = [pd.NA, pd.NaT, np.nan, np.datetime64("NaT", "s"), None]

#: Each argument that a frame may fill, given a value that is missing there.
REFUSED: dict[str, Callable[[StatusProClient, Any], Any]] = {
    "an order id": lambda c, value: c.get_order(value),
    "an order id in bulk": lambda c, value: c.bulk_update_order_status([value], "st000003"),
    "a status": lambda c, value: c.update_order_status(1, value),
    "a status in bulk": lambda c, value: c.bulk_update_order_status([1], value),
    "a comment": lambda c, value: c.add_order_comment(1, value),
    "a number": lambda c, value: c.find_order(value),
}

#: Here None has a meaning, so that it is not refused.
REFUSED_BUT_NONE: dict[str, Callable[[StatusProClient, Any], Any]] = {
    "a due date": lambda c, value: c.set_order_due_date(1, value),
    "an end": lambda c, value: c.set_order_due_date(1, "2031-05-06", due_date_to=value),
    "a flag": lambda c, value: c.update_order_status(1, "st000003", notify=value),
    "a filter": lambda c, value: c.list_orders(status_code=value),
    "a day to filter by": lambda c, value: c.list_orders(due_date_from=value),
    "a number of items": lambda c, value: c.list_orders(max_items=value),
}


@pytest.mark.parametrize("missing", MISSING, ids=repr)
@pytest.mark.parametrize("name", [*REFUSED, *REFUSED_BUT_NONE])
def test_what_is_missing_is_refused_before_anything_is_sent(
    name: str, missing: Any, client: StatusProClient, shop: Sandbox
) -> None:
    if name in REFUSED_BUT_NONE and missing is None:
        return
    call = {**REFUSED, **REFUSED_BUT_NONE}[name]
    said = "must be .+, (not (NAType|NaTType|float|datetime64|NoneType)|and NaT is none)"
    with pytest.raises((TypeError, ValueError), match=said):
        call(client, missing)
    assert not shop.requests


@pytest.mark.parametrize(
    "ids",
    [
        pd.Series([True, False]),
        pd.Series([6110375248088.0]),
        pd.Series(["no id"]),
        pd.Series([6110375248088, pd.NA], dtype="Int64"),
        pd.DataFrame({"id": [6110375248088]}),
    ],
    ids=["flags", "floats", "texts", "one missing", "frame"],
)
def test_what_are_no_ids_are_refused_before_anything_is_sent(
    ids: Any, client: StatusProClient, shop: Sandbox, tmp_path: Path
) -> None:
    for call in (client.bulk_update_order_status, client.iter_bulk_update_order_status):
        with pytest.raises((TypeError, ValueError), match="an order id must be"):
            call(ids, "st000003")
    with pytest.raises((TypeError, ValueError), match="an order id must be"):
        client.get_orders(ids)
    assert not shop.requests
