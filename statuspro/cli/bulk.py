"""`statuspro bulk`: move many orders, and go on after a kill."""

from __future__ import annotations

import hashlib
import math
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple

import click

from statuspro._arguments import MOST_IDS
from statuspro._progress import counted
from statuspro.api.journal import Journal
from statuspro.api.statuses import get_statuses
from statuspro.api.updates import change_of
from statuspro.cli.asking import Writing, asks_once, mailing, mails, whether_to_mail
from statuspro.cli.command import command
from statuspro.cli.exits import NOT_VIABLE, USAGE
from statuspro.cli.lookup import found_orders
from statuspro.cli.output import Column, Output, plain, prints, say
from statuspro.cli.parameters import comment_text, day, whole_number
from statuspro.cli.references import status_of, takes_status
from statuspro.cli.session import asks_service, state_folder
from statuspro.cli.sheets import BadSheet, Reference, checked, references_in
from statuspro.cli.waiting import Progress, line
from statuspro.client import StatusProClient
from statuspro.errors import BulkUpdateError, ConfigurationError, without_section

_EXAMPLES = """
    statuspro bulk shipped 1188 1189 '#1190' --no-email
    statuspro bulk shipped --file late.csv --email --comment 'Left with DHL' --public
    statuspro bulk 'quality check' --file ids.txt --no-email --dry-run
    statuspro bulk st000003 --file export.csv --column 'Order ID' --no-email --yes
    cut -f1 ids.tsv | statuspro bulk shipped --file - --no-email --yes -o csv > outcome.csv
"""

_COLUMNS = (
    Column("order", "order"),
    Column("id", "id", is_cut=False),
    Column("outcome", "outcome", is_cut=False),
)

#: What became of an order, the worst last.
_APPLIED, _ACCEPTED, _PASSED_OVER, _NOT_SENT, _REFUSED, _UNCERTAIN = (
    "applied",
    "accepted",
    "passed over",
    "not sent",
    "refused",
    "uncertain",
)
_OUTCOMES = (_APPLIED, _ACCEPTED, _PASSED_OVER, _NOT_SENT, _REFUSED, _UNCERTAIN)

#: Which customers may be mailed, beside the additional addresses.
_WHOM = "the customers"

#: So many orders are named where a person reads.
_MOST_NAMED = 10

#: Look-ups of numbers that take fewer requests are not worth a line.
_MANY_REQUESTS = 10


class PassedOver(click.ClickException):
    """The service has accepted the update, but some orders are not in the status."""

    exit_code = NOT_VIABLE


class BadJournal(click.ClickException):
    """The journal cannot be used for this update."""

    exit_code = USAGE


class Standing(NamedTuple):
    """How far an update has come, as its journal tells.

    Attributes:
        accepted: ids that the service has accepted.
        uncertain: ids that were sent, with an outcome that is not known.
    """

    accepted: list[int]
    uncertain: list[int]


