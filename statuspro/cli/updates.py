"""`statuspro move`, `comment` and `due`: change one order."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from statuspro._flat import shown
from statuspro._http.call import one_call
from statuspro.api.orders import get_viable_statuses
from statuspro.api.statuses import get_statuses
from statuspro.api.updates import add_order_comment, set_order_due_date, update_order_status
from statuspro.cli.asking import Writing, mailing, mails, whether_to_mail, writes
from statuspro.cli.command import command
from statuspro.cli.output import plain, say
from statuspro.cli.parameters import comment_text, day
from statuspro.cli.references import order_of, status_of, takes_ref, takes_status
from statuspro.cli.session import asks_service
from statuspro.errors import TransitionError
from statuspro.session import Client
from statuspro.types import StatusDefinition

_MAYBE_APPLIED = (
    "The change may have been applied: read the order back (statuspro view) before sending it "
    "again."
)

_MOVE_EXAMPLES = """
    statuspro move '#1188' shipped
    statuspro move 1188 st000003 --no-email --comment 'Left with DHL' --public
    statuspro move 1188 'quality check' --no-email --dry-run
    statuspro move 6110375248088 shipped --email --yes
"""

_COMMENT_EXAMPLES = """
    statuspro comment '#1188' 'Waits for the oak'
    statuspro comment 1188 'Your table is being oiled' --public
    statuspro comment 1188 - --yes < note.txt
"""

_DUE_EXAMPLES = """
    statuspro due '#1188' 2026-03-15
    statuspro due 1188 2026-03-15 2026-03-20
    statuspro due 1188 --clear --yes
