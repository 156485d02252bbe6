"""Arguments that are refused, by the reason and the kind of what was given, never by its value."""

import datetime
import enum
import importlib
import math
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from urllib3 import Timeout

from statuspro import _arguments

SECRET = "ann@lee.test"


class Index:
    """A whole number as numpy has them."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Code(enum.IntEnum):
    SEVEN = 7


class Word(str, enum.Enum):
    """As users write down their codes; `str()` of a member is its name."""

    VIP = "vip"
    DIGITS = "6110375248088"
    DAY = "2026-02-10"


class Shown(str):
    """A string that is shown in another way, as Django's and numpy's are."""

    def __str__(self) -> str:
        return "shown"


class NumpyBool:
    """What numpy's bools have: a kind and no dimension."""

    class dtype:  # noqa: N801 - numpy's name
        kind = "b"

    ndim = 0

    def __init__(self, value: bool) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value

    def __index__(self) -> int:  # which those of old numpys have
        return int(self.value)


class NotATime(datetime.datetime):
    """What pandas' NaT is: a datetime that equals nothing, itself included."""

    __hash__ = datetime.datetime.__hash__

    def __ne__(self, other: object) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return False

    def date(self) -> Any:
        return self

    def isoformat(self, *args: Any, **keywords: Any) -> str:
        return "NaT"


class Timestamp(datetime.datetime):
    """What pandas' Timestamp is."""


# Whole numbers


@pytest.mark.parametrize("value", [7, Index(7), Code.SEVEN])
def test_a_whole_number_is_whatever_can_be_an_index(value: Any) -> None:
    number = _arguments.whole_number("page", value, 1)
    assert number == 7
    assert type(number) is int


@pytest.mark.parametrize(
    "value", [True, False, NumpyBool(True), 1.0, Decimal(1), "1", b"1", None, [1], 1j]
)
def test_other_kinds_are_no_whole_numbers(value: Any) -> None:
    with pytest.raises(TypeError, match=f"page must be a whole number, not {type(value).__name__}"):
        _arguments.whole_number("page", value, 1)


@pytest.mark.parametrize(("value", "least"), [(0, 1), (-1, 0), (Index(-5), 1)])
def test_a_whole_number_has_a_least_value(value: Any, least: int) -> None:
    with pytest.raises(ValueError, match=f"page must be at least {least}"):
        _arguments.whole_number("page", value, least)


def test_a_whole_number_may_be_its_least_value() -> None:
    assert _arguments.whole_number("max_items", 0, 0) == 0


# Seconds and timeouts


@pytest.mark.parametrize("value", [0, 0.5, 120, math.inf])
def test_seconds_are_numbers(value: float) -> None:
    assert _arguments.seconds("max_wait", value) == value
    assert type(_arguments.seconds("max_wait", value)) is float


@pytest.mark.parametrize("value", [-1, -0.1, math.nan, -math.inf])
def test_seconds_are_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="max_wait must not be negative"):
        _arguments.seconds("max_wait", value)


@pytest.mark.parametrize("value", [True, "30", None, (1, 2), datetime.timedelta(1)])
def test_other_kinds_are_no_seconds(value: Any) -> None:
    with pytest.raises(
        TypeError, match=f"max_wait must be a number of seconds, not {type(value).__name__}"
    ):
        _arguments.seconds("max_wait", value)


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1, 0.5, threading.TIMEOUT_MAX),
        *((3.05, 27), (None, 5.0), (5.0, None), (None, None), Timeout(connect=1.0, read=2.0)),
    ],
)
def test_a_timeout_is_what_requests_takes(value: Any) -> None:
    assert _arguments.timeout("timeout", value) is value


@pytest.mark.parametrize(
    "value", [0, -1, 0.0, math.nan, math.inf, 1e300, (0, 1), (1, 0), (1, -1), (1, math.inf)]
)
def test_a_timeout_is_above_zero_and_finite(value: Any) -> None:
    with pytest.raises(ValueError, match="timeout must"):
        _arguments.timeout("timeout", value)


@pytest.mark.parametrize("value", [(), (1,), (1, 2, 3)])
def test_a_timeout_has_two_parts(value: Any) -> None:
    with pytest.raises(ValueError, match=r"\(connect, read\) pair"):
        _arguments.timeout("timeout", value)


