"""The shell of the README and of the documentation runs as it stands there, and shows that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

import pytest

from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import SHIPPED
from tests.support.pages import README, Command, commands_of, name_of, pages_with
from tests.support.paths import ROOT
from tests.support.shell import Shell
from tests.support.stages import MEANWHILE, SERVERS, Stage, set_stage

PAGES = {name_of(page): page for page in pages_with("console")}

#: The lines that do not run here, by what they begin with, and why.
DECLARED = {
    'python3 -m venv .venv && .venv/bin/pip install -q ".[cli]"': "`.ci/run` runs it",
    'python3 -m venv .venv && .venv/bin/pip install -q -e ".[test]"': "`.ci/run` runs it",
    'python3 -m venv .venv && .venv/bin/pip install -q -e ".[notebook]"': "`nox -s lab` runs Lab",
    'python3 -m venv .venv && .venv/bin/pip install -e ".[dev]"': "the tests' own environment",
    '.venv/bin/pip install -q -e ".[docs]"': "`nox -s docs` builds the pages",
    '.venv/bin/pip install -q ".[django]"': "serves on port 8000; `test_shop.py` on a free one",
    "python docs/examples/django_shop/manage.py demo": "serves on port 8000, too",
    "python manage.py demo": "serves on port 8000, too",
    "python manage.py createsuperuser": "asks for a password; `test_shop.py` gives one",
    "celery -A shop_tasks worker": "needs Redis: `test_recipes.py` has one",
    "python -m benchmarks": "measures for minutes on a quiet machine",
    ".venv/bin/nox": "checks of their own; `test_tools.py` holds their names",
    ".venv/bin/pre-commit": "changes the repository",
    ".venv/bin/pytest": "would run this test, too",
    "apt-get install": "changes the machine; `.ci/run` does it",
    'eval "$(statuspro completion zsh)"': "is for another shell",
}

#: What the reader types the key after.
KEY_IS_TYPED = "read -rs STATUSPRO_API_KEY"

CHANGES = re.compile(r"\bstatuspro (?:move|comment|due|bulk) (?!.*--dry-run)")
FILE = re.compile(r"--file (\S+)")
MAILS = re.compile(r"--email(?! \S+@)|^Mail .* \[y/n\] y$", re.MULTILINE)


class Said:
    """What the lines of a page say that they change, beside what they do change."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._orders: set[str] = set()
        self._mails = False

    def note(self, command: Command) -> None:
        """Notes which orders a line may change, once each: those that it or its file names.

        What runs in the background may change orders until the next line with a command.
        """
        if "statuspro " in command.text:
            self._orders, self._mails = set(), bool(MAILS.search("\n".join(command)))
            if CHANGES.search(command.text) and "Nothing was changed." not in command.shown:
                files = [self._stage.shell.folder / name for name in FILE.findall(command.text)]
                named = [command.text, *(file.read_text(encoding="utf-8") for file in files)]
                self._orders = set(re.findall(r"\d+", "\n".join(named)))

    def excess(self) -> list[str]:
        """What has happened in the shop since the last time, and no line has said."""
        shop, found = self._stage.shop, []
        shop.flush()
        for write in shop.applied:
            order = shop.order(write.order_id)
            self._stage.changed[order.id] += 1
            named = {str(order.id), str(order.number)} & self._orders
            self._orders -= named
            if not named:
                found.append(f"{order.name} was changed")
        found += [f"{mail.to} got a mail" for mail in shop.mails if not self._mails]
        shop.applied.clear()
        shop.mails.clear()
        return found


def play(stage: Stage, lines: list[Command]) -> None:
    """Runs the lines of a block, and compares what each shows with what the page shows.

    A line behind which the page shows nothing succeeds, whatever it shows. Else all that it shows
    counts, but for white space, and `...` stands for any text: the rules of doctest.
    """
    said = Said(stage)
    for line in lines:
        text = stage.fill(line.text).replace("=...", f"={stage.shop.api_key}")
        wanted = stage.fill(line.shown)
        if text in MEANWHILE:
            MEANWHILE[text](stage)
        said.note(Command(text, wanted))
        answers = re.findall(r"\[y/[nN]\] (.)$", wanted, re.MULTILINE)
        keys = stage.shop.api_key if text.startswith(KEY_IS_TYPED) else ""
        servers = [server for start, server in SERVERS.items() if text.startswith(start)]
        status, shown = stage.shell.run(text, answers, keys, *servers)
        if wanted:
            same = OutputChecker().check_output(wanted, shown, ELLIPSIS | NORMALIZE_WHITESPACE)
            assert same, f"$ {text}\n{shown}--- is not\n{wanted}"
        else:
            assert servers or status == 0, f"$ {text}\n{shown}--- status {status}"
        assert said.excess() == []


