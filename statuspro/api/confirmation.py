"""Was the write applied? Finds out from the order, where the response got lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from statuspro._arguments import TRIMMED
from statuspro._http.call import one_call
from statuspro._json import as_object, is_array, is_object
from statuspro._payload import moment_of
from statuspro.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    StatusProError,
    without_section,
)
from statuspro.responses import unwrap_object
from statuspro.session import Client
from statuspro.types import Message

#: After these, a write that has left no trace was not applied. After a 504 or a read timeout it may
#: still be on its way.
_ENDED = frozenset({500, 502, 503})

#: What the service may trim, line ends included, which may come back as others.
_BETWEEN_WORDS = f"{TRIMMED}+"

Json = dict[str, Any]


class Outcome(Enum):
    """What an order shows of a write."""

    APPLIED = "applied"
    NO_TRACE = "no trace"
    UNCLEAR = "unclear"


#: Compares an order before and after a write.
Evidence = Callable[[Json, Json], Outcome]


def confirmed(
    client: Client, order_id: int, send: Callable[[], Message], evidence: Evidence
) -> Message:
    """Sends a write; where its outcome is not known, finds out.

    Args:
        client: any client; its `max_retries` bounds how often the write is sent again.
        order_id: the order that is written to.
        send: sends the write once.
        evidence: tells from the order before and after.

    Raises:
        StatusProError: the write was refused, or it could not be told what became of it.
    """
    with one_call():
        before = _read(client, order_id)
        for left in range(client.max_retries, -1, -1):
            try:
                return send()
            except (APIError, APIConnectionError) as error:
                if not error.maybe_applied:
                    raise
                if _was_applied(client, order_id, before, evidence, error):
                    break
                if not left:
                    error.maybe_applied = False
                    error.message += " The order, read back, shows that it was not applied."
                    raise
    return {"message": "The response was lost, but the order shows that the change was applied."}


def is_in_status(status_code: str, comment: str | None) -> Evidence:
    """Makes the evidence of a status change."""
    wanted = _folded(status_code)

    def evidence(before: Json, after: Json) -> Outcome:
        new = _new_history(before, after)

        def is_a_move(entry: Json) -> bool:
            return _code(entry.get("status")) == wanted

        def is_ours(entry: Json) -> bool:
            return is_a_move(entry) and _says(entry, comment or "")

        if new is not None and _has_more(before, after, is_ours):
            return Outcome.APPLIED
        if any(map(is_a_move, new or [])):
            return Outcome.UNCLEAR  # moved there by another caller, or with our words rewritten
        if _code(after.get("status")) == wanted and before.get("status") != after["status"]:
            is_new = _code(before.get("status")) != wanted
            return Outcome.APPLIED if is_new and comment is None else Outcome.UNCLEAR
        if new is None or (comment is not None and any(map(_may_be_a_comment, new))):
            return Outcome.UNCLEAR
        return Outcome.NO_TRACE

    return evidence


def is_in(order: Mapping[str, Any], status_code: str) -> bool:
    """Tells whether the order is in this status now."""
    return _code(order.get("status")) == _folded(status_code)


def moved_since(
    order: Json, status_code: str, comment: str | None, sent: float, doubt: float
) -> Outcome:
    """Tells what an order shows of a status change that was sent before the order was ever read.

    Args:
        order: in detail, as it is now.
        status_code: the status that was asked for.
        comment: what was said with it.
        sent: when it was sent at the earliest, by the service's clock.
        doubt: seconds. What came so long before `sent` may still be ours: clocks differ.

    Returns:
        Applied only where the history has an entry of that status, with these words, that was
        written after `sent`. An entry that was written before by less than `doubt`, or that has
        other words, is unclear.
    """
    wanted = _folded(status_code)
    history = _history(order)
    if history is None:
        return Outcome.UNCLEAR
    found = Outcome.NO_TRACE
    for entry in history:
        is_a_move = _code(entry.get("status")) == wanted
        if not is_a_move and not (comment and _says(entry, comment)):
            continue
        end = _end_of_second(entry.get("created_at"))
        if is_a_move and end is not None and end > sent and _says(entry, comment or ""):
            return Outcome.APPLIED
        if end is None or end > sent - doubt:
            found = Outcome.UNCLEAR
    status = order.get("status")
    if _code(status) == wanted:
        end = _end_of_second(as_object(status).get("set_at"))
        if end is None or end > sent - doubt:
            return Outcome.UNCLEAR
    return found


def is_commented(comment: str) -> Evidence:
    """Makes the evidence of a comment.

    A comment with the same words that was there before is none. A new one in other words is
    unclear: the service may have rewritten ours.
    """

    def evidence(before: Json, after: Json) -> Outcome:
        new = _new_history(before, after)
        if new is None:
            return Outcome.UNCLEAR
        if _has_more(before, after, lambda entry: _says(entry, comment)):
            return Outcome.APPLIED
        return Outcome.UNCLEAR if any(map(_may_be_a_comment, new)) else Outcome.NO_TRACE

    return evidence


def is_due(first: str | None, last: str | None) -> Evidence:
    """Makes the evidence of a due date: that it changed to exactly what was asked for.

    A date that stood there before, or a `due_date_to` that the write said nothing of, may be the
    doing of another caller as well as ours.
    """

    def evidence(before: Json, after: Json) -> Outcome:
        was, now = _span(before), _span(after)
        if was != now:
            return Outcome.APPLIED if now == (first, last) else Outcome.UNCLEAR
        new = _new_history(before, after)
        if now[0] == first and last in (None, now[1]):
            return Outcome.UNCLEAR
        # Set by us, and set back by another caller.
        return Outcome.UNCLEAR if any(map(_may_be_a_due_date, new or [])) else Outcome.NO_TRACE

    return evidence


def _read(client: Client, order_id: int) -> Json:
    return unwrap_object(client.get(f"/orders/{order_id}"))


def _was_applied(
    client: Client,
    order_id: int,
    before: Json,
    evidence: Evidence,
    error: APIError | APIConnectionError,
) -> bool:
    """True where the order shows the write, False where it may be sent again; else `error`."""
    try:
        outcome = evidence(before, _read(client, order_id))
    except StatusProError as failure:
        error.message += f" The order could not be read back either: {without_section(failure)}"
        raise error from None
    if outcome is Outcome.APPLIED:
        return True
    if outcome is Outcome.NO_TRACE and _has_ended(error):
        return False
    shows = "no trace of it yet" if outcome is Outcome.NO_TRACE else "no clear trace of it"
    error.message += f" The order, read back, shows {shows}: it was not sent again."
    raise error


def _has_ended(error: APIError | APIConnectionError) -> bool:
    if isinstance(error, APIConnectionError):
        return not isinstance(error, APITimeoutError)
    return error.status_code in _ENDED


def _history(order: Json) -> list[Json] | None:
    """The entries of an order's history; None where it is missing or holds what is no entry."""
    history = order.get("history")
    return history if is_array(history) and all(map(is_object, history)) else None


