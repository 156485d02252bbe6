"""Bulk updates in processes that are killed, against a service in a process of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from statuspro import BulkUpdateError, RateLimit, StatusProClient
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


def serve(orders: int, seed: int) -> None:
    """A service that takes its time, drops some responses, and works off its queue later."""
    rng = random.Random(seed)
    calls, dropped = [0], [0]
    with Sandbox(0, bulk_delay=0.3, enforce_viable=False) as sandbox:
        ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(orders)]

        def meet(record: Record) -> None:
            if record.method == "POST":
                calls[0] += 1
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
    else:
        endure(*values)
