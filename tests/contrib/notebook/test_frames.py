"""Orders as a data frame: the same columns and dtypes from every source, and nothing shifted."""

from __future__ import annotations

import copy
import subprocess
import sys
from datetime import date
from typing import Any

import pandas as pd
import pytest

from statuspro import StatusProClient, StatusProError, TruncatedListWarning
from statuspro._flat import COLUMNS
from statuspro.contrib.notebook import NO_STATUS, orders_frame, read_so_far
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox

#: The promised dtype of each column, as it prints.
DTYPES = {
    "name": "string",
    "order_number": "string",
    "customer_name": "string",
    "customer_email": "string",
    "customer_locale": "string",
    "status": "category",
    "status_code": "string",
    "status_name": "string",
    "status_color": "string",
    "status_set_at": "datetime64[us, UTC]",
    "auto_change_at": "datetime64[us, UTC]",
    "due_date": "datetime64[s]",
    "due_date_to": "datetime64[s]",
    "history_count": "Int64",
}


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def an_order(order_id: int = 1, **changes: Any) -> dict[str, Any]:
    order = {
        "id": order_id,
        "name": f"#{order_id}",
        "order_number": str(order_id),
        "customer": {"name": "Ann", "email": "ann@lee.test", "locale": "en"},
        "status": {"is_set": False},
        "due_date": None,
        "due_date_to": None,
        "history_count": 0,
    }
    return {**order, **changes}


def with_status(order_id: int, code: str, name: str, color: str = "#00FF00") -> dict[str, Any]:
    status = {"is_set": True, "code": code, "name": name, "color": color}
    return an_order(order_id, status=status)


def statuses_of(frame: pd.DataFrame) -> list[str]:
    return list(frame["status"].cat.categories)


# Columns and dtypes


def test_the_columns_are_those_of_a_flat_order_and_the_status() -> None:
    columns = [*COLUMNS][1:]
    columns.insert(columns.index("status_code"), "status")
    assert list(DTYPES) == columns


def test_each_source_gives_the_same_frame(client: StatusProClient, mirror: Mirror) -> None:
    of_client = orders_frame(client)
    of_mirror = orders_frame(mirror)
    of_orders = orders_frame(client.iter_orders(), statuses=client.get_statuses())
    details = [order for _, order in client.get_orders(of_client.index)]
    of_details = orders_frame(filter(None, details), statuses=client.get_statuses())
    assert len(of_client) == 60
    assert dtypes(of_client) == DTYPES
    for frame in (of_mirror, of_orders, of_details):
        pd.testing.assert_frame_equal(frame, of_client)
        assert frame.attrs == of_client.attrs


@pytest.mark.parametrize("orders", [[], [an_order()], [an_order(status=None, customer=None)]])
def test_an_empty_frame_has_the_same_columns_and_dtypes(orders: list[Any]) -> None:
    frame = orders_frame(orders)
    assert dtypes(frame) == DTYPES
    assert (frame.index.name, str(frame.index.dtype)) == ("id", "int64")
    assert len(frame) == len(orders)


def test_no_column_and_no_category_is_of_objects(client: StatusProClient) -> None:
    labels: Any = ["cancelled", "financial_status", "fulfillment_status"]
    frame = orders_frame(client, labels=labels)
    categories = [frame[name].cat.categories for name in frame if frame[name].dtype == "category"]
    assert len(categories) == 3
    assert {str(index.dtype) for index in categories} == {"string"}
    assert "object" not in dtypes(frame).values()


def test_a_row_has_what_the_order_has(client: StatusProClient) -> None:
    frame = orders_frame(client)
    orders: Any = client.iter_orders()
    for order in orders:
        row = frame.loc[order["id"]]
        assert row["name"] == order["name"]
        assert row["customer_email"] == order["customer"]["email"]
        assert row["history_count"] == order["history_count"]
        if order["status"]["is_set"]:
            assert row["status"] == row["status_name"] == order["status"]["name"]
            assert row["status_code"] == order["status"]["code"]
            assert row["status_set_at"] == pd.Timestamp(order["status"]["set_at"])
        else:
            assert row["status"] == NO_STATUS
            assert pd.isna(row["status_code"])
            assert pd.isna(row["status_set_at"])


# Days


