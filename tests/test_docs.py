"""The Python of the README and of the documentation runs, as it stands there."""

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from statuspro import StatusProError
from statuspro.sandbox import Sandbox

pytest_plugins = ["statuspro.testing"]

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", re.MULTILINE)


def python_of(page: Path) -> str:
    """The page's Python blocks, each on its own lines, so that a traceback names the right one."""
    text = page.read_text(encoding="utf-8") + "\n"
    lines = [""] * text.count("\n")
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        code = textwrap.dedent(block[1]).splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if python_of(page).strip()], ids=lambda page: page.name
)
def test_the_python_of_a_page_runs(
    page: Path,
    statuspro_sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": page.stem}
    exec(compile(python_of(page), str(page), "exec"), namespace)
    if "client" in namespace:
        namespace["client"].close()
    if page.stem == "sandbox":
        return  # it starts sandboxes of its own
    assert statuspro_sandbox.requests, "nothing in this page has asked the service"


def test_the_example_test_of_the_docs_passes(
    statuspro_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace: dict[str, Any] = {}
    exec(compile(python_of(ROOT / "docs" / "sandbox.rst"), "sandbox.rst", "exec"), namespace)
    with statuspro_sandbox.client() as client:
        namespace["test_shipping_sends_no_mail"](statuspro_sandbox, client)
    assert [write.kind for write in statuspro_sandbox.applied] == ["status"]


def test_readme_and_docs_name_every_error() -> None:
    errors = subclasses(StatusProError)
    for page in (ROOT / "README.rst", ROOT / "docs" / "errors.rst"):
        text = page.read_text(encoding="utf-8")
        assert [error.__name__ for error in errors if error.__name__ not in text] == [], page


def subclasses(cls: type[Any]) -> set[type[Any]]:
    """The public classes below this one."""
    direct = {child for child in cls.__subclasses__() if child.__module__ == "statuspro.errors"}
    return direct.union(*(subclasses(child) for child in direct))
