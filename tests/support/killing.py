"""Bulk updates in processes that are killed, against a service in a process of its own."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from statuspro import BulkUpdateError, RateLimit, StatusProClient
from statuspro._http.transport import Transport
from statuspro.api.batches import batches
from statuspro.sandbox import DEFAULT_API_KEY, Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, SHIPPED
from statuspro.sandbox.messages import Record
from tests.support.paths import ROOT

COMMENT = "On its way"


class Figures(NamedTuple):
    """What became of it all.

    Attributes:
        kills: how many processes were killed at work.
        open_kills: how many of them left a batch whose outcome was not known.
        runs: how many times the update was begun, by processes and after dropped responses.
        calls: bulk calls that the service got.
        dropped: responses to bulk calls that were dropped.
        entries: how many orders have how many new entries in their history.
        mails: how many orders got how many mails.
    """

    kills: int
    open_kills: int
    runs: int
    calls: int
    dropped: int
    entries: dict[int, int]
    mails: dict[int, int]


def kill_and_go_on(
    folder: Path, *, orders: int, kills: int, queue_time: float, longest_life: float, seed: int
) -> Figures:
    """Begins an update again and again, kills it, and lets it come to its end at last.

    Args:
        folder: for the journal.
        orders: how many are updated.
        kills: how many processes are killed at the most, before the update is over.
        queue_time: seconds after which the update takes the service's queue for worked off.
        longest_life: seconds of work after which a process is killed at the latest.
        seed: of the random moments.
    """
    with _process("serve", orders, seed) as service:
        url, ids = json.loads(_line(service))
        arguments = (url, ids, str(folder / "journal"), queue_time, kills, longest_life, seed)
        with _process("endure", *arguments) as parent:
            killed, still_open, runs = json.loads(parent.communicate(timeout=600)[0])
        told = json.loads(service.communicate("report\n", timeout=60)[0])
    calls, dropped, *counts = told
    entries, mails = ({int(key): each[key] for key in each} for each in counts)
    return Figures(killed, still_open, runs, calls, dropped, entries, mails)


def kill_at_each_step(folder: Path, *, queue_time: float) -> tuple[int, Figures]:
    """Kills an update at each of its steps, the first to begin with, and lets another end it.

    A step is a moment before, in the middle of or after a write to the disk, or before a request or
    after its response. Each update is one of three orders.

    Returns:
        How many steps there were, and what became of it all.
    """
    with _process("serve", 300, None) as service:
        url, ids = json.loads(_line(service))
        with _process("endure_each_step", url, ids, str(folder), queue_time) as parent:
            steps, updated = json.loads(parent.communicate(timeout=600)[0])
        told = json.loads(service.communicate("report\n", timeout=60)[0])
    calls, dropped, *counts = told
    entries, mails = ({int(key): each[key] for key in each} for each in counts)
    for each in (entries, mails):
        each[0] -= 300 - updated  # the rest was not to be updated
    return steps, Figures(steps, 0, steps, calls, dropped, entries, mails)


def _process(*arguments: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__, json.dumps(arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _is_open(journal: Path) -> bool:
    """Whether the last batch in the journal was sent, with an outcome that is not known."""
    lines = journal.read_bytes().splitlines() if journal.exists() else []
    return bool(lines) and b'"sent"' in lines[-1]


# In processes of their own ----------------------------------------------------------------------


def serve(orders: int, seed: int | None) -> None:
    """A service that works off its queue later.

    With a seed it also takes its time, and drops some responses.
    """
    rng = random.Random(seed)
    calls, dropped = [0], [0]
    delay = 0.05 if seed is None else 0.3
    with Sandbox(0, bulk_delay=delay, enforce_viable=False) as sandbox:
        ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(orders)]

        def meet(record: Record) -> None:
            calls[0] += record.method == "POST"
            if record.method == "POST" and seed is not None:
                time.sleep(rng.uniform(0, 0.1))
                fault = rng.random()
                if fault < 0.1:
                    sandbox.drop(applied=fault < 0.05)
                    dropped[0] += 1
                elif fault < 0.5:
                    sandbox.slow(rng.uniform(0, 0.2))

        sandbox.on_request = meet
        print(json.dumps([sandbox.base_url, ids]), flush=True)
        sys.stdin.readline()
        sandbox.flush()
        entries = Counter(len(sandbox.order(order_id).history) for order_id in ids)
        mailed = Counter(mail.order_id for mail in sandbox.mails)
        mails = Counter(mailed[order_id] for order_id in ids)
        print(json.dumps([calls[0], dropped[0], entries, mails]), flush=True)


def endure(
    url: str,
    ids: list[int],
    journal: str,
    queue_time: float,
    kills: int,
    longest_life: float,
    seed: int,
) -> None:
    """A parent whose children update all orders; it kills them, one after another."""
    rng = random.Random(seed)
    killed, still_open, log = 0, 0, Path(f"{journal}.runs")
    is_over = False
    while not is_over:
        child = os.fork()
        if not child:
            update(url, ids, journal, queue_time, log)
        if killed < kills:
            time.sleep(rng.uniform(0, longest_life))
            os.kill(child, signal.SIGKILL)
        is_over = os.WIFEXITED(os.waitpid(child, 0)[1])
        if not is_over:
            killed += 1
            still_open += _is_open(Path(journal))
    print(json.dumps([killed, still_open, log.read_bytes().count(b".")]))


def endure_each_step(url: str, ids: list[int], folder: str, queue_time: float) -> None:
    """A parent whose children kill themselves, each at a later step than the one before."""
    for step in itertools.count(1):
        some = ids[3 * step - 3 : 3 * step]
        assert some, "there are not enough orders"
        journal = f"{folder}/journal-{step}"
        if not (child := os.fork()):
            KilledAt(step).watch()
            update(url, some, journal, queue_time, Path(f"{journal}.runs"))
        if os.WIFEXITED(os.waitpid(child, 0)[1]):  # it had no such step
            print(json.dumps([step - 1, 3 * step]))
            return
        if not (child := os.fork()):
            update(url, some, journal, queue_time, Path(f"{journal}.runs"))
        assert os.waitpid(child, 0)[1] == 0


class KilledAt:
    """Kills this process at one of its steps.

    Args:
        step: its number, from 1.
    """

    def __init__(self, step: int) -> None:
        self._left = step

    def watch(self) -> None:
        """Counts from now on."""
        write, fsync, send = os.write, os.fsync, Transport.send

        def watched_write(descriptor: int, data: bytes) -> int:
            self.step()
            self.step(lambda: write(descriptor, data[: len(data) // 2]))
            count = write(descriptor, data)
            self.step()
            return count

        def watched_fsync(descriptor: int) -> None:
            fsync(descriptor)
            self.step()

        def watched_send(*args: Any, **options: Any) -> Any:
            self.step()
            response = send(*args, **options)
            self.step()
            return response

        os.__dict__.update(write=watched_write, fsync=watched_fsync)
        setattr(Transport, "send", watched_send)  # noqa: B010 - mypy knows it as a method

    def step(self, last: Callable[[], object] = lambda: None) -> None:
        self._left -= 1
        if not self._left:
            last()
            os.kill(os.getpid(), signal.SIGKILL)


def update(url: str, ids: list[int], journal: str, queue_time: float, log: Path) -> NoReturn:
    """The whole life of a process that updates all orders, if it is not killed before."""
    limit = RateLimit(requests=10_000, bulk=4, period=0.2)
    client = StatusProClient(DEFAULT_API_KEY, url, rate_limit=limit, trust_env=False)
    change = {"status_code": SHIPPED, "comment": COMMENT}
    while True:
        with log.open("a") as file:
            file.write(".")
        try:
            for _ in batches(client, ids, change, journal, queue_time):
                pass
        except BulkUpdateError:
            continue
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)


if __name__ == "__main__":
    what, *values = json.loads(sys.argv[1])
    if what == "serve":
        serve(*values)
    elif what == "endure":
        endure(*values)
    else:
        endure_each_step(*values)
