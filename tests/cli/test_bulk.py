"""`statuspro bulk`: what it sends, prints, asks and refuses, and how it goes on after a kill."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import signal
from collections import Counter
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result

from statuspro.api.journal import Journal
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, SHIPPED
from tests.support.polling import eventually
from tests.support.processes import Process
from tests.support.terminal import COMMAND, environment, invoke, plain, spawn, to_the_end

BULK = "/orders/bulk-status"
NOBODY = {"email_customer": False, "email_additional": False}


class Many(NamedTuple):
    """The orders that a test moves, and the service that has them."""

    shop: Sandbox
    ids: list[int]
    folder: Path

    @property
    def names(self) -> list[str]:
        return [self.shop.order(each).name for each in self.ids]

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The bodies of the writes that have arrived."""
        return [json.loads(each.body) for each in self.shop.requests if each.method == "POST"]

    @property
    def mailed(self) -> Counter[int]:
        """How many mails each order got."""
        self.shop.flush()
        return Counter(mail.order_id for mail in self.shop.mails)

    @property
    def statuses(self) -> set[str | None]:
        """The codes of the orders' statuses."""
        self.shop.flush()
        return {self.shop.order(each).status_code for each in self.ids}

    def file(self, text: str = "", name: str = "late.csv") -> str:
        """Writes a file; by default one with a row for each order."""
        path = self.folder / name
        rows = zip(self.names, self.ids, strict=True)
        path.write_text(text or "name,id\n" + "".join(f"{one},{two}\n" for one, two in rows))
        return str(path)

    def run(self, *arguments: str, **keywords: Any) -> Result:
        """Moves orders to Shipped, without mail, a question or a terminal."""
        return invoke("bulk", "shipped", *arguments, "--no-email", "--yes", **keywords)


@pytest.fixture
def many(shop: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Many]:
    """Makes so many orders that are in production; nothing is paced, or waits long."""
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "none")
    monkeypatch.setattr("statuspro.api.outcome._FIRST_INTERVAL", 0.06)

    def make(number: int) -> Many:
        ids = [shop.add_order(status_code=IN_PRODUCTION) for _ in range(number)]
        return Many(shop, ids, tmp_path)

    return make


def journals(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.rglob("*.journal"))]


def rows_of(shown: Result) -> list[list[str]]:
    """The tab-separated values that were printed."""
    return [row.split("\t") for row in shown.stdout.splitlines()]


def age(journal: Path) -> None:
    """Has a journal's steps be of two minutes ago: the queue is worked off."""
    older = re.sub(r'"at":(\d+)', lambda found: f'"at":{int(found[1]) - 120}', journal.read_text())
    journal.write_text(older)


# What is sent, and what is printed


def test_numbers_names_and_ids_as_arguments(many: Callable[..., Many]) -> None:
    orders = many(4)
    names = orders.names
    given = [names[0], names[1].lstrip("#"), str(orders.ids[2]), names[3], names[0]]
    shown = orders.run(*given)
    assert shown.exit_code == 0
    assert rows_of(shown) == [
        [word, str(order_id), "applied"] for word, order_id in zip(given, orders.ids, strict=False)
    ]
    assert orders.sent == [{"order_ids": orders.ids, "status_code": SHIPPED, **NOBODY}]
    assert shown.stderr.startswith(
        "Move 4 orders to Shipped (st000003). They are given 5 times; each is sent once.\n"
        "4 orders to send: 1 request.\nNobody is mailed.\nJournal: "
    )
    assert shown.stderr.endswith("4 orders to Shipped: 4 applied.\n")
    assert not orders.mailed


