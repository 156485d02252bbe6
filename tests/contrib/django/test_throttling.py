"""Throttling: how often a visitor may guess, and an order be guessed at."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django import test
from django.core.cache import cache, caches
from django.core.management import call_command
from django.test import override_settings

from statuspro.contrib.django import throttling
from statuspro.sandbox import Sandbox

pytest_plugins = ["tests.support.redis_server"]

Client: Any = test.Client

ANN, BOB = "ann@lee.example", "bob@lee.example"
BACKENDS = "django.core.cache.backends"
TRIES = 3


@pytest.fixture
def few_tries(of_sandbox: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Three tries in a minute."""
    cache.clear()
    given = {**of_sandbox, "LOOKUP_TRIES": TRIES, "LOOKUP_PERIOD": 60, "MAX_RETRIES": 0}
    with override_settings(STATUSPRO=given):
        yield given
    cache.clear()


def look_up(number: object, email: str = BOB, address: str = "192.0.2.1", **headers: str) -> Any:
    given = {"number": str(number), "email": email}
    return Client(headers=headers).post("/order/", given, REMOTE_ADDR=address)


def test_a_visitor_has_few_tries(few_tries: dict[str, Any], sandbox: Sandbox) -> None:
    said = [look_up(number).status_code for number in range(2001, 2001 + TRIES + 2)]
    assert said == [200] * TRIES + [429] * 2
    assert len(sandbox.requests) == TRIES
    refused = look_up(2001)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Cache-Control"] == "no-store, private"
    assert "Too many attempts" in refused.text
    assert "in a minute" in refused.text
    assert BOB not in refused.text
    assert look_up(2001, address="192.0.2.2").status_code == 200


def test_an_order_has_few_tries_from_any_number_of_addresses(
    few_tries: dict[str, Any], sandbox: Sandbox
) -> None:
    """The customer is kept out too: else the guess that is right could be told from the others."""
    number = sandbox.order(sandbox.add_order(email=ANN))["order_number"]
    written = (number, f"#{number}", f" {number}")
    said = [look_up(written[i % 3], address=f"192.0.2.{i}").status_code for i in range(12)]
    assert said == [200] * 9 + [429] * 3
    assert look_up(number, ANN, "192.0.2.99").status_code == 429
    assert look_up(9999, address="192.0.2.99").status_code == 200


def test_no_visitor_alone_keeps_a_customer_out(few_tries: dict[str, Any], sandbox: Sandbox) -> None:
    number = sandbox.order(sandbox.add_order(email=ANN))["order_number"]
    for _ in range(20):
        look_up(number, address="192.0.2.66")
    assert f"#{number}" in look_up(number, ANN, "192.0.2.1").text


def test_a_customer_may_look_as_often_as_they_like(
    few_tries: dict[str, Any], sandbox: Sandbox
) -> None:
    number = sandbox.order(sandbox.add_order(email=ANN))["order_number"]
    for _ in range(TRIES - 1):
        look_up(number)
    for _ in range(4 * TRIES):
        assert f"#{number}" in look_up(number, ANN).text
    assert look_up(number).status_code == 200
    assert look_up(number, ANN).status_code == 429


def test_a_fault_of_the_service_is_no_try(few_tries: dict[str, Any], sandbox: Sandbox) -> None:
    sandbox.fail(500, times=10)
    assert [look_up(2001).status_code for _ in range(10)] == [503] * 10
    assert look_up(2001).status_code == 200


def test_a_form_with_a_fault_is_no_try(few_tries: dict[str, Any]) -> None:
    assert {look_up("", "bob").status_code for _ in range(10)} == {200}
    assert look_up(2001).status_code == 200


def test_headers_that_a_visitor_writes_change_nothing(few_tries: dict[str, Any]) -> None:
    said = []
    for i in range(TRIES + 1):
        lie = f"198.51.100.{i}"
        names = ("x-forwarded-for", "x-real-ip", "forwarded", "client-ip", "remote-addr")
        said.append(look_up(2001 + i, **dict.fromkeys(names, lie)).status_code)
    assert said[-1] == 429


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("", "", True),
        ("unix:", "unix:", True),
        ("999.0.2.1", "", False),
    ],
)
def test_what_counts_as_one_visitor(one: str, other: str, is_same: bool) -> None:
    assert (throttling.network_of(one) == throttling.network_of(other)) is is_same


