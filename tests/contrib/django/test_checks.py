"""The system checks: their ids, when they speak, and that they ask no service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.test import override_settings

from statuspro.contrib.django import apps
from statuspro.contrib.django.checks import check_lookup, check_settings

KEY = "sk_live_0123456789"
LIVE = {"API_KEY": KEY, "BASE_URL": "https://shop.test/api"}
SHARED = {**LIVE, "RATE_LIMIT_STORAGE": "redis://budget.test"}


@pytest.fixture
def configured(away: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts settings in force: `configured(given, DEBUG=True)`."""
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    with ExitStack() as stack:

        def configure(given: Any, **others: Any) -> list[str]:
            stack.enter_context(override_settings(STATUSPRO=given, **others))
            return ids()

        yield configure


def ids() -> list[str]:
    return [str(message.id) for message in check_settings()]


def test_the_checks_are_registered_and_the_app_has_its_label() -> None:
    assert check_settings in checks.registry.registry.get_checks()
    assert apps.StatusProConfig.label == "statuspro"


def test_all_is_well(configured: Any, away: Path) -> None:
    storage = away / "budget.sqlite3"
    assert configured({**LIVE, "RATE_LIMIT_STORAGE": f"sqlite:///{storage}", "DEADLINE": 5}) == []
    assert not storage.exists(), "a check takes no slot"


def test_without_a_key_there_is_a_warning_that_says_where_it_may_stand(configured: Any) -> None:
    assert configured({}, DEBUG=True) == ["statuspro.W001"]
    (message,) = check_settings()
    assert message.level == checks.WARNING
    assert message.hint == (
        'Set STATUSPRO["API_KEY"], or the environment variable STATUSPRO_API_KEY.'
    )
    assert "~/.netrc" in message.msg