@pytest.mark.parametrize(
    ("said", "body", "told"),
    [
        (["--email"], {"email_customer": True, "email_additional": True}, "The service mails the"),
        (
            ["--no-email", "--comment", "By\nDHL"],
            {"comment": "By\nDHL", **NOBODY},
            "Add the comment (internal): By DHL",
        ),
        (
            ["--no-email", "--comment", "By DHL", "--public"],
            {"comment": "By DHL", "public": True, **NOBODY},
            "Add the comment (which the customers see): By DHL",
        ),
        (
            ["--no-email", "--due-date", "2026-12-01"],
            {"due_date": "2026-12-01", **NOBODY},
            "Set the due date to 2026-12-01.",
        ),
    ],
)
def test_it_sends_what_was_said_and_no_more(
    many: Callable[..., Many], said: list[str], body: dict[str, Any], told: str
) -> None:
    orders = many(2)
    shown = invoke("bulk", "SHIPPED", *map(str, orders.ids), *said, "--yes")
    assert shown.exit_code == 0
    assert orders.sent == [{"order_ids": orders.ids, "status_code": SHIPPED, **body}]
    assert told in shown.stderr
    assert orders.mailed == (dict.fromkeys(orders.ids, 1) if said == ["--email"] else {})


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_the_outcome_in_each_form(many: Callable[..., Many], form: str) -> None:
    orders = many(2)
    shown = orders.run(*orders.names, "-o", form)
    wanted = [
        {"order": name, "id": order_id, "outcome": "applied"}
        for name, order_id in zip(orders.names, orders.ids, strict=True)
    ]
    if form == "json":
        assert json.loads(shown.stdout) == wanted
    elif form == "jsonl":
        assert [json.loads(each) for each in shown.stdout.splitlines()] == wanted
    else:
        rows = list(csv.DictReader(io.StringIO(shown.stdout)))
        assert rows == [{**each, "id": str(each["id"])} for each in wanted]


def test_fields(many: Callable[..., Many]) -> None:
    orders = many(1)
    assert (
        orders.run(*orders.names, "--fields", "outcome,id").stdout == f"applied\t{orders.ids[0]}\n"
    )


def test_a_thousand_ids_of_a_file(many: Callable[..., Many]) -> None:
    orders = many(1000)
    shown = orders.run("--file", orders.file(), STATUSPRO_RATE_LIMIT="none")
    assert shown.exit_code == 0
    assert "1,000 orders to send: 20 requests.\n" in shown.stderr
    assert [len(each["order_ids"]) for each in orders.sent] == [50] * 20
    assert [each for body in orders.sent for each in body["order_ids"]] == orders.ids
    assert {row[2] for row in rows_of(shown)} == {"applied"}


def test_how_long_it_takes_is_said_before(many: Callable[..., Many]) -> None:
    orders = many(1)
    ids = "\n".join(str(6110375248088 + n) for n in range(1000))
    shown = orders.run("--file", orders.file(ids, "ids.txt"), "--dry-run", STATUSPRO_RATE_LIMIT="")
    assert "1,000 orders to send: 20 requests, about 3 minutes.\n" in shown.stderr


def test_how_many_look_ups_it_takes_is_said_before(many: Callable[..., Many]) -> None:
    orders = many(1)
    for _ in range(1100):
        orders.shop.add_order()
    words = [str(n) for n in range(1000001, 1000090)]
    shown = orders.run(*words, STATUSPRO_RATE_LIMIT="5/5/0.01")
    assert re.match(
        r"Looking up 89 numbers takes up to \d\d requests, about 1 minute\.", shown.stderr
    )
    assert shown.exit_code == 4
    assert not orders.sent


@pytest.mark.parametrize("name", ["orders.txt", "-"])
def test_a_text_of_numbers(many: Callable[..., Many], name: str) -> None:
    orders = many(3)
    text = f"# the late ones\n{' '.join(orders.names)}\n"
    path = orders.file(text, name) if name != "-" else "-"
    shown = orders.run("--file", path, input=text)
    assert shown.exit_code == 0
    assert orders.statuses == {SHIPPED}


def test_without_a_wait_nothing_is_asked_afterwards(many: Callable[..., Many]) -> None:
    orders = many(2)
    shown = orders.run(*map(str, orders.ids), "--no-wait")
    assert shown.exit_code == 0
    assert [row[2] for row in rows_of(shown)] == ["accepted", "accepted"]
    assert orders.shop.requests[-1].path.endswith(BULK)


