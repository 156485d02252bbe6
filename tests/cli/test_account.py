"""`statuspro statuses`, `summary` and `budget`."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from statuspro.sandbox import Sandbox
from tests.support.terminal import invoke, on_terminal, plain, run

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

pytest_plugins = ["tests.support.redis_server"]


@pytest.fixture
def unpaced(shop: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The shop, of which a test may ask more than 60 requests."""
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "none")
    return shop


def test_statuses_without_a_terminal_are_a_line_each(shop: Sandbox) -> None:
    shown = invoke("statuses")
    assert shown.exit_code == 0
    with shop.client() as client:
        assert [line.split("\t") for line in shown.stdout.splitlines()] == [
            [one["code"], one["name"], one["description"]] for one in client.get_statuses()
        ]


def test_an_account_without_statuses(shop: Sandbox) -> None:
    shop.fail(200, body="[]", path="/statuses")
    assert plain(on_terminal("statuses")[0]) == "The account has no statuses.\n"


def test_summary_is_what_the_service_counts(unpaced: Sandbox) -> None:
    with unpaced.client() as client:
        wanted = client.summarize_orders()
    unpaced.requests.clear()
    shown = invoke("summary", "--json")
    assert json.loads(shown.stdout) == wanted
    assert len(unpaced.requests) == 14 + len(wanted["by_status"])
    assert json.loads(invoke("summary", "-o", "jsonl").stdout) == wanted
    assert invoke("summary", "--json", "--fields", "total").stdout == (
        f'{{\n  "total": {wanted["total"]}\n}}\n'
    )


def test_summary_has_a_row_for_each_figure(unpaced: Sandbox) -> None:
    with unpaced.client() as client:
        wanted = client.summarize_orders()
    text = invoke("summary", "-o", "csv").stdout
    rows = [tuple(row.values()) for row in csv.DictReader(io.StringIO(text))]
    assert rows[0] == ("total", "", "", str(wanted["total"]))
    assert ("no_status", "", "", str(wanted["without_status"])) in rows
    assert [int(row[3]) for row in rows if row[0] == "status"] == [
        status["count"] for status in wanted["by_status"]
    ]
    assert ("financial", "paid", "", str(wanted["by_financial_status"]["paid"])) in rows
    assert len(rows) == 2 + len(wanted["by_status"]) + 8 + 4
    lines = [tuple(line.split("\t")) for line in invoke("summary").stdout.splitlines()]
    assert lines == rows


def test_fields_of_a_summary_are_those_of_its_json_or_of_its_rows(unpaced: Sandbox) -> None:
    assert invoke("summary", "--fields", "group,count").stdout.startswith("total\t")
    shown = invoke("summary", "--json", "--fields", "count")
    assert shown.exit_code == 2
    assert "no field 'count'" in shown.stderr


@pytest.mark.parametrize("columns", [24, 40, 80, 200])
def test_a_summary_is_drawn_by_the_width_of_the_window(columns: int, shop: Sandbox) -> None:
    shown, status = on_terminal("summary", columns=columns, COLORTERM="truecolor")
    assert status == 0
    assert "\x1b[38;2;236;72;153m●" in shown
    drawn = plain(shown).rpartition("orders that are not")[2]
    assert [word for word in ("Status", "Payment", "Fulfillment") if word in drawn] == [
        "Status",
        "Payment",
        "Fulfillment",
    ]
    assert max(cell_len(line.rstrip()) for line in drawn.splitlines()) <= columns
    assert ("█" in drawn) is (columns > 24)


def test_a_summary_tells_how_far_it_has_come(shop: Sandbox) -> None:
    shown, _ = on_terminal("summary", "-o", "csv", columns=100)
    assert "Counting orders: 1 of 21 requests" in shown
    assert "Counting orders: 20 of 21 requests" in shown


def test_a_summary_that_the_service_refuses(shop: Sandbox) -> None:
    shop.fail(403, path="/statuses")
    shown = invoke("summary")
    assert (shown.exit_code, shown.stdout) == (5, "")
    assert len(shown.stderr.splitlines()) == 1


def test_budget_counts_what_the_users_commands_have_sent(shop: Sandbox) -> None:
    assert run("statuses").returncode == 0
    shop.requests.clear()
    shown = run("budget", "--json")
    assert json.loads(shown.stdout) == {
        "requests": 60,
        "remaining": 59,
        "bulk_remaining": 5,
        "next_in": 0.0,
    }
    assert run("budget").stdout.splitlines()[:2] == ["requests\t60", "remaining\t59"]
    assert run("budget", "--fields", "remaining").stdout == "59\n"
    assert not shop.requests


def test_budget_on_a_terminal_says_where_it_is_counted(shop: Sandbox, tmp_path: Path) -> None:
    invoke("statuses")
    text = plain(on_terminal("budget", columns=200)[0])
    assert re.sub(" +", " ", text).replace(" \n", "\n") == (
        "Requests 59 of 60 left in 60 s\n"
        "Bulk updates 5 of 5 left in 60 s\n"
        "Next request now\n"
        f"Counted in {tmp_path}/state/statuspro/budget.sqlite3\n"
    )
    alone = plain(on_terminal("budget", "--no-shared-budget")[0])
    assert "by this command alone" in alone


def test_budget_names_a_redis_without_its_password(
    shop: Sandbox, redis_server: RedisServer
) -> None:
    storage = redis_server.url.replace("//", "//default:hidden-word@")
    text = plain(on_terminal("budget", STATUSPRO_RATE_LIMIT_STORAGE=storage)[0])
    assert text.endswith(f" in Redis at 127.0.0.1:{redis_server.port}\n")
    assert "hidden-word" not in text


def test_a_budget_that_is_used_up_says_when_the_next_request_is_free(shop: Sandbox) -> None:
    assert run("statuses", STATUSPRO_RATE_LIMIT="1/1/30").returncode == 0
    text = plain(on_terminal("budget", STATUSPRO_RATE_LIMIT="1/1/30")[0])
    assert "0 of 1 left in 30 s" in text
    told = re.search(r"Next request +in (\d+) s", text)
    assert told is not None
    assert 0 < int(told[1]) <= 32


def test_without_pacing_there_is_no_budget(shop: Sandbox) -> None:
    assert invoke("budget", "--json", STATUSPRO_RATE_LIMIT="none").stdout == "null\n"
    text = plain(on_terminal("budget", STATUSPRO_RATE_LIMIT="none")[0])
    assert text == "There is no budget: pacing is off (STATUSPRO_RATE_LIMIT=none).\n"


def test_budget_of_a_storage_that_another_process_holds(shop: Sandbox, tmp_path: Path) -> None:
    assert run("statuses").returncode == 0
    holder = sqlite3.connect(tmp_path / "state" / "statuspro" / "budget.sqlite3")
    try:
        holder.execute("BEGIN EXCLUSIVE")
        shown = run("budget", "--json")
    finally:
        holder.close()
    assert "Traceback" not in shown.stderr
    assert shown.returncode in (0, 1)
