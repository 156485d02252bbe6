"""Writes with `confirm=True`: read back after a failure, and sent again only where that is safe."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from statuspro import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    InvalidResponseError,
    NotFoundError,
    ServerError,
    StatusProClient,
    TransitionError,
    ValidationError,
)
from statuspro.api.confirmation import (
    Evidence,
    Outcome,
    is_commented,
    is_due,
    is_in_status,
    moved_since,
)
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import (
    DELIVERED,
    IN_PRODUCTION,
    ON_HOLD,
    QUALITY_CHECK,
    READY,
    SHIPPED,
)
from statuspro.sandbox.faults import Answer, DroppedError, Pause
from statuspro.sandbox.messages import Record, Response
from tests.support.lists import answer_each

POST, GET = "POST", "GET"


@pytest.fixture
def sandbox(waits: list[float]) -> Sandbox:
    """Without sockets, and its waits take no time."""
    return Sandbox(orders=0)


@pytest.fixture
def order_id(sandbox: Sandbox) -> int:
    return sandbox.add_order(status_code=IN_PRODUCTION)


@pytest.fixture
def client(sandbox: Sandbox) -> StatusProClient:
    return client_of(sandbox)


def client_of(sandbox: Sandbox, max_retries: int = 5) -> StatusProClient:
    client = sandbox.client(adapter=sandbox.adapter(max_retries=max_retries), timeout=0.05)
    return client.with_options(max_retries=max_retries)


Write = Callable[[StatusProClient, int], Any]


def ship(client: StatusProClient, order_id: int, **keywords: Any) -> Any:
    return client.update_order_status(order_id, SHIPPED, confirm=True, **keywords)


def say(client: StatusProClient, order_id: int) -> Any:
    return client.add_order_comment(order_id, "On its way", confirm=True)


def set_due(client: StatusProClient, order_id: int) -> Any:
    return client.set_order_due_date(order_id, "2026-03-15", due_date_to="2026-03-17", confirm=True)


def clear_due(client: StatusProClient, order_id: int) -> Any:
    return client.set_order_due_date(order_id, None, confirm=True)


writes = pytest.mark.parametrize("write", [ship, say, set_due])


def maybe_applied(error: Exception) -> bool:
    assert isinstance(error, (APIError, APIConnectionError))
    return error.maybe_applied


def sent(sandbox: Sandbox) -> list[str]:
    return [record.method for record in sandbox.requests]


# The service's answer is enough ---------------------------------------------------------------


@writes
def test_a_write_that_is_answered_costs_one_read_more(
    sandbox: Sandbox, client: StatusProClient, order_id: int, write: Write
) -> None:
    assert "shows" not in write(client, order_id)["message"]
    assert sent(sandbox) == [GET, POST]
    assert len(sandbox.applied) == 1


def test_a_refused_write_is_not_read_back(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    with pytest.raises(ValidationError):
        client.update_order_status(order_id, "st000001", confirm=True)
    with pytest.raises(ValidationError):
        client.add_order_comment(order_id, "no", confirm=True)
    assert sent(sandbox) == [GET, POST, GET, POST]
    assert sandbox.applied == []


def test_an_order_that_does_not_exist_is_not_written_to(
    sandbox: Sandbox, client: StatusProClient
) -> None:
    with pytest.raises(NotFoundError):
        ship(client, 7)
    assert sent(sandbox) == [GET]


def test_a_flag_that_is_none_is_refused(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    yes: Any = "yes"
    with pytest.raises(TypeError, match="check"):
        client.update_order_status(order_id, SHIPPED, check=yes)
    with pytest.raises(TypeError, match="confirm"):
        client.update_order_status(order_id, SHIPPED, confirm=yes)
    with pytest.raises(TypeError, match="confirm"):
        client.add_order_comment(order_id, "Hello", confirm=yes)
    with pytest.raises(TypeError, match="confirm"):
        client.set_order_due_date(order_id, None, confirm=yes)
    assert sandbox.requests == []


# The answer is lost ---------------------------------------------------------------------------

LOST_BUT_APPLIED: list[Callable[[Sandbox], None]] = [
    lambda sandbox: sandbox.drop(applied=True, method=POST),
    lambda sandbox: sandbox.cut(method=POST),
    lambda sandbox: sandbox.stall(method=POST),
    lambda sandbox: sandbox.slow(3600, method=POST),
    lambda sandbox: sandbox.html(applied=True, method=POST),
    *(
        lambda sandbox, status=status: sandbox.fail_after(status, method=POST)
        for status in (500, 502, 503, 504, 520)
    ),
]


@writes
@pytest.mark.parametrize("lose", LOST_BUT_APPLIED)
def test_a_write_that_was_applied_returns_as_if_nothing_had_happened(
    sandbox: Sandbox,
    client: StatusProClient,
    order_id: int,
    write: Write,
    lose: Callable[[Sandbox], None],
) -> None:
    lose(sandbox)
    assert "applied" in write(client, order_id)["message"]
    assert sent(sandbox) == [GET, POST, GET]
    assert len(sandbox.applied) == 1


LOST_AND_NOT_APPLIED: list[Callable[[Sandbox, int], None]] = [
    lambda sandbox, times: sandbox.drop(times, method=POST),
    *(
        lambda sandbox, times, status=status: sandbox.fail(status, times, method=POST)
        for status in (500, 502, 503)
    ),
]


@writes
@pytest.mark.parametrize("lose", LOST_AND_NOT_APPLIED)
@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_write_that_left_no_trace_is_sent_again(
    sandbox: Sandbox,
    client: StatusProClient,
    order_id: int,
    write: Write,
    lose: Callable[[Sandbox, int], None],
    times: int,
) -> None:
    lose(sandbox, times)
    assert "shows" not in write(client, order_id)["message"]
    assert sent(sandbox) == [GET, POST, *[GET, POST] * times]
    assert len(sandbox.applied) == 1


@writes
@pytest.mark.parametrize("lose", LOST_AND_NOT_APPLIED)
@pytest.mark.parametrize("max_retries", [0, 2])
def test_it_is_sent_again_at_most_max_retries_times(
    sandbox: Sandbox,
    order_id: int,
    write: Write,
    lose: Callable[[Sandbox, int], None],
    max_retries: int,
) -> None:
    lose(sandbox, 100)
    with pytest.raises((APIConnectionError, ServerError), match="shows that it was not app") as got:
        write(client_of(sandbox, max_retries), order_id)
    assert maybe_applied(got.value) is False
    assert sent(sandbox) == [GET, *[POST, GET] * (max_retries + 1)]
    assert sandbox.applied == []


def never(sandbox: Sandbox) -> None:
    """A read timeout of a write that is not applied before somebody looks."""

    def effect(answer: Answer, pause: Pause) -> Response:
        pause(3600)
        return answer()

    sandbox.inject(effect, method=POST)


MAY_STILL_LAND: list[tuple[Callable[[Sandbox], None], type[Exception]]] = [
    (never, APITimeoutError),
    (lambda sandbox: sandbox.fail(504, method=POST), ServerError),
    (lambda sandbox: sandbox.fail(520, method=POST), ServerError),
    (lambda sandbox: sandbox.html(method=POST), InvalidResponseError),
]


@writes
@pytest.mark.parametrize(("lose", "error"), MAY_STILL_LAND)
def test_a_write_that_may_still_land_is_not_sent_again(
    sandbox: Sandbox,
    client: StatusProClient,
    order_id: int,
    write: Write,
    lose: Callable[[Sandbox], None],
    error: type[APIError | APIConnectionError],
) -> None:
    lose(sandbox)
    with pytest.raises(error, match="no trace of it yet: it was not sent again") as caught:
        write(client, order_id)
    assert maybe_applied(caught.value) is True
    assert sent(sandbox) == [GET, POST, GET]


@writes
@pytest.mark.parametrize(
    "lose", [lambda s: s.drop(method=POST), lambda s: s.fail(503, method=POST)]
)
def test_where_the_order_cannot_be_read_back_the_writes_own_error_says_so(
    sandbox: Sandbox,
    order_id: int,
    write: Write,
    lose: Callable[[Sandbox], None],
) -> None:
    lose(sandbox)

    def after_the_write(record: Record) -> None:
        if record.method == POST:
            sandbox.fail(403, times=1, method=GET)

    sandbox.on_request = after_the_write
    with pytest.raises((APIConnectionError, ServerError), match="could not be read back") as caught:
        write(client_of(sandbox), order_id)
    assert "403" in str(caught.value)
    assert "POST" in str(caught.value)
    assert maybe_applied(caught.value) is True
    assert sent(sandbox) == [GET, POST, GET]


def test_what_is_read_back_and_no_order_tells_nothing(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    sandbox.drop(method=POST)

    def after_the_write(record: Record) -> None:
        if record.method == POST:
            sandbox.html(method=GET)

    sandbox.on_request = after_the_write
    with pytest.raises(APIConnectionError, match="could not be read back") as caught:
        ship(client, order_id)
    assert maybe_applied(caught.value) is True


def test_the_reads_are_retried_and_the_write_is_not(
    sandbox: Sandbox, client: StatusProClient, order_id: int, waits: list[float]
) -> None:
    sandbox.fail(503, 2, method=GET)
    sandbox.drop(applied=True, method=POST)
    ship(client, order_id)
    assert sent(sandbox) == [GET, GET, GET, POST, GET]
    assert len(waits) == 2


def test_what_it_all_sleeps_counts_as_one_call(
    sandbox: Sandbox, order_id: int, waits: list[float]
) -> None:
    client = sandbox.client(adapter=sandbox.adapter(max_retries=5, max_wait=3.0))
    sandbox.fail(503, 1, method=GET, retry_after=2)
    sandbox.drop(method=POST)

    def after_the_write(record: Record) -> None:
        if record.method == POST:
            sandbox.fail(503, method=GET, retry_after=2)

    sandbox.on_request = after_the_write
    with pytest.raises(APIConnectionError, match="could not be read back"):
        ship(client, order_id)
    assert len(waits) == 1


# Other people ---------------------------------------------------------------------------------


def meanwhile(sandbox: Sandbox, action: Callable[[], object], *, applied: bool = False) -> None:
    """The next write's answer is lost, and somebody else does something in between."""

    def effect(answer: Answer, pause: Pause) -> Response:
        action()
        if applied:
            answer()
        return Response.of_json(503, {"message": "Service Unavailable"})

    sandbox.inject(effect, method=POST)


