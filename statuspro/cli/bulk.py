"""`statuspro bulk`: move many orders, and go on after a kill."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from statuspro._progress import counted
from statuspro.api.statuses import get_statuses
from statuspro.cli.asking import Writing, asks_once, mails, whether_to_mail
from statuspro.cli.bulk_update import PASSED_OVER, Update, journal_beside, journal_of
from statuspro.cli.bulk_words import (
    WHOM,
    aim,
    duration_of,
    plan,
    report,
    tell_dry_run,
    tell_interruption,
)
from statuspro.cli.command import command
from statuspro.cli.exits import NOT_VIABLE
from statuspro.cli.lookup import found_orders
from statuspro.cli.output import Output, plain, prints, say
from statuspro.cli.parameters import comment_text, day, whole_number
from statuspro.cli.references import status_of, takes_status
from statuspro.cli.session import asks_service
from statuspro.cli.sheets import BadSheet, Reference, checked, references_in
from statuspro.cli.waiting import line
from statuspro.client import StatusProClient
from statuspro.errors import BulkUpdateError

_EXAMPLES = """
    statuspro bulk shipped 1188 1189 '#1190' --no-email
    statuspro bulk shipped --file late.csv --email --comment 'Left with DHL' --public
    statuspro bulk 'quality check' --file ids.txt --no-email --dry-run
    statuspro bulk st000003 --file export.csv --column 'Order ID' --no-email --yes
    cut -f1 ids.tsv | statuspro bulk shipped --file - --no-email --yes -o csv > outcome.csv
