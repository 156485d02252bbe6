"""Many orders: bulk updates in batches of 50, what became of each id, and many details."""

from __future__ import annotations

import itertools
import json
import pickle
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from datetime import date
from typing import Any

import pytest
import requests
import responses
from requests.adapters import BaseAdapter

from statuspro import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    BulkUpdateError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimit,
    RateLimitError,
    ServerError,
    StatusProClient,
    ValidationError,
    unwrap,
)
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, ON_HOLD, SHIPPED
from statuspro.sandbox.data import id_at
from statuspro.sandbox.faults import Answer, Pause
from statuspro.sandbox.messages import Record, Response
from tests.support.lists import answer_each
from tests.support.polling import eventually
from tests.support.wire import (
    ORDER,
    Call,
    Index,
    Refusal,
    Sent,
    answer_with,
    check_refused,
    check_request,
    sent,
)

BULK = "/orders/bulk-status"


def local(orders: int = 0, **settings: Any) -> tuple[Sandbox, StatusProClient]:
    """A sandbox without sockets, and its client."""
    sandbox = Sandbox(orders)
    return sandbox, sandbox.client(adapter=sandbox.adapter(**settings))


def bodies_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The body of each bulk call that arrived."""
    return [record.json() for record in sandbox.requests if record.method == "POST"]


def batches_of(sandbox: Sandbox) -> list[list[int]]:
    """The ids of each bulk call that arrived."""
    return [body["order_ids"] for body in bodies_of(sandbox)]


def outcome_of(error: BulkUpdateError) -> dict[str, list[int]]:
    """The ids by what became of them, without the empty lists."""
    names = ("accepted", "uncertain", "refused", "not_sent")
    return {name: getattr(error, name) for name in names if getattr(error, name)}


def noting(taken: list[int], ids: Iterable[int]) -> Iterator[int]:
    """The ids, which are noted as they are taken."""
    for one in ids:
        taken.append(one)
        yield one


def answer_slowly(sandbox: Sandbox, most: float) -> None:
    """Every answer takes so many seconds at the most."""
    rng = random.Random(1)

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        pause(rng.uniform(most / 10, most))
        return answer()

    answer_each(sandbox, respond)


# One request ------------------------------------------------------------------------------------


REQUESTS: dict[str, tuple[Call, Sent]] = {
    "bulk": (
        lambda c: c.bulk_update_order_status([ORDER, "8", Index(9)], "st000003"),  # type: ignore[list-item]
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [6110375248088, 8, 9], "status_code": "st000003"}',
        ),
    ),
    "bulk with all": (
        lambda c: c.bulk_update_order_status(
            (7, 8),
            "st000003",
            comment="Für Ann",
            public=True,
            email_customer=False,
            email_additional=False,
            send_at=1770000000,
            due_date=date(2026, 2, 10),
        ),
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [7, 8], "status_code": "st000003", "comment": "F\\u00fcr Ann", '
            b'"public": true, "email_customer": false, "email_additional": false, '
            b'"send_at": 1770000000, "due_date": "2026-02-10"}',
        ),
    ),
    "bulk with nothing given": (
        lambda c: c.bulk_update_order_status(
            iter([7]),
            "st000003",
            comment=None,
            public=None,
            email_customer=None,
            email_additional=None,
            send_at=None,
            due_date=None,
        ),
        Sent("POST", "/orders/bulk-status", b'{"order_ids": [7], "status_code": "st000003"}'),
    ),
    "bulk that mails nobody": (
        lambda c: c.bulk_update_order_status([7, 8], "st000003", notify=False),
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [7, 8], "status_code": "st000003", "email_customer": false, '
            b'"email_additional": false}',
        ),
    ),
    "bulk that mails all": (
        lambda c: c.bulk_update_order_status([7], "st000003", notify=True, send_at=1770000000),
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [7], "status_code": "st000003", "email_customer": true, '
            b'"email_additional": true, "send_at": 1770000000}',
        ),
    ),
    "bulk at once": (
        lambda c: c.bulk_update_order_status(range(7, 9), "st000003", send_at=0),
        Sent(
            *("POST", "/orders/bulk-status"),
            b'{"order_ids": [7, 8], "status_code": "st000003", "send_at": 0}',
        ),
    ),
    "an id twice": (
        lambda c: c.bulk_update_order_status([7, 7], "st000003"),
        Sent("POST", "/orders/bulk-status", b'{"order_ids": [7, 7], "status_code": "st000003"}'),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_request_is_this_and_no_other(
    name: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    check_request(client, service, *REQUESTS[name])


@pytest.mark.parametrize("count", [1, 50])
def test_a_bulk_call_takes_up_to_50_ids(
    count: int, client: StatusProClient, service: responses.RequestsMock
) -> None:
    answer_with(service, {"message": "Queued.", "count": count, "limit": 50}, 202)
    update = client.bulk_update_order_status({*range(1, count + 1)}, "st000003")
    assert update == {"message": "Queued.", "count": count, "limit": 50}
    (request,) = sent(service)
    assert len(json.loads(request.body or b"")["order_ids"]) == count


REFUSED: list[Refusal] = [
    (lambda c: c.bulk_update_order_status([], "st000003"), ValueError, "1 to 50 ids, not 0"),
    (lambda c: c.bulk_update_order_status(iter(()), "st000003"), ValueError, "1 to 50 ids, not 0"),
    (
        lambda c: c.bulk_update_order_status(range(1, 52), "st000003"),
        ValueError,
        "1 to 50 ids, not 51",
    ),
    (lambda c: c.bulk_update_order_status("778", "st000003"), TypeError, "order_ids .* not str"),
    (lambda c: c.bulk_update_order_status(7, "st000003"), TypeError, "order_ids .* not int"),  # type: ignore[arg-type]
    (
        lambda c: c.bulk_update_order_status({7: "st000003"}, "st000003"),
        TypeError,
        "order_ids .* not dict",
    ),
    (lambda c: c.bulk_update_order_status([7], ""), ValueError, "status_code must not be blank"),
    (lambda c: c.bulk_update_order_status([7], "st000003", send_at=-1), ValueError, "send_at"),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", notify=False, email_customer=False),
        ValueError,
        "give notify or email_customer, not both",
    ),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", notify=False, email_additional=True),
        ValueError,
        "give notify or email_additional, not both",
    ),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", notify="no"),  # type: ignore[arg-type]
        TypeError,
        "notify .* not str",
    ),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", send_at=1.5),  # type: ignore[arg-type]
        TypeError,
        "send_at .* not float",
    ),
    (lambda c: c.bulk_update_order_status([7], "st000003", due_date="x"), ValueError, "due_date"),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", public="no"),  # type: ignore[arg-type]
        TypeError,
        "public .* not str",
    ),
    (
        lambda c: c.bulk_update_order_status([7], "st000003", coment="x"),  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
        TypeError,
        "unexpected keyword argument 'coment'",
    ),
]


@pytest.mark.parametrize(
    ("call", "kind", "said"), REFUSED, ids=[f"{n}-{said}" for n, (_, _, said) in enumerate(REFUSED)]
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(
    call: Call,
    kind: type[Exception],
    said: str,
    client: StatusProClient,
    service: responses.RequestsMock,
) -> None:
    check_refused(client, service, call, kind, said)


# Batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 101, 250])
@pytest.mark.parametrize("form", [list, tuple, iter, lambda ids: (one for one in ids)])
def test_batches_of_fifty(count: int, form: Callable[[Iterable[int]], Iterable[int]]) -> None:
    sandbox, client = local()
    ids = list(range(1, count + 1))
    batches = list(client.iter_bulk_update_order_status(form(ids), SHIPPED))
    assert batches_of(sandbox) == [ids[place : place + 50] for place in range(0, count, 50)]
    assert [batch["order_ids"] for batch in batches] == batches_of(sandbox)
    assert [batch["count"] for batch in batches] == [len(one) for one in batches_of(sandbox)]
    assert [batch["accepted_total"] for batch in batches] == [
        min(place + 50, count) for place in range(0, count, 50)
    ]
    assert all(batch["message"] for batch in batches)


def test_an_id_that_is_given_twice_is_sent_once() -> None:
    sandbox, client = local()
    ids = [3, "3", 1, 2, 2, *range(1, 60), *range(1, 60), "007"]
    list(client.iter_bulk_update_order_status(iter(ids), SHIPPED))
    assert batches_of(sandbox) == [[3, 1, 2, *range(4, 51)], list(range(51, 60))]


def test_nothing_is_sent_before_the_first_batch_is_asked_for() -> None:
    sandbox, client = local()
    taken: list[int] = []
    source = noting(taken, range(1, 200))
    update = client.iter_bulk_update_order_status(source, SHIPPED)
    assert (taken, sandbox.requests) == ([], [])
    next(update)
    assert (len(taken), len(sandbox.requests)) == (50, 1)
    next(update)
    assert (len(taken), len(sandbox.requests)) == (100, 2)
    update.close()
    assert len(sandbox.requests) == 2


def test_what_else_a_bulk_update_says() -> None:
    sandbox, client = local()
    options: dict[str, Any] = {
        "comment": "All of them",
        "public": True,
        "email_customer": False,
        "email_additional": None,
        "send_at": 1_800_000_000,
        "due_date": "2026-04-01",
    }
    list(client.iter_bulk_update_order_status(range(1, 60), SHIPPED, **options))
    del options["email_additional"]
    for record, ids in zip(sandbox.requests, batches_of(sandbox), strict=True):
        assert record.json() == {"order_ids": ids, "status_code": SHIPPED, **options}


@pytest.mark.parametrize("notify", [False, True])
def test_each_batch_says_whether_to_mail(notify: bool) -> None:
    sandbox, client = local()
    list(client.iter_bulk_update_order_status(range(1, 60), SHIPPED, notify=notify))
    said = [(each["email_customer"], each["email_additional"]) for each in bodies_of(sandbox)]
    assert said == [(notify, notify)] * 2


@pytest.mark.parametrize(
    ("ids", "keywords", "error"),
    [
        ("123", {}, TypeError),
        (b"123", {}, TypeError),
        (5, {}, TypeError),
        (None, {}, TypeError),
        ({1: 2}, {}, TypeError),
        ([1, "x"], {}, ValueError),
        ([1, 0], {}, ValueError),
        ((1, True), {}, TypeError),
        ({1.5}, {}, TypeError),
        ([1], {"status_code": ""}, ValueError),
        ([1], {"status_code": 3}, TypeError),
        ([1], {"comment": 3}, TypeError),
        ([1], {"public": "yes"}, TypeError),
        ([1], {"send_at": 1.5}, TypeError),
        ([1], {"due_date": "tomorrow"}, ValueError),
        ([1], {"notify": 1}, TypeError),
        ([1], {"notify": False, "email_customer": False}, ValueError),
        ([1], {"notify": True, "email_additional": False}, ValueError),
        ([1], {"notifies": True}, TypeError),
    ],
)
def test_arguments_are_refused_at_the_call(
    ids: Any, keywords: dict[str, Any], error: type[Exception]
) -> None:
    sandbox, client = local()
    update: Callable[..., Any] = client.iter_bulk_update_order_status
    with pytest.raises(error):
        update(ids, **{"status_code": SHIPPED, **keywords})
    assert sandbox.requests == []


def test_orders_are_moved() -> None:
    with Sandbox(0) as sandbox, sandbox.client() as client:
        ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(120)]
        for batch in client.iter_bulk_update_order_status(ids, SHIPPED):
            assert len(batch["order_ids"]) in (50, 20)
        sandbox.flush()
        assert {sandbox.order(number).status_code for number in ids} == {SHIPPED}
        assert len(sandbox.mails) == 120


def test_bulk_calls_keep_to_their_own_budget() -> None:
    with Sandbox(0, rate_limit=60, bulk_limit=3, period=0.6) as sandbox, sandbox.client() as client:
        assert len(list(client.iter_bulk_update_order_status(range(1, 401), SHIPPED))) == 8
        assert (sandbox.counted, sandbox.refused) == (8, 0)


# A batch that fails ---------------------------------------------------------------------------

Fault = Callable[[Sandbox], None]
FAULTS: dict[str, tuple[Fault, str, type[Exception]]] = {
    "422": (lambda s: s.fail(422, path=BULK), "refused", ValidationError),
    "401": (lambda s: s.fail(401, path=BULK), "refused", AuthenticationError),
    "403": (lambda s: s.fail(403, path=BULK), "refused", PermissionDeniedError),
    "404": (lambda s: s.fail(404, path=BULK), "refused", NotFoundError),
    "409": (lambda s: s.fail(409, path=BULK), "refused", APIError),
    "302": (lambda s: s.fail(302, path=BULK), "refused", APIError),
    "429": (lambda s: s.fail(429, 100, path=BULK), "not_sent", RateLimitError),
    "429, an hour": (lambda s: s.fail(429, retry_after=3600), "not_sent", RateLimitError),
    "500": (lambda s: s.fail(500, path=BULK), "uncertain", ServerError),
    "503": (lambda s: s.fail(503, path=BULK), "uncertain", ServerError),
    "503, applied": (lambda s: s.fail_after(503, path=BULK), "uncertain", ServerError),
    "drop": (lambda s: s.drop(path=BULK), "uncertain", APIConnectionError),
    "drop, applied": (lambda s: s.drop(applied=True), "uncertain", APIConnectionError),
    "cut": (lambda s: s.cut(path=BULK), "uncertain", APIConnectionError),
    "html": (lambda s: s.html(applied=True, status=202), "uncertain", InvalidResponseError),
    "empty": (lambda s: s.fail(202, body=b""), "uncertain", InvalidResponseError),
    "array": (lambda s: s.fail(202, body=b"[]"), "uncertain", InvalidResponseError),
}


@pytest.mark.parametrize(("fault", "where", "cause"), FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("failing", [1, 2, 3])
@pytest.mark.parametrize("form", [list, iter])
def test_every_id_is_told_of_once(
    waits: list[float],
    fault: Fault,
    where: str,
    cause: type[Exception],
    failing: int,
    form: Callable[[Iterable[Any]], Iterable[Any]],
) -> None:
    sandbox, client = local()
    ids = list(range(1, 131))
    given = [*ids, *random.Random(1).sample(ids, 50)]
    batches = [ids[:50], ids[50:100], ids[100:]]
    with pytest.raises(BulkUpdateError) as caught:
        list(with_fault(sandbox, client, form(given), fault, failing))
    error = caught.value
    expected = {"accepted": list(itertools.chain(*batches[: failing - 1]))}
    expected[where] = batches[failing - 1]
    if form is list:  # an iterator is not read on
        unread = list(itertools.chain(*batches[failing:]))
        expected["not_sent"] = expected.get("not_sent", []) + unread
    assert outcome_of(error) == {name: ids for name, ids in expected.items() if ids}
    assert isinstance(error.__cause__, cause)
    if where != "not_sent":  # what was refused for its number was not taken, and is sent again
        assert batches_of(sandbox) == batches[:failing]
    copied = pickle.loads(pickle.dumps(error))
    assert outcome_of(copied) == outcome_of(error)
    assert str(copied) == str(error)


def with_fault(
    sandbox: Sandbox, client: StatusProClient, ids: Iterable[Any], fault: Fault, failing: int
) -> Iterator[Any]:
    update = client.iter_bulk_update_order_status(ids, SHIPPED)
    for turn in itertools.count(1):
        if turn == failing:
            fault(sandbox)
        try:
            yield next(update)
        except StopIteration:
            return


def test_the_cause_has_the_field_errors() -> None:
    _, client = local()
    with pytest.raises(BulkUpdateError, match="2 were refused") as caught:
        list(client.iter_bulk_update_order_status([1, 2], "st999999"))
    cause = caught.value.__cause__
    assert isinstance(cause, ValidationError)
    assert list(cause.validation_errors) == ["status_code"]
    assert "status_code" in str(caught.value)


def test_a_connection_that_is_never_made() -> None:
    sandbox = Sandbox(0)
    client = sandbox.client(base_url="http://127.0.0.1:9/api/v1", max_retries=0)
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status(range(1, 61), SHIPPED))
    assert outcome_of(caught.value) == {"not_sent": list(range(1, 61))}
    assert isinstance(caught.value.__cause__, APIConnectionError)


def test_no_place_in_the_budget() -> None:
    with Sandbox(0) as sandbox:
        limit = RateLimit(requests=10, bulk=1, period=60.0)
        with sandbox.client(rate_limit=limit, max_wait=0) as client:
            update = client.iter_bulk_update_order_status(range(1, 111), SHIPPED)
            next(update)
            with pytest.raises(BulkUpdateError) as caught:
                next(update)
    assert outcome_of(caught.value) == {
        "accepted": list(range(1, 51)),
        "not_sent": list(range(51, 111)),
    }
    assert len(sandbox.requests) == 1


def test_what_on_wait_raises_leaves_the_batch_unsent() -> None:
    def give_up(seconds: float, reason: str) -> None:
        raise ZeroDivisionError(reason)

    limit = RateLimit(requests=10, bulk=1, period=60.0)
    with Sandbox(0) as sandbox, sandbox.client(rate_limit=limit, on_wait=give_up) as client:
        update = client.iter_bulk_update_order_status(range(1, 61), SHIPPED)
        next(update)
        with pytest.raises(BulkUpdateError) as caught:
            next(update)
    assert outcome_of(caught.value) == {
        "accepted": list(range(1, 51)),
        "not_sent": list(range(51, 61)),
    }
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_on_wait_raises_after_a_refusal_leaves_the_batch_unsent() -> None:
    """The service has done nothing with what it refused for its number."""

    def give_up(seconds: float, reason: str) -> None:
        raise ZeroDivisionError(reason)

    sandbox, client = local(on_wait=give_up)
    sandbox.fail(429)
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status([1, 2], SHIPPED))
    assert outcome_of(caught.value) == {"not_sent": [1, 2]}
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("status", [202, 500])
def test_what_a_hook_raises_leaves_the_batch_uncertain(status: int) -> None:
    """There was an answer, so it was sent."""
    sandbox, client = local()

    def hook(response: Any, **keywords: Any) -> None:
        response.raise_for_status()
        raise ZeroDivisionError

    if status == 500:
        sandbox.fail(500)
    with pytest.raises(BulkUpdateError) as caught:
        list(
            client.with_options(hooks={"response": hook}).iter_bulk_update_order_status(
                range(1, 61), SHIPPED
            )
        )
    assert outcome_of(caught.value) == {
        "uncertain": list(range(1, 51)),
        "not_sent": list(range(51, 61)),
    }


HOOK_FAILURES: dict[str, Callable[[StatusProClient], object]] = {
    "not found elsewhere": lambda client: client.get_order(7),
    "drop elsewhere": lambda client: client.add_order_comment(7, "dropped"),
    "an error of requests": lambda client: requests.get("http://127.0.0.1:9/", timeout=1),
    "configuration": lambda client: StatusProClient("key", "nonsense"),
    "no room elsewhere": lambda client: raise_(RateLimitError(request_line="GET /statuses")),
}


def raise_(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("fail", HOOK_FAILURES.values(), ids=HOOK_FAILURES.keys())
def test_what_fails_in_a_hook_says_nothing_of_the_batch(
    fail: Callable[[StatusProClient], object],
) -> None:
    sandbox, client = local()
    sandbox.drop(method="POST", path="/orders/7/comment")

    def hook(response: Any, **keywords: Any) -> None:
        fail(client)

    hooked = client.with_options(hooks={"response": hook})
    with pytest.raises(BulkUpdateError) as caught:
        list(hooked.iter_bulk_update_order_status(range(1, 61), SHIPPED))
    assert outcome_of(caught.value) == {
        "uncertain": list(range(1, 51)),
        "not_sent": list(range(51, 61)),
    }


def test_a_hook_that_raises_what_the_service_said_of_the_batch() -> None:
    sandbox, client = local()
    sandbox.fail(422, path=BULK)

    def hook(response: Any, **keywords: Any) -> None:
        unwrap(response)

    hooked = client.with_options(hooks={"response": hook})
    with pytest.raises(BulkUpdateError) as caught:
        list(hooked.iter_bulk_update_order_status([1, 2], SHIPPED))
    assert outcome_of(caught.value) == {"refused": [1, 2]}


def test_what_an_adapter_of_the_callers_raises_leaves_the_batch_uncertain() -> None:
    class Adapter(BaseAdapter):
        def send(self, *args: Any, **keywords: Any) -> Any:
            raise ZeroDivisionError

        def close(self) -> None:
            """There is nothing to close."""

    client = StatusProClient("key", "https://shop.test", adapter=Adapter())
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status([1, 2], SHIPPED))
    assert outcome_of(caught.value) == {"uncertain": [1, 2]}


def test_what_fails_before_anything_is_sent_leaves_the_batch_unsent() -> None:
    def auth(request: Any) -> Any:
        raise ZeroDivisionError

    sandbox, client = local()
    client.auth = auth
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status([1, 2], SHIPPED))
    assert outcome_of(caught.value) == {"not_sent": [1, 2]}
    assert sandbox.requests == []


# Ids that are none, sources that fail ---------------------------------------------------------


@pytest.mark.parametrize("place", [0, 30, 50, 70, 119])
@pytest.mark.parametrize(("bad", "cause"), [("x", ValueError), (None, TypeError), (-1, ValueError)])
def test_a_bad_id_in_the_middle_of_a_generator(
    place: int, bad: Any, cause: type[Exception]
) -> None:
    sandbox, client = local()
    ids: list[Any] = list(range(1, 121))
    given = [*ids[:place], bad, *ids[place:], bad, 500]
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status(iter(given), SHIPPED))
    sent = place - place % 50
    assert batches_of(sandbox) == [ids[start : start + 50] for start in range(0, sent, 50)]
    told = {"accepted": ids[:sent], "not_sent": ids[sent:place]}
    assert outcome_of(caught.value) == {name: found for name, found in told.items() if found}
    assert isinstance(caught.value.__cause__, cause)


class AlwaysFailing:
    """A source that raises whenever it is asked, as few do."""

    def __init__(self, good: int, error: Exception) -> None:
        self._good = iter(range(1, good + 1))
        self._error = error

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        for one in self._good:
            return one
        raise self._error


@pytest.mark.parametrize("error", [ValueError("line 71"), TypeError(), OSError(), LookupError()])
def test_a_source_that_fails(error: Exception) -> None:
    sandbox, client = local()
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status(AlwaysFailing(70, error), SHIPPED))
    assert outcome_of(caught.value) == {
        "accepted": list(range(1, 51)),
        "not_sent": list(range(51, 71)),
    }
    assert caught.value.__cause__ is error
    assert len(batches_of(sandbox)) == 1


def test_a_source_is_not_read_on_after_the_service_failed() -> None:
    sandbox, client = local()
    sandbox.fail(500)
    ids = itertools.count(1)  # has no end
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status(ids, SHIPPED))
    assert outcome_of(caught.value) == {"uncertain": list(range(1, 51))}
    assert isinstance(caught.value.__cause__, ServerError)
    assert next(ids) == 51


def test_an_endless_source_that_gives_what_is_no_id() -> None:
    sandbox, client = local()
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status(itertools.cycle([1, 2, "x"]), SHIPPED))
    assert outcome_of(caught.value) == {"not_sent": [1, 2]}
    assert sandbox.requests == []


@pytest.mark.parametrize("status", [404, 422, 503])
@pytest.mark.parametrize("page", [1, 2])
def test_ids_of_a_list_whose_page_fails(waits: list[float], status: int, page: int) -> None:
    """A page that was refused says nothing of a batch that was not sent."""
    sandbox, client = local(90)
    newest_first = [id_at(place) for place in reversed(range(90))]

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        if record.method == "GET" and record.query["page"] == [str(page)]:
            return Response.of_json(status, {"message": "No."})
        return answer()

    answer_each(sandbox, respond)
    ids = (order["id"] for order in client.iter_orders(per_page=30))
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status(ids, SHIPPED))
    read = newest_first[: 30 * (page - 1)]
    assert outcome_of(caught.value) == ({"not_sent": read} if read else {})
    assert isinstance(caught.value.__cause__, APIError)
    assert batches_of(sandbox) == []


def test_ctrl_c_is_not_dressed_up() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    _, client = local()
    with pytest.raises(KeyboardInterrupt):
        list(client.iter_bulk_update_order_status(source(), SHIPPED))


def test_what_was_not_sent_can_be_sent_afterwards() -> None:
    sandbox, client = local()
    sandbox.fail(422, path=BULK)
    with pytest.raises(BulkUpdateError) as caught:
        list(client.iter_bulk_update_order_status(range(1, 131), ON_HOLD))
    rest = list(client.iter_bulk_update_order_status(caught.value.not_sent, ON_HOLD))
    assert [batch["order_ids"] for batch in rest] == [list(range(51, 101)), list(range(101, 131))]


# Many details ---------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 4, 9])
@pytest.mark.parametrize("form", [list, iter])
def test_orders_come_in_the_order_of_their_ids(
    workers: int, form: Callable[[Iterable[Any]], Iterable[Any]]
) -> None:
    sandbox, client = local(40)
    answer_slowly(sandbox, 0.004)
    known = [id_at(place) for place in range(40)]
    given = random.Random(1).sample([*known, *known[:5], 7, 8, 7], 48)
    found = list(client.get_orders(form([given[0], *map(str, given[1:])]), workers=workers))
    assert [number for number, _ in found] == given
    assert [order and order["id"] for _, order in found] == [
        number if number in known else None for number in given
    ]
    assert len(sandbox.requests) == 48


def test_no_ids_no_orders() -> None:
    sandbox, client = local()
    assert list(client.get_orders([])) == []
    assert sandbox.requests == []


def test_as_many_at_a_time_as_there_are_workers() -> None:
    sandbox, client = local(30)
    lock = threading.Lock()
    under_way, most = [0], [0]

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        pause(0.005)
        with lock:
            under_way[0] -= 1
        return answer()

    answer_each(sandbox, respond)
    list(client.get_orders(id_at(place) for place in range(30)))
    assert most[0] == 4


def test_ids_are_read_as_they_are_needed() -> None:
    sandbox, client = local(30)
    taken: list[int] = []
    source = noting(taken, map(id_at, range(30)))
    orders = client.get_orders(source, workers=3)
    assert (taken, sandbox.requests) == ([], [])
    next(orders)
    assert len(taken) <= 4
    orders.close()


@pytest.mark.parametrize(
    ("ids", "keywords", "error"),
    [
        ("12", {}, TypeError),
        (12, {}, TypeError),
        ([1, True], {}, TypeError),
        ([1, ".."], {}, ValueError),
        ([1], {"workers": 0}, ValueError),
        ([1], {"workers": 1.0}, TypeError),
    ],
)
def test_arguments_of_get_orders_are_refused_at_the_call(
    ids: Any, keywords: dict[str, Any], error: type[Exception]
) -> None:
    sandbox, client = local()
    with pytest.raises(error):
        client.get_orders(ids, **keywords)
    assert sandbox.requests == []


def running() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_an_error_comes_at_its_turn_and_leaves_no_thread(waits: list[float]) -> None:
    before = running()
    sandbox, client = local(30)
    ids = [id_at(place) for place in range(30)]
    sandbox.fail(403, path=f"/orders/{ids[10]}")
    orders = client.get_orders(ids)
    assert [next(orders)[0] for _ in range(10)] == ids[:10]
    with pytest.raises(PermissionDeniedError, match=str(ids[10])):
        next(orders)
    assert eventually(lambda: running() <= before)


def test_a_bad_id_in_a_generator_ends_it_and_leaves_no_thread() -> None:
    before = running()
    _, client = local(30)
    with pytest.raises(ValueError, match="order id"):
        list(client.get_orders(iter([*map(str, map(id_at, range(9))), "x"])))
    assert eventually(lambda: running() <= before)


@pytest.mark.parametrize("take", [0, 1, 10])
def test_a_loop_that_is_left_leaves_no_thread(take: int) -> None:
    before = running()
    sandbox, client = local(30)
    answer_slowly(sandbox, 0.01)
    orders = client.get_orders([id_at(place) for place in range(30)])
    for _ in range(take):
        next(orders)
    del orders
    assert eventually(lambda: running() <= before)
    assert len(sandbox.requests) <= take + 4


@pytest.mark.parametrize("workers", [1, 3, 20])
@pytest.mark.parametrize("ending", ["x", OSError("the file has ended")])
def test_what_was_fetched_is_handed_out_before_the_source_fails(
    workers: int, ending: str | Exception
) -> None:
    sandbox, client = local(30)
    ids = [id_at(place) for place in range(9)]

    def source() -> Iterator[Any]:
        yield from ids
        if isinstance(ending, Exception):
            raise ending
        yield ending

    orders = client.get_orders(source(), workers=workers)
    assert [next(orders)[0] for _ in ids] == ids
    with pytest.raises((ValueError, OSError), match=r"order id|the file has ended"):
        next(orders)
    assert len(sandbox.requests) == 9


def test_workers_see_the_context_variables_of_the_caller() -> None:
    request_id = ContextVar("request_id", default="none")
    client = local(30)[1]
    seen: list[str] = []
    client.hooks["response"] = [lambda response, **settings: seen.append(request_id.get())]
    request_id.set("of the caller")
    assert len(list(client.get_orders([id_at(place) for place in range(9)]))) == 9
    assert seen == ["of the caller"] * 9


def test_get_orders_keeps_to_the_budget() -> None:
    with Sandbox(40, rate_limit=10, period=0.5) as sandbox, sandbox.client() as client:
        found = list(client.get_orders([id_at(place) for place in range(40)], workers=8))
        assert all(order for _, order in found)
        assert (sandbox.counted, sandbox.refused) == (40, 0)