def test_an_order_that_cannot_move_there_is_passed_over(many: Callable[..., Many]) -> None:
    orders = many(2)
    orders.shop.set_status(orders.ids[1], "st000007")
    unknown = "9999999999999"
    shown = orders.run(orders.names[0], orders.names[1], unknown, "--wait", "0")
    orders.shop.flush()
    assert shown.exit_code == 7
    assert [row[2] for row in rows_of(shown)][1:] == ["passed over", "passed over"]
    assert "of 3 orders did not arrive in Shipped: they cannot move there" in shown.stderr
    assert journals(orders.folder) == []  # so that they are sent again


# Refusals


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Give orders (REF) or a file of them (--file), and not both."),
        (["1188", "--file", "x.csv"], "and not both"),
        (["1188", "--column", "id"], "--column is of a file: give --file too."),
        (["1188", "--public"], "give --comment too"),
        (["1188", "--due-date", "soon"], "must be a day such as"),
        (["1188", "--wait", "-1"], "must be a whole number"),
        (["6.11038E+12"], "6.11038E+12 has lost the digits of its id"),
        (["late"], "late: there is no id, number or name of an order"),
        (["--file", "none.csv"], "none.csv: No such file or directory."),
        (["9999999999", "--journal", "none/j"], "No journal can be written in none."),
    ],
)
def test_a_usage_error_sends_nothing(
    many: Callable[..., Many], arguments: list[str], told: str
) -> None:
    orders = many(0)
    shown = orders.run(*arguments)
    assert shown.exit_code == 2
    assert told in shown.stderr
    assert shown.stdout == ""
    assert not orders.sent


def test_a_status_that_there_is_not(many: Callable[..., Many]) -> None:
    orders = many(1)
    shown = invoke("bulk", "shiped", *orders.names, "--no-email", "--yes")
    assert shown.exit_code == 2
    assert "Did you mean Shipped (st000003)?" in shown.stderr


def test_a_spoilt_spreadsheet_sends_nothing(many: Callable[..., Many]) -> None:
    orders = many(1)
    path = orders.file(f"id;name\n{orders.ids[0]};x\n6,11038E+12;y\n")
    shown = orders.run("--file", path)
    assert shown.exit_code == 2
    assert f"Error: {path}: line 3: 6,11038E+12 has lost the digits of its id" in shown.stderr
    assert not orders.shop.requests


@pytest.mark.parametrize("left_out", ["--yes", "--no-email"])
def test_without_a_terminal_all_must_be_said(many: Callable[..., Many], left_out: str) -> None:
    orders = many(1)
    said = [each for each in ("--yes", "--no-email") if each != left_out]
    shown = invoke("bulk", "shipped", *orders.names, *said)
    assert shown.exit_code == 2
    assert "There is no terminal to ask on." in shown.stderr
    assert not orders.shop.requests


def test_an_unknown_number_sends_nothing(many: Callable[..., Many]) -> None:
    orders = many(1)
    shown = orders.run("--file", orders.file(f"order\n{orders.names[0]}\n77777\n"))
    assert shown.exit_code == 4
    assert shown.stderr == "Error: No order is called 77777 (line 3). Nothing was sent.\n"
    assert not orders.sent


def test_a_state_folder_that_cannot_be_made(many: Callable[..., Many]) -> None:
    orders = many(1)
    shown = orders.run(*orders.names, XDG_STATE_HOME=os.devnull)
    assert shown.exit_code == 2
    assert "Give --journal FILE." in shown.stderr
    assert not orders.sent


# A dry run


def test_a_dry_run_tells_which_and_leaves_nothing(many: Callable[..., Many]) -> None:
    orders = many(2)
    shown = orders.run("--file", orders.file(), "--dry-run", "--json")
    assert shown.exit_code == 0
    assert [each["outcome"] for each in json.loads(shown.stdout)] == ["to send", "to send"]
    assert shown.stderr.startswith("Move 2 orders to Shipped (st000003).\n")
    assert shown.stderr.endswith("Nothing was changed: this is a dry run.\n")
    assert not orders.sent
    assert journals(orders.folder) == []


