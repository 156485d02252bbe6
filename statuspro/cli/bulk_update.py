"""One bulk update: its orders, its journal, and what has become of each order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import closing
from typing import Any, NamedTuple

import click

from statuspro._progress import counted
from statuspro.api.journal import Journal
from statuspro.api.updates import change_of
from statuspro.cli.exits import USAGE
from statuspro.cli.session import state_folder
from statuspro.cli.waiting import Progress, line
from statuspro.client import StatusProClient
from statuspro.errors import BulkUpdateError, ConfigurationError, without_section

#: What became of an order, the worst last.
OUTCOMES = ("applied", "accepted", "passed over", "not sent", "refused", "uncertain")
APPLIED, ACCEPTED, PASSED_OVER, NOT_SENT, REFUSED, UNCERTAIN = OUTCOMES


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
        self.outcomes: dict[int, str] = dict.fromkeys(orders, NOT_SENT)

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
            self._note(ACCEPTED, error.accepted)
            self._note(UNCERTAIN, error.uncertain)
            self._note(REFUSED, error.refused)
            raise
        self._note(ACCEPTED, self.orders)

    def check(self, seconds: float) -> None:
        """Waits for the service's queue, and notes which orders are in the status.

        Args:
            seconds: to wait at the most.
        """
        line.tell("waiting for the service to apply them")
        outcome = self._client.bulk_outcome(
            list(self.orders), self.change["status_code"], timeout=seconds
        )
        self._note(APPLIED, outcome["applied"])
        self._note(PASSED_OVER, outcome["not_applied"])

    def _note(self, outcome: str, order_ids: Iterable[int]) -> None:
        self.outcomes.update(dict.fromkeys(order_ids, outcome))


def journal_beside(path: str | None, status_code: str) -> str | None:
    """Names the journal of a file's orders; None where they are from no file."""
    return None if path in (None, "-") else f"{path}.{status_code}.journal"


def journal_of(client: StatusProClient, orders: dict[int, str], change: dict[str, Any]) -> str:
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
