"""What the tools' settings and the guide for contributors name exists: files, modules, sessions."""

import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Process

ROOT = Path(__file__).parent.parent
PAGES = ["CONTRIBUTING.rst", "README.rst", "noxfile.py", "pyproject.toml", "setup.cfg"]
FOLDERS = "(?:statuspro|tests|docs|changes|benchmarks)"
FILE = re.compile(rf"(?<![\w/.-]){FOLDERS}/[\w/.*-]*[\w/]")
MODULE = re.compile(rf"['\"]({FOLDERS}(?:\.[a-z_]\w*)+)(?:\.[A-Z]\w*)?['\"]")
BUILT = "docs/_build"


def paths_in(text: str) -> Iterator[str]:
    """The files, folders and quoted modules that a text names."""
    yield from (path for path in FILE.findall(text) if not path.startswith(BUILT))
    yield from (name.replace(".", "/") for name in MODULE.findall(text))


def exists(path: str) -> bool:
    return any(ROOT.glob(path)) or any(ROOT.glob(f"{path}.py"))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    paths = list(paths_in((ROOT / page).read_text(encoding="utf-8")))
    assert [path for path in paths if not exists(path)] == []


def test_paths_are_found_in_settings_guides_and_commands() -> None:
    text = (
        '"statuspro/a.py" ``tests/b/`` run("-m", "tests.c.d") docs/_build/html https://x.org/docs/e'
        ' "statuspro.f.Class"'
    )
    assert list(paths_in(text)) == ["statuspro/a.py", "tests/b/", "tests/c/d", "statuspro/f"]


def test_every_session_of_nox_that_the_guide_names_exists() -> None:
    named = re.findall(r"nox -s ([\w .-]+?)(?=  |``)", (ROOT / "CONTRIBUTING.rst").read_text())
    sessions = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.M))
    # Behind ` -- ` comes what a session passes on.
    words = [word for each in named for word in each.partition(" -- ")[0].split()]
    names = {word.partition("-3.")[0] for word in words}
    assert {"lint", "types", "tests", "changelog"} <= names <= sessions


def test_no_test_waits_for_a_process_that_it_has_given_up() -> None:
    """`subprocess.Popen` does where its block fails: tests.support.processes has one that kills."""
    modules = (ROOT / "tests").rglob("*.py")
    waits = re.compile(r"with\s+\(?\s*subprocess\.Popen\b")
    assert [path.name for path in modules if waits.search(path.read_text(encoding="utf-8"))] == []


def test_a_process_ends_where_its_block_fails() -> None:
    process = Process[bytes]([sys.executable, "-c", "import time; time.sleep(3600)"])
    with pytest.raises(ZeroDivisionError), process:
        raise ZeroDivisionError
    assert process.returncode == -signal.SIGKILL
