"""The Python of the README and of the documentation runs, as it stands there."""

import ast
import doctest
import os
import re
import subprocess
import sys
from codeop import compile_command
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import statuspro
from statuspro import StatusProClient, StatusProError
from statuspro.sandbox import Sandbox
from tests.support.pages import (
    PAGES,
    blocks_of,
    docstrings_of,
    modules_with_examples,
    name_of,
    pages_with,
)
from tests.support.paths import ROOT

pytest_plugins = ["statuspro.testing"]

#: What a block says of a line on whose account the service mails customers.
MAILS = "# mails"
#: Pages whose blocks are files: `tests/contrib/` puts them into a project, and
#: `tests/test_recipes.py` runs them as programs.
ELSEWHERE = frozenset({"django", "django-customers", "django-mirror", "recipes"})
#: Pages that read the budget, which a client in a sandbox has only if it is asked to pace itself.
PACED = frozenset({"rate-limits"})


def python_of(page: Path) -> str:
    """The page's Python, without what stands between."""
    return "\n".join(block.code for block in blocks_of(page, "python"))


class Gaps(NamedTuple):
    """The orders that a reader fills in where the code leaves gaps."""

    order_id: int
    order_ids: list[int]

    def fill(self, code: str) -> str:
        """Returns the code with the ids in its gaps."""
        code = code.replace("order_id = ...", f"order_id = {self.order_id}")
        code = code.replace("order_ids = [...]", f"order_ids = {self.order_ids}")
        return code.replace("order_ids = {...}", f"order_ids = {set(self.order_ids)}")


@pytest.fixture
def gaps(statuspro_sandbox: Sandbox) -> Gaps:
    """Orders that a careless change would mail about, below newer ones of the same status."""

    def order() -> int:
        return statuspro_sandbox.add_order(
            status_code="st000002", additional_emails=("office@reseller.example",)
        )

    gaps = Gaps(order(), [order(), order(), order()])
    for _ in range(3):
        order()
    return gaps


PAGES_WITH_PYTHON = pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=name_of(page))
        for page in [*pages_with("python"), *modules_with_examples()]
        if page.stem not in ELSEWHERE
    ],
)