def _new_history(before: Json, after: Json) -> list[Json] | None:
    """The entries that came in between, wherever in the history they stand.

    Returns:
        The entries; None where a history cannot be read.
    """
    old, now = _history(before), _history(after)
    if old is None or now is None:
        return None
    known = Counter(map(_identity, old))
    new: list[Json] = []
    for entry in now:
        if known[_identity(entry)]:
            known[_identity(entry)] -= 1
        else:
            new.append(entry)
    return new


def _has_more(before: Json, after: Json, matches: Callable[[Json], bool]) -> bool:
    """Whether there is one entry more that matches, and not an older one that was edited."""
    return sum(map(matches, after["history"])) > sum(map(matches, before["history"]))


def _identity(entry: Json) -> str:
    """All that does not change later, as the state of a mail does."""
    told = ("event", "comment", "comment_is_public", "created_at")
    return repr([*(entry.get(name) for name in told), _code(entry.get("status"))])


def _code(status: Any) -> str | None:
    code = as_object(status).get("code")
    return _folded(code) if isinstance(code, str) else None


def _folded(code: str) -> str:
    """A status code as it is compared: the service may take it with white space, or in capitals."""
    return _words(code).casefold()


def _end_of_second(moment: Any) -> float | None:
    """The end of the second in which something was written; the service's moments are whole."""
    at = moment_of(moment)
    return None if at is None else at.timestamp() + 1


def _says(entry: Json, comment: str) -> bool:
    said = entry.get("comment")
    return _words(said if isinstance(said, str) else "") == _words(comment)


def _words(text: str) -> str:
    """A text without what the service may trim from it or write in another way."""
    return re.sub(_BETWEEN_WORDS, " ", text).strip(" ")


def _may_be_a_comment(entry: Json) -> bool:
    return entry.get("comment") not in (None, "") or "comment" in str(entry.get("event"))


def _may_be_a_due_date(entry: Json) -> bool:
    return _code(entry.get("status")) is None and not _may_be_a_comment(entry)


def _span(order: Json) -> tuple[Any, Any]:
    return _day(order.get("due_date")), _day(order.get("due_date_to"))


def _day(value: Any) -> Any:
    return value[:10] if isinstance(value, str) else value
