"""Days, moments and colours are read as the service means them; an internal word stays internal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspro import (
    StatusProClient,
    due_days,
    hex_color,
    parse_moment,
    public_timeline,
)
from statuspro.sandbox import Sandbox

UTC = timezone.utc

#: What JSON may hold.
ODD: list[Any] = [None, True, 0, 7, -1.5, "", " ", "soon", [], ["2026-03-15"], {}, {"date": "x"}]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def a_sandbox() -> Iterator[Sandbox]:
    with Sandbox(orders=60) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(a_sandbox: Sandbox) -> Iterator[StatusProClient]:
    with a_sandbox.client() as client:
        yield client


# Days -------------------------------------------------------------------------------------------


DAYS = [
    ("2026-03-15T00:00:00+00:00", date(2026, 3, 15)),
    ("2026-03-15T00:00:00Z", date(2026, 3, 15)),
    ("2026-03-15T00:00:00.000000Z", date(2026, 3, 15)),
    ("2026-03-15", date(2026, 3, 15)),
    ("2026-03-15 00:00:00", date(2026, 3, 15)),
    (" 2026-03-15\n", date(2026, 3, 15)),
    ("2024-02-29T00:00:00+00:00", date(2024, 2, 29)),
    ("2026-03-15T00:00:00+13:00", date(2026, 3, 15)),  # as it is written
    ("2026-03-15T23:59:59-11:00", date(2026, 3, 15)),
    ("2026-02-29T00:00:00+00:00", None),
    ("2026-13-01", None),
    ("0000-00-00", None),
    ("2026-03-15 or so", None),
    ("x2026-03-15", None),
    ("٢٠٢٦-03-15", None),
    *((odd, None) for odd in ODD),
]


@pytest.mark.parametrize(("written", "day"), DAYS, ids=repr)
def test_a_due_day_is_the_day_as_it_is_written(written: Any, day: date | None) -> None:
    assert due_days({"due_date": written, "due_date_to": None}) == (day, None)
    assert due_days({"due_date": None, "due_date_to": written}) == (None, day)
    assert due_days({"due_date": "2026-01-02", "due_date_to": written}) == (date(2026, 1, 2), day)


def test_an_order_without_due_dates_is_due_on_no_day() -> None:
    assert due_days({}) == (None, None)


DAY_OF = """
import time; time.tzset()
from statuspro import due_days, parse_moment
print(due_days({"due_date": "2026-03-15T00:00:00+00:00"})[0], time.timezone)
print(parse_moment("2026-03-15T00:00:00+00:00").isoformat(), parse_moment("2026-03-15 07:00:00"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the zone is set as POSIX does")
def test_the_time_zone_of_the_machine_does_not_matter() -> None:
    told = set()
    zones = set()
    for zone in ("EAST-14", "WEST+12", "UTC0"):
        run = subprocess.run(
            [sys.executable, "-c", DAY_OF],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "TZ": zone},
        )
        first, _, rest = run.stdout.partition("\n")
        day, offset = first.split()
        zones.add(offset)
        told.add((day, rest))
    assert zones == {"-50400", "43200", "0"}
    assert told == {("2026-03-15", "2026-03-15T00:00:00+00:00 2026-03-15 07:00:00+00:00\n")}


@pytest.mark.parametrize("wrong", [None, "2026-03-15", 7, [("due_date", "2026-03-15")], date.today])
def test_an_order_is_a_mapping(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"order must be a mapping, not {type(wrong).__name__}"):
        due_days(wrong)
    with pytest.raises(TypeError, match=f"order must be a mapping, not {type(wrong).__name__}"):
        public_timeline(wrong)


SPANS: list[tuple[Any, Any]] = [
    ("2026-02-10", None),
    ("2026-02-10", "2026-02-12"),
    (date(2026, 2, 10), date(2026, 2, 10)),
    (None, None),
]


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_a_due_date_goes_back_as_it_came(
    first: Any, last: Any, client: StatusProClient, a_sandbox: Sandbox
) -> None:
    one, other = (order["id"] for order in client.iter_orders(max_items=2))
    client.set_order_due_date(one, first, due_date_to=last)
    client.set_order_due_date(other, "2030-01-01")
    order = client.get_order(one)
    shown = (order["due_date"], order["due_date_to"])
    for due_date, due_date_to in (shown, due_days(order)):
        client.set_order_due_date(other, due_date, due_date_to=due_date_to)
        copy = client.get_order(other)
        assert (copy["due_date"], copy["due_date_to"]) == shown
        assert due_days(copy) == due_days(order)
        body = a_sandbox.requests[-2].json()
        assert body["due_date"] == (None if first is None else "2026-02-10")
        client.set_order_due_date(other, "2030-01-01")
    given = [None if day is None else date.fromisoformat(str(day)) for day in (first, last)]
    assert due_days(order) == tuple(given)


def test_the_days_of_every_order_of_a_list_are_those_of_its_detail(
    client: StatusProClient,
) -> None:
    listed = {order["id"]: due_days(order) for order in client.iter_orders()}
    for order_id, order in client.get_orders(list(listed)):
        assert order is not None
        assert due_days(order) == listed[order_id]
        assert (listed[order_id][0] is None) is (order["due_date"] is None)
    assert {tuple(day is None for day in days) for days in listed.values()} == {
        (True, True),
        (False, True),
        (False, False),
    }


# Moments ----------------------------------------------------------------------------------------


MOMENTS = [
    ("2026-03-12T10:14:00+00:00", datetime(2026, 3, 12, 10, 14, tzinfo=UTC)),
    ("2026-03-12T10:14:00Z", datetime(2026, 3, 12, 10, 14, tzinfo=UTC)),
    ("2026-03-12t10:14:00z", datetime(2026, 3, 12, 10, 14, tzinfo=UTC)),
    ("2026-03-12T10:14:05.000000Z", datetime(2026, 3, 12, 10, 14, 5, tzinfo=UTC)),
    ("2026-03-12T10:14:05.25Z", datetime(2026, 3, 12, 10, 14, 5, 250_000, tzinfo=UTC)),
    ("2026-03-12T10:14:05,5+00:00", datetime(2026, 3, 12, 10, 14, 5, 500_000, tzinfo=UTC)),
    (
        "2026-03-12T10:14:05.123456789+00:00",
        datetime(2026, 3, 12, 10, 14, 5, 123_456, tzinfo=UTC),
    ),
    ("2026-03-12T10:14:05", datetime(2026, 3, 12, 10, 14, 5, tzinfo=UTC)),
    ("2026-03-12 10:14:05", datetime(2026, 3, 12, 10, 14, 5, tzinfo=UTC)),
    ("2026-03-12 10:14:05 UTC", datetime(2026, 3, 12, 10, 14, 5, tzinfo=UTC)),
    ("2026-03-12 10:14:05 +0200", datetime(2026, 3, 12, 8, 14, 5, tzinfo=UTC)),
    ("2026-03-12T10:14+02:00", datetime(2026, 3, 12, 8, 14, tzinfo=UTC)),
    ("2026-03-12T10:14:05+02", datetime(2026, 3, 12, 8, 14, 5, tzinfo=UTC)),
    ("2026-03-12T01:14:05+05:45", datetime(2026, 3, 11, 19, 29, 5, tzinfo=UTC)),
    ("2026-03-12T20:14:05-09:30", datetime(2026, 3, 13, 5, 44, 5, tzinfo=UTC)),
    ("2026-03-12", datetime(2026, 3, 12, tzinfo=UTC)),
    ("  2026-03-12T10:14:05Z\n", datetime(2026, 3, 12, 10, 14, 5, tzinfo=UTC)),
    *((nothing, None) for nothing in (None, "", " ", "soon", "null", "2026", "10:14:05")),
    *((f"2026-03-12T{time}Z", None) for time in ("24:00:00", "10:60:00", "10:14:60", "1:2:3")),
    *((f"{day}T10:14:05Z", None) for day in ("2026-02-30", "0000-00-00", "26-03-12")),
    ("2026-03-12T10:14:05+99:00", None),
    ("2026-03-12T10:14:05Z and more", None),
    ("2026-03-12T10:14:05.Z", None),
    ("0001-01-01T00:00:00+01:00", None),  # before the first year
    ("9999-12-31T23:59:59-01:00", None),
]


@pytest.mark.parametrize(("text", "moment"), MOMENTS, ids=repr)
def test_a_moment_is_aware_and_in_utc(text: str | None, moment: datetime | None) -> None:
    read = parse_moment(text)
    assert read == moment
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize("wrong", [7, 1.5, b"2026-03-12", date(2026, 3, 12), ["2026-03-12"], True])
def test_a_moment_is_read_out_of_a_string_only(wrong: Any) -> None:
    kind = type(wrong).__name__
    with pytest.raises(TypeError, match=f"text must be a string or None, not {kind}"):
        parse_moment(wrong)


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),
    st.integers(min_value=-23 * 60, max_value=23 * 60),
)
def test_every_moment_that_is_written_is_read(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_moment(moment.isoformat()) == moment
    assert parse_moment(moment.isoformat(" ")) == moment


@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    for read in (parse_moment(text), due_days({"due_date": text})[0]):
        assert read is None or read.year > 0
    color = hex_color(text)
    assert color is None or re.fullmatch("#[0-9a-f]{6}", color)


def test_the_moments_of_the_sandbox_are_read(client: StatusProClient) -> None:
    moments = [
        parse_moment(order["status"].get("set_at")) for order in client.iter_orders(has_status=True)
    ]
    assert len(moments) > 10
    assert all(moment and moment < datetime.now(UTC) for moment in moments)


# Colours ----------------------------------------------------------------------------------------


COLORS = [
    ("gray", "#6b7280"),
    ("amber", "#f59e0b"),
    ("pink", "#ec4899"),
    ("Amber", "#f59e0b"),
    (" PINK ", "#ec4899"),
    ("#F59E0B", "#f59e0b"),
    ("#f59e0b", "#f59e0b"),
    ("#Fa0", "#ffaa00"),
    (" #000000\n", "#000000"),
    *((unknown, None) for unknown in (None, "", " ", "ambar", "F59E0B", "#F59E0", "#F59E0B80")),
    *((unknown, None) for unknown in ("#GGGGGG", "#", "#ff", "##fff", "#ff f", "rgb(1,2,3)")),
    ("red;background:url(//x.test)", None),
    ('#fff"><script>', None),
    ("#١٢٣", None),
]


@pytest.mark.parametrize(("color", "wanted"), COLORS, ids=repr)
def test_a_colour_becomes_one_for_a_style_sheet(color: str | None, wanted: str | None) -> None:
    assert hex_color(color) == wanted


@pytest.mark.parametrize("wrong", [7, b"gray", ["gray"], True, {}])
def test_a_colour_is_a_string(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"color must be .* not {type(wrong).__name__}"):
        hex_color(wrong)


def test_an_order_has_the_colour_that_the_catalogue_names(client: StatusProClient) -> None:
    catalogue = {status["code"]: hex_color(status["color"]) for status in client.get_statuses()}
    assert None not in catalogue.values()
    assert len(set(catalogue.values())) == len(catalogue)
    for order in client.iter_orders(has_status=True):
        status = order["status"]
        assert hex_color(status.get("color")) == catalogue[status.get("code", "")]


# The public timeline ----------------------------------------------------------------------------


SECRET = "Customer is late with the payment"
STAFF = ["Bob Staff", "bob@staff.test", "ann@lee.test", "updates@shop.test", "On its way!", "u-17"]
NOW = "2026-03-12T10:14:00+00:00"


def status(code: str = "st000002", **values: Any) -> dict[str, Any]:
    return {
        "is_set": True,
        "code": code,
        "name": f"Name of {code}",
        "public_name": None,
        "description": "A joiner is at it.",
        "color": "#EC4899",
        "public": True,
        "set_at": NOW,
        "auto_change_at": None,
        **values,
    }


def entry(event: Any = "status_updated", **values: Any) -> dict[str, Any]:
    """An entry with all that the service may put there, and with what it may put there one day."""
    return {
        "event": event,
        "status": None,
        "comment": None,
        "comment_is_public": False,
        "created_at": NOW,
        "mail_log": {
            "from": "updates@shop.test",
            "to": "ann@lee.test",
            "subject": "On its way!",
            "delivery_status": "sent",
        },
        "user": {"name": "Bob Staff", "email": "bob@staff.test"},
        "causer_id": "u-17",
        **values,
    }


def timeline(*entries: Any) -> list[dict[str, Any]]:
    """What is shown of these entries; no name or address of the staff is in it, and no mail."""
    items = public_timeline({"id": 7, "history": list(entries)})
    told = json.dumps(items, default=str)
    assert [word for word in STAFF if word in told] == []
    assert SECRET not in told
    for item in items:
        assert list(item) == ["at", "code", "name", "description", "color", "comment"]
    return [dict(item) for item in items]


def test_a_public_status_is_shown() -> None:
    at = datetime(2026, 3, 12, 10, 14, tzinfo=UTC)
    assert timeline(entry(status=status())) == [
        {
            "at": at,
            "code": "st000002",
            "name": "Name of st000002",
            "description": "A joiner is at it.",
            "color": "#ec4899",
            "comment": None,
        }
    ]


def test_the_public_name_goes_before_the_plain_one() -> None:
    (named,) = timeline(entry(status=status(public_name="On the workbench")))
    assert named["name"] == "On the workbench"
    (blank,) = timeline(entry(status=status(public_name=" ")))
    assert blank["name"] == "Name of st000002"


def test_a_status_that_is_not_public_is_not_shown() -> None:
    assert timeline(entry(status=status(public=False))) == []
    assert timeline(entry(status=status(public=None))) == []
    assert timeline(entry(status=status(public=1))) == []
    assert timeline(entry(status=status(public="true"))) == []
    nothing_told = status()
    del nothing_told["public"]
    assert timeline(entry(status=nothing_told)) == []


def test_a_public_status_with_an_internal_comment_is_shown_without_it() -> None:
    (item,) = timeline(entry(status=status(), comment=SECRET))
    assert item["name"] == "Name of st000002"
    assert item["comment"] is None


@pytest.mark.parametrize("flag", [False, None, 0, 1, "true", "yes", [True]])
def test_a_comment_that_is_not_clearly_public_is_not_shown(flag: Any) -> None:
    comment = entry("comment_added", comment=SECRET, comment_is_public=flag)
    assert timeline(comment) == []
    del comment["comment_is_public"]
    assert timeline(comment) == []


def test_a_public_comment_is_shown() -> None:
    (item,) = timeline(entry("comment_added", comment="Cut to size", comment_is_public=True))
    assert item["comment"] == "Cut to size"
    assert item["name"] is item["code"] is item["color"] is item["description"] is None


def test_a_public_comment_of_a_status_that_is_not_public_is_shown_alone() -> None:
    hidden = status(public=False, name=SECRET, description=SECRET)
    (item,) = timeline(entry(status=hidden, comment="Please call us", comment_is_public=True))
    assert item["comment"] == "Please call us"
    assert item["name"] is item["code"] is None


def test_a_comment_does_not_repeat_the_status_that_the_order_has() -> None:
    moved = entry(status=status())
    remark = entry("comment_added", status=status(), comment=SECRET)
    public = entry("comment_added", status=status(), comment="Cut", comment_is_public=True)
    assert [item["name"] for item in timeline(moved, remark)] == ["Name of st000002"]
    assert [item["name"] for item in timeline(moved, public)] == ["Name of st000002", None]


TOLD = """
status_updated status_changed statusUpdated STATUS_UPDATED order.status_changed Status|updated
comment_added comment commented public_comment_added order_comment_created status_comment_added
bulk_status_updated
""".split()
UNTOLD = """
internal_comment_added comment_deleted comment_removed mail_sent status_mail_sent note_added
due_date_updated private-comment statusless uncommented комментарий_comment updated added 7
""".split()


@pytest.mark.parametrize("event", [name.replace("|", " ") for name in TOLD])
def test_the_public_text_of_a_known_event_is_shown(event: str) -> None:
    (item,) = timeline(entry(event, comment="Cut to size", comment_is_public=True))
    assert item["comment"] == "Cut to size"


@pytest.mark.parametrize("event", [*UNTOLD, "", None, 7, ["comment"], {"name": "comment"}])
def test_the_text_of_an_unknown_event_is_hidden_whatever_its_flag_says(event: Any) -> None:
    assert timeline(entry(event, comment=SECRET, comment_is_public=True)) == []
    (item,) = timeline(entry(event, status=status(), comment=SECRET, comment_is_public=True))
    assert item["name"] == "Name of st000002"


def test_an_unknown_event_shows_a_status_only_where_the_order_came_to_it() -> None:
    production, shipped = status(), status("st000003")
    hidden = status("st000005", public=False)
    items = timeline(
        entry(status=production),
        entry("mail_sent", status=production),
        entry("due_date_updated"),
        entry("mail_sent", status=production),
        entry(status=hidden),
        entry("mail_sent", status=hidden),
        entry("transition", status=shipped),
        entry(status=shipped),  # a change that says so counts
    )
    assert [item["code"] for item in items] == ["st000002", "st000003", "st000003"]


def test_the_oldest_comes_first() -> None:
    days = [entry(status=status(f"st00000{day}"), created_at=f"2026-03-0{day}") for day in (1, 2)]
    same = [entry(status=status(f"st00000{day}"), created_at="2026-03-03") for day in (3, 4)]
    wanted = ["st000001", "st000002", "st000003", "st000004"]
    assert [item["code"] for item in timeline(*days, *same)] == wanted
    assert [item["code"] for item in timeline(*reversed([*days, *same]))] == wanted
    assert [item["code"] for item in timeline(same[0], *days, same[1])] == wanted


def test_an_order_of_a_list_has_no_timeline(client: StatusProClient) -> None:
    assert [public_timeline(order) for order in client.iter_orders(max_items=3)] == [[], [], []]


@pytest.mark.parametrize("odd", [*ODD, [None], [7, "x"], [[]], [{}]], ids=repr)
def test_odd_histories_are_passed_over(odd: Any) -> None:
    assert public_timeline({"history": odd}) == []


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["event", "status", "comment", "created_at", "mail_log"])
def test_odd_entries_do_not_spoil_the_others(key: str, odd: Any) -> None:
    spoiled = {"status": status("st000001", public=False), key: odd}
    items = timeline(entry(**spoiled), entry(status=status()))
    assert [item["code"] for item in items] == ["st000002"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["code", "name", "public_name", "description", "color"])
