"""The endpoint functions for async views: each call runs in a thread of its own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from asgiref.sync import sync_to_async

from statuspro.api import bulk, orders, outcome, statuses, summary, updates
from statuspro.contrib.django.client import get_client
from statuspro.session import Client

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _awaitable(
    function: Callable[Concatenate[Client, Parameters], Result],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Makes an async function of an endpoint function, without the client among its arguments."""

    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return function(get_client(), *args, **kwargs)

    # Not the one thread that Django keeps for its database: there, calls would wait in line.
    in_a_thread: Any = sync_to_async(call, thread_sensitive=False)

    @functools.wraps(function)
    async def awaitable(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        result: Result = await in_a_thread(*args, **kwargs)
        return result

    _describe(awaitable, function)
    return awaitable


def _describe(awaitable: Any, function: Any) -> None:
    """Has `help` and editors show the arguments that are left, and the new name."""
    signature = inspect.signature(function)
    (client, *left) = signature.parameters.values()
    awaitable.__signature__ = signature.replace(parameters=left)
    awaitable.__annotations__ = {
        name: value for name, value in function.__annotations__.items() if name != client.name
    }
    awaitable.__name__ = awaitable.__qualname__ = f"a{function.__name__}"
    awaitable.__module__ = __name__
    awaitable.__doc__ = _documented(function)


def _documented(function: Any) -> str:
    """Rewrites the docstring: no client is passed."""
    lines = (inspect.getdoc(function) or "").splitlines()
    kept = [line for line in lines if not line.lstrip().startswith("client: ")]
    return "\n".join([*kept, "", "The call runs in a thread; :func:`get_client` gives the client."])


alist_orders = _awaitable(orders.list_orders)
aget_order = _awaitable(orders.get_order)
alookup_order = _awaitable(orders.lookup_order)
afind_order = _awaitable(orders.find_order)
aget_viable_statuses = _awaitable(orders.get_viable_statuses)
aupdate_order_status = _awaitable(updates.update_order_status)
aadd_order_comment = _awaitable(updates.add_order_comment)
aset_order_due_date = _awaitable(updates.set_order_due_date)
abulk_update_order_status = _awaitable(bulk.bulk_update_order_status)
abulk_outcome = _awaitable(outcome.bulk_outcome)
aget_statuses = _awaitable(statuses.get_statuses)
asummarize_orders = _awaitable(summary.summarize_orders)
