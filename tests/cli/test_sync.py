"""`statuspro sync`: what it tells, what it stores, how it ends."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from statuspro.cli import sync as module
from statuspro.cli import waiting
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox
from tests.support.polling import eventually
from tests.support.terminal import (
    COMMAND,
    environment,
    invoke,
    on_terminal,
    plain,
    run,
    shell,
    spawn,
    to_the_end,
)

ORDERS = 12


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A shop of the test's own: its orders come and go."""
    with Sandbox(orders=ORDERS) as sandbox:
        yield sandbox


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "orders.sqlite3")


def newest(shop: Sandbox) -> int:
    return int(shop.client().list_orders(page=1, per_page=1)["data"][0]["id"])


def told(text: str) -> list[dict[str, Any]]:
    """The changes in JSON lines."""
    return [json.loads(each) for each in text.splitlines()]


def names(text: str) -> list[str]:
    return [change["order"]["name"] for change in told(text)]


# What is told


def test_the_first_sync_tells_of_every_order_and_the_second_of_none(
    shop: Sandbox, file: str
) -> None:
    shown = invoke("sync", file, "-o", "jsonl")
    assert shown.exit_code == 0
    assert shown.stderr == f"{ORDERS} new; {ORDERS} orders.\n"
    assert {change["kind"] for change in told(shown.stdout)} == {"new"}
    with Mirror(file) as mirror, shop.client() as client:
        assert [order["id"] for order in mirror.orders()] == [
            order["id"] for order in client.iter_orders()
        ]
        assert mirror.history(newest(shop)) == client.get_order(newest(shop))["history"]
    shown = invoke("sync", file, "-o", "jsonl")
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert shown.stderr == f"No changes; {ORDERS} orders.\n"


def test_each_kind_of_change(shop: Sandbox, file: str) -> None:
    assert invoke("sync", file).exit_code == 0
    moved, removed = (order["id"] for order in list(shop.client().iter_orders())[:2])
    shop.set_status(moved, "st000005" if shop.order(moved).status_code != "st000005" else None)
    shop.remove_order(removed)
    added = shop.add_order(name="Ann Lee", status_code="st000002")
    shown = invoke("sync", file, "-o", "jsonl")
    changes = {change["order"]["id"]: change for change in told(shown.stdout)}
    assert {order_id: change["kind"] for order_id, change in changes.items()} == {
        added: "new",
        moved: "changed",
        removed: "gone",
    }
    assert "status" in changes[moved]["fields"]
    assert shown.stderr == f"1 new, 1 changed, 1 gone; {ORDERS} orders.\n"


def test_csv_has_the_order_as_it_is_and_as_it_was(shop: Sandbox, file: str) -> None:
    order_id = shop.add_order(name="Ann Lee", status_code="st000002", due_date="2026-12-01")
    invoke("sync", file)
    with shop.client() as client:
        client.update_order_status(order_id, "st000003", comment="Left with DHL", notify=False)
    shown = invoke("sync", file, "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(shown.stdout))
    assert row["kind"] == "changed"
    assert row["status_name"] == "Shipped"
    assert row["was_status_name"] == "In Production"
    assert row["was_due_date"] == row["due_date"] == "2026-12-01"
    assert row["comments"] == "Left with DHL"
    assert row["fields"].split()[0] == "status"


def test_csv_has_a_heading_also_where_nothing_has_changed(shop: Sandbox, file: str) -> None:
    invoke("sync", file)
    shown = invoke("sync", file, "-o", "csv")
    assert shown.stdout.startswith("kind,fields,comments,id,name,")
    assert len(shown.stdout.splitlines()) == 1


def test_without_a_terminal_it_is_tab_separated(shop: Sandbox, file: str) -> None:
    invoke("sync", file)
    order_id = newest(shop)
    shop.set_status(order_id, "st000005")
    shown = invoke("sync", file)
    kind, name, _, status, fields, shown_id = shown.stdout.rstrip("\n").split("\t")
    assert (kind, name, shown_id) == ("changed", shop.order(order_id).name, str(order_id))
    assert status == next(
        each["name"] for each in shop.client().get_statuses() if each["code"] == "st000005"
    )
    assert "status" in fields.split()


def test_json_is_one_array(shop: Sandbox, file: str) -> None:
    changes = json.loads(invoke("sync", file, "--json").stdout)
    assert len(changes) == ORDERS
    assert set(changes[0]) == {"kind", "order", "before", "fields", "events"}
    assert invoke("sync", file, "--json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("jsonl", '{"kind": "new", "order.id": ID}'),
        ("csv", "new,ID"),
        ("table", "new\tID"),
        ("json", '    "order.id": ID'),
    ],
)
def test_fields(shop: Sandbox, file: str, form: str, line: str) -> None:
    shown = invoke("sync", file, "--fields", "kind,order.id", "-o", form)
    assert shown.exit_code == 0
    assert line.replace("ID", str(newest(shop))) in shown.stdout.splitlines()


