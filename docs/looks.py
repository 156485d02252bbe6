"""Adds what the pages lack as Sphinx and its theme write them: for narrow windows, and by ear.

A table of the class `stacked` has one cell above the other where the window is narrow: each of its
cells then says of which column it is.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
_NAME = re.compile(r'(?<=<span class="pre">)[^<]+')
#: A name of so many characters stays whole.
_SHORT = 16
#: Where a longer name may go on in the next line: `get_|order`, `client.|get`, `/orders|/{id}`.
_JOINT = re.compile(r"(?<=[\w)][_./(=,\[])(?=[\w'\"{])")
#: Where a long word may: `InvalidResponse|Error`.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONG = re.compile(rf"[A-Za-z]{{{_SHORT + 1},}}")
_ALIAS = re.compile(r"TypeAliasForwardRef\('([\w.]+)'\)")
#: An option of the shell is one word.
_OPTION = re.compile(r"--[a-z][\w-]*")


def setup(app: Sphinx) -> None:
    """Has Sphinx call what is below."""
    app.connect("autodoc-process-signature", name_aliases)
    app.connect("doctree-read", name_columns)
    # After the theme, which puts the sidebar into the context.
    app.connect("html-page-context", mend_page, priority=900)


def name_aliases(
    _: Sphinx,
    kind: str,
    name: str,
    thing: object,
    options: object,
    signature: str | None,
    returns: str,
) -> tuple[str, str] | None:
    """Writes an alias of a type by its name, which Sphinx does not in a union."""
    return (_ALIAS.sub(r"~\1", signature), returns) if signature else None


def name_columns(_: Sphinx, page: nodes.document) -> None:
    """Writes the heading of its column into each cell of a stacked table."""
    for table in page.findall(nodes.table):
        if "stacked" in table["classes"]:
            _name_columns(table)


def _name_columns(table: nodes.table) -> None:
    headings = [entry.astext() for head in table.findall(nodes.thead) for entry in head[0]]
    headings[:1] = [""]  # the first cell is the heading of the others
    for body in table.findall(nodes.tbody):
        for row in body:
            for heading, entry in zip(headings, row, strict=False):
                if heading and isinstance(paragraph := entry.next_node(), nodes.paragraph):
                    label = nodes.inline(text=f"{heading}: ", classes=["of-column"])
                    paragraph.insert(0, label)


def mend_page(_: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Mends the HTML of a page before it is written."""
    for part in ("body", "furo_navigation_tree"):
        if isinstance(html := context.get(part), str):
            # A heading has a level, else a screen reader cannot say where it stands.
            html = html.replace('role="heading"', 'role="heading" aria-level="2"')
            context[part] = _TABLE.sub(lambda table: _NAME.sub(_breakable, table[0]), html)


def _breakable(name: re.Match[str]) -> str:
    if _OPTION.fullmatch(name[0]):
        return f'<span class="one-word">{name[0]}</span>'
    if len(name[0]) <= _SHORT:
        return name[0]
    text = _LONG.sub(lambda word: _HUMP.sub("<wbr>", word[0]), name[0])
    return _JOINT.sub("<wbr>", text)