@pytest.mark.parametrize("value", ["30", True, [1, 2], {}, ("1", 2), (1, True)])
def test_other_kinds_are_no_timeout(value: Any) -> None:
    with pytest.raises(TypeError, match="timeout must be a number of seconds, not"):
        _arguments.timeout("timeout", value)


@pytest.mark.parametrize("value", [1, 0.5, threading.TIMEOUT_MAX])
def test_a_deadline_is_a_number_of_seconds(value: Any) -> None:
    assert _arguments.deadline("deadline", value) == value
    assert type(_arguments.deadline("deadline", value)) is float


def test_none_is_no_deadline() -> None:
    assert _arguments.deadline("deadline", None) is None


@pytest.mark.parametrize("value", [0, -1, 0.0, math.nan, math.inf, 1e300])
def test_a_deadline_is_above_zero_and_finite(value: Any) -> None:
    with pytest.raises(ValueError, match="deadline must"):
        _arguments.deadline("deadline", value)


@pytest.mark.parametrize("value", ["2", True, (1, 2), Timeout(2), datetime.timedelta(seconds=2)])
def test_other_kinds_are_no_deadline(value: Any) -> None:
    with pytest.raises(TypeError, match="deadline must be a number of seconds, not"):
        _arguments.deadline("deadline", value)


# Flags, mappings, texts


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_a_bool(value: bool) -> None:
    assert _arguments.flag("public", value) is value
    assert _arguments.flag("public", NumpyBool(value)) is value


@pytest.mark.parametrize("value", [0, 1, "true", None, Index(1)])
def test_other_kinds_are_no_flags(value: Any) -> None:
    with pytest.raises(
        TypeError, match=f"public must be True or False, not {type(value).__name__}"
    ):
        _arguments.flag("public", value)


def test_a_mapping_is_given_back() -> None:
    headers = {"X-Trace": "7"}
    assert _arguments.mapping("headers", headers) is headers


@pytest.mark.parametrize("value", ["X-Trace: 7", [("X-Trace", "7")], None, 7])
def test_other_kinds_are_no_mappings(value: Any) -> None:
    with pytest.raises(TypeError, match=f"headers must be a mapping, not {type(value).__name__}"):
        _arguments.mapping("headers", value)


def test_a_text_is_given_back_as_it_is() -> None:
    assert _arguments.text("comment", " For Ann ") == " For Ann "


@pytest.mark.parametrize(("value", "text"), [(Word.VIP, "vip"), (Shown("vip"), "vip")])
def test_a_text_counts_by_its_value(value: Any, text: str) -> None:
    for plain in (_arguments.text("status_code", value), *_arguments.texts("tags", [value, value])):
        assert plain == text
        assert type(plain) is str


@pytest.mark.parametrize(
    "value", ["", " ", "\n\t", "\u00a0", "\u200b", "\ufeff", " \u200e\0\r\n", Shown("")]
)
def test_a_text_is_not_blank(value: str) -> None:
    with pytest.raises(ValueError, match="comment must not be blank"):
        _arguments.text("comment", value)


@pytest.mark.parametrize("value", [None, 7, b"For Ann", ["For Ann"], Path("x")])
def test_other_kinds_are_no_texts(value: Any) -> None:
    with pytest.raises(TypeError, match=f"comment must be a string, not {type(value).__name__}"):
        _arguments.text("comment", value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *((True, "true"), (False, "false"), (NumpyBool(True), "true"), (NumpyBool(False), "false")),
        *((Word.VIP, "vip"), (Shown("vip"), "vip"), ("vip", "vip"), (7, 7), (1.5, 1.5), (1, 1)),
    ],
)
def test_a_parameter_is_written_as_the_service_takes_it(value: Any, written: Any) -> None:
    assert _arguments.parameter(value) == written
    assert type(_arguments.parameter(value)) is type(written)


@pytest.mark.parametrize("value", [["a", "b"], ("a", "b")])
def test_texts_are_a_list_or_a_tuple(value: Any) -> None:
    assert _arguments.texts("tags", value) == ["a", "b"]


@pytest.mark.parametrize("value", [[], ()])
def test_no_texts_are_no_filter(value: Any) -> None:
    with pytest.raises(ValueError, match="tags must not be empty"):
        _arguments.texts("tags", value)


@pytest.mark.parametrize("value", ["vip", {"vip"}, {"vip": 1}, iter(["vip"]), None, 7])
def test_other_kinds_are_no_list_of_texts(value: Any) -> None:
    with pytest.raises(
        TypeError, match=f"tags must be a list or tuple of strings, not {type(value).__name__}"
    ):
        _arguments.texts("tags", value)