def test_a_dry_run_where_a_person_reads(many: Callable[..., Many]) -> None:
    orders = many(12)
    path = orders.file("\n".join(orders.names), "numbers.txt")
    shown = orders.run("--file", path, "--dry-run", "-o", "table")
    assert shown.stderr == ""
    first = ", ".join(orders.names[:10])
    assert shown.stdout == (
        "Move 12 orders to Shipped (st000003).\n12 orders to send: 1 request.\nNobody is mailed.\n"
        f"Journal: {path}.st000003.journal\nTo send: {first} and 2 more.\n"
        "Nothing was changed: this is a dry run.\n"
    )


# Journals, and going on


def test_the_journal_of_a_file_stays_beside_it(many: Callable[..., Many]) -> None:
    orders = many(2)
    path = orders.file()
    assert orders.run("--file", path).exit_code == 0
    assert journals(orders.folder) == ["late.csv.st000003.journal"]
    again = orders.run("--file", path)
    assert again.exit_code == 0
    assert "All were accepted before, and none is sent again." in again.stderr
    assert len(orders.sent) == 1
    third = orders.shop.add_order(status_code=IN_PRODUCTION)
    more = orders.run("--file", orders.file(f"id\n{third}\n{orders.ids[0]}\n"))
    assert "Going on: 1 of 2 were accepted before, and are not sent again." in more.stderr
    assert [each["order_ids"] for each in orders.sent] == [orders.ids, [third]]


def test_the_journal_of_arguments_goes_when_all_is_done(many: Callable[..., Many]) -> None:
    orders = many(2)
    orders.shop.fail(422, times=2, method="POST")
    for name in orders.names:
        assert orders.run(name).exit_code == 1
    assert len(journals(orders.folder / "state")) == 2
    for number, name in enumerate(orders.names):
        assert orders.run(name).exit_code == 0
        assert len(journals(orders.folder / "state")) == 1 - number


def test_a_journal_of_the_users_choice_stays(many: Callable[..., Many]) -> None:
    orders = many(1)
    journal = orders.folder / "mine.journal"
    assert orders.run(*orders.names, "--journal", str(journal)).exit_code == 0
    assert journals(orders.folder) == ["mine.journal"]


@pytest.mark.parametrize("how", ["--yes", "--dry-run"])
def test_the_journal_of_another_update_is_refused(many: Callable[..., Many], how: str) -> None:
    orders = many(1)
    path = orders.file()
    assert orders.run("--file", path).exit_code == 0
    shown = invoke("bulk", "shipped", "--file", path, "--email", how)
    assert shown.exit_code == 2
    assert "is of another bulk update: email_customer is False there and True here" in shown.stderr
    assert "--journal FILE names another one." in shown.stderr
    assert len(orders.sent) == 1


def test_a_damaged_journal_is_refused(many: Callable[..., Many]) -> None:
    orders = many(1)
    path = orders.file()
    Path(f"{path}.st000003.journal").write_text("Dear diary\n")
    shown = orders.run("--file", path)
    assert shown.exit_code == 2
    assert "is no journal of a bulk update." in shown.stderr
    assert Path(f"{path}.st000003.journal").read_text() == "Dear diary\n"


def test_a_journal_in_use_is_refused(many: Callable[..., Many]) -> None:
    orders = many(1)
    path = orders.file()
    change = {"status_code": SHIPPED, **NOBODY}
    with Journal(f"{path}.st000003.journal", orders.shop.base_url, change):
        shown = orders.run("--file", path)
    assert shown.exit_code == 1
    assert "another bulk update, in this or another process, has not ended yet" in shown.stderr
    assert not orders.sent


# What stops an update


def test_what_the_service_refuses(many: Callable[..., Many]) -> None:
    orders = many(120)
    orders.shop.inject(lambda answer, pause: answer(), method="POST")
    orders.shop.fail(422, method="POST")
    shown = orders.run("--file", orders.file())
    assert shown.exit_code == 1
    outcomes = [row[2] for row in rows_of(shown)]
    assert outcomes == ["accepted"] * 50 + ["refused"] * 50 + ["not sent"] * 20
    assert "120 orders to Shipped: 50 accepted, 20 not sent, 50 refused.\nError: " in shown.stderr


