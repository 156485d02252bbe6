"""`statuspro doctor`: what it finds, what it advises, how it ends, and that it shows no key."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import Result

from statuspro.sandbox import Response, Sandbox
from tests.support.proxies import Proxy
from tests.support.servers import RawServer, answer
from tests.support.terminal import invoke, on_terminal, plain, run

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

pytest_plugins = ["tests.support.redis_server"]

Finding = Mapping[str, Any]

EVERYTHING_ELSE = ["versions", "extras", "settings", "base URL", "limit", "budget", "proxy"]

REFUSAL = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


@pytest.fixture(autouse=True)
def alone(away: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder and a home in which there is nothing."""
    return away


def findings(shown: Result) -> dict[str, Finding]:
    """The findings by what was looked at; of several the worst."""
    worst: dict[str, Finding] = {}
    states = ["ok", "warning", "problem"]
    for finding in json.loads(shown.stdout):
        known = worst.setdefault(finding["check"], finding)
        if states.index(finding["state"]) > states.index(known["state"]):
            worst[finding["check"]] = finding
    return worst


def examined(expected_code: int, **environ: str | None) -> dict[str, Finding]:
    """Runs the command, and holds it to an exit code and to never showing the key."""
    shown = invoke("doctor", "--json", **environ)
    assert shown.exit_code == expected_code, shown.output
    assert shown.stderr == ""
    key = environ.get("STATUSPRO_API_KEY") or os.environ.get("STATUSPRO_API_KEY")
    assert not key or not key.strip() or key not in shown.output
    return findings(shown)


def a_closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_all_is_well(shop: Sandbox) -> None:
    found = examined(0)
    assert {finding["state"] for finding in found.values()} == {"ok"}
    assert list(found) == [*EVERYTHING_ELSE[:4], "key", *EVERYTHING_ELSE[4:], "service", "clock"]
    assert found["key"]["said"] == "found in the environment variable STATUSPRO_API_KEY"
    assert found["base URL"]["said"].startswith(shop.base_url)
    assert re.fullmatch(
        r"reached in \d+ ms; it takes the key \(7 statuses\)", found["service"]["said"]
    )
    assert len(shop.requests) == 1


def test_what_is_left_of_the_budget_is_what_the_other_commands_leave(
    shop: Sandbox, tmp_path: Path
) -> None:
    assert invoke("statuses").exit_code == 0
    said = examined(0)["budget"]["said"]
    assert said == (
        f"{tmp_path}/state/statuspro/budget.sqlite3: 59 of 60 requests left, 5 of them bulk"
    )
    assert examined(0)["budget"]["said"].count("58 of 60") == 1  # its own request counts


@pytest.mark.parametrize("key", ["", "  "])
def test_without_a_key_all_else_is_told(shop: Sandbox, key: str) -> None:
    found = examined(5, STATUSPRO_API_KEY=key)
    assert found["key"]["state"] == "problem"
    assert found["key"]["said"] == "No API key."
    assert "environment variable STATUSPRO_API_KEY" in found["key"]["advice"]
    assert "argument" not in found["key"]["advice"]
    assert {found[check]["state"] for check in [*EVERYTHING_ELSE, "service"]} == {"ok"}
    assert found["service"]["said"].endswith("there was no key to try")
    assert "Authorization" not in shop.requests[0].headers


def test_a_key_with_a_newline(shop: Sandbox) -> None:
    found = examined(5, STATUSPRO_API_KEY="very-secret key")
    assert found["key"]["state"] == "problem"
    assert "white space" in found["key"]["said"]


def test_a_key_that_the_service_does_not_take(shop: Sandbox) -> None:
    found = examined(5, STATUSPRO_API_KEY="no-longer-valid")
    assert found["service"]["said"] == "401: Unauthenticated."
    assert found["service"]["advice"].endswith(
        "It was found in the environment variable STATUSPRO_API_KEY."
    )
    assert found["clock"]["state"] == "ok"


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, 5, "what this key may do"),
        (404, 1, "it ends in /api/v1"),
        (429, 1, "try again in a minute"),
        (500, 1, "try again later"),
        (302, 1, "it ends in /api/v1"),
    ],
)
def test_what_the_service_says_instead(shop: Sandbox, status: int, code: int, advice: str) -> None:
    shop.fail(status)
    found = examined(code)["service"]
    assert found["state"] == "problem"
    assert found["said"].startswith(f"{status}: ")
    assert advice in found["advice"]
    assert len(shop.requests) == 1


def test_another_service_in_its_place(shop: Sandbox) -> None:
    shop.inject(lambda answer, pause: Response(200, b"<html>", [("Content-Type", "text/html")]))
    found = examined(1)["service"]
    assert "It may not be StatusPro" in found["advice"]


