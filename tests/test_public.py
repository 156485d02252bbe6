"""Every public name is exported, documented and in the reference; no other name is shown."""

import inspect
import pkgutil
import pydoc
import re
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest

import statuspro
import statuspro.errors
from statuspro import responses
from statuspro.sandbox import Sandbox

DOCS = Path(__file__).parent.parent / "docs"
DIRECTIVE = re.compile(
    r"^\.\. auto(?:class|data|exception|function):: +(?:statuspro\.)?(\w+)$", re.MULTILINE
)
MODULES = {module.name for module in pkgutil.iter_modules(statuspro.__path__)}
NAMES = sorted(set(statuspro.__all__) - {"__version__"})


@pytest.fixture(scope="module")
def reference() -> list[str]:
    """The public names that the documentation describes, as often as it does."""
    pages = [page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.rst"))]
    return [name for page in pages for name in DIRECTIVE.findall(page)]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_described_once_in_the_reference(name: str, reference: list[str]) -> None:
    assert reference.count(name) == 1


def test_the_reference_describes_no_name_that_is_not_exported(reference: list[str]) -> None:
    assert sorted(set(reference) - set(NAMES)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_has_a_docstring_of_its_own(name: str) -> None:
    value = getattr(statuspro, name)
    inherited = [base.__doc__ for base in value.__mro__[1:]] if inspect.isclass(value) else []
    assert value.__doc__
    assert value.__doc__ not in inherited


def test_every_error_and_warning_is_exported() -> None:
    defined = {
        name
        for name, value in vars(statuspro.errors).items()
        if inspect.isclass(value)
        and issubclass(value, Exception)
        and value.__module__ == "statuspro.errors"
    }
    assert "StatusProError" in defined
    assert {name for name in defined if not name.startswith("_")} - set(statuspro.__all__) == set()


def test_the_package_shows_its_public_names_and_modules_only() -> None:
    shown = {name for name in dir(statuspro) if not re.fullmatch(r"__\w+__", name)}
    assert shown - MODULES == set(NAMES) - MODULES
    assert set(NAMES) <= shown


def test_no_exported_name_is_a_module_s_name() -> None:
    assert set(NAMES) & MODULES == set()


def test_what_the_page_on_stability_names_exists() -> None:
    text = (DOCS / "stability.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"``(statuspro(?:\.\w+)+)``", text))
    assert {"statuspro.types", "statuspro.contrib.django"} <= named
    assert [name for name in sorted(named) if pydoc.locate(name) is None] == []


def test_an_unknown_name_is_an_attribute_error_that_says_it() -> None:
    with pytest.raises(AttributeError, match="'statuspro' has no attribute 'list_oders'"):
        _ = statuspro.list_oders  # type: ignore[attr-defined]


def test_help_begins_with_a_page_worth_reading(statuspro_sandbox: Sandbox) -> None:
    text = inspect.getdoc(statuspro) or ""
    shown = pydoc.plain(pydoc.render_doc(statuspro))
    assert text.splitlines()[-1] in shown
    functions = [name for name in statuspro.__all__ if inspect.isfunction(getattr(statuspro, name))]
    of_responses = set(vars(responses)) | {"paginate"} | {"iter_order_pages"}
    assert [name for name in functions if name not in text and name not in of_responses] == []
    program = textwrap.dedent(text.partition("::\n\n")[2].partition("\n\nWithout")[0])
    exec(compile(program, "help", "exec"), {})
    assert len(statuspro_sandbox.requests) == 1
    for module in re.findall(r"^    (statuspro\.[\w.]+) ", text, re.MULTILINE):
        assert find_spec(module), module