@pytest.mark.parametrize("place", ["environment", ".env", ".netrc"])
def test_a_key_in_any_of_the_places_is_one(
    place: str, configured: Any, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "environment":
        monkeypatch.setenv("STATUSPRO_API_KEY", KEY)
    elif place == ".env":
        (away / ".env").write_text(f"STATUSPRO_API_KEY={KEY}")
    else:
        netrc = away.parents[2] / "home" / ".netrc"
        netrc.write_text(f"machine app.orderstatuspro.com login key password {KEY}")
        netrc.chmod(0o600)
    assert configured({}, DEBUG=True) == []


@pytest.mark.parametrize(
    "given", [{"DEADLIN": 5}, {"TIMEOUT": "x"}, {"RATE_LIMIT_STORAGE": "x"}, {"API_KEY": "a b"}, 3]
)
def test_malformed_settings_are_an_error(given: Any, configured: Any) -> None:
    if isinstance(given, dict):
        given = {**LIVE, **given}
    assert configured(given, DEBUG=True) == ["statuspro.E001"]
    (message,) = check_settings()
    assert message.level == checks.ERROR
    assert "keywords of statuspro.StatusProClient in capitals" in str(message.hint)


@pytest.mark.parametrize("storage", ["x", "sqlite:///", "sqlite:////nowhere/at/all.sqlite3"])
def test_what_is_wrong_with_the_storage_is_a_sentence_of_its_own(
    storage: str, configured: Any
) -> None:
    configured({**LIVE, "RATE_LIMIT_STORAGE": storage}, DEBUG=True)
    (message,) = check_settings()
    wrong, _, _ = message.msg.partition(" In Django, ")
    assert wrong.endswith("."), message.msg


def test_every_fault_of_the_settings_is_listed(configured: Any) -> None:
    assert configured({"DEADLIN": 5, "MAX_RETRIES": -1}) == ["statuspro.E001"] * 2


def test_a_malformed_environment_is_an_error(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPRO_API_KEY", f"{KEY}\n")
    assert configured({}, DEBUG=True) == ["statuspro.E001"]
    monkeypatch.setenv("STATUSPRO_API_KEY", "")
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "many")
    assert configured({}, DEBUG=True) == ["statuspro.W001", "statuspro.E001"]
    assert not [message for message in check_settings() if KEY in str(message)]


def test_a_budget_of_each_worker_alone_is_warned_of(configured: Any) -> None:
    assert configured(LIVE, DEBUG=True) == []
    assert configured(LIVE, DEBUG=False) == ["statuspro.W002"]
    assert configured(SHARED, DEBUG=False) == []
    assert configured({**LIVE, "RATE_LIMIT": None}, DEBUG=False) == []
    in_memory = {**LIVE, "RATE_LIMIT_STORAGE": "memory://"}
    assert configured(in_memory, DEBUG=False) == ["statuspro.W002"]
    assert configured({**LIVE, "WORKERS": 1}, DEBUG=False) == []
    assert configured({**LIVE, "WORKERS": 2}, DEBUG=False) == ["statuspro.W002"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("GUNICORN_CMD_ARGS", "--workers 1 --preload", []),
        ("GUNICORN_CMD_ARGS", "--preload -w1", []),
        ("GUNICORN_CMD_ARGS", "-w 1 --workers=4", ["statuspro.W002"]),
        ("GUNICORN_CMD_ARGS", "--worker-class gthread --workers 16", ["statuspro.W002"]),
        ("WEB_CONCURRENCY", "1", []),
        ("WEB_CONCURRENCY", "3", ["statuspro.W002"]),
        ("STATUSPRO_RATE_LIMIT_STORAGE", "redis://budget.test", []),
        ("STATUSPRO_RATE_LIMIT", "none", []),
    ],
)
def test_the_environment_tells_of_workers_and_the_budget(
    name: str, value: str, expected: list[str], configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert configured(LIVE) == expected


@pytest.mark.parametrize(
    ("arguments", "given", "expected"),
    [
        ("", {}, []),
        ("--workers 4", {}, []),
        ("--timeout 30", {"DEADLINE": 5}, []),
        ("--timeout 30", {"DEADLINE": 30}, ["statuspro.W003"]),
        ("--timeout=30", {"DEADLINE": 31.5}, ["statuspro.W003"]),
        ("-t 30 -w 4", {}, ["statuspro.W003"]),
        ("--timeout 0", {}, []),
        ("--graceful-timeout 3", {"DEADLINE": 5}, []),
        ("", {"DEADLINE": 5, "WORKER_TIMEOUT": 4}, ["statuspro.W003"]),
        ("--timeout 4", {"DEADLINE": 5, "WORKER_TIMEOUT": 20.5}, []),
    ],
)
def test_a_deadline_beyond_the_worker_s_end_is_warned_of(
    arguments: str,
    given: Any,
    expected: list[str],
    configured: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", arguments)
    assert configured({**SHARED, **given}, DEBUG=True) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8900/api/v1", ["statuspro.W004"]),
        ("http://localhost/api/v1", ["statuspro.W004"]),
        ("https://127.0.0.1/api/v1", ["statuspro.W004"]),
        ("https://shop.test", []),
    ],
)
def test_a_sandbox_in_production_is_warned_of(
    url: str, expected: list[str], configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPRO_BASE_URL", url)
    given = {"API_KEY": KEY, "RATE_LIMIT_STORAGE": "redis://budget.test"}
    assert configured(given, DEBUG=False) == expected
    assert configured(given, DEBUG=True) == []


def test_the_tests_of_a_project_are_not_production(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django's test runner turns DEBUG off and keeps what is mailed."""
    monkeypatch.setattr("django.core.mail.outbox", [], raising=False)
    assert configured({**LIVE, "BASE_URL": "http://127.0.0.1:1"}, DEBUG=False) == []


@pytest.mark.parametrize(
    ("backend", "more", "expected"),
    [
        ("locmem.LocMemCache", {}, ["statuspro.W005"]),
        ("locmem.LocMemCache", {"WORKERS": 4}, ["statuspro.W005"]),
        ("locmem.LocMemCache", {"WORKERS": 1}, []),
        ("dummy.DummyCache", {"WORKERS": 1}, ["statuspro.W005"]),
        ("db.DatabaseCache", {}, []),
        ("redis.RedisCache", {}, []),
        ("locmem.LocMemCache", {"CACHE": "shared"}, []),
        ("locmem.LocMemCache", {"CACHE": "nowhere"}, []),
    ],
)
def test_tries_that_each_worker_counts_alone_are_warned_of(
    backend: str, more: dict[str, Any], expected: list[str], configured: Any
) -> None:
    backends = "django.core.cache.backends"
    cached = {"default": f"{backends}.{backend}", "shared": f"{backends}.db.DatabaseCache"}
    others = {"CACHES": {alias: {"BACKEND": kind} for alias, kind in cached.items()}}
    configured({**SHARED, **more}, DEBUG=False, **others)
    assert [message.id for message in check_lookup()] == expected
    configured({**SHARED, **more}, DEBUG=True, **others)
    assert check_lookup() == []


def test_a_project_without_the_look_up_is_warned_of_no_cache(configured: Any) -> None:
    configured(SHARED, DEBUG=False, ROOT_URLCONF=())
    assert check_lookup() == []


def test_no_message_holds_the_key(configured: Any) -> None:
    configured({"API_KEY": KEY, "BASE_URL": "http://127.0.0.1", "DEADLINE": 9, "WORKER_TIMEOUT": 9})
    messages = check_settings()
    assert [message.id for message in messages] == [f"statuspro.W00{n}" for n in (2, 3, 4)]
    assert not [message for message in messages if KEY in f"{message.msg} {message.hint}"]
    assert all(message.hint for message in messages)