def test_a_service_that_wants_no_key_may_be_another(shop: Sandbox) -> None:
    shop.inject(lambda answer, pause: Response.of_json(200, []))
    found = examined(5, STATUSPRO_API_KEY="")
    assert found["service"]["state"] == "warning"
    assert "it wants no key, so it may not be StatusPro" in found["service"]["said"]


def test_a_service_without_a_clock(shop: Sandbox) -> None:
    with RawServer(answer(b"[]")) as server:
        found = examined(0, STATUSPRO_BASE_URL=f"http://127.0.0.1:{server.port}/api/v1")
    assert found["service"]["state"] == "ok"
    assert "clock" not in found


@pytest.mark.parametrize(
    "url", ["no url", "app.orderstatuspro.com", "http://app.orderstatuspro.com/api/v1"]
)
def test_a_base_url_that_cannot_be_used_gets_no_key(shop: Sandbox, url: str) -> None:
    found = examined(1, STATUSPRO_BASE_URL=url)
    assert found["base URL"]["state"] == "problem"
    assert "Set STATUSPRO_BASE_URL" in found["base URL"]["advice"]
    assert found["key"]["state"] == "ok"
    assert found["service"]["state"] == "warning"
    assert shop.requests == []


def test_nothing_listens_there(shop: Sandbox) -> None:
    found = examined(1, STATUSPRO_BASE_URL=f"http://127.0.0.1:{a_closed_port()}/api/v1")
    assert found["service"]["said"] == "Cannot connect to 127.0.0.1: Connection refused."
    assert "Nothing listens there" in found["service"]["advice"]


def test_a_host_that_there_is_not(shop: Sandbox) -> None:
    found = examined(1, STATUSPRO_BASE_URL="https://there-is-none.invalid/api/v1")
    assert "cannot be resolved" in found["service"]["said"]
    assert "the host in the base URL" in found["service"]["advice"]


def test_a_service_that_says_nothing_is_given_up(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statuspro.cli.checks._TIMEOUT", 0.2)
    shop.slow(2)
    found = examined(1)
    assert "did not answer in time" in found["service"]["said"]
    assert "firewall" in found["service"]["advice"]


def test_a_proxy_that_refuses(shop: Sandbox) -> None:
    with Proxy(refuse=REFUSAL) as proxy:
        found = examined(
            1,
            STATUSPRO_BASE_URL="https://app.orderstatuspro.com/api/v1",
            HTTPS_PROXY=f"http://ann:hidden-word@127.0.0.1:{proxy.port}",
        )
    assert found["proxy"]["said"] == f"127.0.0.1:{proxy.port} (HTTPS_PROXY)"
    assert found["service"]["said"].startswith("The proxy refused")
    assert "HTTPS_PROXY" in found["service"]["advice"]
    assert "hidden-word" not in json.dumps(found)


def test_a_proxy_that_is_not_there(shop: Sandbox) -> None:
    found = examined(
        1,
        STATUSPRO_BASE_URL="https://app.orderstatuspro.com/api/v1",
        HTTPS_PROXY=f"http://127.0.0.1:{a_closed_port()}",
    )
    assert "by way of the proxy" in found["service"]["said"]
    assert found["service"]["advice"] == "Check the proxy of the environment: HTTPS_PROXY."


def test_a_proxy_that_is_for_others(shop: Sandbox) -> None:
    found = examined(0, HTTP_PROXY="http://127.0.0.1:9")
    assert found["proxy"]["said"] == "none for this host (HTTP_PROXY is set)"


def test_a_proxy_that_cannot_be_understood_keeps_its_password(shop: Sandbox) -> None:
    found = examined(
        1,
        STATUSPRO_BASE_URL="https://app.orderstatuspro.com/api/v1",
        HTTPS_PROXY="http://ann:hidden-word@127.0.0.1:port",
    )
    assert found["proxy"]["said"] == "the environment's cannot be understood"
    assert found["proxy"]["advice"] == "Check HTTPS_PROXY."
    assert "hidden-word" not in json.dumps(found)


def test_certificates_that_can_be_read(shop: Sandbox, alone: Path) -> None:
    (alone / "ca.pem").write_text("")
    found = examined(0, CURL_CA_BUNDLE=str(alone / "ca.pem"), REQUESTS_CA_BUNDLE="")
    assert found["certificates"]["said"] == f"{alone / 'ca.pem'} (CURL_CA_BUNDLE)"


def test_certificates_that_cannot_be_read(shop: Sandbox) -> None:
    found = examined(1, REQUESTS_CA_BUNDLE="/nowhere/ca.pem")
    assert found["certificates"]["said"] == "/nowhere/ca.pem cannot be read"
    assert found["certificates"]["advice"] == "Check REQUESTS_CA_BUNDLE."


def test_settings_of_a_dotenv_are_named_and_not_shown(shop: Sandbox, alone: Path) -> None:
    (alone / ".env").write_text(
        f"STATUSPRO_API_KEY={shop.api_key}\nSTATUSPRO_BASE_URL={shop.base_url}\n"
    )
    found = examined(0, STATUSPRO_API_KEY=None, STATUSPRO_BASE_URL=None)
    assert found["settings"]["said"] == f"{alone}/.env (STATUSPRO_API_KEY, STATUSPRO_BASE_URL)"
    assert found["key"]["said"] == f"found in {alone}/.env"
    assert found["base URL"]["said"] == f"{shop.base_url} ({alone}/.env)"
    assert shop.api_key not in json.dumps(found)


def test_a_dotenv_that_leads_elsewhere_gets_no_key_of_the_environment(
    shop: Sandbox, alone: Path
) -> None:
    (alone / ".env").write_text("STATUSPRO_BASE_URL=https://there-is-none.invalid/api/v1\n")
    found = examined(5, STATUSPRO_BASE_URL=None)
    assert found["key"]["state"] == "problem"
    assert "is not sent to where a .env leads" in found["key"]["advice"]


def test_a_dotenv_that_cannot_be_read(shop: Sandbox, alone: Path) -> None:
    (alone / ".env").write_bytes(b"\xff\xfe\x00")
    found = examined(0)
    assert found["settings"]["state"] == "warning"
    assert found["settings"]["said"] == f"{alone}/.env cannot be read: it is not UTF-8."
    assert found["settings"]["advice"]


def test_a_dotenv_that_cannot_be_read_and_may_hold_the_base_url(alone: Path) -> None:
    (alone / ".env").write_bytes(b"\xff\xfe\x00")
    found = examined(1, STATUSPRO_API_KEY="a-key")
    assert "It may hold the base URL" in found["base URL"]["said"]
    assert "argument" not in found["base URL"]["said"]


def test_a_netrc_that_others_can_read(shop: Sandbox) -> None:
    netrc = Path(os.environ["HOME"], ".netrc")
    netrc.write_text(f"machine 127.0.0.1 login any password {shop.api_key}\n")
    netrc.chmod(0o644)
    shown = invoke("doctor", "--json", STATUSPRO_API_KEY=None)
    assert shown.exit_code == 0
    assert shop.api_key not in shown.output
    ok, warning = (each for each in json.loads(shown.stdout) if each["check"] == "key")
    assert ok["said"] == f"found in {netrc}"
    assert warning["state"] == "warning"
    assert warning["advice"] == f"chmod 600 {netrc}"


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("30/3/60", 0, "30 requests, 3 of them bulk, in 60 s (the environment variable "),
        ("none", 0, "none: requests are not paced"),
        ("a lot", 1, "STATUSPRO_RATE_LIMIT must be "),
    ],
)
def test_the_limit(shop: Sandbox, setting: str, code: int, said: str) -> None:
    assert said in examined(code, STATUSPRO_RATE_LIMIT=setting)["limit"]["said"]