def test_a_lost_response_is_uncertain_and_found_out_later(many: Callable[..., Many]) -> None:
    orders = many(3)
    path = orders.file()
    said = ("bulk", "shipped", "--file", path, "--email", "--yes")
    orders.shop.drop(applied=True, method="POST")
    shown = invoke(*said)
    assert shown.exit_code == 6
    assert [row[2] for row in rows_of(shown)] == ["uncertain"] * 3
    assert orders.statuses == {SHIPPED}
    age(Path(f"{path}.st000003.journal"))
    again = invoke(*said)
    assert again.exit_code == 0
    assert "3 were sent with an outcome that is not known: they are read back" in again.stderr
    assert [row[2] for row in rows_of(again)] == ["applied"] * 3
    assert orders.mailed == dict.fromkeys(orders.ids, 1)


@pytest.mark.parametrize("limit", [methodcaller("fail", 429, method="POST", retry_after=500), None])
def test_a_wait_that_is_too_long(many: Callable[..., Many], limit: Any) -> None:
    orders = many(60)
    figures = "none" if limit else "60/1/500"
    if limit:
        limit(orders.shop)
    shown = orders.run("--file", orders.file(), STATUSPRO_RATE_LIMIT=figures)
    assert shown.exit_code == 3
    assert "not sent" in shown.stdout
    assert "were not sent. " in shown.stderr


def test_an_outcome_that_cannot_be_read_is_an_error_after_the_report(
    many: Callable[..., Many],
) -> None:
    orders = many(2)
    orders.shop.fail(401, times=9, path="/orders/[0-9]*")
    shown = orders.run(*map(str, orders.ids))
    assert shown.exit_code == 5
    assert [row[2] for row in rows_of(shown)] == ["accepted", "accepted"]


# Killed


@pytest.mark.parametrize("is_open", [False, True], ids=["between", "within"])
def test_killed_half_way_it_goes_on_and_mails_nobody_twice(
    many: Callable[..., Many], is_open: bool
) -> None:
    orders = many(180)
    path = orders.file()
    journal = Path(f"{path}.st000003.journal")
    said = ["bulk", "shipped", "--file", path, "--email", "--yes", "--wait", "5"]
    if is_open:
        for _ in range(2):
            orders.shop.inject(lambda answer, pause: answer(), method="POST")
        orders.shop.slow(30, method="POST")
    paced = {"STATUSPRO_RATE_LIMIT": "none" if is_open else "600/2/2"}
    with Process[bytes]([*COMMAND, *said], env=environment(paced)) as process:
        number = 3 if is_open else 2
        steps = '"sent"' if is_open else '"accepted"'
        assert eventually(
            lambda: journal.exists() and journal.read_text().count(steps) == number, 30
        )
        assert not is_open or eventually(lambda: len(orders.sent) == 3, 30)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    orders.shop.flush()
    age(journal)
    shown = invoke(*said)
    assert shown.exit_code == 0
    assert "Going on: 100 of 180 were accepted before, and are not sent again." in shown.stderr
    assert ("50 were sent with an outcome that is not known" in shown.stderr) is is_open
    assert {row[2] for row in rows_of(shown)} == {"applied"}
    assert orders.mailed == dict.fromkeys(orders.ids, 1)


# On a terminal


def test_on_a_terminal_it_asks_once_and_shows_the_rest(many: Callable[..., Many]) -> None:
    orders = many(2)
    orders.shop.set_status(orders.ids[1], "st000007")
    terminal = spawn("bulk", "shipped", "--file", orders.file(), "--wait", "1")
    terminal.expect_exact("Mail the customers and the additional addresses? [y/n] ")
    terminal.sendline("n")
    terminal.expect_exact("Go on? [y/N] ")
    assert not orders.sent
    terminal.sendline("y")
    shown, status = to_the_end(terminal)
    assert status == 7
    assert "2 orders to Shipped: 1 applied, 1 passed over." in plain(shown)
    assert re.search(rf"{orders.ids[1]} +passed over\n", plain(shown))
    assert len(orders.sent) == 1


