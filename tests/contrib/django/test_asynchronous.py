"""The async functions: the endpoint functions' arguments and results, in threads."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
import typing
from typing import Any

import pytest

import statuspro
from statuspro import NotFoundError
from statuspro.contrib import django as app
from statuspro.contrib.django import aget_order, aget_statuses, alookup_order, get_client
from statuspro.sandbox import Sandbox

ASYNC = sorted(name for name in app.__all__ if inspect.iscoroutinefunction(getattr(app, name)))


def test_each_endpoint_function_that_returns_a_value_has_an_async_one() -> None:
    methods = {
        name
        for name, value in vars(statuspro.StatusProClient).items()
        if name in statuspro.__all__ and value is getattr(statuspro, name)
    }
    iterators = {name for name in methods if name.startswith("iter_")} | {"get_orders", "paginate"}
    assert {f"a{name}" for name in methods - iterators} == set(ASYNC)


@pytest.mark.parametrize("name", ASYNC)
def test_an_async_function_shows_all_arguments_but_the_client(name: str) -> None:
    function, awaitable = getattr(statuspro, name[1:]), getattr(app, name)
    (client, *left) = inspect.signature(function).parameters.values()
    assert client.name == "client"
    assert list(inspect.signature(awaitable).parameters.values()) == left
    hints = typing.get_type_hints(function)
    assert typing.get_type_hints(awaitable) == {k: v for k, v in hints.items() if k != "client"}
    assert awaitable.__name__ == name
    assert "client:" not in awaitable.__doc__


def test_values_come_and_errors_are_raised(of_sandbox: Any, sandbox: Sandbox) -> None:
    order_id = sandbox.add_order(email="ann@lee.test")

    async def ask() -> tuple[Any, Any]:
        order = await aget_order(order_id)
        return order, await alookup_order(number=order["name"], email="ann@lee.test")

    order, found = asyncio.run(ask())
    assert order == found == get_client().get_order(order_id)
    with pytest.raises(NotFoundError):
        asyncio.run(aget_order(1))


def test_calls_run_side_by_side_and_the_loop_goes_on(of_sandbox: Any, sandbox: Sandbox) -> None:
    sandbox.latency = 0.2, 0.2
    threads = set()

    async def ask() -> float:
        began = time.monotonic()
        calls = asyncio.gather(*(aget_statuses() for _ in range(4)))
        await asyncio.sleep(0.05)
        threads.add(threading.current_thread())
        assert not calls.done()
        await calls
        return time.monotonic() - began

    try:
        assert asyncio.run(ask()) < 0.7
    finally:
        sandbox.latency = None
    assert threads == {threading.main_thread()}