def test_a_field_that_there_is_not(shop: Sandbox, file: str) -> None:
    shown = invoke("sync", file, "--fields", "order.names")
    assert shown.exit_code == 2
    assert "order.name" in shown.stderr
    assert len(names(invoke("sync", file, "-o", "jsonl").stdout)) == ORDERS  # none was stored


def test_no_history_asks_for_lists_alone(shop: Sandbox, file: str) -> None:
    assert invoke("sync", file, "--no-history").exit_code == 0
    assert {each.path.rpartition("/")[2] for each in shop.requests} == {"orders", "statuses"}


def test_filters_are_those_of_list(shop: Sandbox, file: str) -> None:
    shop.add_order(name="Ann Lee", status_code="st000003")
    shown = invoke("sync", file, "--status", "SHIPPED", "--search", "Ann Lee", "-o", "jsonl")
    assert shown.exit_code == 0
    assert [change["order"]["customer"]["name"] for change in told(shown.stdout)] == ["Ann Lee"]


def test_a_reserve_is_left_to_others(shop: Sandbox, file: str) -> None:
    seen: list[int] = []
    show = module._Turns.once

    def once(turns: module._Turns) -> Any:
        seen.append(turns._client.rate_limit_reserve)
        return show(turns)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module._Turns, "once", once)
        assert invoke("sync", file, "--reserve", "20").exit_code == 0
    assert seen == [20]
    shown = invoke("sync", file, "--reserve", "60")
    assert shown.exit_code == 2
    assert "'--reserve'" in shown.stderr
    assert "at most 59" in shown.stderr


# What is refused


