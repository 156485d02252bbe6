"""The list of private and undocumented names in `statuspro._http`: complete, and all there."""

from __future__ import annotations

import ast
import http.client
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
import urllib3.contrib.socks

import statuspro
from statuspro import _http

PACKAGE = Path(statuspro.__file__).parent

#: What users' programs run; the sandbox and the command line stand on http.server and argparse.
MODULES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in ("cli", "contrib", "sandbox", "testing")
)

#: Attributes without a docstring of their own that the documentation names.
DOCUMENTED = {
    http.client.HTTPResponse: {"debuglevel", "headers", "msg", "reason", "status", "version"},
    requests.Session: {*requests.Session.__attrs__},
    urllib3.Retry: {"history", "total"},
}

_ENTRY = re.compile(r"^((?:http\.client|requests|urllib3)(?:\.\w+)+) \(([\w., ]+)\)\n    ", re.M)

LISTED = {name: places.split(", ") for name, places in _ENTRY.findall(_http.__doc__ or "")}


def is_foreign(module: str) -> bool:
    return module == "http.client" or module.partition(".")[0] in ("requests", "urllib3")


def tree_of(source: Any) -> ast.Module:
    text = source.read_text() if isinstance(source, Path) else inspect.getsource(source)
    return ast.parse(textwrap.dedent(text))


def is_own(node: ast.expr) -> bool:
    """`self`, or a call of `super()`."""
    function = node.func if isinstance(node, ast.Call) else None
    name = function if function is not None else node
    return isinstance(name, ast.Name) and name.id in ("self", "super")


@cache
def attributes_set_by(kind: type) -> frozenset[str]:
    """What a class defines, and what its methods set on `self`."""
    try:
        nodes = ast.walk(tree_of(kind))
    except (OSError, TypeError):  # written in C
        return frozenset(vars(kind))
    stored = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and is_own(node.value)
    }
    return frozenset(stored | vars(kind).keys())


def our_classes() -> Iterator[tuple[str, type]]:
    """Our classes of theirs, each with the name of its file."""
    for path in MODULES:
        if path.name == "__main__.py":
            continue
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        for kind in vars(importlib.import_module(name)).values():
            is_ours = inspect.isclass(kind) and kind.__module__ == name
            if is_ours and any(is_foreign(base.__module__) for base in kind.__mro__):
                yield path.name, kind


def is_promised(owners: list[type], name: str) -> bool:
    if name.startswith("_"):
        return False
    if any(name in DOCUMENTED.get(owner, ()) for owner in owners):
        return True
    defined = [vars(owner).get(name) for owner in owners]
    return any(
        (inspect.isfunction(each) and each.__doc__) or isinstance(each, property)
        for each in defined
    )


def used_in_classes() -> Iterator[tuple[str, str, list[type]]]:
    """What our classes override or use of theirs: file, name, and the classes that have it."""
    for file, kind in our_classes():
        if issubclass(kind, Exception):
            continue
        bases = [base for base in kind.__mro__ if is_foreign(base.__module__)]
        used = {name for name in vars(kind) if not name.startswith(("__", "_abc_"))}
        for node in ast.walk(tree_of(kind)):
            if isinstance(node, ast.Attribute) and is_own(node.value):
                used.add(node.attr)
        for name in sorted(used):
            owners = [base for base in bases if name in attributes_set_by(base)]
            if owners and not name.startswith("__"):
                yield file, name, owners


def is_listed(file: str, name: str, owners: list[type] | None = None) -> bool:
    for entry, places in LISTED.items():
        path, _, last = entry.rpartition(".")
        if last == name and file in places:
            kind = found(path)
            if owners is None or any(
                issubclass(owner, kind) or kind in owner.__mro__ or issubclass(kind, owner)
                for owner in owners
            ):
                return True
    return False


def found(path: str) -> Any:
    """The module or the class of that name."""
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            thing = getattr(thing, part)
        return thing
    raise AssertionError(path)


def test_what_our_classes_override_and_use_is_documented_or_listed() -> None:
    seen = list(used_in_classes())
    missing = [
        f"{owners[-1].__module__}.{owners[-1].__qualname__}.{name} ({file})"
        for file, name, owners in seen
        if not is_promised(owners, name) and not is_listed(file, name, owners)
    ]
    assert missing == []
    assert len(seen) > 50  # the search itself finds something


def test_private_attributes_of_other_objects_are_listed() -> None:
    ours: set[str] = set()
    used: list[tuple[str, str]] = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                ours.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                ours.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                ours.add(node.attr)
            names = [node.attr] if isinstance(node, ast.Attribute) else []
            if isinstance(node, ast.Call) and len(node.args) > 1:  # getattr and its like
                names += [
                    each.value
                    for each in node.args[1:2]
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
            if isinstance(node, ast.Call):
                names += [word.arg for word in node.keywords if word.arg is not None]
            used += [(path.name, each) for each in names if re.match(r"_[a-z]", each)]
    pythons = {"_asdict", "_getframe", "_replace"}  # documented as they are
    missing = [
        (file, name)
        for file, name in used
        if name not in ours | pythons and not is_listed(file, name)
    ]
    assert missing == []


def test_functions_without_documentation_are_listed() -> None:
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and is_foreign(node.module or ""):
                module = importlib.import_module(str(node.module))
                for alias in node.names:
                    thing = getattr(module, alias.name, None)
                    if inspect.isfunction(thing) and not thing.__doc__:
                        assert is_listed(path.name, alias.name), (path, alias.name)


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_name_exists(name: str) -> None:
    path, _, last = name.rpartition(".")
    owner = found(path)
    if inspect.isclass(owner):
        assert any(last in attributes_set_by(base) for base in owner.__mro__)
    else:
        assert hasattr(owner, last)


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_name_is_used_where_the_list_says(name: str) -> None:
    for place in LISTED[name]:
        path = next(path for path in MODULES if path.name == place)
        assert re.search(rf"\b{name.rpartition('.')[2]}\b", path.read_text()), (name, place)


def test_each_entry_says_what_stands_in() -> None:
    entries = _ENTRY.split(_http.__doc__ or "")[3::3]
    assert len(entries) == len(LISTED) > 20
    for text in entries:
        assert re.search(r"In\s+(its|their)\s+stead:\s|^See `", text), text


def test_every_module_of_a_call_is_drawn() -> None:
    drawing = (_http.__doc__ or "").partition("The names of requests")[0]
    for path in (PACKAGE / "_http").glob("[a-z]*.py"):
        assert path.name in drawing