@pytest.mark.parametrize(("told", "state"), [("60", "ok"), ("30", "warning")])
def test_the_limit_that_the_service_tells(shop: Sandbox, told: str, state: str) -> None:
    headers = [("X-RateLimit-Limit", told), ("X-RateLimit-Remaining", "17")]
    shop.inject(lambda answer, pause: Response(200, b"[]", headers))
    found = json.loads(invoke("doctor", "--json").stdout)[-2]
    assert found["check"] == "limit"
    assert found["state"] == state
    assert found["said"].startswith(f"the service says {told} requests, 17 of them left")
    assert ("STATUSPRO_RATE_LIMIT=30" in found["advice"]) is (state == "warning")


@pytest.mark.parametrize(
    ("difference", "said"),
    [(3600, "3,600 s behind the service's"), (-90, "90 s ahead of the service's")],
)
def test_a_clock_that_differs(shop: Sandbox, difference: int, said: str) -> None:
    theirs = datetime.now(timezone.utc) + timedelta(seconds=difference)
    date = f"Date: {format_datetime(theirs, usegmt=True)}\r\n".encode()
    with RawServer(lambda peer: peer.send(answer(b"[]", headers=date))) as server:
        found = examined(0, STATUSPRO_BASE_URL=f"http://127.0.0.1:{server.port}")
    assert found["clock"]["state"] == "warning"
    number, words = said.split(" ", 1)
    shown = re.fullmatch(rf"this machine's is ([\d,]+) {words}", found["clock"]["said"])
    assert shown is not None
    assert abs(int(shown[1].replace(",", "")) - int(number.replace(",", ""))) <= 2


