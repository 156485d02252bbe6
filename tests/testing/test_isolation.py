"""A test in a sandbox has no setting of the machine, and reaches nothing but the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

import statuspro
from statuspro.sandbox import Sandbox
from statuspro.testing import OtherOriginError
from statuspro.testing.isolation import environment_of, isolated

pytest_plugins = ["statuspro.testing"]

WAYS = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"} | {
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
}

ELSEWHERE = "http://127.0.0.1:9/api/v1"


@pytest.fixture
def machine(away: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A developer's machine, with every setting that there is, each leading elsewhere."""
    lines = "STATUSPRO_API_KEY=of-dotenv\nSTATUSPRO_RATE_LIMIT_STORAGE=sqlite:///of-dotenv.db\n"
    (away.parent / ".env").write_text(lines)
    netrc = Path(os.environ["HOME"]) / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password of-netrc\n")
    netrc.chmod(0o600)
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "10.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nowhere/bundle.pem")
    monkeypatch.setenv("STATUSPRO_BASE_URL", ELSEWHERE)
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "1/1/60")
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT_STORAGE", "sqlite:///of-environment.db")
    monkeypatch.setenv("STATUSPRO_OF_ANOTHER_DAY", "unknown yet")
    return away


def test_settings_of_the_machine_are_kept_out(machine: Path, statuspro_sandbox: Sandbox) -> None:
    ours = {name for name in os.environ if name.startswith("STATUSPRO_")}
    assert ours == {"STATUSPRO_API_KEY", "STATUSPRO_BASE_URL", "STATUSPRO_RATE_LIMIT"}
    assert {name.upper() for name in os.environ} & WAYS == set()
    with statuspro.StatusProClient() as client:
        assert client.get_statuses()
    assert len(statuspro_sandbox.requests) == 1
    assert requests.utils.get_netrc_auth("http://127.0.0.1/") is None


@pytest.mark.statuspro(rate_limit=50)
def test_a_paced_client_shares_no_budget_of_the_machine(
    machine: Path, statuspro_sandbox: Sandbox
) -> None:
    with statuspro.StatusProClient() as client:
        client.get_statuses()
        assert client.rate_limit_storage is None
        assert client.rate_limit == statuspro.RateLimit(50, 50, 60.0)
    assert list(machine.rglob("*.db*")) == []


def test_the_61st_request_does_not_wait(statuspro_sandbox: Sandbox) -> None:
    began = time.monotonic()
    with statuspro.StatusProClient() as client:
        for _ in range(61):
            client.get_statuses()
    assert time.monotonic() - began < 30
    assert len(statuspro_sandbox.requests) == 61


def asking(client: statuspro.StatusProClient) -> list[Callable[[], object]]:
    return [
        client.get_statuses,
        lambda: client.get("/orders"),
        lambda: client.get(f"{client.base_url}/orders"),
        lambda: client.update_order_status(1, "st000003", confirm=True),
        lambda: list(client.iter_orders(prefetch=2)),
        lambda: list(client.get_orders([1, 2], workers=2)),
        client.with_options(timeout=1).get_statuses,
    ]


@pytest.fixture
def made_before() -> Iterator[statuspro.StatusProClient]:
    with statuspro.StatusProClient("key", "https://app.orderstatuspro.com/api/v1") as client:
        yield client


def test_a_client_of_another_origin_fails_and_sends_nothing(
    made_before: statuspro.StatusProClient, statuspro_sandbox: Sandbox
) -> None:
    for ask in asking(made_before):
        with pytest.raises(OtherOriginError, match=r"app\.orderstatuspro\.com") as caught:
            ask()
        assert "Nothing was sent." in str(caught.value)
        assert not isinstance(caught.value, statuspro.StatusProError)
    assert statuspro_sandbox.requests == []


def test_a_listening_origin_is_not_asked(statuspro_sandbox: Sandbox) -> None:
    """Also by a plain client, in a thread, and where another server listens."""
    with Sandbox(orders=1) as other:
        base_url = other.base_url.replace("127.0.0.1", "localhost")
        client = statuspro.Client(base_url)
        with ThreadPoolExecutor(1) as threads, pytest.raises(OtherOriginError):
            threads.submit(client.get, "/statuses").result()
        assert other.accepted == 0


def test_other_sandboxes_are_none_of_the_guards_business(statuspro_sandbox: Sandbox) -> None:
    with Sandbox(orders=1) as other, other.client() as client:
        assert client.list_orders()["meta"]["total"] == 1
    without_server = Sandbox(orders=2)
    client = without_server.client(adapter=without_server.adapter())
    assert client.list_orders()["meta"]["total"] == 2


def test_a_sandbox_that_has_stopped_is_another_origin(statuspro_sandbox: Sandbox) -> None:
    with Sandbox(orders=1) as other:
        client = statuspro.StatusProClient(other.api_key, other.base_url)
    with pytest.raises(OtherOriginError):
        client.get_statuses()


def test_the_guard_ends_with_the_test() -> None:
    client = statuspro.StatusProClient("key", ELSEWHERE, max_retries=0)
    with Sandbox(orders=1), isolated(), isolated(), pytest.raises(OtherOriginError):
        client.get_statuses()
    with pytest.raises(statuspro.APIConnectionError):
        client.get_statuses()


def test_a_process_that_a_test_starts_asks_the_sandbox(statuspro_sandbox: Sandbox) -> None:
    code = "import statuspro; statuspro.StatusProClient().get_statuses()"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment_of(statuspro_sandbox))
    assert len(statuspro_sandbox.requests) == 1


DJANGO = """
import os
from django.conf import settings
from django.core.signals import setting_changed
from statuspro.sandbox import Sandbox
from statuspro.testing.isolation import isolated

given = {"API_KEY": "k", "BASE_URL": "https://elsewhere.test", "RATE_LIMIT_STORAGE": "sqlite:///x",
         "RATE_LIMIT": None, "PROXIES": {"https": "http://elsewhere.test"}, "DEADLINE": 5}
settings.configure(STATUSPRO=given)
told = []
setting_changed.connect(lambda setting, **_: told.append(setting), weak=False)
with Sandbox(orders=1), isolated():
    assert settings.STATUSPRO == {"DEADLINE": 5}, settings.STATUSPRO
    assert told == ["STATUSPRO"]
assert settings.STATUSPRO == given
assert told == ["STATUSPRO", "STATUSPRO"]
"""


def test_djangos_settings_are_kept_out_and_their_clients_are_told() -> None:
    subprocess.run([sys.executable, "-c", DJANGO], check=True)
