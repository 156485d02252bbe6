"""The types of `statuspro.types` with what each field means, for the page of types.

A comment that begins with `#:` stands above each field. Editors show it, and here it becomes a row.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SOURCE = Path(__file__).parents[1] / "statuspro" / "types.py"


class Field(NamedTuple):
    """A field: its name, its type as it is written, and what it means."""

    name: str
    kind: str
    meaning: str


class Type(NamedTuple):
    """A TypedDict: what it is, and its fields with those of its bases."""

    name: str
    text: str
    fields: list[Field]


def types() -> list[Type]:
    """Reads the TypedDicts that are public, in the order of the module."""
    source = _SOURCE.read_text(encoding="utf-8")
    found: dict[str, Type] = {}
    for node in ast.parse(source).body:
        if read := _typed_dict(node, source.splitlines(), found):
            found[read.name] = read
    return [each for each in found.values() if not each.name.startswith("_")]


def fields() -> str:
    """Writes each type with its table."""
    return "\n".join(line for each in types() for line in _section(each))


def _typed_dict(node: ast.stmt, lines: list[str], known: dict[str, Type]) -> Type | None:
    if isinstance(node, ast.ClassDef):
        inherited = [field for base in node.bases for field in _fields_of(base, known)]
        own = [(each.target.id, each.annotation) for each in node.body if _is_field(each)]
        text = ast.get_docstring(node) or ""
        return Type(node.name, text, [*inherited, *_read(own, lines)])
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        _, pairs = node.value.args
        assert isinstance(node.targets[0], ast.Name)
        assert isinstance(pairs, ast.Dict)
        own = [
            (key.value, value)
            for key, value in zip(pairs.keys, pairs.values, strict=True)
            if isinstance(key, ast.Constant)
        ]
        return Type(node.targets[0].id, _comment(lines, node.lineno), list(_read(own, lines)))
    return None


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign)


def _fields_of(base: ast.expr, known: dict[str, Type]) -> list[Field]:
    name = base.id if isinstance(base, ast.Name) else ""
    return known[name].fields if name in known else []


def _read(own: list[tuple[str, ast.expr]], lines: list[str]) -> Iterator[Field]:
    for name, annotation in own:
        yield Field(name, ast.unparse(annotation), _comment(lines, annotation.lineno))


def _comment(lines: list[str], line: int) -> str:
    """The comment that ends just above a line, counted from 1."""
    words: list[str] = []
    while (text := lines[line - 2].strip()).startswith("#:"):
        words.insert(0, text.removeprefix("#:").strip())
        line -= 1
    return " ".join(words)


def _section(each: Type) -> Iterator[str]:
    yield from (f".. py:class:: {each.name}", "    :module: statuspro.types", "")
    yield from (f"    {line}" for line in each.text.splitlines())
    yield from (
        "",
        "    .. list-table::",
        "        :class: stacked",
        "        :widths: 26 24 50",
        "        :header-rows: 1",
        "",
    )
    for name, kind, meaning in [("field", "type", "meaning"), *each.fields]:
        is_heading = kind == "type"
        yield f"        * - {name}" if is_heading else f"        * - ``{name}``"
        yield f"          - {kind}" if is_heading else f"          - ``{kind}``"
        yield f"          - {meaning}"
    yield ""