def test_a_file_that_is_no_mirror_is_refused_in_one_line(shop: Sandbox, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("these are my notes")
    shown = invoke("sync", str(other))
    assert shown.exit_code == 1
    assert re.fullmatch(r"Error: .*notes\.txt is no mirror of orders: .*\n", shown.stderr)
    assert other.read_text() == "these are my notes"


def test_a_second_sync_of_one_file_is_refused(shop: Sandbox, file: str) -> None:
    with Mirror(file) as mirror, shop.client() as client:
        sync = mirror.sync(client)
        next(sync)
        shown = invoke("sync", file)
        sync.close()
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert shown.stderr.startswith("Error: Another sync of ")
    assert len(shown.stderr.splitlines()) == 1


def test_json_does_not_go_with_watch(shop: Sandbox, file: str) -> None:
    shown = invoke("sync", file, "--json", "--watch", "5")
    assert shown.exit_code == 2
    assert "-o jsonl" in shown.stderr


@pytest.mark.parametrize("minutes", ["0", "-1", "soon"])
def test_minutes_that_make_no_sense(shop: Sandbox, file: str, minutes: str) -> None:
    shown = invoke("sync", file, "--watch", minutes)
    assert shown.exit_code == 2
    assert "1 or more" in shown.stderr


# What is cut off


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_the_reader_left_unread_is_told_next_time(shop: Sandbox, file: str, form: str) -> None:
    command = " ".join([*COMMAND, "sync", file, "-o", form])
    ended = subprocess.run(
        ["bash", "-c", f"{command} | head -n 4; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        env=environment({}),
        timeout=30,
    )
    assert ended.stderr == ""
    *shown, status = ended.stdout.splitlines()
    assert status == "0"
    count = len(shown) - (form == "csv")
    rest = names(invoke("sync", file, "-o", "jsonl").stdout)
    assert len(rest) == ORDERS - count
    if form == "jsonl":
        assert not set(rest) & set(names("\n".join(shown)))


def test_ctrl_c_leaves_the_rest_to_the_next_sync(shop: Sandbox, file: str) -> None:
    shop.slow(0.1, times=1000, path="/orders/*")
    terminal = spawn("sync", file)
    terminal.expect("new .*new ")
    shown = terminal.after
    terminal.sendintr()
    more, status = to_the_end(terminal)
    shown += more
    assert status == 130
    assert "Traceback" not in shown
    assert "orders." not in plain(shown)
    first = set(re.findall(r"new +(#\d+)", plain(shown)))
    shop.clear_faults()
    rest = set(names(run("sync", file, "-o", "jsonl").stdout))
    with Mirror(file) as mirror:
        everything = {order["name"] for order in mirror.orders()}
    assert len(everything) == ORDERS
    assert first | rest == everything
    assert len(rest) < ORDERS


# On a terminal


def test_a_terminal_has_a_line_for_each_change(shop: Sandbox, file: str) -> None:
    invoke("sync", file)
    order_id = shop.add_order(
        name="Ann Lee", status_code="st000002", due_date="2026-12-01", due_date_to=None
    )
    invoke("sync", file)
    name = shop.order(order_id).name
    with shop.client() as client:
        client.update_order_status(order_id, "st000003", notify=False)
        client.add_order_comment(order_id, "Left \x1b[31mwith DHL", public=True)
        client.set_order_due_date(order_id, "2026-12-05")
    shown, status = on_terminal("sync", file, columns=160)
    assert status == 0
    assert re.search(
        rf"changed +{name} +● In Production → ● Shipped · due 2026-12-01 → 2026-12-05 · "
        r"public comment: Left \[31mwith DHL",
        plain(shown),
    )
    assert "\x1b[33mchanged" in shown
    assert f"1 changed; {ORDERS + 1} orders." in shown


def test_progress_is_told_on_a_terminal_with_its_waits(shop: Sandbox, file: str) -> None:
    shop.fail(429, retry_after=2, path="/orders/*")
    terminal = spawn("sync", file)
    terminal.expect(rf"of {ORDERS} orders in step, \d+ requests?")
    terminal.expect(r"waiting 2 s: ")
    terminal.expect("new ")
    _, status = to_the_end(terminal)
    assert status == 0


def test_a_narrow_window_cuts_the_lines(shop: Sandbox, file: str) -> None:
    shown, status = on_terminal("sync", file, "--no-history", columns=28)
    assert status == 0
    lines = plain(shown).rpartition("\r")[2].splitlines()
    lines = lines[[each.startswith("new") for each in lines].index(True) :]
    assert len(lines) == ORDERS + 1
    assert max(map(len, lines)) <= 28
    assert any(each.endswith("…") for each in lines)


def test_no_color_has_no_colour(shop: Sandbox, file: str) -> None:
    shown, status = on_terminal("sync", file, "--no-history", NO_COLOR="1")
    assert status == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown)


def test_an_encoding_without_the_marks(shop: Sandbox, file: str) -> None:
    invoke("sync", file)
    shop.set_status(newest(shop), "st000005")
    shown, status = on_terminal("sync", file, LANG="C", PYTHONIOENCODING="ascii")
    assert status == 0
    assert " -> * " in plain(shown)
    assert "?" not in plain(shown)


def test_a_dumb_terminal_gets_no_movements(shop: Sandbox, file: str) -> None:
    shown, status = on_terminal("sync", file, "--no-history", TERM="dumb")
    assert status == 0
    assert "\x1b" not in shown


def test_without_a_terminal_progress_is_a_line_a_minute(
    shop: Sandbox, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BETWEEN_LINES", 3600.0)
    assert len(invoke("sync", file).stderr.splitlines()) == 1
    monkeypatch.setattr(waiting, "BETWEEN_LINES", 0.0)
    Path(file).unlink()
    shown = invoke("sync", file, "-o", "jsonl")
    *lines, _ = shown.stderr.splitlines()
    assert len(lines) >= ORDERS
    assert re.fullmatch(rf"\d+ of {ORDERS} orders in step, \d+ requests?", lines[0])


# --watch


def watched(monkeypatch: pytest.MonkeyPatch, *between: Callable[[], object]) -> list[float]:
    """Has something happen in each pause, and Ctrl-C be pressed in the one after."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > len(between):
            raise KeyboardInterrupt
        between[len(pauses) - 1]()

    monkeypatch.setattr(module, "_pause", pause)
    return pauses


def test_watch_tells_of_the_changes_of_each_turn(
    shop: Sandbox, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke("sync", file)
    pauses = watched(
        monkeypatch,
        lambda: shop.set_status(newest(shop), "st000005"),
        lambda: None,
        lambda: shop.add_order(name="Ann Lee"),
    )
    shown = invoke("sync", file, "--watch", "5", "-o", "jsonl")
    assert shown.exit_code == 130
    assert [change["kind"] for change in told(shown.stdout)] == ["changed", "new"]
    assert pauses == [300.0] * 4
    lines = [each.split(": ", 1) for each in shown.stderr.splitlines() if each.strip()]
    assert [said for _, said in lines] == [
        f"No changes; {ORDERS} orders.",
        f"1 changed; {ORDERS} orders.",
        f"1 new; {ORDERS + 1} orders.",
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", at) for at, _ in lines)


@pytest.mark.parametrize("status", [501, 404])
def test_watch_goes_on_after_a_failure(
    shop: Sandbox, file: str, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    watched(monkeypatch, lambda: None)
    shop.fail(status)
    shown = invoke("sync", file, "--watch", "5", "-o", "jsonl")
    assert shown.exit_code == 130
    assert len(told(shown.stdout)) == ORDERS
    failed, done = (each for each in shown.stderr.splitlines() if each.strip())
    assert str(status) in failed
    assert failed.endswith(" The next try is in 5 minutes.")
    assert done.endswith(f"{ORDERS} new; {ORDERS} orders.")


def test_watch_outlasts_a_service_that_is_away_when_it_begins(
    shop: Sandbox, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(monkeypatch, lambda: None)
    shop.fail(501, path="/statuses")
    shown = invoke("sync", file, "--watch", "5", "--status", "shipped")
    assert shown.exit_code == 130
    assert " orders." in shown.stderr


@pytest.mark.parametrize(("status", "code"), [(401, 5), (403, 5), (422, 1)])
def test_watch_ends_where_no_later_turn_can_mend_it(
    shop: Sandbox, file: str, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    pauses = watched(monkeypatch, lambda: shop.fail(status))
    shown = invoke("sync", file, "--watch", "5")
    assert shown.exit_code == code
    assert "Error: " in shown.stderr
    assert len(pauses) == 1


def test_watch_of_a_file_that_is_no_mirror_ends_at_once(shop: Sandbox, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("these are my notes")
    assert invoke("sync", str(other), "--watch", "5").exit_code == 1


def test_watch_beside_another_sync(
    shop: Sandbox, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Mirror(file) as mirror, shop.client() as client:
        sync = mirror.sync(client)
        next(sync)
        assert invoke("sync", file, "--watch", "5").exit_code == 1
        sync.close()
        held: list[Any] = []

        def hold() -> None:
            held.append(mirror.sync(client))
            shop.add_order(name="Ann Lee")
            next(held[0])

        watched(monkeypatch, hold, lambda: held[0].close())
        shown = invoke("sync", file, "--watch", "5")
    assert shown.exit_code == 130
    assert "Another sync of " in shown.stderr
    assert f"1 new; {ORDERS + 1} orders." in shown.stderr


def test_watch_counts_its_pause_down_until_ctrl_c(shop: Sandbox, file: str) -> None:
    terminal = spawn("sync", file, "--watch", "1", "--no-history")
    terminal.expect(f"{ORDERS} new; {ORDERS} orders")
    terminal.expect(r"Waiting (60|59) s: the next sync")
    terminal.sendintr()
    shown, status = to_the_end(terminal)
    assert status == 130
    assert "Traceback" not in shown
    assert "Error" not in shown


def test_watch_shows_a_change_at_once_through_a_pipe(shop: Sandbox, file: str) -> None:
    terminal = shell(f"{' '.join([*COMMAND, 'sync', file, '--watch', '9', '--no-history'])} | cat")
    terminal.expect(r"new\t#\d+")
    assert eventually(lambda: not terminal.expect(f"{ORDERS} new; "), 10)
    terminal.sendintr()
    _, status = to_the_end(terminal)
    assert status in (0, 130, -2)  # of the shell, which gets the Ctrl-C too