@pytest.mark.parametrize(
    "spelling",
    [
        "en-1188",
        "#EN-1188",
        " EN 1188",
        "EN\u00ad-1188\u0301",
        "\uff25\uff2e\u0661\u0661\u0668\u0668",
    ],
)
def test_an_order_has_no_more_tries_by_another_spelling(spelling: str) -> None:
    assert throttling.kernel_of(spelling) == "en1188"
    assert throttling.kernel_of("EN-1189") != "en1188"


def test_the_cache_holds_no_number_and_no_address(few_tries: dict[str, Any]) -> None:
    look_up(2001)
    cache: Any = caches["default"]
    kept = " ".join(cache._cache)
    assert kept.count("statuspro.try.") == 2
    assert "2001" not in kept
    assert "192.0.2" not in kept
    assert "lee" not in kept


def test_tries_come_back_one_by_one(
    few_tries: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, passed = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: clock() + sum(passed))
    with override_settings(STATUSPRO={**few_tries, "LOOKUP_TRIES": 2, "LOOKUP_PERIOD": 1000}):
        assert look_up(2001).status_code == 200
        passed.append(600)
        assert look_up(2002).status_code == 200
        refused = look_up(2003)
        assert refused.status_code == 429
        assert 300 < int(refused.headers["Retry-After"]) <= 400
        assert "in 7 minutes" in refused.text
        passed.append(600)
        assert look_up(2004).status_code == 200
        assert look_up(2005).status_code == 429


@pytest.fixture(params=["locmem.LocMemCache", "redis.RedisCache", "db.DatabaseCache"])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """A cache of each kind that a shop may have, as the alias `tries`."""
    kind: str = request.param
    caches_of = {"default": {"BACKEND": f"{BACKENDS}.locmem.LocMemCache"}}
    location = "tries"
    if "redis" in kind:
        location = request.getfixturevalue("redis_server").url
    tries = {"BACKEND": f"{BACKENDS}.{kind}", "LOCATION": location, "TIMEOUT": 1}
    with override_settings(CACHES={**caches_of, "tries": tries}):
        if "db" in kind:
            request.getfixturevalue("migrated")
            call_command("createcachetable", verbosity=0)
        caches["tries"].clear()
        yield kind
        caches["tries"].clear()


def test_tries_are_counted_together_in_every_cache(backend: str) -> None:
    """Twenty threads guess at once: as many as there are tries get through."""
    given = {"CACHE": "tries", "LOOKUP_TRIES": 5, "LOOKUP_PERIOD": 60}
    passed, refused = [], []
    start = threading.Barrier(20)

    def guess(number: int) -> None:
        from django.db import connections

        attempt = throttling.Attempt()
        start.wait()
        try:
            attempt.begin("192.0.2.1", str(number))
            passed.append(number)
        except throttling.Throttled as error:
            refused.append(error.retry_after)
        finally:
            connections.close_all()
            for pool in getattr(getattr(caches["tries"], "_cache", None), "_pools", {}).values():
                pool.disconnect()  # Redis: Django leaves that to the end of the process

    with override_settings(STATUSPRO=given):
        threads = [threading.Thread(target=guess, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # SQLite refuses writers at the same moment: then a try counts as taken, which is no way in.
    assert 1 <= len(passed) <= 5 if "db" in backend else len(passed) == 5
    assert len(passed) + len(refused) == 20
    assert all(1 <= wait <= 60 for wait in refused)


@pytest.mark.parametrize("count", [1, 2])
def test_a_try_that_was_forgiven_is_free_again(count: int, backend: str) -> None:
    with override_settings(STATUSPRO={"CACHE": "tries", "LOOKUP_TRIES": count}):
        for _ in range(3 * count):
            attempt = throttling.Attempt()
            attempt.begin("192.0.2.1", "1188")
            attempt.forgive()
        for _ in range(count):
            throttling.Attempt().begin("192.0.2.1", "1188")
        with pytest.raises(throttling.Throttled):
            throttling.Attempt().begin("192.0.2.1", "1188")


@pytest.mark.parametrize(
    ("address", "is_told"),
    [("127.0.0.1", True), ("10.0.0.1", True), ("", True), ("fd00::1", True), ("8.8.8.8", False)],
)
def test_the_log_tells_of_an_address_that_may_be_a_proxy_s(
    address: str, is_told: bool, few_tries: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2001, 2001 + TRIES + 1):
        look_up(number, address=address)
    (said,) = [r.getMessage() for r in caplog.records if r.name == "statuspro.contrib.django"]
    assert said.startswith("429 for the route 'order/': all tries")
    assert ("proxy" in said) is is_told
    assert address not in said or not address
