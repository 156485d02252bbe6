"""What the page for users of another client names as ours is there, and takes these arguments."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from typing import Any

import pytest

import statuspro
from statuspro import StatusProClient
from statuspro.cli.app import statuspro as command
from tests.support.paths import ROOT

TEXT = (ROOT / "docs" / "coming-from.rst").read_text(encoding="utf-8")
TABLES = TEXT.partition(".. coming-from table")[2]
KEYWORDS = inspect.signature(StatusProClient).parameters

#: What is named as ours and is Python's, or of another package.
NOT_OURS = {"{", "requests", "ValueError", "logging", "pydantic", "history", "with"}


def ours() -> list[str]:
    """The code of every cell but the first of its row."""
    rows = re.split(r"^    \* - ", TABLES, flags=re.MULTILINE)[1:]
    cells = [row.split("\n\n")[0].split("\n      -")[1:] for row in rows]
    return sorted({code for row in cells for cell in row for code in re.findall("``(.+?)``", cell)})


def named(code: str) -> Any:
    """What a piece of code begins with, of this library."""
    path = re.match(r"[\w.]+", code)
    assert path, code
    first, *rest = path[0].split(".")
    if first == "client":
        return getattr(StatusProClient, *rest)
    if first == "types":
        return getattr(importlib.import_module("statuspro.types"), *rest)
    if not rest and hasattr(statuspro, first):
        return getattr(statuspro, first)
    return KEYWORDS[path[0]]


def is_ours(code: str) -> bool:
    return re.split(r"[.( ]", code)[0] not in NOT_OURS and not code.startswith(("{", "statuspro "))


def test_the_tables_name_much() -> None:
    assert len(ours()) > 50


@pytest.mark.parametrize("code", [code for code in ours() if is_ours(code)])
def test_a_name_of_ours_is_there_and_takes_what_is_shown(code: str) -> None:
    target = named(code)
    if not code.endswith(")") or target is StatusProClient:
        return
    call = ast.parse(code.replace("…", "..."), mode="eval").body
    assert isinstance(call, ast.Call)
    bound = [None] if code.startswith("client.") else []
    given = {str(keyword.arg): None for keyword in call.keywords}
    inspect.signature(target).bind(*bound, *call.args, **given)


@pytest.mark.parametrize("code", [code for code in ours() if code.startswith("statuspro ")])
def test_a_command_of_ours_is_there(code: str) -> None:
    _, name, *options = code.split()
    known = command.get_command(None, name)  # type: ignore[arg-type]
    assert known is not None
    assert set(options) <= {option for parameter in known.params for option in parameter.opts}