@PAGES_WITH_PYTHON
def test_the_python_of_a_page_runs(
    page: Path,
    statuspro_sandbox: Sandbox,
    gaps: Gaps,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if page.stem in PACED:
        monkeypatch.delenv("STATUSPRO_RATE_LIMIT")
    namespace: dict[str, Any] = {"__name__": page.stem}
    for block in blocks_of(page, "python"):
        exec(compile(gaps.fill(block.in_place), str(page), "exec"), namespace)
        statuspro_sandbox.flush()
        assert bool(statuspro_sandbox.mails) == (MAILS in block.code), "a block says where it mails"
        statuspro_sandbox.mails.clear()
    if "client" in namespace:
        namespace["client"].close()
    changed = {write.order_id for write in statuspro_sandbox.applied}
    assert changed <= {gaps.order_id, *gaps.order_ids}
    if page.stem not in ("sandbox", "testing"):  # they start sandboxes of their own
        assert statuspro_sandbox.requests, "nothing in this page has asked the service"


def unpasteable_line(block: str) -> str | None:
    """The line at which Python's prompt refuses a block: it ends a statement at a blank line."""
    statement: list[str] = []
    for line in [*block.splitlines(), ""]:
        statement.append(line)
        try:
            code = compile_command("\n".join(statement) + "\n" * (not line), symbol="single")
        except SyntaxError:
            return line
        if code is not None:
            statement.clear()
    return None


@PAGES_WITH_PYTHON
def test_a_block_can_be_pasted_into_pythons_prompt(page: Path) -> None:
    refused = [unpasteable_line(block.code) for block in blocks_of(page, "python")]
    assert [line for line in refused if line is not None] == []


@PAGES_WITH_PYTHON
def test_a_pasted_page_changes_nothing_until_its_reader_fills_in_an_id(
    page: Path,
    statuspro_sandbox: Sandbox,
    gaps: Gaps,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if page.stem in PACED:
        monkeypatch.delenv("STATUSPRO_RATE_LIMIT")
    namespace: dict[str, Any] = {"__name__": page.stem}
    for statement in ast.parse(python_of(page)).body:
        with suppress(Exception):  # an interpreter goes on after a statement that fails
            exec(compile(ast.Module([statement], []), str(page), "exec"), namespace)
    statuspro_sandbox.flush()
    assert not statuspro_sandbox.applied
    assert not statuspro_sandbox.mails
    assert {request.method for request in statuspro_sandbox.requests} <= {"GET"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_of_code_on_a_page_is_found(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    directives = re.findall(r"^ *\.\. (?:code|code-block|sourcecode):: *(\S*)$", text, re.MULTILINE)
    assert set(directives) <= {"bash", "console", "html+django", "python", "text"}
    for language in directives:
        assert len(blocks_of(page, language)) == directives.count(language)
    # A literal block has no language, so it shows what is no code.
    first_words = re.findall(r"^(?! *\.\.).*::\n\n +(\S+)", text, re.MULTILINE)
    assert set(first_words) <= {"Orders:"}


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem in ELSEWHERE], ids=name_of)
def test_a_block_that_runs_elsewhere_says_where_it_mails(page: Path) -> None:
    for block in blocks_of(page, "python"):
        for call in ast.walk(ast.parse(block.code)):
            match call:
                case ast.Call(func, _, keywords) if "update_order_status" in ast.unparse(func):
                    said = [ast.unparse(keyword) for keyword in keywords]
                    assert ("notify=False" in said) != (MAILS in block.code)
                case _:
                    pass


def test_the_examples_of_the_docstrings_show_what_comes_out(statuspro_sandbox: Sandbox) -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    for module in modules_with_examples():
        for line, docstring in docstrings_of(module.read_text(encoding="utf-8")):
            # No names but those that the example imports.
            examples = parser.get_doctest(docstring, {}, name_of(module), str(module), line)
            runner.run(examples)
    assert runner.summarize().attempted > 0
    assert runner.summarize().failed == 0
    assert not statuspro_sandbox.requests


@pytest.mark.parametrize(
    "page",
    ["README.rst", "docs/quickstart.rst", "docs/bulk.rst", "docs/errors.rst", "docs/mail.rst"],
)
def test_an_id_that_is_not_filled_in_is_an_error(page: str, statuspro_sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match="an order id must be"):
        exec(compile(python_of(ROOT / page), page, "exec"), {})
    assert {request.method for request in statuspro_sandbox.requests} <= {"GET"}


def test_the_page_of_notebooks_opens_with_a_picture_in_six_lines(
    statuspro_sandbox: Sandbox, tmp_path: Path
) -> None:
    (opening, *_) = blocks_of(ROOT / "docs" / "notebook.rst", "python")
    assert len([line for line in opening.code.splitlines() if line]) <= 6
    picture = tmp_path / "due.png"
    namespace: dict[str, Any] = {"picture": picture}
    saving = f"{opening.code.rstrip()}.figure.savefig(picture)"  # what its last line returns
    exec(compile(saving, "notebook.rst", "exec"), namespace)
    namespace["client"].close()
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("page", "test", "kind"),
    [
        ("testing.rst", "test_shipping_sends_no_mail(statuspro_sandbox", "status"),
        ("mail.rst", "test_the_job_mails_nobody", "bulk-status"),
    ],
)
def test_an_example_test_of_the_docs_passes_and_sees_a_mail(
    page: str, test: str, kind: str, statuspro_sandbox: Sandbox
) -> None:
    codes = [block.code for block in blocks_of(ROOT / "docs" / page, "python")]
    (block,) = (code for code in codes if test in code)
    with statuspro_sandbox.client() as client:
        name = test.partition("(")[0]
        functions_of(block)[name](statuspro_sandbox, client)
        careless = block.replace("notify=False", "email_customer=False")
        with pytest.raises(AssertionError):
            functions_of(careless)[name](statuspro_sandbox, client)
    assert [write.kind for write in statuspro_sandbox.applied] == [kind, kind]
    assert [mail.to for mail in statuspro_sandbox.mails] == [("office@reseller.example",)]


@pytest.mark.parametrize(
    ("runner", "all_pass", "careless"),
    [
        ("pytest -p no:cacheprovider -p no:django -p statuspro.testing", "4 passed", "3 failed"),
        ("django test", "Ran 2 tests", "FAILED (failures=2)"),
    ],
)
def test_the_example_tests_pass_by_their_runner_and_fail_when_made_careless(
    runner: str, all_pass: str, careless: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = python_of(ROOT / "docs" / "testing.rst")
    databases = '{"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}'
    (tmp_path / "shop_settings.py").write_text(f"DATABASES = {databases}\n")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop_settings")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")

    def run(code: str) -> tuple[int, str]:
        (tmp_path / "test_shop.py").write_text(code)
        command = [sys.executable, "-B", "-m", *runner.split()]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr

    status, told = run(code)
    assert status == 0, told
    assert all_pass in told
    status, told = run(code.replace("notify=False", "email_additional=False"))
    assert status == 1, told
    assert careless in told


def functions_of(block: str) -> dict[str, Any]:
    """What the block defines."""
    namespace: dict[str, Any] = {"StatusProClient": StatusProClient}
    exec(compile(block, "block", "exec"), namespace)
    return namespace


def mail_rows() -> list[tuple[str, bool, bool]]:
    """The rows of the table of mails: the arguments, and whether each kind of address is mailed."""
    text = (ROOT / "docs" / "mail.rst").read_text(encoding="utf-8")
    table = text.partition(".. mail table")[2].partition(".. end of the mail table")[0]
    rows = re.findall(
        r"^(?:``(.+)``|none of these) +(no mail|mailed) +(no mail|mailed)$", table, re.M
    )
    return [(said, customer == "mailed", other == "mailed") for said, customer, other in rows]


def update_one(client: StatusProClient, order_id: int, **said: Any) -> None:
    client.update_order_status(order_id, "st000003", **said)


def update_in_bulk(client: StatusProClient, order_id: int, **said: Any) -> None:
    client.bulk_update_order_status([order_id], "st000003", **said)


def update_many(client: StatusProClient, order_id: int, **said: Any) -> None:
    list(client.iter_bulk_update_order_status([order_id], "st000003", **said))


def update_later(client: StatusProClient, order_id: int, **said: Any) -> None:
    client.bulk_update_order_status([order_id], "st000003", send_at=1_900_000_000, **said)


def test_the_table_of_mails_has_a_row_for_each_argument() -> None:
    assert [said for said, _, _ in mail_rows()] == [
        "",
        "notify=True",
        "notify=False",
        "email_customer=False",
        "email_additional=False",
        "email_customer=False, email_additional=False",
    ]


@pytest.mark.parametrize("update", [update_one, update_in_bulk, update_many, update_later])
@pytest.mark.parametrize(("said", "customer", "additional"), mail_rows())
def test_the_table_of_mails_holds(
    said: str, customer: bool, additional: bool, update: Callable[..., None]
) -> None:
    sandbox = Sandbox(orders=0)
    order_id = sandbox.add_order(
        status_code="st000002", email="ann@lee.test", additional_emails=("bob@lee.test",)
    )
    arguments = ast.parse(f"update({said})", mode="eval").body
    assert isinstance(arguments, ast.Call)
    given = {str(each.arg): ast.literal_eval(each.value) for each in arguments.keywords}
    update(sandbox.client(adapter=sandbox.adapter()), order_id, **given)
    sandbox.flush()
    assert len(sandbox.applied) == 1
    wanted = ("ann@lee.test",) * customer + ("bob@lee.test",) * additional
    assert [mail.to for mail in sandbox.mails] == ([wanted] if wanted else [])


def test_comments_and_due_dates_mail_nobody_in_the_sandbox() -> None:
    sandbox = Sandbox(orders=0)
    order_id = sandbox.add_order(status_code="st000002", additional_emails=("bob@lee.test",))
    client = sandbox.client(adapter=sandbox.adapter())
    client.add_order_comment(order_id, "Packed", public=True)
    client.set_order_due_date(order_id, "2026-12-01")
    assert [write.kind for write in sandbox.applied] == ["comment", "due-date"]
    assert sandbox.mails == []


def test_the_first_pages_name_no_command_of_an_extra_that_they_did_not_install() -> None:
    quickstart = (ROOT / "docs" / "quickstart.rst").read_text(encoding="utf-8")
    for text in (quickstart, statuspro.__doc__ or ""):
        assert "python -m statuspro.sandbox" in text
        assert not re.findall(r"`statuspro \w+", text)


def test_readme_and_docs_name_every_error() -> None:
    errors = subclasses(StatusProError)
    for page in (ROOT / "README.rst", ROOT / "docs" / "errors.rst"):
        text = page.read_text(encoding="utf-8")
        assert [error.__name__ for error in errors if error.__name__ not in text] == [], page


def test_each_error_has_an_address_that_stays() -> None:
    text = (ROOT / "docs" / "errors.rst").read_text(encoding="utf-8")
    anchors = dict(
        re.findall(r"^\.\. _([a-z-]+):\n\n\.\. autoexception:: (\w+)$", text, re.MULTILINE)
    )
    errors = {error.__name__ for error in subclasses(StatusProError)} | {"StatusProError"}
    assert set(anchors.values()) == errors
    for anchor, name in anchors.items():
        assert anchor.replace("-", "") == name.casefold()


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


def docstrings() -> list[Any]:
    """Each docstring of the package, and where it stands."""
    found = []
    for path in sorted((ROOT / "statuspro").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
                name = f"{path.relative_to(ROOT)}:{node.name}"
                found.append((name, text))
    return found


def test_what_a_function_returns_is_rendered_as_it_stands() -> None:
    """Sphinx takes what stands before a colon in the first line for a type."""
    broken = [
        (name, line)
        for name, text in docstrings()
        for line in re.findall(r"^(?:Returns|Yields):\n +(.+)", text, re.MULTILINE)
        if ":" in line
    ]
    assert broken == []


def subclasses(cls: type[Any]) -> set[type[Any]]:
    """The public classes below this one."""
    direct = {child for child in cls.__subclasses__() if child.__module__ == "statuspro.errors"}
    return direct.union(*(subclasses(child) for child in direct))
