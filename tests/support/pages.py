"""The code of the README, of the documentation and of the docstrings, as it stands there."""

from __future__ import annotations

import ast
import doctest
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.paths import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.rst"
#: Every page that a reader may copy code from.
PAGES = [
    *(README, ROOT / "CONTRIBUTING.rst", ROOT / "SECURITY.rst"),
    *sorted(DOCS.glob("*.rst")),
    *sorted(DOCS.glob("examples/**/README.rst")),
]

NOTEBOOKS = sorted(DOCS.glob("examples/*.ipynb"))

_BLOCK = r"^( *)\.\. code-block:: {language}\n\n((?:\1 {{4}}.*\n|\n)+)"
_LITERAL = re.compile(r"::\n\n((?: {4}.*\n|\n)+)")
_PROMPT = "$ "
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Block(NamedTuple):
    """Code of a page.

    Attributes:
        line: how many lines of the page stand above the code.
        code: it begins at the margin.
    """

    line: int
    code: str

    @property
    def in_place(self) -> str:
        """The code on its page's own lines, so that a traceback names the right one."""
        return "\n" * self.line + self.code


class Command(NamedTuple):
    """A line of the shell.

    Attributes:
        text: as a reader types it.
        shown: what the page shows behind it; empty where the page shows nothing.
    """

    text: str
    shown: str


def blocks_of(page: Path, language: str) -> list[Block]:
    """Returns the page's blocks of a language.

    A module's Python is that of its docstrings, a notebook's that of its cells.
    """
    text = page.read_text(encoding="utf-8") + "\n"
    if page.suffix in _OF_PYTHON:
        return [*_OF_PYTHON[page.suffix](text)] if language == "python" else []
    pattern = _BLOCK.format(language=re.escape(language))
    return [
        Block(text.count("\n", 0, block.start(2)), textwrap.dedent(block[2]))
        for block in re.finditer(pattern, text, re.MULTILINE)
    ]


def pages_with(language: str) -> list[Path]:
    """Returns the pages that have a block of this language."""
    return [page for page in PAGES if blocks_of(page, language)]


def modules_with_examples() -> list[Path]:
    """Returns the modules of the package whose docstrings have Python in them."""
    modules = sorted((ROOT / "statuspro").rglob("*.py"))
    return [module for module in modules if blocks_of(module, "python")]


def name_of(page: Path) -> str:
    """Returns the page's name, as tests and findings show it."""
    return page.relative_to(ROOT).as_posix()


def commands_of(page: Path) -> list[list[Command]]:
    """Returns the lines of the shell in each of the page's blocks.

    A block without a prompt is all commands. Else a command has a prompt before it, and what the
    command shows stands behind it.
    """
    return [_commands_in(block.code) for block in blocks_of(page, "console")]


def _commands_in(code: str) -> list[Command]:
    lines = code.splitlines()
    if not code.startswith(_PROMPT):
        return [Command(line, "") for line in lines if line]
    found: list[Command] = []
    for line in lines:
        if line.startswith(_PROMPT):
            found.append(Command(line.removeprefix(_PROMPT), ""))
        elif line:
            found[-1] = found[-1]._replace(shown=f"{found[-1].shown}{line}\n")
    return found


def docstrings_of(text: str) -> Iterator[tuple[int, str]]:
    """Yields how many lines of a module stand above each of its docstrings, and the docstring."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _DOCUMENTED) and node.body:
            match node.body[0]:
                case ast.Expr(ast.Constant(str(text))) as first:
                    yield first.lineno - 1, text
                case _:
                    pass


def _of_docstrings(text: str) -> Iterator[Block]:
    """Yields what stands behind Python's prompt, and the literal blocks that are Python."""
    for line, docstring in docstrings_of(text):
        for example in doctest.DocTestParser().get_examples(docstring):
            yield Block(line + example.lineno, example.source)
        for literal in _LITERAL.finditer(docstring):
            code = textwrap.dedent(literal[1])
            if _is_python(code):
                yield Block(line + docstring.count("\n", 0, literal.start(1)), code)


def _of_cells(text: str) -> Iterator[Block]:
    """Yields the cells of a notebook, each on the lines behind the one before."""
    line = 0
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            code = "".join(cell["source"]) + "\n"
            yield Block(line, code)
            line += code.count("\n")


_OF_PYTHON: dict[str, Callable[[str], Iterator[Block]]] = {
    ".ipynb": _of_cells,
    ".py": _of_docstrings,
}


def _is_python(code: str) -> bool:
    try:
        return bool(ast.parse(code).body)
    except SyntaxError:
        return False
