"""The functions of the package say all: each keyword with its type, its default and its meaning."""

from __future__ import annotations

import inspect
import re
import typing

import pandas as pd
import pytest
from matplotlib.axes import Axes

import statuspro
from statuspro.contrib import notebook
from statuspro.mirror import Mirror
from statuspro.types import OrderFilters

FUNCTIONS = [name for name in notebook.__all__ if inspect.isfunction(getattr(notebook, name))]
FRAMES = ["durations_frame", "history_frame", "orders_frame", "read_so_far", "sync"]


def keywords(function: object) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_functions_are_found() -> None:
    assert set(FRAMES) < set(FUNCTIONS)
    assert len(notebook.__all__) == len(set(notebook.__all__))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_keyword_has_a_type_that_is_found_at_run_time(name: str) -> None:
    function = getattr(notebook, name)
    # Of plots nothing but a type checker needs this class before a plot is drawn.
    hints = typing.get_type_hints(function, localns={"Axes": Axes})
    assert set(hints) == {*keywords(function), "return"}
    assert not [each for each in keywords(function).values() if each.kind is each.VAR_KEYWORD]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_says_of_each_keyword_what_it_means(name: str) -> None:
    function = getattr(notebook, name)
    text = inspect.getdoc(function) or ""
    arguments = re.search(r"^Args:\n(.*?)(\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    described = re.findall(r"^    (\w+): \S", arguments[1] if arguments else "", re.MULTILINE)
    assert described == list(keywords(function))


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_a_frame_for_type_checkers(name: str) -> None:
    assert typing.get_type_hints(getattr(notebook, name))["return"] is pd.DataFrame


def test_the_filters_of_a_frame_are_those_of_the_clients_walk() -> None:
    of_frame, of_walk = keywords(notebook.orders_frame), keywords(statuspro.iter_orders)
    hints = typing.get_type_hints(notebook.orders_frame)
    filters = [*OrderFilters.__annotations__, "has_status"]
    assert list(of_frame) == [
        *("source", "labels", "progress", "statuses"),
        *filters,
        *("max_items", "max_pages"),
    ]
    for name in (*filters, "max_items", "max_pages"):
        assert of_frame[name].default == of_walk[name].default
        assert hints[name] == typing.get_type_hints(statuspro.iter_orders)[name]


def test_the_keywords_of_a_sync_are_those_of_the_mirrors() -> None:
    of_notebook, of_mirror = keywords(notebook.sync), keywords(Mirror.sync)
    assert of_notebook.pop("progress").default is True
    assert of_notebook.pop("mirror").default is inspect.Parameter.empty
    of_mirror.pop("self")
    assert list(of_notebook) == list(of_mirror)
    for name, parameter in of_mirror.items():
        assert of_notebook[name].default == parameter.default