def test_a_due_day_is_that_day_in_every_time_zone() -> None:
    code = """
import os, time
os.environ["TZ"] = "America/New_York"
time.tzset()
from statuspro.contrib.notebook import orders_frame
order = {"id": 1, "due_date": "2026-03-15T00:00:00+00:00", "due_date_to": "2026-03-17"}
frame = orders_frame([order])
print(frame["due_date"].iloc[0].date(), frame["due_date_to"].iloc[0])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("2026-03-15 2026-03-17 00:00:00", "")


def test_due_days_sort_compare_and_count() -> None:
    days = ["2026-03-15T00:00:00+00:00", None, "2026-03-01T00:00:00+00:00"]
    frame = orders_frame(an_order(n, due_date=day) for n, day in enumerate(days, 1))
    assert list(frame.sort_values("due_date").index) == [3, 1, 2]
    assert list(frame.index[frame["due_date"] < "2026-03-15"]) == [3]
    assert list(frame.index[frame["due_date"].dt.date == date(2026, 3, 15)]) == [1]
    left = frame["due_date"] - pd.Timestamp("2026-03-05")
    assert list(left.dt.days.dropna()) == [10, -4]


def test_moments_are_aware_and_can_be_told_in_a_time_zone() -> None:
    status = {"is_set": True, "code": "a", "name": "A", "set_at": "2026-03-15T23:30:00+02:00"}
    set_at = orders_frame([an_order(status=status)])["status_set_at"]
    assert set_at.iloc[0] == pd.Timestamp("2026-03-15T21:30:00Z")
    assert str(set_at.dt.tz_convert("Asia/Tokyo").iloc[0]) == "2026-03-16 06:30:00+09:00"


# Statuses


def test_the_status_is_in_the_catalogues_order(client: StatusProClient) -> None:
    frame = orders_frame(client)
    names = [status["name"] for status in client.get_statuses()]
    assert statuses_of(frame) == [NO_STATUS, *names]
    assert frame["status"].cat.ordered
    assert (frame["status"] > names[0]).sum() == (
        ~frame["status"].isin([NO_STATUS, names[0]])
    ).sum()


def test_orders_without_a_status_are_counted_too(client: StatusProClient) -> None:
    frame = orders_frame(client)
    counts = frame.groupby("status", observed=False).size()
    assert counts.sum() == len(frame)
    assert counts[NO_STATUS] == sum(not o["status"]["is_set"] for o in client.iter_orders()) > 0


def test_statuses_of_one_name_are_told_apart_by_their_codes() -> None:
    catalogue: list[Any] = [
        {"code": "st000001", "name": "Shipped", "color": "amber"},
        {"code": "st000002", "name": "Packed", "color": "pink"},
        {"code": "st000003", "name": "Shipped", "color": "sky"},
        {"code": "st000004", "name": NO_STATUS, "color": "red"},
    ]
    orders = [with_status(1, "st000003", "Shipped"), with_status(2, "st000001", "Shipped")]
    frame = orders_frame(orders, statuses=catalogue)
    labels = ["Shipped (st000001)", "Packed", "Shipped (st000003)", f"{NO_STATUS} (st000004)"]
    assert statuses_of(frame) == [NO_STATUS, *labels]
    assert list(frame["status"]) == [labels[2], labels[0]]
    assert set(frame["status_name"]) == {"Shipped"}
    assert frame.attrs["colors"] == dict(
        zip(labels, ["#f59e0b", "#ec4899", "#0ea5e9", "#ef4444"], strict=True)
    )


def test_a_name_that_looks_like_another_with_its_code_stays_apart() -> None:
    catalogue = [
        {"code": "a", "name": "Shipped"},
        {"code": "b", "name": "Shipped"},
        {"code": "c", "name": "Shipped (a)"},
    ]
    frame = orders_frame([], statuses=catalogue)
    assert statuses_of(frame) == [NO_STATUS, "Shipped (a)", "Shipped (b)", "Shipped (a) (c)"]


def test_a_status_has_the_name_that_the_catalogue_has_now() -> None:
    catalogue: list[Any] = [{"code": "st000001", "name": "On its way", "color": "sky"}]
    frame = orders_frame([with_status(1, "st000001", "Shipped")], statuses=catalogue)
    assert list(frame["status"]) == ["On its way"]
    assert list(frame["status_name"]) == ["Shipped"]


def test_a_status_out_of_the_catalogue_comes_last() -> None:
    catalogue: list[Any] = [{"code": "b", "name": "Packed", "color": "sky"}]
    orders = [with_status(1, "z", "Old"), with_status(2, "b", "Packed")]
    frame = orders_frame(orders, statuses=catalogue)
    assert statuses_of(frame) == [NO_STATUS, "Packed", "Old"]


def test_without_a_catalogue_the_statuses_come_as_they_are_met() -> None:
    orders = [with_status(1, "b", "Packed"), an_order(2), with_status(3, "a", "Cut")]
    assert statuses_of(orders_frame(orders)) == [NO_STATUS, "Packed", "Cut"]


@pytest.mark.parametrize(
    ("written", "shown"), [("#F59E0B", "#f59e0b"), ("amber", "#f59e0b"), ("url(x)", None)]
)
def test_a_color_is_one_that_plots_take(written: str, shown: str | None) -> None:
    frame = orders_frame([with_status(1, "a", "A", written)])
    color = frame["status_color"].iloc[0]
    assert (None if pd.isna(color) else color) == shown
    assert frame.attrs["colors"] == ({"A": shown} if shown else {})


# What it costs


def test_a_client_is_asked_once_for_each_hundred_and_once_for_the_catalogue(
    client: StatusProClient, shop: Sandbox
) -> None:
    orders_frame(client)
    assert [record.path for record in shop.requests] == ["/api/v1/statuses", "/api/v1/orders"]


def test_a_catalogue_at_hand_saves_its_request(client: StatusProClient, shop: Sandbox) -> None:
    statuses = client.get_statuses()
    shop.requests.clear()
    frame = orders_frame(client, statuses=statuses)
    assert [record.path for record in shop.requests] == ["/api/v1/orders"]
    assert statuses_of(frame)[1:] == [status["name"] for status in statuses]


def test_a_mirror_costs_nothing(mirror: Mirror, shop: Sandbox) -> None:
    assert len(orders_frame(mirror)) == 60
    assert not shop.requests


# Filters


FILTERS: list[dict[str, Any]] = [
    {"search": "example.com"},
    {"status_code": "st000002"},
    {"due_date_from": date(2026, 1, 1)},
    {"due_date_to": "2099-01-01"},
    {"has_status": True},
    {"has_status": False},
    {"max_items": 7},
]


@pytest.mark.parametrize("given", FILTERS, ids=str)
def test_a_filter_is_the_clients_and_the_mirrors(
    given: dict[str, Any], client: StatusProClient, mirror: Mirror
) -> None:
    wanted = [order["id"] for order in client.iter_orders(**given)]
    assert 0 < len(wanted) < 60
    assert list(orders_frame(client, **given).index) == wanted
    assert list(orders_frame(mirror, **given).index) == wanted


ONLY_THE_SERVICE: list[dict[str, Any]] = [
    {"tags": ["rush"]},
    {"tags_any": ["rush", "gift"]},
    {"financial_status": ["paid"]},
    {"fulfillment_status": ["fulfilled"]},
    {"exclude_cancelled": True},
]


@pytest.mark.parametrize("given", ONLY_THE_SERVICE, ids=str)
def test_what_only_the_service_knows_is_no_filter_of_a_mirror(
    given: dict[str, Any], client: StatusProClient, mirror: Mirror, shop: Sandbox
) -> None:
    wanted = [order["id"] for order in client.iter_orders(**given)]
    assert list(orders_frame(client, **given).index) == wanted
    (name,) = given
    with pytest.raises(ValueError, match=f"a mirror cannot filter by {name}: only the service"):
        orders_frame(mirror, **given)


def test_orders_that_are_there_are_not_filtered() -> None:
    with pytest.raises(ValueError, match="status_code: orders that are there already"):
        orders_frame([an_order()], status_code="st000002")
    assert len(orders_frame(map(an_order, [1, 2, 3]), max_items=2)) == 2


def test_a_long_list_is_cut_with_a_warning_at_the_callers_line() -> None:
    shop = Sandbox(orders=150)
    few = shop.client(adapter=shop.adapter(), max_pages=1)
    with pytest.warns(TruncatedListWarning) as caught:
        assert len(orders_frame(few)) == 100
    assert caught[0].filename == __file__
    assert len(orders_frame(few, max_pages=2)) == 150


# What is none


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("orders", "source must be a client, a mirror or an iterable of orders, not str"),
        (7, "source must be a client, a mirror or an iterable of orders, not int"),
        ({"data": [], "meta": {}}, 'give its \\["data"\\]'),
        ([7], "each order must be a mapping, not int"),
        ([{"name": "#1"}], "an order id must be a whole number, not NoneType"),
    ],
)
def test_a_source_that_is_none_is_refused(source: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        orders_frame(source)


@pytest.mark.parametrize(
    "given", [{"status_code": 7}, {"tags": []}, {"has_status": "yes"}, {"max_items": -1}], ids=str
)
def test_nothing_is_sent_where_an_argument_makes_no_sense(
    given: Any, client: StatusProClient, shop: Sandbox
) -> None:
    with pytest.raises((TypeError, ValueError)):
        orders_frame(client, **given)
    assert not shop.requests


def test_what_the_caller_gave_stays_as_it_was() -> None:
    orders = [with_status(1, "a", "A"), an_order(2)]
    before = copy.deepcopy(orders)
    orders_frame(orders)
    assert orders == before


# Interrupted


def test_what_was_read_before_an_interruption_is_there() -> None:
    shop = Sandbox(orders=250)
    client = shop.client(adapter=shop.adapter())

    def interrupt(*_: Any, **__: Any) -> None:
        if len(shop.requests) > 2:  # the catalogue and a page
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        orders_frame(client.with_options(hooks={"response": interrupt}))
    frame = read_so_far()
    assert len(frame) == 100
    assert dtypes(frame) == DTYPES
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == ["read_so_far() returns what was read before: 100."]
    assert len(orders_frame(client)) == 250
    with pytest.raises(LookupError, match="no call was interrupted"):
        read_so_far()


def fail(_: Any) -> Any:
    raise StatusProError("it failed")


def test_what_was_read_before_an_error_is_there_too() -> None:
    def orders() -> Any:
        yield an_order(1)
        raise StatusProError("it failed")

    with pytest.raises(StatusProError, match="it failed"):
        orders_frame(orders())
    assert list(read_so_far().index) == [1]
    with pytest.raises(TypeError):
        orders_frame("a slip of the pen")  # type: ignore[arg-type]
    assert list(read_so_far().index) == [1]
    with pytest.raises(StatusProError):
        orders_frame(map(fail, [1]))
    assert list(read_so_far().index) == [1]
