"""The programs of the page of recipes, word for word."""

from __future__ import annotations

import re
import textwrap

from tests.support.paths import ROOT

_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?: {4}.*\n|\n)+)", re.MULTILINE)


def recipes() -> dict[str, str]:
    """Returns the page's programs by the names of their files."""
    return {
        block.partition("\n")[0].removeprefix("# "): block
        for kind, block in _blocks()
        if kind == "python"
    }


def commands() -> list[str]:
    """Returns the page's commands of the shell that are shown with a prompt."""
    text = "\n".join(block for kind, block in _blocks() if kind == "console")
    return re.findall(r"^\$ (.+)", text, re.MULTILINE)


def run(name: str, *replacements: tuple[str, str]) -> None:
    """Runs a program in this process.

    Args:
        name: of the program's file.
        replacements: texts of the program and what stands in their places.
    """
    code = recipes()[name]
    for old, new in replacements:
        assert old in code
        code = code.replace(old, new)
    exec(compile(code, name, "exec"), {"__name__": name})


def _blocks() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "recipes.rst").read_text(encoding="utf-8") + "\n"
    return [(kind, textwrap.dedent(block)) for kind, block in _BLOCK.findall(text)]
