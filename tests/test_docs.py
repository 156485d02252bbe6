"""The Python of the README and of the documentation runs, as it stands there."""

import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

import statuspro
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


def filled_in(code: str, sandbox: Sandbox) -> str:
    """The code with ids of orders in the gaps that it leaves to its reader."""
    with sandbox.client() as client:
        in_production = client.list_orders(status_code="st000002", page=1)["data"]
    sandbox.requests.clear()
    first, *others = [order["id"] for order in in_production]
    code = code.replace("order_id = ...", f"order_id = {first}")
    return code.replace("order_ids = [...]", f"order_ids = {others[:3]}")


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
    code = filled_in(python_of(page), statuspro_sandbox)
    exec(compile(code, str(page), "exec"), namespace)
    if "client" in namespace:
        namespace["client"].close()
    if page.stem == "sandbox":
        return  # it starts sandboxes of its own
    assert statuspro_sandbox.requests, "nothing in this page has asked the service"
    assert statuspro_sandbox.mails == []


@pytest.mark.parametrize("page", ["README.rst", "docs/quickstart.rst", "docs/bulk.rst"])
def test_a_page_changes_nothing_until_its_reader_fills_in_an_id(
    page: str, statuspro_sandbox: Sandbox
) -> None:
    with pytest.raises(TypeError, match="order"):
        exec(compile(python_of(ROOT / page), page, "exec"), {})
    assert {request.method for request in statuspro_sandbox.requests} <= {"GET"}


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


def test_the_error_table_of_the_readme_holds() -> None:
    text = (ROOT / "README.rst").read_text(encoding="utf-8")
    table = text.partition(".. error table")[2].partition(".. end of the error table")[0]
    rows = re.findall(r"^``(\w+)`` +(.+?)(?:  +(.+))?$", table, re.MULTILINE)
    assert {name for name, _, _ in rows} == {
        error.__name__ for error in subclasses(StatusProError) if error.__name__ != "APIError"
    }
    for name, when, carries in rows:
        error = getattr(statuspro, name)
        if status := re.match(r"\d{3}", when):
            assert error.status_code == int(status[0])
        for attribute in re.findall(r"``(\w+)``", carries):
            assert attribute in vars(error("it failed")) | vars(error), (name, attribute)


FUNCTIONS = [name for name in statuspro.__all__ if inspect.isfunction(getattr(statuspro, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_returns_is_rendered_as_it_stands(name: str) -> None:
    text = inspect.getdoc(getattr(statuspro, name)) or ""
    for first_line in re.findall(r"^(?:Returns|Yields):\n +(.+)", text, re.MULTILINE):
        assert ":" not in first_line, "Sphinx takes what stands before the colon for a type"


def subclasses(cls: type[Any]) -> set[type[Any]]:
    """The public classes below this one."""
    direct = {child for child in cls.__subclasses__() if child.__module__ == "statuspro.errors"}
    return direct.union(*(subclasses(child) for child in direct))