def test_each_text_of_a_list_is_looked_at() -> None:
    with pytest.raises(TypeError, match="each of tags must be a string, not int"):
        _arguments.texts("tags", ["vip", 7])
    with pytest.raises(ValueError, match="each of tags must not be blank"):
        _arguments.texts("tags", ["vip", ""])


# Paths


@pytest.mark.parametrize("value", ["a/b", Path("a/b"), b"a/b"])
def test_a_path_is_a_string_in_the_end(value: Any) -> None:
    assert _arguments.path("journal", value) == str(Path("a/b"))


@pytest.mark.parametrize("value", [5, None, object()])
def test_other_kinds_are_no_paths(value: Any) -> None:
    with pytest.raises(TypeError, match="journal must be a path, not"):
        _arguments.path("journal", value)


def test_a_path_is_not_blank() -> None:
    with pytest.raises(ValueError, match="journal must not be blank"):
        _arguments.path("journal", "")


# Days


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-10",
        datetime.date(2026, 2, 10),
        datetime.datetime(2026, 2, 10, 23, 59),
        datetime.datetime(2026, 2, 10, 23, 59, tzinfo=datetime.timezone.utc),
        Timestamp(2026, 2, 10, 12, 0),
        Word.DAY,
        # As the service writes it.
        "2026-02-10T00:00:00+00:00",
        "2026-02-10T00:00:00Z",
        "2026-02-10T00:00:00.000000Z",
    ],
)
def test_a_day_is_a_date_or_its_iso_form(value: Any) -> None:
    assert _arguments.day("due_date", value) == "2026-02-10"
    assert type(_arguments.day("due_date", value)) is str


def test_not_a_time_is_no_day() -> None:
    with pytest.raises(ValueError, match="due_date must be a day, and NaT is none"):
        _arguments.day("due_date", NotATime(2026, 2, 10))


@pytest.mark.parametrize(
    "value",
    [
        *("2026-2-10", "2026-02-30", "10.02.2026", "20260210", "2026-W07-2", "2026-02-10T00:00"),
        *("2026-02-10\n", " 2026-02-10", "", "soon", "٢٠٢٦-٠٢-١٠", "NaT"),
        # Moments that mean another day in other places.
        *("2026-02-10T00:00:00", "2026-02-10T00:00:00+01:00", "2026-02-10T00:00:01+00:00"),
        *("2026-02-10T12:00:00+00:00", "2026-02-10T00:00:00.1Z", "2026-02-30T00:00:00+00:00"),
        *("2026-02-10T00:00:00+00:00\n", "2026-02-10 00:00:00+00:00", "2026-02-10Z"),
    ],
)
def test_other_strings_are_no_days(value: str) -> None:
    with pytest.raises(ValueError, match="due_date must be a day such as 2026-02-10"):
        _arguments.day("due_date", value)


@pytest.mark.parametrize("value", [None, 20260210, 1.0, True, datetime.time(), b"2026-02-10"])
def test_other_kinds_are_no_days(value: Any) -> None:
    with pytest.raises(TypeError, match=f"due_date must be a date .*, not {type(value).__name__}"):
        _arguments.day("due_date", value)


# Ids


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1),
        (6110375248088, 6110375248088),
        (2**64, 2**64),
        (Index(6110375248088), 6110375248088),
        ("6110375248088", 6110375248088),
        (Word.DIGITS, 6110375248088),
        ("007", 7),
    ],
)
def test_an_order_id_is_a_whole_number_or_its_digits(value: Any, number: int) -> None:
    assert _arguments.order_id(value) == number
    assert type(_arguments.order_id(value)) is int


@pytest.mark.parametrize("value", [0, -1, "0", Index(0)])
def test_an_order_id_is_positive(value: Any) -> None:
    with pytest.raises(ValueError, match="an order id must be at least 1"):
        _arguments.order_id(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "..", "../statuses", "1/status", "1?x", "#1188", "1.5", "-1", "+1", "1_000", " 1"),
        *("1\n", "0x1", "١", "²", "1" * 31, SECRET),
    ],
)
def test_other_strings_are_no_order_ids(value: str) -> None:
    said = r"an order id must be .* str is not one.* find_order"
    with pytest.raises(ValueError, match=said) as caught:
        _arguments.order_id(value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "value", [None, True, NumpyBool(True), 1.5, 1.0, Decimal(1), b"1", [1], {"id": 1}]
)
def test_other_kinds_are_no_order_ids(value: Any) -> None:
    with pytest.raises(
        TypeError, match=f"an order id must be a whole number, not {type(value).__name__}"
    ):
        _arguments.order_id(value)