def test_odd_fields_of_a_status_are_texts_or_none(key: str, odd: Any) -> None:
    for item in timeline(entry(status=status(**{key: odd})), entry("x", status=status())):
        assert {type(item[name]) for name in ("code", "name", "description", "color")} <= {
            str,
            type(None),
        }


@given(json_values, json_values, json_values)
def test_no_history_is_too_odd(one: Any, other: Any, third: Any) -> None:
    odd = {"event": one, "status": {"code": other, "public": True, "name": third}}
    for history in (one, [one, other], [{**odd, "created_at": NOW}], [{**odd, "created_at": one}]):
        public_timeline({"history": history})


def test_what_the_sandbox_says_is_shown_as_the_customer_may_see_it(
    client: StatusProClient, a_sandbox: Sandbox
) -> None:
    order_id = a_sandbox.add_order(name="Ann Lee", email="ann@lee.test")
    client.update_order_status(order_id, "st000001", comment="Thank you", public=True)
    client.add_order_comment(order_id, SECRET)
    client.set_order_due_date(order_id, "2026-02-10")
    client.update_order_status(order_id, "st000005", comment=SECRET)  # not a public status
    client.update_order_status(order_id, "st000002", comment=SECRET, public=False)
    client.add_order_comment(order_id, "Cut to size", public=True)
    order = client.get_order(order_id)
    assert len(order["history"]) == 6
    assert order["history"][0]["mail_log"] is not None
    items = public_timeline(order)
    assert [(item["name"], item["color"], item["comment"]) for item in items] == [
        ("We have your order", "#6b7280", "Thank you"),
        ("On the workbench", "#ec4899", None),
        (None, None, "Cut to size"),
    ]
    told = json.dumps(items, default=str)
    assert [word for word in (SECRET, "lee", "@", "Order #") if word in told] == []


def test_the_timeline_shows_the_statuses_that_the_service_s_own_shows(
    client: StatusProClient,
) -> None:
    ids = [order["id"] for order in client.iter_orders()]
    compared = 0
    for _, order in client.get_orders(ids):
        assert order is not None
        ours = [(item["name"], item["at"]) for item in public_timeline(order) if item["name"]]
        theirs = [
            (step["name"], parse_moment(step["timestamp"]))
            for step in order["public_progress_timeline"]
        ]
        assert ours == theirs
        compared += len(ours)
    assert compared > 50
