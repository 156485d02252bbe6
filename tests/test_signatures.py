"""Signatures say all: each keyword with its type and default, at run time too, and in the help."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jedi
import pytest

import statuspro
from statuspro import types

CLIENTS = (statuspro.Client, statuspro.AuthenticatedClient, statuspro.StatusProClient)

#: What hands keywords on to a function or a constructor whose signature names them.
HANDS_ON = {"get", "options", "send", "resolve_redirects", "with_options"}


def public_callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function, constructor and method of ours that users call, by its name."""
    for name in sorted(set(statuspro.__all__) - {"__version__"}):
        value = getattr(statuspro, name)
        if inspect.isclass(value):
            value = value.__new__ if "__new__" in vars(value) else value.__init__
        yield name, value
    for client in CLIENTS:
        for name, value in sorted(vars(client).items()):
            if inspect.isfunction(value) and not name.startswith("_"):
                yield f"{client.__name__}.{name}", value


CALLABLES = {
    name: value for name, value in public_callables() if inspect.isfunction(inspect.unwrap(value))
}


def keywords(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(function).parameters
    return {
        name: each for name, each in parameters.items() if name not in ("self", "cls", "client")
    }


def test_the_walk_finds_what_there_is() -> None:
    assert {"iter_orders", "StatusProClient", "Client.with_options", "APIError"} <= set(CALLABLES)
    assert "StatusProClient.iter_orders" in CALLABLES
    assert len(CALLABLES) > 60


@pytest.mark.parametrize("name", CALLABLES)
def test_a_signature_names_each_keyword_and_its_type(name: str) -> None:
    for parameter in keywords(CALLABLES[name]).values():
        assert parameter.annotation is not parameter.empty
        if name.rpartition(".")[2] not in HANDS_ON:
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
    journal = ["journal"] if name.startswith("iter") else []
    assert list(keywords(CALLABLES[name])) == ["order_ids", "status_code", *options, *journal]


ENDPOINTS = [
    name for name in CALLABLES if name in vars(statuspro.StatusProClient) and name != "with_options"
]


@pytest.mark.parametrize("name", [*ENDPOINTS, *(client.__name__ for client in CLIENTS)])
def test_the_docstring_says_of_each_keyword_what_it_means(name: str) -> None:
    text = inspect.getdoc(getattr(statuspro, name)) or ""
    arguments = re.search(r"^Args:\n(.*?)(\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    assert arguments
    described = re.findall(r"^    (\w+): \S", arguments[1], re.MULTILINE)
    assert [each for each in described if each != "client"] == list(keywords(CALLABLES[name]))


# In an editor

COMPLETED = {
    "statuspro.StatusProClient(max_w": "max_wait=",
    "statuspro.AuthenticatedClient('https://shop.test', 'key', follow": "follow_redirects=",
    "statuspro.Client('https://shop.test', max_resp": "max_response_bytes=",
    "client.iter_orders(status_c": "status_code=",
    "client.iter_order_pages(exclude_": "exclude_cancelled=",
    "client.list_orders(due_date_f": "due_date_from=",
    "client.iter_bulk_update_order_status([7], 'st000003', email_a": "email_additional=",
    "statuspro.bulk_update_order_status(client, [7], 'st000003', send": "send_at=",
    "client.update_order_status(7, 'st000003', conf": "confirm=",
    "client.update_order_status(7, 'st000003', noti": "notify=",
}


# One test: to read Python's own modules takes seconds, and each process would read them anew.
def test_an_editor_completes_keywords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jedi.settings, "cache_directory", str(tmp_path))
    start = "import statuspro\nclient = statuspro.StatusProClient()\n"
    found = {line: jedi.Script(start + line).complete()[0].name for line in COMPLETED}
    assert found == COMPLETED
