"""What a response's headers say of time: Retry-After, in seconds and as a date."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from statuspro._http.headers import date_of, retry_after


def test_retry_after_as_a_date_without_the_services_clock() -> None:
    date = formatdate(time.time() + 30, usegmt=True)
    told = retry_after({"Retry-After": date})
    assert told is not None
    assert 28 <= told <= 30
    assert retry_after({"Retry-After": date, "Date": "nonsense"}) is not None


@pytest.mark.parametrize(
    "told",
    [
        *[
            "",
            "soon",
            "-5",
            "+5",
            "1e3",
            "5;",
            "5, 6",
            "0x10",
            "NaN",
            "inf",
            "٣",
            "9" * 19,
            "1:2:3",
        ],
        *["Wed, 99 Foo 2026 99:99:99 GMT", "Wed, 21 Oct 99999 07:28:00 GMT"],
    ],
)
def test_nonsense_counts_as_absent(told: str) -> None:
    assert retry_after({"Retry-After": told}) is None


def test_the_services_clock() -> None:
    assert date_of({"Date": "Thu, 01 Jan 1970 00:01:00 GMT"}) == 60.0
    assert date_of({}) is None
    assert date_of({"Date": "nonsense"}) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_retry_after_is_seconds_or_nothing(told: str, date: str) -> None:
    seconds = retry_after(HTTPHeaderDict({"Retry-After": told, "Date": date}))
    assert seconds is None or 0 <= seconds < float("inf")


@given(
    st.lists(
        st.sampled_from("Mon, Tue Jan Feb 1 31 2026 99999999 -1 GMT +9999 00:00:00 : -".split())
    )
)
def test_any_date_is_seconds_or_nothing(parts: list[str]) -> None:
    seconds = retry_after({"Retry-After": " ".join(parts)})
    assert seconds is None or 0 <= seconds < float("inf")
