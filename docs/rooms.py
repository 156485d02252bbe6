"""Draws the rooms of architecture.rst, out of the contracts that import-linter checks."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


def rooms() -> str:
    """Returns a table in reStructuredText for each contract of pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return "\n".join(line for contract in contracts for line in table(contract))


def first_line(module: Path) -> str:
    """Returns the first line of a module's docstring; a folder stands for its `__init__`."""
    path = module / "__init__.py" if module.is_dir() else module
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def table(contract: dict[str, Any]) -> Iterator[str]:
    """Yields the lines of a contract's table, the highest room first."""
    folder = ROOT.joinpath(*contract["containers"][0].split("."))
    yield from (
        f"**{contract['name']}**",
        "",
        ".. list-table::",
        "    :class: stacked",
        "    :header-rows: 1",
        "    :widths: 36 10 54",
        "",
        "    * - room",
        "      - storey",
        "      - what it does",
    )
    storeys = contract["layers"]
    for height, layer in zip(range(len(storeys), 0, -1), storeys, strict=True):
        for name in re.findall(r"\w+", layer):
            path = _path(folder, name)
            if path is not None:
                shown = path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else "")
                yield from (
                    f"    * - ``{shown}``",
                    f"      - {height}",
                    f"      - {first_line(path)}",
                )
    yield ""


def _path(folder: Path, name: str) -> Path | None:
    """Returns the folder or file of a module; None where an optional one is missing."""
    return next((path for path in (folder / name, folder / f"{name}.py") if path.exists()), None)
