"""The benchmarks' own arithmetic; no figure is measured here."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import jobs, mirror, report, results, walks
from benchmarks.__main__ import main
from benchmarks.contestants import ORDER_ID
from benchmarks.figures import FIGURES
from benchmarks.processes import ROOT, Bench, service
from benchmarks.results import Measure, Result, Row, median_of, median_ratio, take_turns
from benchmarks.server import Service, sandbox_service

needs_orjson = pytest.mark.skipif(find_spec("orjson") is None, reason="orjson is not installed")


def walls(*seconds: float) -> list[Measure]:
    return [{"wall": value} for value in seconds]


def test_contestants_take_turns_and_every_other_round_is_in_reverse() -> None:
    order: list[str] = []

    def contestant(name: str) -> Measure:
        order.append(name)
        return {"wall": float(len(order))}

    samples = take_turns({"a": lambda: contestant("a"), "b": lambda: contestant("b")}, 3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert samples == {"a": walls(1, 4, 5), "b": walls(2, 3, 6)}


def test_a_ratio_is_the_median_of_the_rounds_and_not_of_all() -> None:
    ours, bare = walls(1, 2, 30), walls(2, 1, 20)
    assert median_ratio(ours, bare, "wall") == 1.5
    assert median_of(ours, "wall") == 2


@pytest.mark.parametrize(
    ("row", "is_missed"),
    [
        (Row("", 0.9, bound=0.9), False),
        (Row("", 0.904, bound=0.9), False),  # shown as 0.90
        (Row("", 0.906, bound=0.9), True),
        (Row("", 3.5, sense="at least", bound=3.5), False),
        (Row("", 3.4, sense="at least", bound=3.5), True),
        (Row("", 99.0), False),
        (Row("", None, bound=1.0, note="not measured"), True),
    ],
)
def test_a_figure_is_missed_when_it_is_out_of_its_bound(row: Row, is_missed: bool) -> None:
    assert row.is_missed is is_missed


def test_results_are_kept_and_those_of_other_figures_stay(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    calls = Result([Row("calls", 0.5, bound=0.75, medians={"requests": "1 ms"})])
    growth = Result([], [{"who": "requests", "orders": 1000}], {"python": "3.10.0"})
    results.save({"calls": Result([Row("calls", 0.9)]), "growth": growth}, path)
    results.save({"calls": calls}, path)
    assert results.load(path) == {"calls": calls, "growth": growth}


def test_the_documentation_shows_the_results_that_are_kept() -> None:
    kept = results.load()
    assert set(kept) == set(FIGURES)
    assert report.TABLE.read_text(encoding="utf-8") == report.rst_table(kept)
    for chart in ("ratios", "growth", "threads"):
        assert (report.FOLDER / f"{chart}.svg").is_file()


def test_a_row_of_the_table_tells_what_could_not_be_measured() -> None:
    row = Row("Redis", None, "µs", bound=400, note="not measured: redis-server is not installed")
    table = report.rst_table({"slots": Result([row], measured=results.circumstances())})
    assert "Redis" in table
    assert "at most 400 (missed)" in table
    assert "redis-server is not installed" in table
    assert "The load average was" in table


@pytest.fixture(scope="module")
def rendered() -> Service:
    return sandbox_service()


def body_of(answer: bytes) -> object:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    return json.loads(body)


def test_the_service_has_as_many_orders_as_its_url_says(rendered: Service) -> None:
    ids: list[int] = []
    for page in (1, 2, 3):
        seconds, answer = rendered.response(f"/2050/20/api/v1/orders?page={page}&per_page=1000")
        assert seconds == 0.02
        body = body_of(answer)
        assert isinstance(body, dict)
        ids += [order["id"] for order in body["data"]]
        assert body["meta"]["last_page"] == 3
        assert body["meta"]["total"] == 2050
    assert len(set(ids)) == len(ids) == 2050


def test_the_service_gives_any_order(rendered: Service) -> None:
    body = body_of(rendered.response(f"/100/0/api/v1/orders/{ORDER_ID}")[1])
    assert isinstance(body, dict)
    assert body["id"] == ORDER_ID
    assert len(body["history"]) == 3


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with service() as port:
        yield Bench(port, tmp_path_factory.mktemp("bench"))


@pytest.mark.parametrize("task", ["stream", "list"])
@pytest.mark.parametrize(
    "library", ["requests", "statuspro", pytest.param("statuspro[speed]", marks=needs_orjson)]
)
def test_contestants_see_every_order(bench: Bench, library: str, task: str) -> None:
    assert bench.walk(f"{library}:{task}", 250)["done"] == 250


PARSER = """
from benchmarks.contestants import import_library
import_library("{}")
from statuspro import _json
print(_json._fast_parser())
"""


@pytest.mark.parametrize(
    ("library", "parser"),
    [("statuspro", "None"), pytest.param("statuspro[speed]", "loads", marks=needs_orjson)],
)
def test_a_contestant_has_the_extra_that_its_name_says(library: str, parser: str) -> None:
    command = [sys.executable, "-c", PARSER.format(library)]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert parser in run.stdout


def test_jobs_are_counted_in_requests() -> None:
    found = {row.title: row.value for row in jobs.rows(orders=250, some=60)}
    assert found == {
        "a walk over 250 orders: requests": 3,
        "the details of 60 orders: requests": 60,
        "a summary where there are 7 statuses: requests": 21,
        "60 changes of status, in bulk: requests": 2,
        "60 changes of status, one by one: requests": 60,
    }


@pytest.mark.parametrize(
    ("sent", "bulk", "seconds"),
    [(0, 0, 0), (60, 0, 0), (61, 0, 60), (1000, 0, 960), (5, 5, 0), (6, 6, 60), (20, 20, 180)],
)
def test_a_budget_makes_jobs_wait(sent: int, bulk: int, seconds: float) -> None:
    assert jobs.seconds_of_waiting(sent, bulk) == seconds


def test_a_contestant_that_misses_orders_fails(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="found 1 of 250"):
        bench.walk("statuspro:first", 250)


def test_an_unknown_figure_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "invalid choice: 'speed'" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "arrivals", "departures", "own"), walks.CASES)
def test_a_walk_costs_its_pages_and_little_more(
    name: str, arrivals: float, departures: float, own: int
) -> None:
    most = 1.0 if name == "quiet" else 1.8
    assert 1.0 <= walks.cost(1000, arrivals, departures, own, 3) <= most


def test_a_mirror_s_nights_cost_the_walk_and_what_has_changed() -> None:
    rows = list(mirror.requests((150,)))
    assert [row.value for row in rows] == [2 + 150 + 1, 2, 2 + 3, 2 + 150]
    assert rows[0].note == "2 min at 60, 3 min at 40"
    assert not any(row.is_missed for row in rows)


def test_the_table_of_a_mirror_s_costs_tells_what_is_counted() -> None:
    with (ROOT / "docs" / "mirror-costs.csv").open(encoding="utf-8", newline="") as table:
        told = [row for row in csv.reader(table) if row[0] == "1,000"]
    counted = [
        ["1,000", row.title.partition(", ")[2], f"{row.value:,}", *row.note.split(", ")]
        for row in mirror.requests((1_000,))
    ]
    assert told == [
        [orders, sync, requests, *(minutes.partition(" at")[0] for minutes in notes)]
        for orders, sync, requests, *notes in counted
    ]


def test_a_mirror_is_measured_in_a_process_of_its_own() -> None:
    measured = mirror._measured(150)
    assert 0 < measured["memory"] < 20 * mirror.MIB
    assert measured["second"] > 0