class Update:
    """One bulk update, its orders and its journal.

    Args:
        client: the client that sends it.
        orders: by id, as the user gave them.
        change: the keywords of the change, the status included.
        journal: the path of its journal.
    """

    def __init__(
        self, client: StatusProClient, orders: dict[int, str], change: dict[str, Any], journal: str
    ) -> None:
        self._client = client
        self.orders = orders
        self.change = change
        self.journal = journal
        #: What became of each order.
        self.outcomes: dict[int, str] = dict.fromkeys(orders, _NOT_SENT)

    def standing(self) -> Standing:
        """Reads the journal, where there is one.

        Raises:
            BadJournal: it is of another update, or damaged, or none can be written.
        """
        if not os.path.exists(self.journal):
            _check_folder(self.journal)
            return Standing([], [])
        body = change_of(self.change, "status_code")
        try:
            with Journal(self.journal, self._client.base_url, body) as steps:
                return Standing(
                    [order_id for order_id in self.orders if steps.is_accepted(order_id)],
                    [order_id for order_id in self.orders if steps.sends_of(order_id)],
                )
        except ConfigurationError as error:
            told = without_section(error).replace("(get_order)", "(statuspro view)")
            raise BadJournal(f"{told} --journal FILE names another one.") from None

    def send(self) -> None:
        """Sends what the journal does not have, with progress on standard error.

        Raises:
            BulkUpdateError: the update stopped; `outcomes` says what became of each order.
        """
        batches = self._client.iter_bulk_update_order_status(
            list(self.orders), **self.change, journal=self.journal
        )
        progress, total = Progress(), counted(len(self.orders))
        try:
            with closing(batches):
                for batch in batches:
                    progress.tell(f"{batch['accepted_total']:,} of {total} accepted")
        except BulkUpdateError as error:
            self._note(_ACCEPTED, error.accepted)
            self._note(_UNCERTAIN, error.uncertain)
            self._note(_REFUSED, error.refused)
            raise
        self._note(_ACCEPTED, self.orders)

    def check(self, seconds: float) -> None:
        """Waits for the service's queue, and notes which orders are in the status.

        Args:
            seconds: to wait at the most.
        """
        line.tell("waiting for the service to apply them")
        outcome = self._client.bulk_outcome(
            list(self.orders), self.change["status_code"], timeout=seconds
        )
        self._note(_APPLIED, outcome["applied"])
        self._note(_PASSED_OVER, outcome["not_applied"])

    def _note(self, outcome: str, order_ids: Iterable[int]) -> None:
        self.outcomes.update(dict.fromkeys(order_ids, outcome))


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
    say(_aim(orders, wanted["code"], name, len(references)), is_err=is_err)
    notify = whether_to_mail(notify, _WHOM)
    change = {
        "status_code": wanted["code"],
        "comment": comment,
        "public": public or None,
        "notify": notify,
        "due_date": due_date,
    }
    own_journal = journal or _journal_beside(path, wanted["code"])
    update = Update(client, orders, change, own_journal or _journal_of(client, orders, change))
    standing = update.standing()
    for sentence in _plan(client, update, standing):
        say(sentence, is_err=is_err)
    if writing.is_dry_run:
        _tell_dry_run(output, update, standing)
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


def _tell_of_lookup(client: StatusProClient) -> Any:
    is_told = False

    def tell(numbers: int, requests: int) -> None:
        nonlocal is_told
        if requests >= _MANY_REQUESTS and not is_told:
            is_told = True
            duration = _duration(client, requests, is_bulk=False)
            say(f"Looking up {numbers:,} numbers takes up to {requests:,} requests{duration}.")
        line.tell(f"looking up numbers: {numbers:,} left")

    return tell


# Journals


def _journal_beside(path: str | None, status_code: str) -> str | None:
    """Names the journal of a file's orders; None where they are from no file."""
    return None if path in (None, "-") else f"{path}.{status_code}.journal"


def _journal_of(client: StatusProClient, orders: dict[int, str], change: dict[str, Any]) -> str:
    """Names the journal of orders that are from no file: the same change has the same one."""
    told = repr((client.base_url, sorted(orders), sorted(change.items(), key=lambda each: each[0])))
    digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    try:
        folder = state_folder() / "bulk"
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BadJournal(
            f"No journal can be kept in {error.filename}: {error.strerror}. Give --journal FILE."
        ) from None
    return os.fspath(folder / f"{change['status_code']}-{digest}.journal")


def _check_folder(journal: str) -> None:
    folder = os.path.dirname(journal) or "."
    if not os.access(folder, os.W_OK):
        raise BadJournal(f"No journal can be written in {folder}. Give --journal FILE.")


# What the command says


def _aim(orders: dict[int, str], status_code: str, name: str, given: int) -> str:
    said = f"Move {counted(len(orders))} to {name} ({status_code})."
    twice = given - len(orders)
    return f"{said} They are given {given:,} times; each is sent once." if twice else said


def _plan(client: StatusProClient, update: Update, standing: Standing) -> list[str]:
    orders, change = update.orders, update.change
    left = len(orders) - len(standing.accepted) - len(standing.uncertain)
    said: list[str] = []
    if len(standing.accepted) == len(orders):
        said.append(
            "All were accepted before, and none is sent again. Without the journal all would be."
        )
    elif standing.accepted:
        before = f"{len(standing.accepted):,} of {len(orders):,} were accepted before"
        said.append(f"Going on: {before}, and are not sent again.")
    if standing.uncertain:
        said.append(
            f"{len(standing.uncertain):,} were sent with an outcome that is not known: they are "
            "read back last, and sent again only where they show no trace of the change."
        )
    if left:
        batches = math.ceil(left / MOST_IDS)
        requests = counted(batches, "request")
        duration = _duration(client, batches, is_bulk=True)
        said.append(f"{counted(left)} to send: {requests}{duration}.")
    if change["comment"] is not None:
        seen = "which the customers see" if change["public"] else "internal"
        said.append(f"Add the comment ({seen}): {plain(change['comment'])}")
    if change["due_date"]:
        said.append(f"Set the due date to {change['due_date']}.")
    if len(standing.accepted) < len(orders):
        said.append(mailing(change["notify"], _WHOM))
    return [*said, f"Journal: {update.journal}"]