@pytest.mark.parametrize(
    "values",
    [[1, 2, 3], (1, "2", Index(3)), iter([1, 2, 3]), {1: "a", 2: "b", 3: "c"}.keys(), range(1, 4)],
)
def test_order_ids_are_an_iterable(values: Any) -> None:
    assert _arguments.order_ids(values) == [1, 2, 3]


@pytest.mark.parametrize("values", ["123", b"123", {1: "a"}, 7, None])
def test_a_string_is_no_iterable_of_ids(values: Any) -> None:
    with pytest.raises(
        TypeError, match=f"order_ids must be an iterable of order ids, not {type(values).__name__}"
    ):
        _arguments.order_ids(values)


@pytest.mark.parametrize("count", [0, 51, 500])
def test_a_bulk_call_takes_1_to_50_ids(count: int) -> None:
    with pytest.raises(ValueError, match=f"order_ids must hold 1 to 50 ids, not {count}"):
        _arguments.order_ids(range(1, count + 1))


@pytest.mark.parametrize("count", [1, 50])
def test_a_bulk_call_takes_as_many_ids_as_it_says(count: int) -> None:
    assert len(_arguments.order_ids(range(1, count + 1))) == count


def test_each_id_of_a_bulk_call_is_looked_at() -> None:
    with pytest.raises(TypeError, match="not bool"):
        _arguments.order_ids([1, True])
    with pytest.raises(ValueError, match="at least 1"):
        _arguments.order_ids([1, 0])


@pytest.mark.parametrize(
    "check",
    [
        lambda: _arguments.order_id(SECRET),
        lambda: _arguments.day("due_date", SECRET),
        lambda: _arguments.flag("public", SECRET),
        lambda: _arguments.texts("tags", SECRET),
        lambda: _arguments.order_ids(SECRET),
        lambda: _arguments.mapping("headers", SECRET),
        lambda: _arguments.seconds("max_wait", SECRET),
        lambda: _arguments.whole_number("page", SECRET, 1),
    ],
)
def test_no_refusal_shows_the_value(check: Callable[[], object]) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        check()
    assert SECRET not in repr(caught.value)


# numpy and pandas themselves


def test_what_numpy_has() -> None:
    numpy: Any = importlib.import_module("numpy")
    assert _arguments.deadline("deadline", numpy.float64(2.5)) == 2.5
    assert _arguments.flag("public", numpy.True_) is True
    assert _arguments.flag("public", numpy.array(False)) is False
    assert _arguments.order_id(numpy.int64(6110375248088)) == 6110375248088
    assert _arguments.order_ids(numpy.arange(1, 4, dtype="uint64")) == [1, 2, 3]
    assert type(_arguments.text("comment", numpy.str_("For Ann"))) is str
    for wrong in (numpy.array([True]), numpy.int64(1), numpy.float64(1.0)):
        with pytest.raises(TypeError, match="True or False"):
            _arguments.flag("public", wrong)
    for wrong in (numpy.float64(1.0), numpy.True_, numpy.array([1])):
        with pytest.raises(TypeError, match="a whole number"):
            _arguments.order_id(wrong)
    for wrong in (numpy.datetime64("NaT", "D"), numpy.array(["2026-02-10"])):
        with pytest.raises(TypeError, match="due_date must be a date"):
            _arguments.day("due_date", wrong)


def test_what_pandas_has() -> None:
    pandas: Any = importlib.import_module("pandas")
    assert _arguments.day("due_date", pandas.Timestamp("2026-02-10T12:00")) == "2026-02-10"
    assert _arguments.day("due_date", pandas.Timestamp("2026-02-10", tz="UTC")) == "2026-02-10"
    with pytest.raises(ValueError, match="NaT is none"):
        _arguments.day("due_date", pandas.NaT)
    with pytest.raises(TypeError, match="not NAType"):
        _arguments.day("due_date", pandas.NA)
    with pytest.raises(TypeError, match="not NAType"):
        _arguments.flag("public", pandas.NA)
    assert _arguments.order_ids(pandas.Series([1, 2, 3])) == [1, 2, 3]
