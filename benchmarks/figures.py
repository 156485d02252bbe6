"""The figures: who runs against whom, how often, and what must come out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from benchmarks import jobs as jobs_in_requests
from benchmarks.contestants import KEY, ORDER_ID
from benchmarks.processes import (
    OTHER_CLIENT,
    Bench,
    NotAvailableError,
    other_environment,
    redis_server,
)
from benchmarks.results import Measure, Result, Row, median_of, median_ratio, take_turns

MIB = 2**20

_OTHER = "statuspro_public_api_client"

#: This library as pip installs it, without an extra and with one.
_PLAIN, _SPEED = "statuspro", "statuspro[speed]"

#: One program each, from the start of Python to its end.
_BARE_PROCESS = f"""
import requests
session = requests.Session()
session.headers["Authorization"] = "Bearer {KEY}"
session.get("{{base_url}}/orders/{ORDER_ID}").json()
"""
_OUR_PROCESS = f"""
from statuspro import StatusProClient
StatusProClient("{KEY}", "{{base_url}}").get_order({ORDER_ID})
"""


_BARE_STATUSES = f"""
import json, requests
headers = {{{{"Authorization": "Bearer {KEY}", "Accept": "application/json"}}}}
response = requests.get("{{base_url}}/statuses", headers=headers, timeout=30)
response.raise_for_status()
print(json.dumps(response.json(), indent=2))
"""
#: What the script does that pip installs.
_COMMAND = """
import os, sys
from statuspro.cli import main
os.environ |= {environ!r}
sys.argv[1:] = {arguments!r}
sys.exit(main())
"""


def calls(bench: Bench) -> Result:
    """One `get_order` after the other, pacing on."""
    amount, rounds = (200, 3) if bench.is_quick else (2000, 15)
    run = partial(bench.run, amount=amount, warm_up=amount // 10)
    samples = take_turns(_both(run, "get"), rounds)
    return Result(_wall_and_cpu("one get_order, pacing on", samples, 0.50, per=amount))


def stream(bench: Bench) -> Result:
    """A walk over the orders, each used as it comes."""
    orders, rounds = (2_000, 3) if bench.is_quick else (100_000, 15)
    title = f"streaming {orders:,} orders"
    return Result(_walks(bench, "stream", title, orders, rounds, {_PLAIN: 0.85, _SPEED: 0.60}))


def list_(bench: Bench) -> Result:
    """All orders as one list."""
    orders, rounds = (2_000, 3) if bench.is_quick else (100_000, 11)
    title = f"list_orders of {orders:,}"
    return Result(_walks(bench, "list", title, orders, rounds, {_PLAIN: 0.85, _SPEED: 0.70}))


def memory(bench: Bench) -> Result:
    """The most memory that a stream takes."""
    orders, rounds = (2_000, 2) if bench.is_quick else (100_000, 5)
    samples = take_turns(_both(partial(bench.walk, orders=orders), "stream"), rounds)
    peaks = {name: median_of(found, "memory") / MIB for name, found in samples.items()}
    return Result(
        [
            Row(
                f"peak memory of streaming {orders:,} orders, beyond the import",
                peaks["statuspro"],
                "MiB",
                bound=12,
                medians={name: f"{peak:.1f} MiB" for name, peak in peaks.items()},
            )
        ]
    )


def first(bench: Bench) -> Result:
    """How soon a walk gives its first order."""
    sent = bench.run("statuspro:first", orders=10_000)["done"]
    return Result([Row("requests until the first order is in hand", sent, "", bound=1)])


def prefetch(bench: Bench) -> Result:
    """Pages fetched ahead over a slow line."""
    pages, rounds = (12, 1) if bench.is_quick else (100, 3)
    walk = partial(bench.walk, "statuspro:stream", pages * 100, latency=100)
    samples = take_turns(
        {"prefetch=0": partial(walk, prefetch=0), "prefetch=4": partial(walk, prefetch=4)}, rounds
    )
    return Result(
        [
            Row(
                f"{pages} pages with 100 ms of latency, prefetch=4 against 0",
                median_ratio(samples["prefetch=0"], samples["prefetch=4"], "wall"),
                "× faster",
                "at least",
                3.5,
                {name: _time(median_of(found, "wall")) for name, found in samples.items()},
            )
        ]
    )


def import_(bench: Bench) -> Result:
    """The import of the client, in a new process each time."""
    # The public names import their modules when they are asked for; the client needs nearly all.
    modules = {"requests": "requests", "statuspro": "statuspro.client"}
    contestants = {name: partial(bench.time_import, module) for name, module in modules.items()}
    take_turns(contestants, 1)  # compiles the modules
    samples = take_turns(contestants, 5 if bench.is_quick else 61)
    return Result(_wall_and_cpu("import of the client", samples, 1.15))


def process(bench: Bench) -> Result:
    """Start, import, client, one GET, exit."""
    base_url = bench.base_url(100)
    contestants = {
        "requests": partial(bench.time_process, _BARE_PROCESS.format(base_url=base_url)),
        "statuspro": partial(bench.time_process, _OUR_PROCESS.format(base_url=base_url)),
    }
    take_turns(contestants, 1)  # compiles the modules
    samples = take_turns(contestants, 5 if bench.is_quick else 61)
    return Result(_wall_and_cpu("whole process with one GET", samples, 1.10))


def shell(bench: Bench) -> Result:
    """Commands of the shell, from the start of Python to its end."""
    url, state = bench.base_url(100), str(bench.folder / "state")
    environ = {"STATUSPRO_API_KEY": KEY, "STATUSPRO_BASE_URL": url, "XDG_STATE_HOME": state}
    pairs = {
        "statuspro --version, against `import requests`": ("import requests", ["--version"], 0.80),
        "statuspro statuses --json, against a script of bare requests": (
            _BARE_STATUSES.format(base_url=url),
            ["statuses", "--json"],
            1.25,
        ),
    }
    rows: list[Row] = []
    for title, (bare, arguments, bound) in pairs.items():
        command = _COMMAND.format(environ=environ, arguments=arguments)
        contestants = {
            "requests": partial(bench.time_process, bare),
            "statuspro": partial(bench.time_process, command),
        }
        take_turns(contestants, 1)  # compiles the modules
        rows += _wall_and_cpu(title, take_turns(contestants, 5 if bench.is_quick else 61), bound)
    return Result(rows)


def other(bench: Bench) -> Result:
    """Another client of the same service, in an environment of its own on Python 3.12."""
    amount, orders, rounds = (50, 5_000, 1) if bench.is_quick else (500, 100_000, 5)
    titles = (
        f"{OTHER_CLIENT}: one order",
        f"{OTHER_CLIENT}: {orders:,} orders, by its default 15 a page",
        f"{OTHER_CLIENT}: {orders:,} orders, 100 a page",
    )
    bounds = (2, 8, None)
    try:
        python = other_environment(bench.folder)
    except NotAvailableError as error:
        note = f"not measured: {error}"
        rows = [
            Row(title, None, "× slower", "at least", bound, note=note)
            for title, bound in zip(titles, bounds, strict=True)
        ]
        return Result(rows)
    get = partial(bench.run, amount=amount, warm_up=amount // 10, python=python)
    walk = partial(bench.walk, orders=orders, python=python)
    # It has no way to walk but to list all.
    whole_list = partial(walk, f"{_OTHER}:list")
    contestants: list[dict[str, Callable[[], Measure]]] = [
        {**_both(get, "get"), _OTHER: partial(get, f"{_OTHER}:get")},
        {**_both(walk, "stream"), _OTHER: whole_list},
        {**_both(walk, "stream"), _OTHER: partial(whole_list, per_page=100)},
    ]
    rows = [
        _slower(title, take_turns(who, rounds), bound, per)
        for title, who, bound, per in zip(titles, contestants, bounds, (amount, 1, 1), strict=True)
    ]
    return Result(rows)


def slots(bench: Bench) -> Result:
    """A slot of the rate budget that is free: taken before a request, finished after it."""
    rows = [_slot_row(bench, "in the process", None, 5)]
    path = bench.folder / "budgets.db"
    rows.append(_slot_row(bench, "SQLite", f"sqlite:///{path}", 100))
    try:
        with redis_server(bench.folder) as url:
            rows.append(_slot_row(bench, "Redis", url, 400))
    except NotAvailableError as error:
        title = "a free slot of the rate budget: Redis"
        rows.append(Row(title, None, "µs", bound=400, note=f"not measured: {error}"))
    return Result(rows)


def jobs(bench: Bench) -> Result:
    """Requests that common jobs take, and how long the budget makes them wait."""
    return Result(jobs_in_requests.rows())


def paced(bench: Bench) -> Result:
    """A `get_order` that takes a free slot, by where the slots are counted."""
    path = bench.folder / "paced.db"
    bounds = {"in the process": 0.75, "in SQLite": 0.95, "in Redis on loopback": 1.40}
    storages = {"in the process": None, "in SQLite": f"sqlite:///{path}"}
    with contextlib.ExitStack() as stack:
        note = ""
        try:
            storages["in Redis on loopback"] = stack.enter_context(redis_server(bench.folder))
        except NotAvailableError as error:
            note = f"not measured: {error}"
        budgets, rounds = (10, 3) if bench.is_quick else (100, 15)
        run = partial(bench.run, amount=budgets * 25, warm_up=budgets * 3)
        contestants = {
            where: partial(run, "statuspro:paced", storage=storage, budgets=budgets)
            for where, storage in storages.items()
        }
        samples = take_turns({"requests": partial(run, "requests:get"), **contestants}, rounds)
    return Result(
        [
            _paced_row(where, bound, samples, per=budgets * 25, note=note)
            for where, bound in bounds.items()
        ]
    )


def growth(bench: Bench) -> Result:
    """Seconds and memory of a stream as the list grows."""
    sizes = {1_000: 9, 10_000: 7, 100_000: 5, 1_000_000: 3}
    if bench.is_quick:
        sizes = {1_000: 2, 10_000: 1}
    points: list[dict[str, Any]] = []
    for orders, rounds in sizes.items():
        samples = take_turns(_both(partial(bench.walk, orders=orders), "stream"), rounds)
        points += [
            {
                "who": name,
                "orders": orders,
                "seconds": median_of(found, "wall"),
                "cpu": median_of(found, "cpu"),
                "mib": median_of(found, "memory") / MIB,
            }
            for name, found in samples.items()
        ]
    return Result([], points)


def threads(bench: Bench) -> Result:
    """Requests a second of many threads on one client; a response takes 20 ms."""
    points: list[dict[str, Any]] = []
    counts = (1, 4) if bench.is_quick else (1, 2, 4, 8, 16, 32)
    rounds, each = (1, 10) if bench.is_quick else (3, 100)
    for count in counts:
        run = partial(bench.run, latency=20, amount=count * each, warm_up=count, threads=count)
        samples = take_turns(_both(run, "threads"), rounds)
        points += [
            {
                "who": name,
                "threads": count,
                "per_second": count * each / median_of(found, "wall"),
                "cpu": median_of(found, "cpu") / (count * each),
            }
            for name, found in samples.items()
        ]
    return Result([], points)


FIGURES: dict[str, Callable[[Bench], Result]] = {
    "calls": calls,
    "stream": stream,
    "list": list_,
    "memory": memory,
    "first": first,
    "prefetch": prefetch,
    "import": import_,
    "process": process,
    "shell": shell,
    "other": other,
    "slots": slots,
    "jobs": jobs,
    "paced": paced,
    "growth": growth,
    "threads": threads,
}


def _both(run: Callable[..., Measure], task: str) -> dict[str, Callable[[], Measure]]:
    return {name: partial(run, f"{name}:{task}") for name in ("requests", "statuspro")}


def _walks(
    bench: Bench, task: str, title: str, orders: int, rounds: int, bounds: Mapping[str, float]
) -> list[Row]:
    """Rows of walks with the standard parser and with the extra's; the bounds are by library."""
    walk = partial(bench.walk, orders=orders)
    contestants = {name: partial(walk, f"{name}:{task}") for name in ("requests", *bounds)}
    samples = take_turns(contestants, rounds)
    rows: list[Row] = []
    for ours, bound in bounds.items():
        pair = {name: samples[name] for name in ("requests", ours)}
        shown = title if ours == _PLAIN else f"{title}, with the extra speed"
        rows += _wall_and_cpu(shown, pair, bound, ours=ours)
    return rows


