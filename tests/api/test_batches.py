"""A bulk update with a journal: it goes on after a kill, and sends nothing twice."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requests.adapters import BaseAdapter

from statuspro import (
    BulkUpdateError,
    ConfigurationError,
    RateLimit,
    ServerError,
    StatusProClient,
    StatusProError,
)
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, ON_HOLD, SHIPPED
from statuspro.sandbox.messages import Record
from tests.support.killing import kill_and_go_on, kill_at_each_step

BULK = "/orders/bulk-status"


class Shop:
    """A sandbox without sockets, its client, and a journal.

    Attributes:
        ids: of 120 orders.
    """

    def __init__(self, journal: Path) -> None:
        self.sandbox = Sandbox(0, bulk_delay=3600, enforce_viable=False)
        self.ids = [self.sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(120)]
        self.client = self.sandbox.client(adapter=self.sandbox.adapter())
        self.journal = journal

    def update(self, ids: Any = None, **options: Any) -> Iterator[Any]:
        options = {"status_code": SHIPPED, "journal": self.journal, **options}
        return self.client.iter_bulk_update_order_status(
            self.ids if ids is None else ids, **options
        )

    @property
    def sent(self) -> list[list[int]]:
        """The ids of each bulk call that arrived."""
        calls = [record for record in self.sandbox.requests if record.method == "POST"]
        return [record.json()["order_ids"] for record in calls]

    @property
    def reads(self) -> int:
        return sum(record.method == "GET" for record in self.sandbox.requests)

    @property
    def steps(self) -> list[tuple[str, int]]:
        """The steps in the journal, each with its first id."""
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()[1:]]
        return [(line["step"], line["order_ids"][0]) for line in lines]

    def mails(self) -> dict[int, int]:
        """How many orders got how many mails, when the queue has been worked off."""
        self.sandbox.flush()
        mailed = [mail.order_id for mail in self.sandbox.mails]
        counts = [mailed.count(order_id) for order_id in self.ids]
        return {count: counts.count(count) for count in set(counts)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "journal")


def stop(update: Iterator[Any]) -> BulkUpdateError:
    with pytest.raises(BulkUpdateError) as caught:
        list(update)
    return caught.value


def outcome_of(error: BulkUpdateError) -> dict[str, list[int]]:
    names = ("accepted", "uncertain", "refused", "not_sent")
    return {name: getattr(error, name) for name in names if getattr(error, name)}


# When a step is written -----------------------------------------------------------------------


def test_a_batch_is_in_the_journal_before_it_is_sent_and_after_the_response(shop: Shop) -> None:
    seen: list[Any] = []
    shop.sandbox.on_request = lambda record: seen.append(shop.steps[-1])
    for batch in shop.update():
        seen.append(shop.steps[-1])
        assert batch["order_ids"][0] == seen[-1][1]
    firsts = [shop.ids[place] for place in (0, 50, 100)]
    assert seen == [(step, first) for first in firsts for step in ("sent", "accepted")]


def test_a_batch_that_waits_for_the_budget_is_not_sent_yet(shop: Shop) -> None:
    seen: list[Any] = []
    with (
        shop.sandbox,
        shop.sandbox.client(
            rate_limit=RateLimit(requests=60, bulk=1, period=0.3),
            on_wait=lambda seconds, reason: seen.append(shop.steps[-1]),
        ) as shop.client,
    ):
        assert len(list(shop.update())) == 3
    assert seen == [("accepted", shop.ids[0]), ("accepted", shop.ids[50])]


@pytest.mark.parametrize("is_paced", [True, False])
def test_a_batch_that_was_refused_for_its_number_is_not_sent_while_it_waits(
    shop: Shop, is_paced: bool
) -> None:
    seen: list[Any] = []
    shop.sandbox.fail(429, retry_after=0.2)
    with (
        shop.sandbox,
        shop.sandbox.client(
            rate_limit=RateLimit(period=0.3) if is_paced else None,
            on_wait=lambda seconds, reason: seen.append(shop.steps[-1]),
        ) as shop.client,
    ):
        list(shop.update(shop.ids[:2]))
    assert seen == [("not_sent", shop.ids[0])]
    assert [step for step, _ in shop.steps] == ["sent", "not_sent", "sent", "accepted"]


def test_a_hook_that_sends_something_else_writes_nothing(shop: Shop) -> None:
    def hook(response: Any, **keywords: Any) -> None:
        if response.request.url.endswith(BULK):
            shop.client.with_options(hooks={}).add_order_comment(shop.ids[0], "Sent by a hook")

    plain, shop.client = shop.client, shop.client.with_options(hooks={"response": hook})
    list(shop.update(shop.ids[:2]))
    assert plain is not shop.client
    assert [step for step, _ in shop.steps] == ["sent", "accepted"]


def test_an_adapter_of_the_callers_is_handed_what_is_in_the_journal(shop: Shop) -> None:
    class Adapter(BaseAdapter):
        def send(self, *args: Any, **keywords: Any) -> Any:
            assert shop.steps == [("sent", 7)]
            raise ZeroDivisionError

        def close(self) -> None:
            """There is nothing to close."""

    shop.client = StatusProClient("key", "https://shop.test", adapter=Adapter())
    assert outcome_of(stop(shop.update([7, 8]))) == {"uncertain": [7, 8]}
    assert shop.steps == [("sent", 7)]


def test_without_a_journal_there_is_no_file(shop: Shop, tmp_path: Path) -> None:
    assert len(list(shop.update(journal=None))) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("journal", "error"), [(5, TypeError), ("", ValueError)])
def test_what_is_no_path_is_refused_at_the_call(
    shop: Shop, journal: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="journal must"):
        shop.update(journal=journal)


def test_a_journal_of_another_update_is_refused_before_anything_is_sent(shop: Shop) -> None:
    list(shop.update(notify=False, comment="For Ann"))
    before = len(shop.sandbox.requests)
    others: list[dict[str, Any]] = [
        {"status_code": ON_HOLD},
        {"notify": True},
        {"notify": None},
        {"comment": "For Bob"},
        {"public": True},
    ]
    for options in others:
        with pytest.raises(ConfigurationError, match="is of another bulk update"):
            next(shop.update(**{"notify": False, "comment": "For Ann", **options}))
    with pytest.raises(ConfigurationError, match="email_customer is False there and not given"):
        next(shop.update(comment="For Ann"))
    assert len(shop.sandbox.requests) == before
    off = {"email_customer": False, "email_additional": False}  # as notify=False says it
    assert list(shop.update(comment="For Ann", **off)) == []


# Going on -------------------------------------------------------------------------------------


def test_what_was_accepted_is_skipped(shop: Shop) -> None:
    first = shop.update()
    assert next(first)["accepted_total"] == 50
    first.close()  # type: ignore[attr-defined]
    rest = list(shop.update())
    assert [batch["accepted_total"] for batch in rest] == [100, 120]
    assert list(shop.update()) == []
    assert shop.sent == [shop.ids[:50], shop.ids[50:100], shop.ids[100:]]


def test_the_same_journal_takes_more_ids(shop: Shop) -> None:
    list(shop.update(shop.ids[:70]))
    more = list(shop.update(iter(shop.ids[20:])))
    assert [batch["order_ids"] for batch in more] == [shop.ids[70:]]
    assert more[0]["accepted_total"] == 100
    assert shop.mails() == {1: 120}


def test_a_journal_that_is_in_use_is_refused(shop: Shop) -> None:
    first = shop.update()
    list_of_first = [next(first)]
    with pytest.raises(StatusProError, match="is in use"):
        next(shop.update())
    list_of_first += first
    assert len(list_of_first) == 3
    assert list(shop.update()) == []


@pytest.mark.parametrize("is_forgotten", [True, False])
def test_an_update_that_is_left_frees_its_journal(shop: Shop, is_forgotten: bool) -> None:
    first = shop.update()
    next(first)
    if is_forgotten:
        del first
    else:
        first.close()  # type: ignore[attr-defined]
    assert len(list(shop.update())) == 2


def test_a_relative_journal_stays_where_it_was_when_the_loop_changes_the_folder(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    update = shop.update(journal="journal")
    monkeypatch.chdir("other")
    next(update)
    monkeypatch.chdir("/")
    assert len(list(update)) == 2
    assert list(shop.update()) == []


def test_a_failure_without_uncertain_ids_advises_nothing_about_them(shop: Shop) -> None:
    error = stop(shop.update(iter([*shop.ids[:50], "x"])))
    assert "50 orders were accepted, 0 are uncertain, 0 were refused" in str(error)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed")
def test_a_journal_that_was_removed_is_not_advised_again(shop: Shop) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    stop(shop.update(shop.ids[:5]))
    update = shop.update()
    next(update)
    shop.journal.unlink()
    error = stop(update)
    assert error.uncertain == shop.ids[:5]
    assert "5 are uncertain (read them back before sending them again)" in str(error)
    assert "Begin it with those that were not sent." in str(error)
    assert error.not_sent == shop.ids[55:]


def test_an_update_that_was_not_begun_keeps_no_journal(shop: Shop) -> None:
    idle = shop.update()
    assert not shop.journal.exists()
    assert len(list(shop.update())) == 3
    assert list(idle) == []


def test_a_batch_whose_response_was_lost_is_found_in_the_histories(
    shop: Shop, waits: list[float]
) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    error = stop(shop.update())
    assert outcome_of(error) == {"uncertain": shop.ids[:50], "not_sent": shop.ids[50:]}
    assert f"run it again with the journal {shop.journal}, which finds out" in str(error)
    shop.sandbox.flush()
    rest = list(shop.update())
    assert [batch["order_ids"] for batch in rest] == [
        shop.ids[50:100],
        shop.ids[100:],
        shop.ids[:50],
    ]
    assert [batch["accepted_total"] for batch in rest] == [50, 70, 120]
    assert rest[2]["count"] == 50
    assert "histories show" in rest[2]["message"]
    assert shop.steps[-1] == ("found", shop.ids[0])
    assert (len(shop.sent), shop.reads) == (3, 50)
    assert list(shop.update()) == []
    assert shop.mails() == {1: 120}
    assert len(waits) == 1
    assert 55 < waits[0] <= 60


def test_a_batch_that_was_lost_is_sent_again(shop: Shop, waits: list[float]) -> None:
    shop.sandbox.drop(applied=False, path=BULK)
    stop(shop.update())
    rest = list(shop.update())
    assert [batch["order_ids"] for batch in rest][2] == shop.ids[:50]
    assert [batch["accepted_total"] for batch in rest] == [50, 70, 120]
    assert shop.sent == [shop.ids[:50], shop.ids[50:100], shop.ids[100:], shop.ids[:50]]
    assert shop.mails() == {1: 120}


def test_only_those_that_show_no_trace_are_sent_again(shop: Shop, waits: list[float]) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    stop(shop.update(shop.ids[:5]))
    shop.sandbox.flush()
    shop.sandbox.remove_order(shop.ids[1])
    lost = shop.ids[3]
    history = shop.sandbox._store._orders[lost].history
    history.clear()
    shop.sandbox.set_status(lost, IN_PRODUCTION)
    rest = list(shop.update(shop.ids[:5]))
    found = [shop.ids[place] for place in (0, 2, 4)]
    assert [batch["order_ids"] for batch in rest] == [found, [shop.ids[1], lost]]
    assert [batch["accepted_total"] for batch in rest] == [3, 5]


def test_a_batch_that_is_lost_twice_is_compared_with_when_it_was_first_sent(
    shop: Shop, waits: list[float]
) -> None:
    """What was sent first may have been applied late."""
    shop.sandbox.drop(2, applied=False, path=BULK)
    stop(shop.update(shop.ids[:2]))
    stop(shop.update(shop.ids[:2]))
    lines = [json.loads(line) for line in shop.journal.read_text().splitlines()]
    assert [line.get("step") for line in lines] == [None, "sent", "sent"]
    lines[1]["at"] -= 100
    shop.journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for order_id in shop.ids[:2]:
        shop.client.update_order_status(order_id, SHIPPED)
        history = shop.sandbox._store._orders[order_id].history
        history[-1] = history[-1]._replace(time=history[-1].time - 50)
    (batch,) = shop.update(shop.ids[:2])
    assert "histories show" in batch["message"]


def test_the_wait_ends_a_minute_after_the_batch_was_sent(shop: Shop, waits: list[float]) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    stop(shop.update(shop.ids[:2]))
    shop.sandbox.flush()
    lines = [json.loads(line) for line in shop.journal.read_text().splitlines()]
    lines[1]["at"] -= 45
    shop.journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    list(shop.update(shop.ids[:2]))
    assert len(waits) == 1
    assert 12 < waits[0] <= 15


def test_what_was_sent_long_ago_is_read_back_at_once(shop: Shop, waits: list[float]) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    stop(shop.update(shop.ids[:2]))
    shop.sandbox.flush()
    lines = [json.loads(line) for line in shop.journal.read_text().splitlines()]
    lines[1]["at"] -= 3600
    shop.journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (batch,) = shop.update(shop.ids[:2])
    assert batch["order_ids"] == shop.ids[:2]
    assert waits == []


def test_a_clock_that_was_set_back_makes_the_wait_no_longer_than_a_minute(
    shop: Shop, waits: list[float]
) -> None:
    shop.sandbox.drop(applied=False, path=BULK)
    stop(shop.update(shop.ids[:2]))
    lines = [json.loads(line) for line in shop.journal.read_text().splitlines()]
    lines[1]["at"] += 7200
    shop.journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    list(shop.update(shop.ids[:2]))
    assert waits == [60.0]


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        ({"max_wait": 10.0}, "longer than max_wait allows (10 s): run it again then"),
        ({"deadline": 20.0}, "longer than the deadline allows (20 s): run it again then"),
    ],
)
def test_a_wait_that_the_client_does_not_allow_is_told(
    shop: Shop, waits: list[float], bound: dict[str, float], told: str
) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    stop(shop.update())
    shop.client = shop.client.with_options(**bound)  # type: ignore[arg-type]
    error = stop(shop.update())
    assert outcome_of(error) == {"accepted": shop.ids[50:], "uncertain": shop.ids[:50]}
    assert told in str(error)
    assert error.__cause__ is None
    assert waits == []
    assert shop.reads == 0


def test_a_read_that_fails_leaves_them_uncertain(shop: Shop, waits: list[float]) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    stop(shop.update(shop.ids[:5]))
    shop.sandbox.flush()
    shop.sandbox.fail(500, 99, path=f"/orders/{shop.ids[2]}")
    error = stop(shop.update(shop.ids[:5]))
    assert outcome_of(error) == {"uncertain": shop.ids[:5]}
    assert isinstance(error.__cause__, ServerError)
    shop.sandbox.clear_faults()
    (batch,) = shop.update(shop.ids[:5])
    assert batch["order_ids"] == shop.ids[:5]


def test_an_unclear_history_is_told_when_all_else_is_done(shop: Shop, waits: list[float]) -> None:
    shop.sandbox.drop(applied=True, path=BULK)
    stop(shop.update(shop.ids[:5], comment="Packed"))
    shop.sandbox.flush()
    other = shop.sandbox._store._orders[shop.ids[1]].history
    other[-1] = other[-1]._replace(comment="Packed by another caller")
    update = shop.update(shop.ids[:7], comment="Packed")
    done = [next(update)["order_ids"] for _ in range(2)]
    assert done == [shop.ids[5:7], [shop.ids[place] for place in (0, 2, 3, 4)]]
    error = stop(update)
    assert error.uncertain == [shop.ids[1]]
    assert sorted(error.accepted) == sorted({*shop.ids[:7]} - {shop.ids[1]})
    assert (error.refused, error.not_sent, error.__cause__) == ([], [], None)
    assert "read them back before sending them again" in str(error)
    assert "Packed" not in str(error)
    assert len(shop.sent) == 2


@pytest.mark.parametrize("status", [401, 422])
def test_what_was_refused_is_sent_again(shop: Shop, status: int) -> None:
    shop.sandbox.fail(status, path=BULK)
    error = stop(shop.update())
    assert outcome_of(error) == {"refused": shop.ids[:50], "not_sent": shop.ids[50:]}
    assert [step for step, _ in shop.steps] == ["sent", "refused"]
    assert len(list(shop.update())) == 3
    assert shop.reads == 0


def test_what_never_left_is_sent_again_without_being_read_back(
    shop: Shop, waits: list[float]
) -> None:
    url = "http://127.0.0.1:9/api/v1"
    shop.client = StatusProClient("key", url, max_retries=1, rate_limit=None, trust_env=False)
    assert outcome_of(stop(shop.update(shop.ids[:5]))) == {"not_sent": shop.ids[:5]}
    assert [step for step, _ in shop.steps] == ["sent", "not_sent"] * 2
    shop.client = shop.sandbox.client(adapter=shop.sandbox.adapter(), base_url=url)
    assert len(list(shop.update(shop.ids[:5]))) == 1
    assert shop.reads == 0


def test_a_source_that_fails_in_a_later_run(shop: Shop) -> None:
    next(shop.update())

    def source() -> Iterator[int]:
        yield from shop.ids[:60]
        raise ZeroDivisionError

    error = stop(shop.update(source()))
    assert outcome_of(error) == {"accepted": shop.ids[:50], "not_sent": shop.ids[50:60]}
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_a_failure_tells_each_id_of_a_collection_once(shop: Shop, waits: list[float]) -> None:
    next(shop.update())
    shop.sandbox.drop(applied=True, path=BULK)
    assert outcome_of(stop(shop.update())) == {
        "accepted": shop.ids[:50],
        "uncertain": shop.ids[50:100],
        "not_sent": shop.ids[100:],
    }
    shop.sandbox.fail(403, path=BULK)
    assert outcome_of(stop(shop.update())) == {
        "accepted": shop.ids[:50],
        "uncertain": shop.ids[50:100],
        "refused": shop.ids[100:],
    }


# A disk that is full --------------------------------------------------------------------------


def fail_to_write(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        if f'"step":"{step}"'.encode() in data:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)


def test_nothing_is_sent_that_the_journal_cannot_say(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_to_write(monkeypatch, "sent")
    error = stop(shop.update())
    assert outcome_of(error) == {"not_sent": shop.ids}
    assert isinstance(error.__cause__, OSError)
    assert "The journal cannot be written: No space left on device" in str(error)
    assert shop.sent == []
    monkeypatch.undo()
    assert len(list(shop.update())) == 3


def test_a_response_that_the_journal_cannot_say_is_found_out_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    fail_to_write(monkeypatch, "accepted")
    error = stop(shop.update())
    assert outcome_of(error) == {"accepted": shop.ids[:50], "not_sent": shop.ids[50:]}
    assert isinstance(error.__cause__, OSError)
    monkeypatch.undo()
    monkeypatch.setattr("statuspro._http.call.time.sleep", waits.append)
    shop.sandbox.flush()
    assert list(shop.update())[-1]["order_ids"] == shop.ids[:50]
    assert shop.mails() == {1: 120}


# Ctrl-C ---------------------------------------------------------------------------------------


def interrupted(shop: Shop, ids: list[int], journal: Path | None) -> KeyboardInterrupt:
    """Ctrl-C while the second batch is on its way."""

    def interrupt(record: Record) -> None:
        if record.method == "POST" and len(shop.sent) == 2:
            shop.sandbox.slow(0.5)
            os.kill(os.getpid(), signal.SIGINT)

    shop.sandbox.on_request = interrupt
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (
            shop.sandbox,
            shop.sandbox.client() as shop.client,
            pytest.raises(KeyboardInterrupt) as caught,
        ):
            list(shop.update(ids, journal=journal))
    finally:
        signal.signal(signal.SIGINT, before)
        shop.sandbox.on_request = None
    return caught.value


def notes_of(error: BaseException) -> str:
    return " ".join(getattr(error, "__notes__", []))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_ctrl_c_says_which_ids_are_uncertain(shop: Shop) -> None:
    told = notes_of(interrupted(shop, shop.ids[:53], shop.journal))
    uncertain = ", ".join(map(str, shop.ids[50:53]))
    advice = f"run it again with the journal {shop.journal}, which finds out"
    assert f"50 orders were accepted, 3 are uncertain ({advice}): {uncertain}." in told


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_ctrl_c_without_a_journal_says_so_too(shop: Shop) -> None:
    told = notes_of(interrupted(shop, shop.ids[:53], None))
    assert "3 are uncertain (read them back before sending them again)" in told


def test_after_ctrl_c_the_next_run_finds_out(shop: Shop, waits: list[float]) -> None:
    interrupted(shop, shop.ids, shop.journal)
    assert shop.steps[-1] == ("sent", shop.ids[50])
    shop.sandbox.flush()
    adapter, url = shop.sandbox.adapter(), shop.client.base_url
    shop.client = shop.sandbox.client(adapter=adapter, base_url=url)
    rest = list(shop.update())
    assert [batch["order_ids"] for batch in rest] == [shop.ids[100:], shop.ids[50:100]]
    assert shop.mails() == {1: 120}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_ctrl_c_in_a_wait_says_that_none_is_uncertain(shop: Shop) -> None:
    def interrupt(seconds: float, reason: str) -> None:
        raise KeyboardInterrupt

    limit = RateLimit(requests=60, bulk=1, period=60.0)
    with (
        shop.sandbox,
        shop.sandbox.client(rate_limit=limit, on_wait=interrupt) as shop.client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        list(shop.update())
    assert "50 orders were accepted, none are uncertain." in notes_of(caught.value)
    assert shop.steps[-1] == ("accepted", shop.ids[0])


# Killed ---------------------------------------------------------------------------------------


def test_an_update_that_is_killed_again_and_again_changes_each_order_once(tmp_path: Path) -> None:
    figures = kill_and_go_on(
        tmp_path, orders=200, kills=14, queue_time=0.7, longest_life=0.3, seed=3
    )
    assert (figures.entries, figures.mails) == ({1: 200}, {1: 200}), figures
    assert figures.open_kills, figures


def test_an_update_that_is_killed_at_any_step_changes_each_order_once(tmp_path: Path) -> None:
    steps, figures = kill_at_each_step(tmp_path, queue_time=0.3)
    assert steps >= 15
    for counts in (figures.entries, figures.mails):
        assert {count: orders for count, orders in counts.items() if orders} == {1: 3 * steps + 3}


@pytest.mark.limits
def test_a_thousand_orders_and_two_hundred_kills(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = kill_and_go_on(
        tmp_path, orders=1000, kills=200, queue_time=0.7, longest_life=0.12, seed=1
    )
    with capsys.disabled():
        print(figures)
    assert (figures.entries, figures.mails) == ({1: 1000}, {1: 1000}), figures
    assert figures.open_kills > 20, figures
