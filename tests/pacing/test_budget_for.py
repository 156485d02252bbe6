"""`budget_for`: which budget a key gets, and where it is counted."""

from __future__ import annotations

import copy
import hashlib
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from statuspro import pacing
from statuspro.errors import ConfigurationError
from statuspro.pacing import LocalBudget, RateLimit, budget_for
from statuspro.pacing.budget import SharedBudget, Storage
from statuspro.pacing.ledger import MARGIN
from tests.support.slots import is_closed, use

SPAN = 60 * (1 + MARGIN)


# --- one budget a key


def test_the_same_key_shares_one_budget() -> None:
    budget = budget_for("https://one.test", "k", RateLimit())
    assert budget_for("https://one.test", "k", RateLimit()) is budget
    assert budget_for("https://one.test", "k", RateLimit(period=60)) is budget


def test_the_storage_in_memory_is_the_budget_without_a_storage() -> None:
    budget = budget_for("https://one.test", "k", RateLimit())
    assert budget_for("https://one.test", "k", RateLimit(), storage="memory://") is budget


@pytest.mark.parametrize(
    ("origin", "key", "limit"),
    [
        ("https://other.test", "k", RateLimit()),
        ("https://one.test", "other", RateLimit()),
        ("https://one.test", "k", RateLimit(bulk=4)),
        ("https://one.test", "k", RateLimit(period=59)),
    ],
)
def test_another_key_origin_or_figure_is_another_budget(
    origin: str, key: str, limit: RateLimit
) -> None:
    budget = budget_for("https://one.test", "k", RateLimit())
    assert budget_for(origin, key, limit) is not budget


def test_the_key_itself_is_not_kept() -> None:
    budget_for("https://secret.test", "the-secret-key", RateLimit())
    assert "the-secret-key" not in repr(vars(pacing))


def test_an_unknown_fallback_is_refused() -> None:
    with pytest.raises(ValueError, match="rate_limit_fallback"):
        budget_for("https://one.test", "k", RateLimit(), fallback="none")


@pytest.mark.parametrize(
    "storage", ["postgres://u:secret@h/db", "secret", "sqlite://secret", "sqlite:///"]
)
def test_a_storage_that_is_not_known_is_refused_without_showing_it(storage: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        budget_for("https://one.test", "k", RateLimit(), storage=storage)
    assert "secret" not in str(caught.value)


def test_a_copy_is_the_same_budget() -> None:
    budget = LocalBudget(RateLimit())
    assert copy.deepcopy([budget]) == [budget]


# --- what becomes of a storage


@pytest.fixture
def no_budgets_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_budgets", {})


@pytest.mark.usefixtures("no_budgets_yet")
@pytest.mark.parametrize("fallback", [None, "local"])
def test_a_storage_holds_the_budget_under_the_digest_of_the_key(
    fallback: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    storage = cast(Storage, SimpleNamespace(losses=0))

    def storage_at(url: str) -> Storage:
        opened.append(url)
        return storage

    monkeypatch.setattr(pacing, "storage_at", storage_at)
    limit, logger = RateLimit(7, 3, 20), logging.getLogger("mine")
    terms: dict[str, Any] = {"storage": "redis://b", "fallback": fallback, "logger": logger}
    budget = budget_for("https://a.test", "a-key", limit, **terms)
    figures = RateLimit(7, 3, 20.0)
    assert budget_for("https://a.test", "a-key", figures, **terms) is budget
    assert opened == ["redis://b"]
    assert isinstance(budget, SharedBudget)
    assert (budget.storage, budget.limit, budget.logger) == (storage, figures, logger)
    assert budget.falls_back is (fallback is not None)
    # What other processes call it too, whatever their version.
    assert budget.digest == hashlib.sha256(b"https://a.test\na-key\n7 3 20.0").hexdigest()


@pytest.mark.usefixtures("no_budgets_yet")
def test_with_a_fallback_it_is_another_budget(tmp_path: Path) -> None:
    terms: dict[str, Any] = {"storage": f"sqlite:///{tmp_path}/b.db"}
    plain = budget_for("https://a.test", "a-key", RateLimit(), **terms)
    assert (
        budget_for("https://a.test", "a-key", RateLimit(), fallback="local", **terms) is not plain
    )


@pytest.mark.usefixtures("no_budgets_yet")
@pytest.mark.parametrize("fallback", [None, "local"])
def test_without_a_storage_it_is_a_budget_of_the_process(fallback: str | None) -> None:
    budget = budget_for("https://a.test", "a-key", RateLimit(requests=2), fallback=fallback)
    assert isinstance(budget, LocalBudget)
    use(budget, 2)
    assert is_closed(budget)
