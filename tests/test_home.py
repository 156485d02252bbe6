"""What the documentation's home claims is held by the tests and figures that it names."""

from __future__ import annotations

import ast
import json
import re

import pytest

from tests.support.paths import ROOT

TEXT = (ROOT / "docs" / "index.rst").read_text(encoding="utf-8")
TABLE = TEXT.partition(".. what goes wrong")[2].partition(".. end of what goes wrong")[0]
LINKS = re.findall(r":download:`([^<`]+) <\.\./([^>]+)>`", TABLE)


def cells() -> list[list[str]]:
    rows = re.split(r"^    \* - ", TABLE, flags=re.MULTILINE)[2:]
    return [row.split("\n      - ") for row in rows]


def test_each_claim_links_to_its_page_and_to_what_holds_it() -> None:
    assert len(cells()) >= 6
    for _, here, held in cells():
        assert ":doc:`" in here
        assert ":download:`" in held


@pytest.mark.parametrize(("name", "path"), LINKS)
def test_what_is_said_to_hold_a_claim_is_there(name: str, path: str) -> None:
    code = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(code) if isinstance(node, ast.FunctionDef)}
    assert f"test_{name.replace(' ', '_')}" in functions or path.startswith("benchmarks/")


def test_the_figures_of_the_home_are_those_that_were_measured() -> None:
    kept = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    figures = {row["title"]: row for part in kept.values() for row in part["rows"]}
    other = figures["statuspro-openapi-client 0.3.1: 100,000 orders, by its default 15 a page"]
    assert other["value"] > 8
    assert figures["streaming 100,000 orders: time"]["value"] < 1


def test_the_home_leads_to_every_page_once() -> None:
    pages = {page.stem for page in (ROOT / "docs").glob("*.rst")} - {"index"}
    listed = re.findall(r"^    ([\w-]+)$", TEXT, re.MULTILINE)
    assert sorted(listed) == sorted(pages)