def test_a_budget_that_is_damaged(shop: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "state" / "statuspro" / "budget.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_text("no database, but long enough to look like one" * 100)
    found = examined(0)["budget"]
    assert found["state"] == "warning"
    assert "goes on in a new file" in found["said"]
    assert examined(0)["budget"]["state"] == "ok"


def test_a_state_folder_that_cannot_be_made(shop: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    found = examined(0)["budget"]
    assert found["state"] == "warning"
    assert "Commands do not count together" in found["said"]
    assert "STATUSPRO_RATE_LIMIT_STORAGE" in found["advice"]


def test_a_budget_in_memory(shop: Sandbox) -> None:
    found = examined(0, STATUSPRO_RATE_LIMIT_STORAGE="memory://")["budget"]
    assert found["state"] == "ok"
    assert found["said"].startswith("in each command alone: ")


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        ("sqlite:////nowhere/at/all.sqlite3", "the folder of /nowhere/at/all.sqlite3 is missing"),
        ("http://127.0.0.1", "must be a URL that begins with"),
    ],
)
def test_a_storage_that_there_is_not(shop: Sandbox, storage: str, said: str) -> None:
    found = examined(1, STATUSPRO_RATE_LIMIT_STORAGE=storage)
    assert said in found["budget"]["said"]
    assert found["budget"]["advice"].startswith("Mend it, or set STATUSPRO_RATE_LIMIT_STORAGE")
    assert found["service"]["state"] == "ok"


@pytest.mark.parametrize("key", [None, ""])
def test_redis_that_is_not_there(shop: Sandbox, key: str | None) -> None:
    where = f"127.0.0.1:{a_closed_port()}"
    key = shop.api_key if key is None else key
    storage = f"redis://:hidden-word@{where}/0"
    found = examined(1 if key else 5, STATUSPRO_RATE_LIMIT_STORAGE=storage, STATUSPRO_API_KEY=key)
    assert f"Redis at {where} cannot be used" in found["budget"]["said"]
    assert "hidden-word" not in json.dumps(found)
    assert found["service"]["state"] == "ok"


def test_redis_that_is_there(shop: Sandbox, redis_server: RedisServer) -> None:
    found = examined(0, STATUSPRO_RATE_LIMIT_STORAGE=redis_server.url)
    assert found["budget"]["said"].startswith(f"Redis at 127.0.0.1:{redis_server.port}: 60 of 60")


def test_a_budget_that_is_used_up(shop: Sandbox) -> None:
    assert invoke("statuses", STATUSPRO_RATE_LIMIT="1").exit_code == 0
    shop.requests.clear()
    found = examined(1, STATUSPRO_RATE_LIMIT="1")
    assert re.search(r"0 of 1 requests left, one in \d+ s", found["budget"]["said"])
    assert found["service"]["said"] == "not asked: the budget is used up"
    assert re.match(r"Try again in \d+ s", found["service"]["advice"])
    assert shop.requests == []


# How it is shown


def test_without_a_terminal_it_is_tab_separated(shop: Sandbox) -> None:
    shown = run("doctor", STATUSPRO_API_KEY="no-longer-valid")
    assert shown.returncode == 5
    rows = [row.split("\t") for row in shown.stdout.splitlines()]
    assert {len(row) for row in rows} == {4}
    assert [row[:2] for row in rows if row[0] != "ok"] == [["problem", "service"]]


def test_fields(shop: Sandbox) -> None:
    shown = invoke("doctor", "--fields", "check,state", "-o", "csv")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("check,state\nversions,ok\n")


def test_on_a_terminal_it_is_a_table_with_marks(shop: Sandbox) -> None:
    shown, status = on_terminal("doctor", STATUSPRO_API_KEY="no-longer-valid")
    assert status == 5
    assert "\x1b[32m✓" in shown
    assert "\x1b[31m✗" in shown
    text = plain(shown)
    assert re.search(r"✗ +Service +401: Unauthenticated\.\s+→ Put a valid key", text)
    assert "1 problem." in text


@pytest.mark.parametrize("columns", [40, 100])
def test_no_line_is_wider_than_the_window(shop: Sandbox, columns: int) -> None:
    shown, status = on_terminal("doctor", columns=columns, STATUSPRO_API_KEY="")
    assert status == 5
    assert max(len(each.rstrip()) for each in plain(shown).splitlines()) <= columns
    assert "STATUSPRO_API_KEY" in shown


def test_no_color_has_no_colour(shop: Sandbox) -> None:
    shown, status = on_terminal("doctor", NO_COLOR="1")
    assert status == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown)
    assert "All is well." in shown


def test_an_encoding_without_the_marks_has_words(shop: Sandbox) -> None:
    shown, status = on_terminal(
        "doctor", LANG="C", PYTHONIOENCODING="ascii", STATUSPRO_API_KEY="no-longer-valid"
    )
    assert status == 5
    text = plain(shown)
    assert re.search(r"^ok +Versions ", text.replace("\r", "\n"), re.M)
    assert re.search(r"^x +Service ", text, re.M)
    assert "-> Put a valid key" in text
    assert "?" not in text
