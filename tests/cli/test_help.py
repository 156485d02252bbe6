"""The commands that help and prose show are commands, and the help's that read only read."""

from __future__ import annotations

import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest

from statuspro.cli.app import statuspro
from statuspro.cli.command import Command
from statuspro.sandbox import Sandbox
from tests.support.pages import PAGES, name_of
from tests.support.stages import add_order
from tests.support.terminal import invoke

#: Commands that change orders or serve; the tests of each run its examples.
ELSEWHERE = {"bulk", "comment", "demo", "due", "move", "sandbox"}

#: The command of an example, without what its output goes into.
LINE = re.compile(r"(?:(?P<name>\w+)=(?P<value>\w+) )?\bstatuspro (?P<words>[^|>)]+)")


def examples() -> dict[str, list[str]]:
    """The examples of each command that reads."""
    context = click.Context(statuspro)
    found: dict[str, list[str]] = {}
    for name in sorted({*statuspro.list_commands(context)} - ELSEWHERE):
        command = statuspro.get_command(context, name)
        assert isinstance(command, Command)
        found[name] = command.examples.splitlines()
    return found


@pytest.mark.parametrize(("name", "lines"), examples().items())
def test_the_examples_of_help_are_commands(
    name: str, lines: list[str], shop: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "6000")
    with Sandbox(orders=0) as shop:
        ann = add_order(shop, name="Ann Lee", email="ann@lee.test")
        assert (ann, shop.order(ann).name) == (6110375248088, "#1188")
        monkeypatch.setenv("STATUSPRO_BASE_URL", shop.base_url)
        assert lines
        for line in lines:
            run(line)
        assert (shop.applied, shop.mails) == ([], [])


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_in_a_page_s_prose_exist(page: Path) -> None:
    context = click.Context(statuspro)
    for text in re.findall(r"``statuspro\s+([a-z][^`]*)``", page.read_text(encoding="utf-8")):
        name, *words = text.partition("|")[0].split()
        command = statuspro.get_command(context, name)
        assert command is not None, text
        known = {option for each in command.get_params(context) for option in each.opts}
        assert {word for word in words if word.startswith("-")} <= known, text


def run(line: str) -> None:
    """Runs an example in this process."""
    found = LINE.search(line)
    if found:
        environ = {found["name"]: found["value"]} if found["name"] else {}
        words = shlex.split(re.sub(r" --watch \d+", "", found["words"]))
        shown = invoke(*words, **environ)
        assert shown.exit_code == 0, (line, shown.output)
    else:  # what reads the copy that the command has made
        program, file, query = shlex.split(line)
        assert program == "sqlite3"
        with closing(sqlite3.connect(file)) as database:
            assert len(database.execute(query).fetchall()) == 1