"""

#: Look-ups of numbers that take fewer requests are not worth a line.
_MANY_REQUESTS = 10


class PassedOver(click.ClickException):
    """The service has accepted the update, but some orders are not in the status."""

    exit_code = NOT_VIABLE


@command("bulk", _EXAMPLES)
@takes_status
@click.argument("words", metavar="[REF]...", nargs=-1)
@click.option(
    "--file",
    "path",
    metavar="FILE",
    type=click.Path(),  # which shells complete
    help="Read the orders from a text or CSV file; - for stdin.",
)
@click.option("--column", metavar="NAME", help="The column of the CSV file to read.")
@click.option("--journal", metavar="FILE", type=click.Path(), help="Keep the journal here.")
@click.option("--comment", metavar="TEXT", type=comment_text, help="Words for the orders' history.")
@click.option("--public", is_flag=True, help="Let the customers see the comment.")
@click.option("--due-date", type=day, help="Set this due date too.")
@click.option(
    "--wait",
    "seconds",
    type=whole_number(0),
    default=60,
    show_default=True,
    help="Seconds to wait at the most until the service has applied the update.",
)
@click.option("--no-wait", is_flag=True, help="Do not look whether the update was applied.")
@mails
@prints
@asks_once
@asks_service
def bulk_command(
    client: StatusProClient,
    *,
    writing: Writing,
    output: Output,
    status: str,
    words: tuple[str, ...],
    path: str | None,
    column: str | None,
    journal: str | None,
    comment: str | None,
    public: bool,
    due_date: str | None,
    seconds: int,
    no_wait: bool,
    notify: bool | None,
) -> None:
    """Move many orders to a status, 50 a request.

    REF is an order's number, name or id, as for `statuspro move`. --file has many of them: a text
    file with one a line, or several with spaces or commas between (a # and a space begin a
    comment), or a CSV file as a spreadsheet saves it. The column is found by its name: id or
    order_id, else order, order_number, name and the like. --column names another one.
    What a spreadsheet has spoilt, such as 6.11038E+12, is refused with its line, and nothing is
    sent. An order that is given twice is sent once.

    Numbers and names are looked up first: a request each, or one for each 100 orders of the shop,
    whichever is less. Ids cost nothing.

    The command says what it will do, which addresses the service mails and how long it takes, and
    asks once. Then it sends 5 requests a minute, so 1,000 orders take 3 minutes. At last it waits
    until the service has applied the update, and prints what became of each order: applied; passed
    over (it cannot move there, or the service does not know its id); refused; uncertain (the
    response was lost); not sent; accepted (with --no-wait).

    A journal notes each step: FILE.STATUS.journal beside the file, or one in the user's state
    folder. Run the same command again after a kill, a Ctrl-C or an error, and it goes on: what was
    accepted is not sent again, and what was uncertain is read back first, so that no customer is
    mailed twice. A journal beside a file stays there, and the file's orders are not sent to that
    status again until you remove it.

    Exit codes: 0 all applied, 1 the service (or you) said no, 2 usage, 3 rate limit or deadline
    (run it again), 4 no order has one of the numbers, 6 some may have been applied (run it again),
    7 some were passed over, 130 Ctrl-C.
    """
    if public and comment is None:
        raise click.UsageError("--public lets the customers see the comment: give --comment too.")
    references = _references(words, path, column)
    wanted = status_of(status, get_statuses(client))
    orders = found_orders(client, references, _tell_of_lookup(client))
    name = plain(wanted["name"])
    is_err = not (writing.is_dry_run and output.is_for_people)
    say(aim(orders, wanted["code"], name, len(references)), is_err=is_err)
    notify = whether_to_mail(notify, WHOM)
    change = {
        "status_code": wanted["code"],
        "comment": comment,
        "public": public or None,
        "notify": notify,
        "due_date": due_date,
    }
    own_journal = journal or journal_beside(path, wanted["code"])
    update = Update(client, orders, change, own_journal or journal_of(client, orders, change))
    standing = update.standing()
    for sentence in plan(client, update, standing):
        say(sentence, is_err=is_err)
    if writing.is_dry_run:
        tell_dry_run(output, update, standing)
        return
    if len(standing.accepted) < len(orders) and not writing.goes_on():
        return
    _run(update, output, name, None if no_wait else seconds)
    if own_journal is None:
        with suppress(OSError):
            os.unlink(update.journal)
    _refuse_passed_over(update, name)


def _references(words: Sequence[str], path: str | None, column: str | None) -> list[Reference]:
    """Reads what the user names: the arguments, or the file."""
    if bool(words) is (path is not None):
        raise click.UsageError("Give orders (REF) or a file of them (--file), and not both.")
    if path is None:
        if column is not None:
            raise click.UsageError("--column is of a file: give --file too.")
        return checked([Reference(word.strip()) for word in words])
    if path == "-":
        if sys.stdin is None:
            raise click.UsageError("Standard input is closed.")
        return references_in(sys.stdin.buffer.read(), "standard input", column)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise BadSheet(f"{path}: {error.strerror}.") from None
    return references_in(data, path, column)


def _tell_of_lookup(client: StatusProClient) -> Callable[[int, int], None]:
    """Makes what tells of a look-up: once what it costs, then how many numbers are left."""
    is_told = False

    def tell(numbers: int, requests: int) -> None:
        nonlocal is_told
        if requests >= _MANY_REQUESTS and not is_told:
            is_told = True
            duration = duration_of(client, requests, is_bulk=False)
            say(f"Looking up {numbers:,} numbers takes up to {requests:,} requests{duration}.")
        line.tell(f"looking up numbers: {numbers:,} left")

    return tell


def _run(update: Update, output: Output, name: str, seconds: int | None) -> None:
    """Sends the update, waits for it, and prints what became of each order."""
    try:
        with _told_on_error(BulkUpdateError, update, output, name):
            update.send()
        if seconds is not None:
            with _told_on_error(Exception, update, output, name):
                update.check(seconds)
    except KeyboardInterrupt:
        tell_interruption(update)
        raise
    report(update, output, name)


@contextmanager
def _told_on_error(
    kind: type[Exception], update: Update, output: Output, name: str
) -> Iterator[None]:
    """Prints on an error too what became of each order."""
    try:
        yield
    except kind:
        report(update, output, name)
        raise


def _refuse_passed_over(update: Update, name: str) -> None:
    left = [each for each, outcome in update.outcomes.items() if outcome == PASSED_OVER]
    if left:
        raise PassedOver(
            f"{len(left):,} of {counted(len(update.orders))} did not arrive in {name}: they cannot "
            "move there (statuspro viable REF), the service does not know them, or its queue "
            "takes longer."
        )