def _wall_and_cpu(
    title: str,
    samples: Mapping[str, Sequence[Measure]],
    bound: float,
    per: int = 1,
    ours: str = _PLAIN,
) -> list[Row]:
    """Rows of what ours takes in terms of bare requests."""
    return [
        Row(
            f"{title}: {kind}",
            median_ratio(samples[ours], samples["requests"], field),
            bound=bound,
            medians=_medians(samples, field, per),
        )
        for field, kind in (("wall", "time"), ("cpu", "client CPU"))
    ]


def _slower(
    title: str, samples: Mapping[str, Sequence[Measure]], bound: float | None, per: int
) -> Row:
    """What the other client takes in terms of ours."""
    return Row(
        title,
        median_ratio(samples[_OTHER], samples["statuspro"], "wall"),
        "× slower",
        "at least",
        bound,
        _medians(samples, "wall", per),
    )


def _slot_row(bench: Bench, where: str, storage: str | None, bound: float) -> Row:
    budgets, rounds = (10, 2) if bench.is_quick else (100, 9)
    found = take_turns(
        {
            where: partial(
                bench.run,
                "statuspro:slot",
                amount=budgets * 25,
                warm_up=budgets * 3,
                storage=storage,
                budgets=budgets,
            )
        },
        rounds,
    )[where]
    return Row(
        f"a free slot of the rate budget: {where}",
        median_of(found, "wall") / (budgets * 25) * 1e6,
        "µs",
        bound=bound,
    )


def _paced_row(
    where: str, bound: float, samples: Mapping[str, Sequence[Measure]], *, per: int, note: str
) -> Row:
    title = f"one get_order, slots counted {where}: time"
    if where not in samples:
        return Row(title, None, bound=bound, note=note)
    both = {"requests": samples["requests"], "statuspro": samples[where]}
    ratio = median_ratio(both["statuspro"], both["requests"], "wall")
    return Row(title, ratio, bound=bound, medians=_medians(both, "wall", per))


def _medians(samples: Mapping[str, Sequence[Measure]], field: str, per: int) -> dict[str, str]:
    return {name: _time(median_of(found, field) / per) for name, found in samples.items()}


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
