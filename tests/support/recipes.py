"""The programs of the page of recipes, word for word."""

from __future__ import annotations

from tests.support.pages import DOCS, blocks_of, commands_of

PAGE = DOCS / "recipes.rst"


def recipes() -> dict[str, str]:
    """Returns the page's programs by the names of their files."""
    codes = [block.code for block in blocks_of(PAGE, "python")]
    return {code.partition("\n")[0].removeprefix("# "): code for code in codes}


def command(word: str) -> str:
    """Returns the page's only line of the shell that begins with this word."""
    lines = [line.text for block in commands_of(PAGE) for line in block]
    (found,) = (line for line in lines if line.split()[0] == word)
    return found


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
