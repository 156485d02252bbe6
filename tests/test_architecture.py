"""The page on the architecture: its questions lead to files that say they hold the matter."""

import csv
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import statuspro._http

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "statuspro"
FILLERS = set("how may what when which where there with its and are can for has the".split())

with (ROOT / "docs" / "questions.csv").open(encoding="utf-8", newline="") as file:
    QUESTIONS = [tuple(row) for row in csv.reader(file)][1:]

# Rooms one above another, two side by side, one of them missing.
CONTRACT = {
    "name": "A call goes down",
    "containers": ["statuspro._http"],
    "layers": ["transport", "retry | (of_another_time)", "headers"],
}


@pytest.fixture(scope="module")
def rooms() -> dict[str, Any]:
    """The names of the module that draws the page's tables."""
    return runpy.run_path(str(ROOT / "docs" / "rooms.py"))


def stems(text: str) -> set[str]:
    """The beginnings of the words that say something: 'waits' and 'waited' count as one."""
    words = set(re.findall(r"[a-z]{3,}", text.lower())) - FILLERS
    return {word[:4] for word in words}


def test_there_are_sixteen_questions_and_no_two_alike() -> None:
    assert len({question for question, _ in QUESTIONS}) == len(QUESTIONS) == 16


@pytest.mark.parametrize(("question", "file"), QUESTIONS)
def test_a_question_leads_to_a_module_that_speaks_of_it(
    question: str, file: str, rooms: dict[str, Any]
) -> None:
    path = PACKAGE / file.strip("`")
    assert path.is_file()
    line = rooms["first_line"](path)
    assert stems(question) & stems(line), f"nothing of the question in {line!r}"


def test_the_page_shows_every_room_with_its_first_line(rooms: dict[str, Any]) -> None:
    page = rooms["rooms"]()
    modules = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()]
    names = {path.name for path in modules} - {"__init__.py", "_version.py", "__pycache__"}
    shown = set(re.findall(r"``statuspro/(\w+(?:\.py)?)/?``", page))
    assert shown == names
    assert f"- {rooms['first_line'](PACKAGE / 'pacing')}\n" in page


def test_a_contract_becomes_a_table_highest_room_first(rooms: dict[str, Any]) -> None:
    lines = list(rooms["table"](CONTRACT))
    assert lines[0] == "**A call goes down**"
    storeys = [line.strip(" -") for line in lines if re.fullmatch(r"      - \d+", line)]
    assert storeys == ["3", "2", "1"]
    files = [line.strip(" *-`") for line in lines if line.startswith("    * - ``")]
    assert files == [f"statuspro/_http/{name}.py" for name in ("transport", "retry", "headers")]


def test_the_way_of_a_call_passes_every_module_of_its_room() -> None:
    modules = {path.name for path in (PACKAGE / "_http").glob("*.py")} - {"__init__.py"}
    named = set(re.findall(r"\w+\.py\b", statuspro._http.__doc__ or ""))
    assert modules - named == set()
    assert {name for name in named if not any(PACKAGE.rglob(name))} == set()
