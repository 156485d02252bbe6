"""The setting STATUSPRO: its keys are the client's keywords, and every fault is named."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from statuspro import RateLimit, StatusProClient
from statuspro.contrib.django import conf, get_client

KEY = "sk_live_0123456789"


def test_every_keyword_of_the_client_is_a_key() -> None:
    keywords = {name.upper() for name in inspect.signature(StatusProClient).parameters}
    assert keywords == conf.KEYS - set(conf.OWN)
    assert {"API_KEY", "DEADLINE", "RATE_LIMIT_STORAGE", "VERIFY"} <= conf.KEYS


def test_the_client_has_what_the_setting_says(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/budget.sqlite3"
    given = {
        "API_KEY": KEY,
        "BASE_URL": "https://shop.test/api",
        "TIMEOUT": 3,
        "MAX_PAGES": 7,
        "RATE_LIMIT": RateLimit(30),
        "RATE_LIMIT_STORAGE": storage,
        "HEADERS": {"X-Shop": "a"},
        "PROXIES": None,
        "WORKERS": 4,
        "WORKER_TIMEOUT": 30,
        "MIRROR": None,
    }
    with override_settings(STATUSPRO=given):
        client = get_client()
        assert client.base_url == "https://shop.test/api"
        assert client.auth.token == KEY  # type: ignore[union-attr]
        assert (client.timeout, client.max_pages, client.headers["X-Shop"]) == (3, 7, "a")
        assert client.rate_limit == RateLimit(30)
        assert client.rate_limit_storage == storage


def test_the_environment_fills_in_what_the_setting_leaves_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATUSPRO_API_KEY", "of-the-environment")
    monkeypatch.setenv("STATUSPRO_BASE_URL", "https://environment.test")
    with override_settings(STATUSPRO={"BASE_URL": "https://setting.test", "API_KEY": " "}):
        client = get_client()
        assert client.base_url == "https://setting.test"
        assert client.auth.token == "of-the-environment"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DEADLIN": 5}, """unknown key 'DEADLIN'. The nearest known one is "DEADLINE"."""),
        ({"api_key": KEY}, """unknown key 'api_key'. The nearest known one is "API_KEY"."""),
        ({"RATE_STORAGE": "x"}, 'nearest known one is "RATE_LIMIT_STORAGE"'),
        ({3: 5}, "unknown key 3"),
        ({"DEADLINE": "5"}, 'STATUSPRO["DEADLINE"]: deadline must be'),
        ({"MAX_RETRIES": -1}, 'STATUSPRO["MAX_RETRIES"]: max_retries must be at least 0'),
        ({"API_KEY": f"{KEY}\n"}, 'STATUSPRO["API_KEY"]: The API key has white space'),
        ({"API_KEY": 7}, 'STATUSPRO["API_KEY"]: The API key must be a str, not int'),
        ({"BASE_URL": "shop.test"}, 'STATUSPRO["BASE_URL"]: The base URL needs a scheme'),
        ({"BASE_URL": "http://shop.test"}, "unencrypted"),
        ({"WORKERS": 0}, 'STATUSPRO["WORKERS"]: workers must be at least 1'),
        ({"RATE_LIMIT_STORAGE": "nowhere"}, "rate_limit_storage must be a URL"),
        ({"RATE_LIMIT_RESERVE": 60}, "rate_limit_reserve must be at most 59"),
        ([("API_KEY", KEY)], "STATUSPRO must be a dict, not list"),
    ],
)
def test_a_fault_is_named_without_the_key(given: Any, said: str) -> None:
    if isinstance(given, dict):
        given = {"API_KEY": KEY, **given}
    with override_settings(STATUSPRO=given), pytest.raises(ImproperlyConfigured) as caught:
        get_client()
    assert said in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("given", [{"API_KEY": KEY, "DEADLINE": "x"}, {"API_KEY": f"{KEY}\n"}])
def test_no_variable_of_ours_shows_the_key(given: dict[str, Any]) -> None:
    with override_settings(STATUSPRO=given), pytest.raises(ImproperlyConfigured) as caught:
        get_client()
    package = Path(conf.__file__).parent.parent.parent
    frames = [entry.frame for entry in caught.traceback if package in Path(entry.path).parents]
    shown = [repr(frame.f_locals) for frame in frames]
    assert shown
    assert not [text for text in shown if KEY in text]


def test_nothing_is_said_of_values_that_may_be_none() -> None:
    none = dict.fromkeys(["API_KEY", "BASE_URL", "HEADERS", "PROXIES", "DEADLINE", "TIMEOUT"])
    with override_settings(STATUSPRO=none):
        assert conf.faults() == []
