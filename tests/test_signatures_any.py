"""No public signature says Any without a reason, which stands here beside its name."""

from __future__ import annotations

import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

#: Where users import from. The Django app's are read without its settings.
MODULES = [
    "statuspro",
    "statuspro.values",
    "statuspro.mirror",
    "statuspro.sandbox",
    "statuspro.testing",
    "statuspro.contrib.django",
    "statuspro.contrib.notebook",
]
SPECIAL = {"__init__", "__new__", "__call__", "__enter__", "__exit__", "__iter__", "__next__"}

REASONS = {
    "requests' Session takes it so, and what it takes is for requests to say": [
        *(f"Client.get({name})" for name in ("url", "params", "kwargs")),
        *(f"Client.options({name})" for name in ("url", "kwargs")),
        *(
            f"Client.request({name})"
            for name in (
                *("url", "params", "data", "headers", "cookies", "files", "auth", "timeout"),
                *("proxies", "hooks", "verify", "cert", "json"),
            )
        ),
        *("Client.send(kwargs)", "DjangoClient.send(kwargs)"),
        *(
            f"Client.merge_environment_settings({name})"
            for name in ("url", "proxies", "stream", "verify", "cert", "return")
        ),
        *(f"Client.resolve_redirects({name})" for name in ("timeout", "cert", "adapter_kwargs")),
        *(f"Client.rebuild_proxies({name})" for name in ("prepared_request", "proxies", "return")),
        *(f"Client.rebuild_auth({name})" for name in ("prepared_request", "response")),
    ],
    "a query's value: requests writes any of them, and calls str for it": [
        *(f"{name}.__init__(params)" for name in ("Client", "AuthenticatedClient")),
        "StatusProClient.__init__(params)",
        "paginate(params)",
    ],
    "a hook may return what it likes, and its further arguments are the adapter's": [
        *(f"{name}.__init__(hooks)" for name in ("Client", "AuthenticatedClient")),
        "StatusProClient.__init__(hooks)",
    ],
    "JSON of any form: what the service sends to a path that no function of ours knows": [
        "paginate(return)",
        "unwrap(return)",
        "unwrap_data(return)",
        "unwrap_data(default)",
        *(
            f"{name}.__init__(error_response)"
            for name in ("APIError", "RateLimitError", "RedirectError", "ValidationError")
        ),
        "Record.json(return)",
    ],
    "the caller's own: what its functions return comes back": [
        "handle_response(on_success)",
        "handle_response(on_error)",
        "handle_response(return)",
    ],
    "as BaseException has it; and what an error carries through pickle is of any kind": [
        "StatusProError._told(return)",  # the property `args`
        *(
            f"{name}.__init__(carried)"
            for name in (
                *("StatusProError", "APIError", "APIConnectionError", "BulkUpdateError"),
                *("RateLimitError", "RedirectError", "TransitionError", "ValidationError"),
            )
        ),
    ],
    "the keywords of StatusProClient, of Sandbox or of a call's settings, which check them": [
        "Sandbox.client(keywords)",
        "Sandbox.adapter(settings)",
        "SandboxTestCase[sandbox_options]",
    ],
    "orders and statuses of any TypedDict, and dicts read from a file": [
        "history_frame(source)",
        "history_frame(statuses)",
        "orders_frame(source)",
        "orders_frame(statuses)",
        "show(thing)",
    ],
}


def says_any(hint: Any) -> bool:
    """Whether Any is the type or part of it; the text of one that only type checkers look up."""
    if isinstance(hint, str):
        return re.search(r"\bAny\b", hint) is not None
    parts = hint if isinstance(hint, list) else typing.get_args(hint)
    return hint is Any or any(says_any(part) for part in parts)


def hints_of(value: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(value)
    except NameError:
        return dict(inspect.get_annotations(value))


def functions_of(value: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions behind a public name: itself, or the methods of a class and of its bases."""
    if not inspect.isclass(value):
        function = inspect.unwrap(getattr(value, "__wrapped__", value))
        if inspect.isfunction(function) and function.__module__.startswith("statuspro"):
            yield function.__qualname__, function
        return
    for base in value.__mro__:
        if not base.__module__.startswith("statuspro") or hasattr(base, "_fields"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") and name not in SPECIAL:
                continue
            method: Any = member.fget if isinstance(member, property) else member
            method = inspect.unwrap(getattr(method, "__func__", method))
            if inspect.isfunction(method):
                yield method.__qualname__, method


def public_annotations() -> Iterator[tuple[str, Any]]:
    """Every annotation of what users call, by name: `Client.get(url)`, `Order[id]`."""
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        names = getattr(module, "__all__", None) or [
            name for name in vars(module) if not name.startswith("_")
        ]
        for public in names:
            value = getattr(module, public)
            if inspect.isclass(value):
                fields = hints_of(value).items()
                yield from ((f"{value.__name__}[{field}]", hint) for field, hint in fields)
            for name, function in functions_of(value):
                yield from ((f"{name}({each})", hint) for each, hint in hints_of(function).items())


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return dict(public_annotations())


@pytest.mark.parametrize(
    "name",
    [
        "BaseMirror.sync(client)",
        "Client.with_options(options)",
        "Order[id]",
        "Sandbox.add_order(return)",
        "SandboxTestCase[sandbox_options]",
        "due_days(order)",
        "get_client(return)",
        "plot_age(frame)",
        "update_order_status(return)",
    ],
)
def test_the_walk_reads_what_there_is(name: str, found: dict[str, Any]) -> None:
    assert name in found


def test_any_in_a_public_signature_has_a_reason(found: dict[str, Any]) -> None:
    untyped = sorted(name for name, hint in found.items() if says_any(hint))
    assert untyped == sorted(name for names in REASONS.values() for name in names)


@pytest.mark.parametrize(
    ("hint", "says"),
    [
        (Any, True),
        (dict[str, Any], True),
        (Callable[[Any], int], True),
        (list[int] | None, False),
        ("Mapping[str, Any]", True),
        ("Anyone", False),
    ],
)
def test_any_is_found_inside_a_type(hint: Any, says: bool) -> None:
    assert says_any(hint) is says