def lines_of(page: Path) -> list[Command]:
    """A page's lines of the shell, in its order."""
    return [line for block in commands_of(page) for line in block]


def runs(line: Command) -> bool:
    """Whether a line runs here."""
    return not line.text.startswith(tuple(DECLARED))


@contextmanager
def stage_of(page: str, folder: Path) -> Iterator[Stage]:
    """The stage of a page, while its shop runs."""
    with Sandbox(orders=0) as shop:
        yield set_stage(page, shop, Shell(folder, shop.environment))


@pytest.mark.parametrize(
    "page", [name for name, page in PAGES.items() if any(map(runs, lines_of(page)))]
)
def test_the_shell_of_a_page_runs(page: str, tmp_path: Path) -> None:
    with stage_of(page, tmp_path) as stage, stage.shell as shell:
        for block in commands_of(PAGES[page]):
            for counted in shell.home.glob(".local/state/statuspro/budget.*"):
                counted.unlink()  # a reader does not run the whole page within a minute
            play(stage, [line for line in block if runs(line)])
    if page == "docs/shell-job.rst":  # its job is killed and goes on
        assert set(stage.changed.values()) == {1}


def test_what_does_not_run_is_on_a_page() -> None:
    lines = [line.text for page in PAGES.values() for line in lines_of(page)]
    unknown = [start for start in DECLARED if not any(line.startswith(start) for line in lines)]
    assert unknown == []


def test_ci_runs_lines_of_the_readme() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    words = re.findall(r'(?:" | )readme "?([\w ]+)"?$', ci, re.MULTILINE)
    assert len(words) == 2
    by_ci = [line.text for line in lines_of(README) if any(word in line.text for word in words)]
    declared = [start for start, reason in DECLARED.items() if reason == "`.ci/run` runs it"]
    assert len(by_ci) == len(declared) == 2
    assert all(line.startswith(tuple(declared)) for line in by_ci)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (Command("echo one; echo two", "one two\n"), None),
        (Command("echo one", "o...\n"), None),
        (Command("false; echo one", "one\n"), None),
        (Command("echo one", "two\n"), "is not"),
        (Command("true", "one\n"), "is not"),
        (Command("false", ""), "status 1"),
    ],
)
def test_a_page_that_is_wrong_is_found(line: Command, fault: str | None, tmp_path: Path) -> None:
    with stage_of("", tmp_path) as stage, stage.shell:
        if fault is None:
            play(stage, [line])
        else:
            with pytest.raises(AssertionError, match=fault):
                play(stage, [line])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (Command("statuspro move 1188 shipped --no-email", ""), ["mail"]),
        (Command("statuspro move 1188 shipped --email", ""), []),
        (Command("statuspro move 1188 shipped", "Mail the customer? [y/n] y\n"), []),
        (Command("statuspro view 1188 --email ann@lee.test", ""), ["changed", "mail"]),
        (Command("statuspro move 1188 shipped --email --dry-run", ""), ["changed"]),
        (Command("statuspro move 1189 shipped --email", ""), ["changed"]),
        (Command("statuspro move 1188 shipped --email", "Nothing was changed.\n"), ["changed"]),
        (Command("statuspro bulk shipped --file late.csv --email", ""), []),
    ],
)
def test_a_line_that_changes_more_than_it_says_is_found(
    line: Command, found: list[str], tmp_path: Path
) -> None:
    with stage_of("", tmp_path) as stage, stage.shop.client() as client:
        (ann, *_) = (order["id"] for order in client.list_orders(search="Ann Lee")["data"])
        (stage.shell.folder / "late.csv").write_text(f"id\n{ann}\n", encoding="utf-8")
        said = Said(stage)
        said.note(line)
        client.update_order_status(ann, SHIPPED)
        assert [fault.rpartition(" ")[2] for fault in said.excess()] == found
        client.add_order_comment(ann, "once more than it says")
        assert said.excess() == ["#1188 was changed"]
