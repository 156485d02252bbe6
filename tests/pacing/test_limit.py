"""RateLimit: figures that make sense, and a value that cannot be changed."""

from __future__ import annotations

import copy
import pickle

import pytest

from statuspro import ConfigurationError, RateLimit
from statuspro.pacing import limit_in


@pytest.mark.parametrize("name", ["requests", "bulk", "period"])
@pytest.mark.parametrize("value", ["60", None, True])
def test_a_figure_of_another_kind_is_a_type_error(name: str, value: object) -> None:
    figures: dict[str, object] = {name: value}
    with pytest.raises(TypeError, match=name):
        RateLimit(**figures)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "figures", [(0, 5, 60.0), (-1, 5, 60.0), (60, 0, 60.0), (60, 5, 0.0), (60, 5, float("inf"))]
)
def test_a_figure_that_makes_no_sense_is_a_value_error(figures: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        RateLimit(*figures)


def test_a_period_that_is_not_a_number_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="period"):
        RateLimit(period=float("nan"))


def test_figures_are_given_by_position_or_by_name_and_read_as_attributes() -> None:
    limit = RateLimit(120, bulk=10, period=30)
    assert (limit.requests, limit.bulk, limit.period) == (120, 10, 30)
    assert RateLimit() == RateLimit(60, 5, 60.0)
    assert repr(RateLimit(7, period=2.5)) == "RateLimit(requests=7, bulk=5, period=2.5)"


def test_limits_of_the_same_figures_are_equal() -> None:
    limit = RateLimit(7, period=2.5)
    assert len({limit, RateLimit(7, 5, 2.5), RateLimit()}) == 2


def test_copies_and_pickles_are_equal_rate_limits() -> None:
    limit = RateLimit(7, 2, 1)
    pickles = [pickle.dumps(limit, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for twin in (copy.copy(limit), copy.deepcopy(limit), *map(pickle.loads, pickles)):
        assert twin == limit
        assert type(twin) is RateLimit


def test_a_limit_cannot_be_changed() -> None:
    limit = RateLimit()
    with pytest.raises(AttributeError):
        limit.bulk = 2  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AttributeError):
        limit.note = "slow"  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AttributeError):
        del limit.period  # pyright: ignore[reportAttributeAccessIssue]
    assert limit == RateLimit(60, 5, 60.0)


def test_a_limit_made_from_another_one_is_checked_too() -> None:
    limit = RateLimit(7, period=2.5)
    assert limit._replace(bulk=2) == RateLimit(7, 2, 2.5)
    assert type(limit._replace(bulk=2)) is RateLimit
    with pytest.raises(ValueError, match="bulk must be at least 1"):
        limit._replace(bulk=0)
    with pytest.raises(ValueError, match="requests must be at least 1"):
        RateLimit._make([0, 5, 60.0])


# --- as a setting writes it


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("120/10/60", RateLimit(120, 10, 60.0)),
        ("120/10", RateLimit(120, 10)),
        ("120", RateLimit(120)),
        (" 7/2/0.5\n", RateLimit(7, 2, 0.5)),
        ("none", None),
        (" None ", None),
        ("NONE", None),
    ],
)
def test_a_setting_gives_the_figures(text: str, limit: RateLimit | None) -> None:
    assert limit_in("STATUSPRO_RATE_LIMIT", text) == limit


@pytest.mark.parametrize(
    "text",
    [
        *("0", "60/0", "60/5/0", "60/5/0.0", "-1", "60/-5", "60/5/inf", "60/5/nan", "1e3"),
        *("60.0", "60/5/60/1", "60/", "/5", "60//60", "60 5 60", "60,5,60", "60/5/60s", "6_0"),
        *("off", "unlimited", "null", "\u0666\u0660", "9" * 400 + "/5/" + "9" * 400),
    ],
)
def test_a_setting_that_makes_no_sense_says_what_is_right(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        limit_in("STATUSPRO_RATE_LIMIT", text)
    assert caught.value.message == (
        "STATUSPRO_RATE_LIMIT must be REQUESTS/BULK/SECONDS, all above zero, such as 60/5/60; "
        "or none, for no pacing."
    )
    assert caught.value.__suppress_context__
