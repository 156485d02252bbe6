"""`statuspro move`, `comment` and `due`: what they say, ask, send and print."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from statuspro.cli.app import statuspro
from statuspro.sandbox import Response, Sandbox
from tests.support.polling import eventually
from tests.support.terminal import (
    COMMAND,
    invoke,
    on_terminal,
    plain,
    run,
    shell,
    spawn,
    to_the_end,
)

CUSTOMER, ADDITIONAL = "ann@lee.test", "office@lee.test"
BOTH_ARE_MAILED = "The service mails the customer and the additional addresses."

#: A complete command of each kind, but for what says whether to go on.
MOVE = ("move", "REF", "shipped", "--no-email")
COMMENT = ("comment", "REF", "Waits for the oak")
DUE = ("due", "REF", "2026-12-01")

COMMANDS = pytest.mark.parametrize("command", [MOVE, COMMENT, DUE], ids=lambda each: each[0])


class An(NamedTuple):
    """The order that a test writes to."""

    shop: Sandbox
    id: int

    @property
    def name(self) -> str:
        return self.shop.order(self.id).name

    def by(self, *arguments: str) -> list[str]:
        """The arguments of a command, with this order's name in place of REF."""
        return [self.name if each == "REF" else each for each in arguments]

    def run(self, *arguments: str, **keywords: Any) -> Result:
        """Runs a command, without a terminal, with this order's name in place of REF."""
        return invoke(*self.by(*arguments), **keywords)

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The bodies of the writes that have arrived."""
        return [json.loads(each.body) for each in self.shop.requests if each.method == "POST"]

    @property
    def written(self) -> list[tuple[int, str]]:
        """The writes that were applied."""
        return [(each.order_id, each.kind) for each in self.shop.applied]


@pytest.fixture
def order(shop: Sandbox) -> An:
    """An order in production whose customer is mailed, and an address besides."""
    return An(
        shop,
        shop.add_order(
            status_code="st000002",
            name="Ann Lee",
            email=CUSTOMER,
            additional_emails=(ADDITIONAL,),
            due_date="2026-11-20",
            due_date_to=None,
        ),
    )


# What is sent, and what is printed


def test_move_says_what_it_has_done_in_one_line(order: An) -> None:
    shown = order.run("move", "REF", "shipped", "--email", "--yes")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == (
        f"Moved {order.name} from In Production to Shipped. {BOTH_ARE_MAILED}\n"
    )
    assert order.written == [(order.id, "status")]
    assert [mail.to for mail in order.shop.mails] == [(CUSTOMER, ADDITIONAL)]


@pytest.mark.parametrize(
    ("said", "body", "mailed"),
    [
        (["--email"], {"email_customer": True, "email_additional": True}, True),
        (["--no-email"], {"email_customer": False, "email_additional": False}, False),
        (
            ["--no-email", "--comment", "Left with DHL"],
            {"comment": "Left with DHL", "email_customer": False, "email_additional": False},
            False,
        ),
        (
            ["--email", "--comment", "Left with DHL", "--public"],
            {
                "comment": "Left with DHL",
                "public": True,
                "email_customer": True,
                "email_additional": True,
            },
            True,
        ),
    ],
)
def test_move_sends_what_was_said_and_no_more(
    order: An, said: list[str], body: dict[str, Any], mailed: bool
) -> None:
    shown = order.run("move", "REF", "st000003", *said, "--yes")
    assert shown.exit_code == 0
    assert order.sent == [{"status_code": "st000003", **body}]
    assert bool(order.shop.mails) is mailed
    assert (BOTH_ARE_MAILED in shown.stdout) is mailed
    assert ("Nobody is mailed." in shown.stdout) is not mailed


@pytest.mark.parametrize("reference", ["#{0.number}", "{0.number}", "{0.id}"])
@pytest.mark.parametrize("status", ["Shipped", "SHIPPED", "st000003", "ST000003"])
def test_the_order_and_the_status_in_all_their_names(
    order: An, reference: str, status: str
) -> None:
    reference = reference.format(order.shop.order(order.id))
    assert invoke("move", reference, status, "--no-email", "--yes").exit_code == 0
    assert order.shop.order(order.id).status_code == "st000003"


def test_an_order_without_a_status(order: An) -> None:
    order.shop.set_status(order.id, None)
    shown = order.run("move", "REF", "on hold", "--no-email", "--yes")
    assert shown.stdout.startswith(f"Moved {order.name} from no status to On Hold. ")


@pytest.mark.parametrize("public", [[], ["--public"]])
def test_comment(order: An, public: list[str]) -> None:
    shown = order.run("comment", "REF", "Waits for the oak", *public, "--yes")
    kind = "comment, which the customer sees" if public else "internal comment"
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == f"Added to {order.name} the {kind}.\n"
    assert order.sent == [{"comment": "Waits for the oak", **({"public": True} if public else {})}]
    latest = max(order.shop.order(order.id).history, key=lambda event: event.time)
    assert (latest.comment, latest.comment_is_public) == ("Waits for the oak", bool(public))
    assert not order.shop.mails


@pytest.mark.parametrize("piped", ["Wartet auf Ł李\nund mehr\n", "Wartet auf Ł李\r\nund mehr\r\n"])
def test_a_comment_from_standard_input(order: An, piped: str) -> None:
    shown = order.run("comment", "REF", "-", "--yes", input="\ufeff" + piped)
    assert shown.exit_code == 0
    assert order.sent == [{"comment": piped.rstrip()}]


@pytest.mark.parametrize(
    ("days", "body", "told"),
    [
        (["2026-12-01"], {"due_date": "2026-12-01"}, "Set the due date of {} to 2026-12-01."),
        (
            ["2026-12-01", "2026-12-03"],
            {"due_date": "2026-12-01", "due_date_to": "2026-12-03"},
            "Set the due date of {} to 2026-12-01 through 2026-12-03.",
        ),
        (
            ["2026-12-01", "2026-12-01"],
            {"due_date": "2026-12-01", "due_date_to": "2026-12-01"},
            "Set the due date of {} to 2026-12-01.",
        ),
        (["--clear"], {"due_date": None}, "Cleared the due date of {}."),
    ],
)
def test_due(order: An, days: list[str], body: dict[str, Any], told: str) -> None:
    shown = order.run("due", "REF", *days, "--yes")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == told.format(order.name) + "\n"
    assert order.sent == [body]
    now = order.shop.order(order.id)
    assert (now.due_date, now.due_date_to) == (body["due_date"], body.get("due_date_to"))


@COMMANDS
def test_json_is_what_the_service_says(order: An, command: tuple[str, ...]) -> None:
    shown = order.run(*command, "--yes", "--json")
    assert shown.exit_code == 0
    assert list(json.loads(shown.stdout)) == ["message"]
    assert len(order.written) == 1


# What is refused


@COMMANDS
def test_without_a_terminal_it_needs_yes(order: An, command: tuple[str, ...]) -> None:
    shown = order.run(*command, STATUSPRO_API_KEY="")  # not even a key is looked for
    assert shown.exit_code == 2
    assert "There is no terminal to ask on. Give --yes to go on" in shown.stderr
    assert not order.shop.requests


@pytest.mark.parametrize("how", [["--yes"], ["--dry-run"]])
def test_without_a_terminal_it_must_be_said_whether_to_mail(order: An, how: list[str]) -> None:
    shown = order.run("move", "REF", "shipped", *how)
    assert shown.exit_code == 2
    assert "--email (the customer and the additional addresses) or --no-email" in shown.stderr
    assert "There is no default." in shown.stderr
    assert "--yes to go on" not in shown.stderr
    assert not order.shop.requests


def test_all_that_is_left_open_is_named_at_once(order: An) -> None:
    shown = order.run("move", "REF", "shipped")
    assert "Give --yes to go on" in shown.stderr
    assert "Say whether the service mails" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("move", "REF", "shiped", "--no-email"), "Did you mean Shipped (st000003)?"),
        (("move", "REF", " ", "--no-email"), "must not be blank"),
        (("move", "#", "shipped", "--no-email"), "must not be blank"),
        (("move", "REF", "--no-email"), "Missing argument 'STATUS'"),
        ((*MOVE, "--public"), "give --comment too"),
        ((*MOVE, "--comment", " "), "a comment must not be blank"),
        ((*MOVE, "--json", "--dry-run"), "--dry-run sends none"),
        (("comment", "REF"), "Missing argument 'TEXT|-'"),
        (("comment", "REF", "\u200b"), "a comment must not be blank"),
        (("due", "REF"), "or --clear"),
        (("due", "REF", "2026-12-01", "--clear"), "or --clear"),
        (("due", "REF", "2026-12-03", "2026-12-01"), "ends before it begins"),
        (("due", "REF", "2026-13-01"), "must be a day such as 2026-02-10, not '2026-13-01'"),
        (("due", "REF", "tomorrow"), "must be a day such as 2026-02-10, not 'tomorrow'"),
        (("due", "REF", "2026-12-01", "1 12"), "must be a day such as 2026-02-10, not '1 12'"),
        (("due", "REF", *["2026-12-01"] * 3), "unexpected extra argument"),
    ],
)
def test_a_usage_error_sends_no_write(order: An, arguments: tuple[str, ...], told: str) -> None:
    shown = order.run(*arguments, "--yes")
    assert shown.exit_code == 2
    assert told in shown.stderr
    assert shown.stdout == ""
    assert not order.sent


@pytest.mark.parametrize("piped", ["", "\n", " \n\n"])
def test_nothing_from_standard_input_is_refused(order: An, piped: str) -> None:
    shown = order.run("comment", "REF", "-", "--yes", input=piped)
    assert shown.exit_code == 2
    assert "a comment must not be blank" in shown.stderr
    assert not order.shop.requests


def test_bytes_from_standard_input_that_are_no_text_are_refused(order: An) -> None:
    arguments = ["comment", order.name, "-", "--yes"]
    shown = CliRunner().invoke(statuspro, arguments, input=b"\xe4h?")
    assert shown.exit_code == 2
    assert "Standard input is not UTF-8." in shown.stderr
    assert not order.shop.requests


@pytest.mark.parametrize("redirected", ["<&-", "2>&-", ">&-"])
def test_a_closed_stream_is_no_terminal_and_no_fault(order: An, redirected: str) -> None:
    command = shlex.join([*COMMAND, *order.by("comment", "REF", "-")])
    shown, status = to_the_end(shell(f"{command} {redirected} 2>&1"))
    assert status == 2
    assert "AttributeError" not in shown
    assert not order.shop.requests


@pytest.mark.parametrize("reference", ["#99999", "9999999999"])
@COMMANDS
def test_an_order_that_is_not_there(order: An, command: tuple[str, ...], reference: str) -> None:
    given = [reference if each == "REF" else each for each in command]
    shown = invoke(*given, "--yes")
    assert shown.exit_code == 4
    assert shown.stderr.startswith("Error: ")
    assert not order.sent


def test_a_status_that_the_order_cannot_move_to(order: An) -> None:
    shown = order.run("move", "REF", "delivered", "--no-email", "--yes")
    assert shown.exit_code == 7
    assert shown.stderr == (
        f"Error: {order.name} cannot move from In Production to Delivered now. It can move to "
        "Shipped (st000003), Quality Check (st000004), On Hold (st000005), Ready for Pickup "
        "(st000006). Nothing was changed. (docs: errors.html#transition-error)\n"
    )
    assert shown.stdout == ""
    assert not order.sent


def test_an_order_that_can_move_nowhere(order: An) -> None:
    order.shop.set_status(order.id, "st000007")
    shown = order.run("move", "REF", "delivered", "--no-email", "--dry-run")
    assert shown.exit_code == 7
    assert shown.stderr == (
        f"Error: {order.name} is in Delivered already. It can move to no status. "
        "Nothing was changed. (docs: errors.html#transition-error)\n"
    )


def test_a_status_that_the_order_is_in_and_the_service_takes_again(order: An) -> None:
    again = [{"code": "st000002", "name": "In Production", "color": "pink", "description": ""}]
    order.shop.inject(
        lambda answer, pause: _json(again), method="GET", path="/orders/*/viable-statuses"
    )
    shown = order.run("move", "REF", "in production", "--no-email", "--dry-run")
    assert shown.exit_code == 0
    assert shown.stdout.startswith(
        f"Move {order.name} to In Production again, where it is already.\n"
    )


def _json(value: Any) -> Response:
    return Response(200, json.dumps(value).encode(), [("Content-Type", "application/json")])


@pytest.mark.parametrize(
    ("status", "code"), [(422, 1), (401, 5), (403, 5), (404, 4), (429, 3), (409, 1)]
)
@COMMANDS
def test_what_the_service_refuses(
    order: An, command: tuple[str, ...], status: int, code: int
) -> None:
    order.shop.fail(status, method="POST", retry_after=500 if status == 429 else None)
    shown = order.run(*command, "--yes")
    assert shown.exit_code == code
    assert shown.stderr.startswith(f"Error: POST /api/v1/orders/{order.id}/")
    assert shown.stdout == ""
    assert not order.written


# A lost response


@COMMANDS
@pytest.mark.parametrize(
    "lose",
    [
        methodcaller("drop", applied=True, method="POST"),
        methodcaller("drop", method="POST"),
        methodcaller("fail_after", 502, method="POST"),
    ],
    ids=["dropped behind", "dropped before", "502 behind"],
)
def test_a_lost_response_is_confirmed_and_the_write_applied_once(
    order: An, command: tuple[str, ...], lose: Callable[[Sandbox], None], waits: list[float]
) -> None:
    lose(order.shop)
    shown = order.run(*command, "--yes")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert len(shown.stdout.splitlines()) == 1
    assert len(order.written) == 1


@COMMANDS
def test_a_write_that_may_have_been_applied_is_code_6_and_says_so(
    order: An, command: tuple[str, ...]
) -> None:
    order.shop.fail_after(504, method="POST", times=1)
    order.shop.on_request = lambda each: (
        order.shop.fail(404, method="GET", path=f"/orders/{order.id}")
        if each.method == "POST"
        else None
    )
    try:
        shown = order.run(*command, "--yes")
    finally:
        order.shop.on_request = None
    assert shown.exit_code == 6
    assert "The change may have been applied: read the order back (statuspro view)" in shown.stderr
    assert f"/orders/{order.id}/" in shown.stderr
    assert shown.stdout == ""
    assert len(order.written) == 1


# A dry run


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            ("move", "REF", "shipped", "--email", "--comment", "By\nDHL", "--public"),
            "Move {} from In Production to Shipped.\n"
            "Add the comment, which the customer sees: By DHL\n" + BOTH_ARE_MAILED,
        ),
        (
            ("move", "REF", "shipped", "--no-email", "--comment", "By DHL"),
            "Move {} from In Production to Shipped.\nAdd the internal comment: By DHL\n"
            "Nobody is mailed.",
        ),
        (
            ("comment", "REF", "By \x1b[31mDHL", "--public"),
            "Add to {} the comment, which the customer sees: By [31mDHL",
        ),
        (("comment", "REF", "-"), "Add to {} the internal comment: from a pipe"),
        (
            ("due", "REF", "2026-12-01"),
            "Set the due date of {} to 2026-12-01. It is 2026-11-20 now.",
        ),
        (("due", "REF", "--clear"), "Clear the due date of {}. It is 2026-11-20 now."),
    ],
)
def test_a_dry_run_says_it_all_and_only_reads(
    order: An, command: tuple[str, ...], said: str
) -> None:
    shown = order.run(*command, "--dry-run", input="from a pipe\n")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == (said.format(order.name) + "\nNothing was changed: this is a dry run.\n")
    assert not order.sent


def test_a_span_and_no_due_date_are_told(order: An) -> None:
    number = order.shop.add_order(due_date="2026-12-01", due_date_to="2026-12-03")
    spanned = An(order.shop, number)
    shown = spanned.run("due", "REF", "--clear", "--dry-run").stdout
    assert "It is 2026-12-01 through 2026-12-03 now." in shown
    none = An(order.shop, order.shop.add_order(due_date=None))
    assert "It is none now." in none.run("due", "REF", "2026-12-01", "--dry-run").stdout


@COMMANDS
def test_without_a_terminal_the_customer_is_not_named(order: An, command: tuple[str, ...]) -> None:
    for how in ("--dry-run", "--yes"):
        shown = order.run(*command, how)
        assert shown.exit_code == 0
        assert "Lee" not in shown.output
        assert CUSTOMER not in shown.output


# On a terminal


@COMMANDS
def test_on_a_terminal_it_says_who_and_asks_once(order: An, command: tuple[str, ...]) -> None:
    terminal = spawn(*order.by(*command))
    terminal.expect_exact("Go on? [y/N] ")
    said = plain(terminal.before)
    assert f"{order.name} (Ann Lee)" in said
    assert not order.sent
    terminal.sendline("y")
    shown, status = to_the_end(terminal)
    assert status == 0
    assert "[y/N]" not in shown
    assert len(order.written) == 1


@pytest.mark.parametrize(
    ("command", "keys"),
    [(MOVE, "n\n"), (COMMENT, "\n"), (DUE, "\x04"), (MOVE, "perhaps\nno\n")],
    ids=["no", "an empty line", "Ctrl-D", "no at last"],
)
def test_no_and_a_closed_input_change_nothing(
    order: An, command: tuple[str, ...], keys: str
) -> None:
    terminal = spawn(*order.by(*command))
    terminal.expect_exact("Go on? [y/N] ")
    terminal.send(keys)
    shown, status = to_the_end(terminal)
    assert status == 1
    assert plain(shown).endswith("Nothing was changed.\n")
    assert "Error" not in shown
    assert not order.sent


def test_whether_to_mail_is_asked_without_a_default(order: An) -> None:
    terminal = spawn(*order.by("move", "REF", "shipped"))
    for keys in ("", "maybe", "N"):
        terminal.expect_exact("Mail the customer and the additional addresses? [y/n] ")
        terminal.sendline(keys)
    terminal.expect_exact("Go on? [y/N] ")
    assert "Nobody is mailed." in terminal.before
    terminal.sendline("Yes")
    shown, status = to_the_end(terminal)
    assert status == 0
    assert f"Moved {order.name} from In Production to Shipped. Nobody is mailed." in shown
    assert len(order.written) == 1
    assert not order.shop.mails


def test_yes_answers_nothing_but_whether_to_go_on(order: An) -> None:
    terminal = spawn(*order.by("move", "REF", "shipped", "--yes"))
    terminal.expect_exact("Mail the customer and the additional addresses? [y/n] ")
    terminal.sendline("y")
    shown, status = to_the_end(terminal)
    assert status == 0
    assert "Go on?" not in shown
    assert [mail.to for mail in order.shop.mails] == [(CUSTOMER, ADDITIONAL)]


@pytest.mark.parametrize("arguments", [("move", "REF", "shipped"), COMMENT])
def test_ctrl_c_at_a_question_changes_nothing(order: An, arguments: tuple[str, ...]) -> None:
    terminal = spawn(*order.by(*arguments))
    terminal.expect(r"\[y/[nN]\] ")
    terminal.sendintr()
    shown, status = to_the_end(terminal)
    assert status == 130
    assert "Traceback" not in shown
    assert not order.sent


@pytest.mark.parametrize("applied", [True, False])
def test_ctrl_c_says_whether_the_change_may_have_been_applied(order: An, applied: bool) -> None:
    if applied:
        order.shop.slow(30, method="POST")
    else:
        order.shop.fail(429, method="POST", retry_after=50)
    terminal = spawn(*order.by(*MOVE), "--yes")
    if applied:
        assert eventually(lambda: bool(order.written), 30)
    else:
        terminal.expect("Waiting ")
    terminal.sendintr()
    shown, status = to_the_end(terminal)
    assert status == 130
    assert "Traceback" not in shown
    assert ("The change may have been applied" in shown) is applied
    assert len(order.written) == applied


def test_a_comment_from_standard_input_leaves_nothing_to_ask_on(order: An) -> None:
    shown, status = on_terminal(*order.by("comment", "REF", "-"))
    assert status == 2
    assert "The comment comes from standard input" in shown
    assert not order.shop.requests


def test_the_plan_and_the_question_are_not_on_standard_output(
    order: An, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statuspro.cli.asking.can_ask", lambda: True)
    shown = order.run("move", "REF", "shipped", input="n\ny\n")
    assert shown.exit_code == 0
    assert shown.stdout == f"Moved {order.name} from In Production to Shipped. Nobody is mailed.\n"
    assert shown.stderr == "Mail the customer and the additional addresses? [y/n] Go on? [y/N] "


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"LANG": "C"}])
def test_neither_colours_nor_what_a_name_smuggles_in(order: An, environ: dict[str, Any]) -> None:
    name = "Zoe\x1b]0;title\x07 \u202eLee\n\rHacker"
    other = An(order.shop, order.shop.add_order(status_code="st000002", name=name))
    terminal = spawn(*other.by(*MOVE), **environ)
    terminal.expect_exact("Go on? [y/N] ")
    assert "(Zoe]0;title Lee Hacker) from In Production" in terminal.before
    terminal.sendline("n")
    shown, _ = to_the_end(terminal)
    assert "\x1b" not in terminal.before + shown


def test_through_pipes(order: An) -> None:
    shown = run(*order.by(*MOVE), "--yes")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert len(order.written) == 1


@pytest.mark.parametrize("name", ["move", "comment", "due"])
def test_the_examples_of_help_are_commands(order: An, name: str, tmp_path: Path) -> None:
    examples = re.findall(r"^  statuspro (.+)$", invoke(name, "--help").stdout, re.MULTILINE)
    assert len(examples) > 2
    for example in examples:
        words = [word for word in shlex.split(example.partition(" < ")[0]) if word != "--yes"]
        words = [order.name if word in ("#1188", "1188") else word for word in words]
        words = [str(order.id) if word == "6110375248088" else word for word in words]
        mail = [] if name != "move" or {"--email", "--no-email"} & {*words} else ["--no-email"]
        shown = invoke(*words, *mail, *({"--dry-run"} - {*words}), input="a note")
        assert shown.exit_code == 0, (example, shown.output)