"""


@command("move", _MOVE_EXAMPLES)
@takes_ref
@takes_status
@click.option("--comment", metavar="TEXT", type=comment_text, help="Words for the order's history.")
@click.option("--public", is_flag=True, help="Let the customer see the comment.")
@mails
@writes
@asks_service
def move_command(
    client: Client,
    *,
    writing: Writing,
    reference: str,
    status: str,
    comment: str | None,
    public: bool,
    notify: bool | None,
) -> None:
    """Move an order to a status.

    First asks the service whether the order can move there. Then says what the command will do and
    which addresses the service mails, and asks once. Where the response gets lost, the command
    reads the order back: it sends the move again only if the service has certainly not applied it.

    Exit codes: 0 moved, 1 the service (or you) said no, 2 usage, 3 rate limit or deadline, 4 no
    such order, 6 it may have been applied, 7 the order cannot move there, 130 Ctrl-C.
    """
    if public and comment is None:
        raise click.UsageError("--public lets the customer see the comment: give --comment too.")
    wanted = status_of(status, get_statuses(client))
    order = order_of(client, reference)
    _check_viable(client, order, wanted)
    way = _way(order, wanted)
    writing.says(f"Move {_shown(order, writing)} {way}.")
    if comment is not None:
        writing.says(f"Add the {_kind(public)}: {plain(comment)}")
    notify = whether_to_mail(notify)
    writing.says(mailing(notify))
    if writing.goes_on():
        with _told_if_interrupted():
            message = update_order_status(
                client,
                order["id"],
                wanted["code"],
                comment=comment,
                public=public or None,
                notify=notify,
                confirm=True,
            )
        writing.done(message, f"Moved {plain(order['name'])} {way}. {mailing(notify)}")


@command("comment", _COMMENT_EXAMPLES)
@takes_ref
@click.argument("text", metavar="TEXT|-", type=comment_text)
@click.option("--public", is_flag=True, help="Let the customer see the comment.")
@writes
@asks_service
def comment_command(
    client: Client, *, writing: Writing, reference: str, text: str, public: bool
) -> None:
    """Add a comment to an order.

    TEXT is 3 to 1000 characters; - reads it from standard input, in UTF-8. There is nothing left
    to ask on then: it needs --yes.

    Without --public the comment is internal. The service has no switch for mails here, and does not
    say whether it mails a public comment.

    Where the response gets lost, the order is read back: the comment is sent again only if it was
    certainly not added.
    """
    comment = _read_text(writing) if text == "-" else text
    order = order_of(client, reference)
    writing.says(f"Add to {_shown(order, writing)} the {_kind(public)}: {plain(comment)}")
    if writing.goes_on():
        with _told_if_interrupted():
            message = add_order_comment(
                client, order["id"], comment, public=public or None, confirm=True
            )
        writing.done(message, f"Added to {plain(order['name'])} the {_kind(public)}.")


@command("due", _DUE_EXAMPLES)
@takes_ref
@click.argument("first", metavar="[DAY]", required=False, type=day)
@click.argument("last", metavar="[DAY]", required=False, type=day)
@click.option("--clear", is_flag=True, help="Have the order due on no day.")
@writes
@asks_service
def due_command(
    client: Client,
    *,
    writing: Writing,
    reference: str,
    first: str | None,
    last: str | None,
    clear: bool,
) -> None:
    """Set the due date of an order, or clear it.

    DAY is a day such as 2026-03-15; two of them are the first and the last of a span. The service
    has no switch for mails here, and does not say whether it mails the new date.

    Where the response gets lost, the order is read back: the date is sent again only if it was
    certainly not set.
    """
    if clear is (first is not None):
        raise click.UsageError("Give a day, the first and the last day of a span, or --clear.")
    if first and last and last < first:
        raise click.UsageError(f"The span ends before it begins: {first} to {last}.")
    order = order_of(client, reference)
    span = _span(first, last)
    now = _span(shown(order, "due_date"), shown(order, "due_date_to")) or "none"
    aim = f"Set the due date of {{}} to {span}" if span else "Clear the due date of {}"
    writing.says(f"{aim.format(_shown(order, writing))}. It is {now} now.")
    if writing.goes_on():
        with _told_if_interrupted():
            message = set_order_due_date(client, order["id"], first, due_date_to=last, confirm=True)
        done = f"Set the due date of {{}} to {span}" if span else "Cleared the due date of {}"
        writing.done(message, f"{done.format(plain(order['name']))}.")


@contextmanager
def _told_if_interrupted() -> Iterator[None]:
    """Says on a Ctrl-C whether the write may have been applied by then."""
    with one_call() as one:
        try:
            yield
        except KeyboardInterrupt:
            if any(call.may_have_arrived for call in one.writes):
                say(f"\n{_MAYBE_APPLIED}")
            raise


def _check_viable(client: Client, order: Mapping[str, Any], wanted: StatusDefinition) -> None:
    """Refuses a status that the order cannot move to now, and names those that it can."""
    viable = get_viable_statuses(client, order["id"])
    if wanted["code"] in [status["code"] for status in viable]:
        return
    name, aim = plain(order["name"]), plain(wanted["name"])
    if _is_in(order, wanted):
        said = f"{name} is in {aim} already"
    else:
        said = f"{name} cannot move from {_status_name(order)} to {aim} now"
    names = ", ".join(f"{plain(status['name'])} ({status['code']})" for status in viable)
    raise TransitionError(
        f"{said}. It can move to {names or 'no status'}. Nothing was changed.",
        status_code_wanted=wanted["code"],
        viable=[status["code"] for status in viable],
    )


def _way(order: Mapping[str, Any], wanted: StatusDefinition) -> str:
    aim = plain(wanted["name"])
    if _is_in(order, wanted):
        return f"to {aim} again, where it is already"
    return f"from {_status_name(order)} to {aim}"


def _is_in(order: Mapping[str, Any], wanted: StatusDefinition) -> bool:
    return bool(shown(order, "status.code") == wanted["code"])


def _status_name(order: Mapping[str, Any]) -> str:
    return plain(shown(order, "status.name") or shown(order, "status.code") or "no status")


def _shown(order: Mapping[str, Any], writing: Writing) -> str:
    """An order by its name; on a terminal with its customer's, which no log is to hold."""
    name, customer = plain(order["name"]), shown(order, "customer.name")
    return f"{name} ({plain(customer)})" if customer and writing.is_on_terminal else name


def _kind(public: bool) -> str:
    return "comment, which the customer sees" if public else "internal comment"


def _span(first: str | None, last: str | None) -> str:
    return f"{first} through {last}" if first and last and first != last else first or ""


def _read_text(writing: Writing) -> str:
    """Reads a text from standard input, which cannot be asked anything then."""
    if writing.is_asking:
        raise click.UsageError(
            "The comment comes from standard input, where no question can be answered then. "
            "Give --yes to go on without one, or --dry-run to see what would be done."
        )
    if sys.stdin is None:
        raise click.UsageError("Standard input is closed.")
    try:
        return comment_text(sys.stdin.buffer.read().decode("utf-8-sig").rstrip("\r\n"))
    except UnicodeDecodeError:
        raise click.UsageError("Standard input is not UTF-8.") from None