def test_no_on_a_terminal_sends_nothing(many: Callable[..., Many]) -> None:
    orders = many(1)
    terminal = spawn("bulk", "shipped", "--file", orders.file(), "--no-email")
    terminal.expect_exact("Go on? [y/N] ")
    terminal.sendline("n")
    shown, status = to_the_end(terminal)
    assert status == 1
    assert plain(shown).endswith("Nothing was changed.\n")
    assert not orders.sent
    assert journals(orders.folder) == []


def test_where_nothing_is_left_to_send_nothing_is_asked(many: Callable[..., Many]) -> None:
    orders = many(1)
    path = orders.file()
    assert orders.run("--file", path).exit_code == 0
    terminal = spawn("bulk", "shipped", "--file", path, "--no-email")
    shown, status = to_the_end(terminal)
    assert status == 0
    assert "All were accepted before" in plain(shown)
    assert "Go on?" not in shown
    assert plain(shown).endswith("1 order to Shipped: 1 applied.\n")
    assert len(orders.sent) == 1


@pytest.mark.parametrize("is_open", [False, True], ids=["between", "within"])
def test_ctrl_c_says_what_is_uncertain_and_how_to_go_on(
    many: Callable[..., Many], is_open: bool
) -> None:
    orders = many(60)
    arguments = ["bulk", "shipped", "--file", orders.file(), "--no-email", "--yes"]
    if is_open:
        orders.shop.inject(lambda answer, pause: answer(), method="POST")
        orders.shop.slow(30, method="POST")
    limit = "none" if is_open else "60/1/90"
    terminal = spawn(*arguments, columns=120, STATUSPRO_RATE_LIMIT=limit)
    terminal.expect_exact("50 of 60 orders accepted")
    if is_open:
        assert eventually(lambda: len(orders.sent) == 2, 30)
    else:
        terminal.expect("waiting [0-9]+ s: ")
    terminal.sendintr()
    shown, status = to_the_end(terminal)
    assert status == 130
    shown = " ".join(plain(shown).split())
    named = f"10 uncertain: {', '.join(map(str, orders.ids[50:]))}." if is_open else "0 uncertain."
    assert f"Interrupted: 50 of 60 orders accepted, {named}" in shown
    assert "Run the same command again, and it goes on where it was." in shown
    assert "Traceback" not in shown


def test_on_a_terminal_a_stopped_update_names_no_order_that_was_not_sent(
    many: Callable[..., Many],
) -> None:
    orders = many(60)
    orders.shop.fail(422, method="POST")
    terminal = spawn("bulk", "shipped", "--file", orders.file(), "--no-email", "--yes", columns=120)
    shown, status = to_the_end(terminal)
    assert status == 1
    assert "60 orders to Shipped: 10 not sent, 50 refused." in plain(shown)
    assert plain(shown).count(" refused\n") == 50
    assert str(orders.ids[55]) not in plain(shown)


# Help


def test_the_examples_of_help_are_commands(many: Callable[..., Many], tmp_path: Path) -> None:
    orders = many(3)
    text = invoke("bulk", "--help").stdout
    examples = re.findall(r"^  (?:.+ \| )?statuspro (.+?)(?: > .+)?$", text, re.MULTILINE)
    assert len(examples) > 4
    given: list[str] = ["1188", "1189", "#1190"]
    names = dict(zip(given, orders.names, strict=True))
    for example in examples:
        words = [names.get(word, word) for word in shlex.split(example)]
        for word in words:
            if word.endswith((".csv", ".txt")):
                heading = "Order ID" if "--column" in words else "id"
                text = "" if word.endswith(".txt") else f"{heading}\n"
                (tmp_path / word).write_text(f"{text}{orders.ids[0]}\n")
        words = [str(tmp_path / word) if (tmp_path / word).is_file() else word for word in words]
        shown = invoke(*words, *({"--dry-run"} - {*words}), input=f"{orders.ids[0]}\n")
        assert shown.exit_code == 0, (example, shown.output)
