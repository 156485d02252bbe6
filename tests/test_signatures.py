"""Signatures say all: each keyword with its type and default, at run time too, and in the help."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from typing import Any

import jedi
import pytest

import statuspro
from statuspro import types

CALLABLES: dict[str, Callable[..., Any]] = {
    name: getattr(statuspro, name)
    for name in sorted(statuspro.__all__)
    if inspect.isfunction(getattr(statuspro, name))
}


def keywords(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(function).parameters
    return {name: each for name, each in parameters.items() if name not in ("self", "client")}


def test_the_walk_finds_what_there_is() -> None:
    assert {"iter_orders", "paginate", "unwrap_as"} <= set(CALLABLES)
    assert len(CALLABLES) > 20


@pytest.mark.parametrize("name", CALLABLES)
def test_a_signature_names_each_keyword_and_its_type(name: str) -> None:
    for parameter in keywords(CALLABLES[name]).values():
        assert parameter.annotation is not parameter.empty
        assert parameter.kind is not parameter.VAR_KEYWORD


@pytest.mark.parametrize("name", CALLABLES)
def test_the_types_of_a_signature_are_found_at_run_time(name: str) -> None:
    hints = typing.get_type_hints(CALLABLES[name])
    assert set(hints) == {*keywords(CALLABLES[name]), *hints.keys() & {"client", "return"}}
    assert "return" in hints


@pytest.mark.parametrize("name", sorted(vars(types)))
def test_the_types_of_a_payload_are_found_at_run_time(name: str) -> None:
    if typing.is_typeddict(getattr(types, name)):
        hints = typing.get_type_hints(getattr(types, name))
        assert hints
        assert not [hint for hint in hints.values() if isinstance(hint, (str, typing.ForwardRef))]


@pytest.mark.parametrize("name", ["list_orders", "iter_orders", "iter_order_pages"])
def test_the_filters_are_those_of_their_type(name: str) -> None:
    filters = typing.get_type_hints(types.OrderFilters)
    function = CALLABLES[name]
    hints = typing.get_type_hints(function)
    assert {each: hints[each] for each in filters} == filters
    assert {keywords(function)[each].default for each in filters} == {None}
    assert list(keywords(function))[: len(filters)] == list(filters)
    paging = {"page", "per_page", "max_items", "max_pages", "start_page", "prefetch"}
    assert set(keywords(function)) - set(filters) <= {*paging, "has_status"}


@pytest.mark.parametrize("name", ["bulk_update_order_status", "iter_bulk_update_order_status"])
def test_the_options_of_a_bulk_update_are_those_of_their_type(name: str) -> None:
    options = typing.get_type_hints(types.BulkOptions)
    hints = typing.get_type_hints(CALLABLES[name])
    assert {each: hints[each] for each in options} == options
    assert list(keywords(CALLABLES[name])) == ["order_ids", "status_code", *options]


ENDPOINTS = [name for name in CALLABLES if name in vars(statuspro.StatusProClient)]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_the_docstring_says_of_each_keyword_what_it_means(name: str) -> None:
    text = inspect.getdoc(getattr(statuspro, name)) or ""
    arguments = re.search(r"^Args:\n(.*?)(\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    assert arguments
    described = re.findall(r"^    (\w+): \S", arguments[1], re.MULTILINE)
    assert [each for each in described if each != "client"] == list(keywords(CALLABLES[name]))


# In an editor


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("client.iter_orders(status_c", "status_code="),
        ("client.iter_order_pages(exclude_", "exclude_cancelled="),
        ("client.list_orders(due_date_f", "due_date_from="),
        ("client.iter_bulk_update_order_status([7], 'st000003', email_a", "email_additional="),
        ("statuspro.bulk_update_order_status(client, [7], 'st000003', send", "send_at="),
        ("client.update_order_status(7, 'st000003', conf", "confirm="),
    ],
)
def test_an_editor_completes_a_keyword(line: str, completed: str) -> None:
    script = f"import statuspro\nclient = statuspro.StatusProClient()\n{line}"
    assert jedi.Script(script).complete()[0].name == completed
