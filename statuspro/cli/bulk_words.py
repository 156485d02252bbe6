"""What `statuspro bulk` says: what it is to do, and what has become of each order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from statuspro._arguments import MOST_IDS
from statuspro._progress import counted
from statuspro.cli.asking import mailing
from statuspro.cli.bulk_update import OUTCOMES, PASSED_OVER, REFUSED, UNCERTAIN, Standing, Update
from statuspro.cli.output import Column, Output, plain, say
from statuspro.cli.waiting import line
from statuspro.client import StatusProClient

_COLUMNS = (
    Column("order", "order"),
    Column("id", "id", is_cut=False),
    Column("outcome", "outcome", is_cut=False),
)

#: Which customers may be mailed, beside the additional addresses.
WHOM = "the customers"

#: So many orders are named where a person reads.
_MOST_NAMED = 10


def aim(orders: dict[int, str], status_code: str, name: str, given: int) -> str:
    """Says what the command is for.

    Args:
        orders: by id, as the user gave them.
        status_code: the code of the status.
        name: the name of the status.
        given: how many orders the user gave, each as often as it was given.
    """
    said = f"Move {counted(len(orders))} to {name} ({status_code})."
    twice = given - len(orders)
    return f"{said} They are given {given:,} times; each is sent once." if twice else said


def plan(client: StatusProClient, update: Update, standing: Standing) -> Iterator[str]:
    """Yields what the command will do, a sentence each."""
    yield from _what_was_sent(update, standing)
    left = len(update.orders) - len(standing.accepted) - len(standing.uncertain)
    if left:
        batches = math.ceil(left / MOST_IDS)
        duration = duration_of(client, batches, is_bulk=True)
        yield f"{counted(left)} to send: {counted(batches, 'request')}{duration}."
    yield from _what_is_set(update.change)
    if len(standing.accepted) < len(update.orders):
        yield mailing(update.change["notify"], WHOM)
    yield f"Journal: {update.journal}"


def _what_was_sent(update: Update, standing: Standing) -> Iterator[str]:
    accepted, total = len(standing.accepted), len(update.orders)
    if accepted == total:
        yield "All were accepted before, and none is sent again. Without the journal all would be."
    elif accepted:
        yield f"Going on: {accepted:,} of {total:,} were accepted before, and are not sent again."
    if standing.uncertain:
        yield (
            f"{len(standing.uncertain):,} were sent with an outcome that is not known: they are "
            "read back last, and sent again only where they show no trace of the change."
        )


def _what_is_set(change: Mapping[str, Any]) -> Iterator[str]:
    if change["comment"] is not None:
        seen = "which the customers see" if change["public"] else "internal"
        yield f"Add the comment ({seen}): {plain(change['comment'])}"
    if change["due_date"]:
        yield f"Set the due date to {change['due_date']}."


def duration_of(client: StatusProClient, requests: int, *, is_bulk: bool) -> str:
    """Says about how long so many requests take; nothing where they are sent at once."""
    limit = client.rate_limit
    if limit is None:
        return ""
    periods = (requests - 1) // (limit.bulk if is_bulk else limit.requests)
    minutes = math.ceil(periods * limit.period / 60)
    return f", about {counted(minutes, 'minute')}" if minutes else ""


def tell_dry_run(output: Output, update: Update, standing: Standing) -> None:
    """Prints which orders would be sent: the first ones where a person reads, else all."""
    fates = dict.fromkeys(update.orders, "to send")
    fates.update(dict.fromkeys(standing.accepted, "accepted before"))
    fates.update(dict.fromkeys(standing.uncertain, UNCERTAIN))
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


def report(update: Update, output: Output, name: str) -> None:
    """Prints what has become of each order: where a person reads, the counts and what went wrong.

    Args:
        update: that has been sent, in whole or in part.
        output: how to print.
        name: the name of the status.
    """
    line.hide()
    counts = Counter(update.outcomes.values())
    told = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES if counts[outcome])
    summary = f"{counted(len(update.orders))} to {name}: {told}."
    if not output.is_for_people:
        output.records(_records(update, update.outcomes), _COLUMNS, dict)
        click.echo(summary, err=True)
        return
    click.echo(summary)
    others = {
        each: outcome
        for each, outcome in update.outcomes.items()
        if outcome in (PASSED_OVER, REFUSED, UNCERTAIN)
    }
    if others:
        output.records(_records(update, others), _COLUMNS, dict)


def _records(update: Update, outcomes: dict[int, str]) -> list[dict[str, Any]]:
    return [
        {"order": update.orders[order_id], "id": order_id, "outcome": outcome}
        for order_id, outcome in outcomes.items()
    ]


def tell_interruption(update: Update) -> None:
    """Says on a Ctrl-C how far the update has come, and how to go on."""
    accepted, uncertain = update.standing()
    total = counted(len(update.orders))
    said = f"\nInterrupted: {len(accepted):,} of {total} accepted, {len(uncertain):,} uncertain"
    named = f": {', '.join(map(str, uncertain))}" if uncertain else ""
    say(f"{said}{named}.")
    say("Run the same command again, and it goes on where it was.")