def _duration(client: StatusProClient, requests: int, *, is_bulk: bool) -> str:
    """Says about how long so many requests take; nothing where they are sent at once."""
    limit = client.rate_limit
    if limit is None:
        return ""
    periods = (requests - 1) // (limit.bulk if is_bulk else limit.requests)
    minutes = math.ceil(periods * limit.period / 60)
    return f", about {counted(minutes, 'minute')}" if minutes else ""


def _tell_dry_run(output: Output, update: Update, standing: Standing) -> None:
    """Prints which orders would be sent: the first ones where a person reads, else all."""
    fates = dict.fromkeys(update.orders, "to send")
    fates.update(dict.fromkeys(standing.accepted, "accepted before"))
    fates.update(dict.fromkeys(standing.uncertain, _UNCERTAIN))
    if not output.is_for_people:
        output.records(_records(update, fates), _COLUMNS, dict)
        click.echo("Nothing was changed: this is a dry run.", err=True)
        return
    sent = [update.orders[each] for each, fate in fates.items() if fate == "to send"]
    if sent:
        click.echo(f"To send: {_named(sent)}.")
    click.echo("Nothing was changed: this is a dry run.")


def _named(words: Sequence[object]) -> str:
    named = ", ".join(plain(word) for word in words[:_MOST_NAMED])
    more = len(words) - _MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named


# Running


def _run(update: Update, output: Output, name: str, seconds: int | None) -> None:
    """Sends the update, waits for it, and prints what became of each order."""
    try:
        with _told_on_error(BulkUpdateError, update, output, name):
            update.send()
        if seconds is not None:
            with _told_on_error(Exception, update, output, name):
                update.check(seconds)
    except KeyboardInterrupt:
        _tell_interruption(update)
        raise
    _report(update, output, name)


@contextmanager
def _told_on_error(
    kind: type[Exception], update: Update, output: Output, name: str
) -> Iterator[None]:
    """Prints on an error too what became of each order."""
    try:
        yield
    except kind:
        _report(update, output, name)
        raise


def _report(update: Update, output: Output, name: str) -> None:
    line.hide()
    counts = Counter(update.outcomes.values())
    told = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in _OUTCOMES if counts[outcome])
    summary = f"{counted(len(update.orders))} to {name}: {told}."
    if not output.is_for_people:
        output.records(_records(update, update.outcomes), _COLUMNS, dict)
        click.echo(summary, err=True)
        return
    click.echo(summary)
    others = {
        each: outcome
        for each, outcome in update.outcomes.items()
        if outcome in (_PASSED_OVER, _REFUSED, _UNCERTAIN)
    }
    if others:
        output.records(_records(update, others), _COLUMNS, dict)


def _records(update: Update, outcomes: dict[int, str]) -> list[dict[str, Any]]:
    return [
        {"order": update.orders[order_id], "id": order_id, "outcome": outcome}
        for order_id, outcome in outcomes.items()
    ]


def _refuse_passed_over(update: Update, name: str) -> None:
    left = [each for each, outcome in update.outcomes.items() if outcome == _PASSED_OVER]
    if left:
        raise PassedOver(
            f"{len(left):,} of {counted(len(update.orders))} did not arrive in {name}: they cannot "
            "move there (statuspro viable REF), the service does not know them, or its queue "
            "takes longer."
        )


def _tell_interruption(update: Update) -> None:
    """Says on a Ctrl-C how far the update has come, and how to go on."""
    accepted, uncertain = update.standing()
    total = counted(len(update.orders))
    said = f"\nInterrupted: {len(accepted):,} of {total} accepted, {len(uncertain):,} uncertain"
    named = f": {', '.join(map(str, uncertain))}" if uncertain else ""
    say(f"{said}{named}.")
    say("Run the same command again, and it goes on where it was.")
