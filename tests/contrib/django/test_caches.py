"""The catalogue and the counts through Django's cache."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from statuspro import ServerError
from statuspro.contrib.django import get_client
from statuspro.contrib.django.caches import cached_statuses, cached_summary
from statuspro.sandbox import Sandbox
from tests.support.rows import fill


@pytest.fixture(autouse=True)
def empty_cache(project: None) -> None:
    cache.clear()


def test_the_service_is_asked_once(of_sandbox: dict[str, Any], sandbox: Sandbox) -> None:
    first, second = cached_statuses(), cached_statuses()
    assert first == second == sandbox.client().get_statuses()
    before = len(sandbox.requests)
    assert cached_summary() == cached_summary()
    asked = len(sandbox.requests) - before
    cached_summary()
    assert len(sandbox.requests) - before == asked


def test_what_is_given_is_the_callers_own(of_sandbox: dict[str, Any]) -> None:
    cached_statuses()[0]["name"] = "changed"
    cached_statuses().clear()
    assert cached_statuses()[0]["name"] == "Order Received"


def test_the_setting_says_how_long(
    of_sandbox: dict[str, Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, passed = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: clock() + sum(passed))
    with override_settings(STATUSPRO={**of_sandbox, "STATUSES_TTL": 1000}):
        cached_statuses()
        passed.append(900)
        cached_statuses()
        assert len(sandbox.requests) == 1
        passed.append(200)
        cached_statuses()
        assert len(sandbox.requests) == 2


def test_another_account_has_another_catalogue(of_sandbox: dict[str, Any]) -> None:
    ours = cached_statuses()
    theirs = [{"code": "st000042", "name": "Their own", "color": "red"}]
    with Sandbox(orders=1, statuses=theirs) as other:
        given = {**of_sandbox, "BASE_URL": other.base_url, "API_KEY": other.api_key}
        with override_settings(STATUSPRO=given):
            assert [status["code"] for status in cached_statuses()] == ["st000042"]
    assert cached_statuses() == ours


def test_a_failure_is_not_kept(of_sandbox: dict[str, Any], sandbox: Sandbox) -> None:
    sandbox.fail(500)
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        with pytest.raises(ServerError):
            cached_statuses()
        assert cached_statuses()


def test_the_cache_shows_no_key_and_is_the_one_of_the_setting(of_sandbox: dict[str, Any]) -> None:
    local = "django.core.cache.backends.locmem.LocMemCache"
    named = {"default": {"BACKEND": local}, "shop": {"BACKEND": local, "LOCATION": "shop"}}
    with (
        override_settings(CACHES=named),
        override_settings(STATUSPRO={**of_sandbox, "CACHE": "shop"}),
    ):
        caches["shop"].clear()
        cached_statuses()
        shop: Any = caches["shop"]
        default: Any = caches["default"]
        kept = " ".join(shop._cache)
        assert "statuspro." in kept
        assert of_sandbox["API_KEY"] not in kept
        assert not default._cache


def test_a_mirror_in_use_is_read_and_each_sync_counts(
    of_sandbox: dict[str, Any], sandbox: Sandbox, database: None
) -> None:
    fill(sandbox)
    before = len(sandbox.requests)
    assert [status["code"] for status in cached_statuses()][:2] == ["st000001", "st000002"]
    total = cached_summary()["total"]
    assert cached_summary()["total"] == total
    assert len(sandbox.requests) == before
    sandbox.add_order()
    fill(sandbox)
    assert cached_summary()["total"] == total + 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"CACHE": "nowhere"}, "must be one of CACHES: default"),
        ({"STATUSES_TTL": 0}, "a second or more"),
        ({"SUMMARY_TTL": float("inf")}, "finite"),
        ({"LOOKUP_PERIOD": "600"}, "number of seconds"),
        ({"LOOKUP_TRIES": 0}, "at least 1"),
        ({"MIRROR": "yes"}, "mirror must be"),
    ],
)
def test_a_fault_in_the_settings_is_named(given: dict[str, Any], said: str) -> None:
    with (
        override_settings(STATUSPRO={"API_KEY": "x", **given}),
        pytest.raises(ImproperlyConfigured, match=said),
    ):
        get_client()