def elsewhere(sandbox: Sandbox) -> StatusProClient:
    return sandbox.client(adapter=sandbox.adapter())


def test_an_identical_comment_that_was_there_before_does_not_count(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    for _ in range(3):
        client.add_order_comment(order_id, "On its way")
    sandbox.drop(method=POST)
    say(client, order_id)
    assert len(sandbox.applied) == 4
    sandbox.drop(applied=True, method=POST)
    say(client, order_id)
    assert len(sandbox.applied) == 5


def test_a_new_comment_in_other_words_may_be_ours(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    other = elsewhere(sandbox)
    # The fault is met by the first POST, which is ours; the other's is sent within it.
    meanwhile(sandbox, lambda: other.add_order_comment(order_id, "Another"))
    with pytest.raises(ServerError, match="no clear trace of it: it was not sent again") as caught:
        say(client, order_id)
    assert maybe_applied(caught.value) is True
    assert [entry.comment for entry in sandbox.order(order_id).history] == ["Another"]


def rewritten(sandbox: Sandbox, order_id: int, stored: str) -> None:
    """The next comment is stored in other words, and its response is lost."""
    meanwhile(sandbox, lambda: sandbox._store.add_comment(order_id, stored, public=False))


@pytest.mark.parametrize(
    ("comment", "stored"),
    [
        ("\ufeffHello there", "Hello there"),
        ("Hello there\u200b", "Hello there"),
        ("\u200b \ufeffHello there\ufeff\n", "Hello there"),
        ("Hello\r\nthere", "Hello\nthere"),
        ("Hello\rthere", "Hello\nthere"),
        ("Hello there\0", "Hello there"),
        ("\u00a0Hello there\u200e", "Hello there"),
    ],
)
def test_what_the_service_may_do_to_a_comment_leaves_it_ours(
    sandbox: Sandbox, client: StatusProClient, order_id: int, comment: str, stored: str
) -> None:
    rewritten(sandbox, order_id, stored)
    assert "applied" in client.add_order_comment(order_id, comment, confirm=True)["message"]
    assert sent(sandbox) == [GET, POST, GET]
    assert len(sandbox.applied) == 1


@pytest.mark.parametrize("stored", ["Hello &amp; bye", "Hello", "Hello ? bye", "hello & bye"])
def test_a_comment_that_the_service_rewrites_is_not_sent_twice(
    sandbox: Sandbox, client: StatusProClient, order_id: int, stored: str
) -> None:
    rewritten(sandbox, order_id, stored)
    with pytest.raises(ServerError, match="no clear trace"):
        client.add_order_comment(order_id, "Hello & bye", confirm=True)
    assert sent(sandbox) == [GET, POST, GET]


def test_a_due_date_that_stood_there_before_is_not_clear(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    set_due(client, order_id)
    sandbox.drop(method=POST)
    with pytest.raises(APIConnectionError, match="no clear trace") as caught:
        set_due(client, order_id)
    assert maybe_applied(caught.value) is True
    assert len(sandbox.applied) == 1


def test_a_span_that_the_call_leaves_open_is_not_clear(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    other = elsewhere(sandbox)
    meanwhile(
        sandbox,
        lambda: other.set_order_due_date(order_id, "2026-03-15", due_date_to="2026-03-17"),
    )
    with pytest.raises(ServerError, match="no clear trace"):
        client.set_order_due_date(order_id, "2026-03-15", confirm=True)
    assert len(sandbox.applied) == 1


def test_a_due_date_that_was_set_back_meanwhile_is_not_clear(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    clear_due(client, order_id)

    def effect(answer: Answer, pause: Pause) -> Response:
        answer()
        elsewhere(sandbox).set_order_due_date(order_id, None)
        return Response.of_json(503, {"message": "Service Unavailable"})

    sandbox.inject(effect, method=POST)
    with pytest.raises(ServerError, match="no clear trace"):
        set_due(client, order_id)
    assert len(sandbox.applied) == 3


@pytest.mark.parametrize("code", [f" {SHIPPED}", f"{SHIPPED}\ufeff", SHIPPED.upper()])
def test_a_status_code_is_found_as_the_service_writes_it(
    sandbox: Sandbox, client: StatusProClient, order_id: int, code: str
) -> None:
    other = elsewhere(sandbox)
    meanwhile(sandbox, lambda: other.update_order_status(order_id, SHIPPED))
    assert "applied" in client.update_order_status(order_id, code, confirm=True)["message"]
    assert sent(sandbox) == [GET, POST, POST, GET]


def test_somebody_elses_move_to_the_same_status_with_other_words_is_not_clear(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    other = elsewhere(sandbox)
    meanwhile(sandbox, lambda: other.update_order_status(order_id, SHIPPED, comment="By me"))
    with pytest.raises(ServerError, match="no clear trace") as caught:
        ship(client, order_id, comment="By us")
    assert maybe_applied(caught.value) is True
    assert len(sandbox.applied) == 1


def test_words_of_somebody_else_are_not_ours_where_we_said_none(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    other = elsewhere(sandbox)
    meanwhile(sandbox, lambda: other.update_order_status(order_id, SHIPPED, comment="By me"))
    with pytest.raises(ServerError, match="no clear trace"):
        ship(client, order_id)
    assert len(sandbox.applied) == 1


def test_somebody_elses_move_to_another_status_leaves_ours_to_the_service(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    other = elsewhere(sandbox)
    meanwhile(sandbox, lambda: other.update_order_status(order_id, ON_HOLD))
    with pytest.raises(ValidationError):  # from there no order is shipped
        ship(client, order_id)
    assert [applied.kind for applied in sandbox.applied] == ["status"]
    assert sandbox.order(order_id).status_code == ON_HOLD


def test_ours_counts_though_somebody_else_moved_the_order_on(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    def effect(answer: Answer, pause: Pause) -> Response:
        answer()
        elsewhere(sandbox).update_order_status(order_id, DELIVERED)
        return Response.of_json(503, {"message": "Service Unavailable"})

    sandbox.inject(effect, method=POST)
    assert "applied" in ship(client, order_id)["message"]
    assert len(sandbox.applied) == 2


@pytest.mark.parametrize("comment", ["  Left the house ", "Left the house"])
def test_the_service_may_trim_a_comment(
    sandbox: Sandbox, client: StatusProClient, order_id: int, comment: str
) -> None:
    sandbox.drop(applied=True, method=POST)
    assert "applied" in ship(client, order_id, comment=comment)["message"]
    assert len(sandbox.applied) == 1


def test_a_due_date_that_is_cleared(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    set_due(client, order_id)
    sandbox.drop(applied=True, method=POST)
    assert "applied" in clear_due(client, order_id)["message"]
    assert sandbox.order(order_id).due_date is None
    set_due(client, order_id)
    sandbox.drop(method=POST)
    assert "shows" not in clear_due(client, order_id)["message"]
    assert sandbox.order(order_id).due_date is None


# What an order shows --------------------------------------------------------------------------


def entry(code: str | None = None, comment: str | None = None, time: str = "T1") -> dict[str, Any]:
    status = None if code is None else {"is_set": True, "code": code}
    return {
        "event": "status_updated" if code else "comment_added",
        "status": status,
        "comment": comment,
        "comment_is_public": False,
        "created_at": time,
        "mail_log": {"delivery_status": "sent"},
    }


def order(code: str, *history: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"status": {"is_set": True, "code": code}, "history": list(history), **fields}


OLD = order(IN_PRODUCTION, entry(IN_PRODUCTION))
SEEN = order(IN_PRODUCTION, entry(comment="Hi"))
DUE = {"due_date": "2026-03-15T00:00:00+00:00", "due_date_to": "2026-03-17T00:00:00+00:00"}
DUE_THAT_DAY = {"due_date": "2026-03-15T00:00:00+00:00", "due_date_to": None}
PUBLISHED = {**entry(comment="Hi"), "comment_is_public": True}
DUE_EVENT = {**entry(), "event": "due_date_updated"}


@pytest.mark.parametrize(
    ("evidence", "before", "after", "outcome"),
    [
        (is_in_status(SHIPPED, None), OLD, OLD, "no trace"),
        (is_in_status(SHIPPED, None), OLD, order(SHIPPED, entry(SHIPPED)), "applied"),
        # The newest may come first.
        (is_in_status(READY, None), OLD, order(READY, entry(READY), *OLD["history"]), "applied"),
        # The state of a mail changes later.
        (
            is_in_status(IN_PRODUCTION, None),
            OLD,
            order(IN_PRODUCTION, {**OLD["history"][0], "mail_log": {"delivery_status": "opened"}}),
            "no trace",
        ),
        # Once more to where it was already.
        (
            is_in_status(IN_PRODUCTION, None),
            OLD,
            order(IN_PRODUCTION, *OLD["history"], entry(IN_PRODUCTION, time="T2")),
            "applied",
        ),
        # The entry that was there before was edited.
        (
            is_in_status(IN_PRODUCTION, None),
            OLD,
            order(IN_PRODUCTION, entry(IN_PRODUCTION, time="T2")),
            "unclear",
        ),
        # In the same second.
        (
            is_in_status(IN_PRODUCTION, None),
            OLD,
            order(IN_PRODUCTION, entry(IN_PRODUCTION), entry(IN_PRODUCTION)),
            "applied",
        ),
        (is_in_status(SHIPPED, "x"), OLD, order(SHIPPED, entry(SHIPPED, "y")), "unclear"),
        (is_in_status(SHIPPED, "x"), OLD, order(SHIPPED, entry(SHIPPED)), "unclear"),
        (is_in_status(SHIPPED, "x\r\ny"), OLD, order(SHIPPED, entry(SHIPPED, "x\ny")), "applied"),
        (is_in_status(SHIPPED, None), OLD, order(SHIPPED, entry(SHIPPED, "")), "applied"),
        (is_in_status(SHIPPED, "\u200b"), OLD, order(SHIPPED, entry(SHIPPED)), "applied"),
        (is_in_status(SHIPPED, None), OLD, order(SHIPPED, entry(SHIPPED, "y")), "unclear"),
        # The status has changed though the history does not say so.
        (is_in_status(SHIPPED, None), OLD, order(SHIPPED, *OLD["history"]), "applied"),
        (is_in_status(SHIPPED, "x"), OLD, order(SHIPPED, *OLD["history"]), "unclear"),
        (is_in_status(SHIPPED, None), {"status": {}}, {"status": {"code": SHIPPED}}, "applied"),
        # It is the same status, set anew or named anew.
        (
            is_in_status(SHIPPED, None),
            {"status": {"code": SHIPPED, "set_at": "T1"}, "history": []},
            {"status": {"code": SHIPPED, "set_at": "T2"}, "history": []},
            "unclear",
        ),
        # The words are there and the status is not.
        (is_in_status(SHIPPED, "x"), OLD, order(IN_PRODUCTION, entry(comment="x")), "unclear"),
        (is_in_status(SHIPPED, "x"), OLD, order(IN_PRODUCTION, entry(comment="y")), "unclear"),
        (is_in_status(SHIPPED, None), OLD, order(IN_PRODUCTION, entry(comment="y")), "no trace"),
        (is_in_status(SHIPPED, "x"), OLD, order(ON_HOLD, entry(ON_HOLD)), "no trace"),
        (is_in_status(SHIPPED, None), {}, {"status": None}, "unclear"),
        (is_in_status(SHIPPED, None), {"history": []}, {"history": None}, "unclear"),
        (is_in_status(SHIPPED, None), {"history": ["?"]}, {"history": ["?", "!"]}, "unclear"),
        (is_in_status(SHIPPED.upper(), None), OLD, order(SHIPPED, entry(SHIPPED)), "applied"),
        (is_commented("Hi"), OLD, OLD, "no trace"),
        (is_commented("Hi"), OLD, order(IN_PRODUCTION, entry(comment=" Hi ")), "applied"),
        (is_commented("Hi"), SEEN, SEEN, "no trace"),
        (is_commented("Hi"), SEEN, order(READY, *SEEN["history"], *SEEN["history"]), "applied"),
        (is_commented("Hi"), SEEN, order(READY, *SEEN["history"], entry(comment="Ho")), "unclear"),
        # The one that was there before was edited: made public, or given another time.
        (is_commented("Hi"), SEEN, order(READY, PUBLISHED), "unclear"),
        (is_commented("Hi"), SEEN, order(READY, entry(comment="Hi", time="T2")), "unclear"),
        (is_commented("Hi"), SEEN, order(READY, PUBLISHED, entry(comment="Hi")), "applied"),
        (is_commented("Hi"), OLD, order(IN_PRODUCTION, entry(comment="hi")), "unclear"),
        (is_commented("Hi"), OLD, order(READY, entry(READY, comment="Ho")), "unclear"),
        (is_commented("Hi"), OLD, order(IN_PRODUCTION, entry(comment=None)), "unclear"),
        (is_commented("Hi"), OLD, order(IN_PRODUCTION, entry(READY)), "no trace"),
        (is_commented("Hi"), OLD, order(IN_PRODUCTION, DUE_EVENT), "no trace"),
        (is_commented("Hi"), {"history": []}, {"history": ["Hi"]}, "unclear"),
        (is_commented("Hi"), {}, OLD, "unclear"),
        (is_due("2026-03-15", None), {}, {"due_date": None}, "no trace"),
        (is_due("2026-03-15", None), {}, DUE_THAT_DAY, "applied"),
        (is_due("2026-03-15", None), {}, DUE, "unclear"),
        (is_due("2026-03-15", None), DUE, DUE_THAT_DAY, "applied"),
        (is_due("2026-03-15", None), DUE, DUE, "unclear"),
        (is_due("2026-03-15", None), DUE_THAT_DAY, DUE_THAT_DAY, "unclear"),
        (is_due("2026-03-15", "2026-03-17"), {}, DUE, "applied"),
        (is_due("2026-03-15", "2026-03-17"), DUE, DUE, "unclear"),
        (is_due("2026-03-15", "2026-03-18"), {}, DUE, "unclear"),
        (is_due("2026-03-15", "2026-03-18"), DUE, DUE, "no trace"),
        (is_due("2026-03-14", None), {}, DUE, "unclear"),
        (is_due("2026-03-14", None), DUE, DUE, "no trace"),
        (is_due("2026-03-14", None), {**OLD, **DUE}, {**OLD, **DUE}, "no trace"),
        (is_due("2026-03-14", None), {**OLD, **DUE}, {**SEEN, **DUE}, "no trace"),
        (is_due("2026-03-14", None), OLD, order(READY, DUE_EVENT), "unclear"),
        (is_due(None, None), DUE, {"due_date": None}, "applied"),
        (is_due(None, None), {}, {"due_date": None}, "unclear"),
        (is_due(None, None), DUE, DUE, "no trace"),
        (is_due(None, None), {}, DUE, "unclear"),
        (is_due("2026-03-15", None), {}, {"due_date": 7}, "unclear"),
    ],
)
def test_evidence(
    evidence: Evidence, before: dict[str, Any], after: dict[str, Any], outcome: str
) -> None:
    assert evidence(before, after) is Outcome(outcome)


# Never twice ----------------------------------------------------------------------------------


def unreliable(sandbox: Sandbox, seed: int) -> None:
    """Drops every second connection of a write, before it is applied or after, and some reads."""
    rng = random.Random(seed)

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        if rng.random() > (0.05 if record.method == GET else 0.5):
            return answer()
        if record.method == POST and rng.random() < 0.5:
            answer()
        raise DroppedError

    answer_each(sandbox, respond)


def test_a_thousand_status_changes_are_a_thousand_mails(waits: list[float]) -> None:
    with Sandbox(orders=0) as sandbox, sandbox.client(max_retries=30) as client:
        ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(500)]
        unreliable(sandbox, seed=1)
        for number in ids:
            client.update_order_status(number, QUALITY_CHECK, confirm=True)
            client.update_order_status(number, SHIPPED, comment="Left the house", confirm=True)
    histories = [sandbox.order(number).history for number in ids]
    assert [[event.status_code for event in events] for events in histories] == [
        [QUALITY_CHECK, SHIPPED]
    ] * 500
    assert len(sandbox.mails) == len(sandbox.applied) == 1000


def test_a_thousand_comments_are_a_thousand_entries(waits: list[float]) -> None:
    sandbox = Sandbox(orders=0)
    ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(50)]
    unreliable(sandbox, seed=2)
    client = client_of(sandbox, max_retries=30)
    for turn in range(20):
        for number in ids:  # the same words ten times over
            client.add_order_comment(number, f"Note {turn // 10}", confirm=True)
    histories = [sandbox.order(number).history for number in ids]
    expected = [f"Note {turn // 10}" for turn in range(20)]
    assert [[event.comment for event in events] for events in histories] == [expected] * 50
    assert len(sandbox.applied) == 1000
    assert sandbox.mails == []


# Asking first ---------------------------------------------------------------------------------


def test_check_raises_with_the_viable_codes_and_sends_nothing(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    with pytest.raises(TransitionError, match=f"cannot move to {DELIVERED}.*{SHIPPED}") as caught:
        client.update_order_status(order_id, DELIVERED, check=True)
    assert caught.value.status_code_wanted == DELIVERED
    assert caught.value.viable == [SHIPPED, QUALITY_CHECK, ON_HOLD, READY]
    assert sent(sandbox) == [GET]
    assert sandbox.applied == []


def test_check_of_an_order_that_can_move_nowhere(sandbox: Sandbox, client: StatusProClient) -> None:
    delivered = sandbox.add_order(status_code=DELIVERED)
    with pytest.raises(TransitionError, match="Possible: none") as caught:
        client.update_order_status(delivered, SHIPPED, check=True)
    assert caught.value.viable == []


def test_check_lets_a_viable_change_pass(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    client.update_order_status(order_id, SHIPPED, check=True)
    assert sent(sandbox) == [GET, POST]
    assert sandbox.order(order_id).status_code == SHIPPED


def test_check_and_confirm_together(
    sandbox: Sandbox, client: StatusProClient, order_id: int
) -> None:
    sandbox.drop(applied=True, method=POST)
    ship(client, order_id, check=True)
    assert [record.path.rpartition("/")[2] for record in sandbox.requests] == [
        "viable-statuses",
        str(order_id),
        "status",
        str(order_id),
    ]
    assert len(sandbox.applied) == 1


def test_check_of_an_order_that_does_not_exist(sandbox: Sandbox, client: StatusProClient) -> None:
    with pytest.raises(NotFoundError):
        client.update_order_status(7, SHIPPED, check=True)
    assert sent(sandbox) == [GET]


# Without having read the order before ---------------------------------------------------------

SENT = 1_770_000_000.6


def moment(before: float) -> str:
    """The whole second in which something happened, so many seconds before the write was sent."""
    return datetime.fromtimestamp(int(SENT - before), timezone.utc).isoformat()


def noted(before: float, code: str | None = SHIPPED, comment: str | None = None) -> dict[str, Any]:
    status = None if code is None else {"is_set": True, "code": code}
    return {"event": "x", "status": status, "comment": comment, "created_at": moment(before)}


def shown(*history: Any, code: str = ON_HOLD, set_at: str | None = None) -> dict[str, Any]:
    return {"status": {"is_set": True, "code": code, "set_at": set_at}, "history": list(history)}


MOVED_SINCE: dict[str, tuple[dict[str, Any], str | None, Outcome]] = {
    "ours": (shown(noted(-5), code=SHIPPED, set_at=moment(-5)), None, Outcome.APPLIED),
    "ours, in the second in which it was sent": (shown(noted(0)), None, Outcome.APPLIED),
    "ours, and moved on since": (shown(noted(-5), noted(-9, ON_HOLD)), None, Outcome.APPLIED),
    "ours, with our words": (shown(noted(-5, comment=" Go\n")), "Go", Outcome.APPLIED),
    "ours, behind another caller's": (
        shown(noted(-2, comment="Hm"), noted(-5, comment="Go")),
        *("Go", Outcome.APPLIED),
    ),
    "in other words": (shown(noted(-5, comment="Gone")), "Go", Outcome.UNCLEAR),
    "with words, but ours had none": (shown(noted(-5, comment="Go")), None, Outcome.UNCLEAR),
    "our words, without the status": (shown(noted(-5, None, "Go")), "Go", Outcome.UNCLEAR),
    "just before": (shown(noted(2)), None, Outcome.UNCLEAR),
    "a minute before": (shown(noted(59)), None, Outcome.UNCLEAR),
    "long before": (shown(noted(62)), None, Outcome.NO_TRACE),
    "our words, long before": (shown(noted(62, None, "Go")), "Go", Outcome.NO_TRACE),
    "another status": (shown(noted(-5, ON_HOLD)), None, Outcome.NO_TRACE),
    "a comment": (shown(noted(-5, None, "Hello")), "Go", Outcome.NO_TRACE),
    "nothing": (shown(), None, Outcome.NO_TRACE),
    "no moment": (shown({**noted(0), "created_at": None}), None, Outcome.UNCLEAR),
    "a moment that is none": (shown({**noted(0), "created_at": "soon"}), None, Outcome.UNCLEAR),
    "set since, without an entry": (
        shown(code=SHIPPED, set_at=moment(-5)),
        *(None, Outcome.UNCLEAR),
    ),
    "set, nobody knows when": (shown(code=SHIPPED), None, Outcome.UNCLEAR),
    "set long before": (shown(code=SHIPPED, set_at=moment(99)), None, Outcome.NO_TRACE),
    "no history": ({"status": {"is_set": False}}, None, Outcome.UNCLEAR),
    "a history of something else": (shown("entry"), None, Outcome.UNCLEAR),
    "no status": ({"status": None, "history": []}, None, Outcome.NO_TRACE),
}


@pytest.mark.parametrize("name", MOVED_SINCE)
def test_what_an_order_shows_of_a_change_that_was_sent_at_a_moment(name: str) -> None:
    order, comment, outcome = MOVED_SINCE[name]
    assert moved_since(order, SHIPPED.upper(), comment, SENT, 60.0) is outcome
