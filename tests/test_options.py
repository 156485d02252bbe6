"""The table of the clients' keywords, and that signatures and types say the same."""

from __future__ import annotations

import inspect
import logging
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from statuspro import AuthenticatedClient, Client, RateLimit, StatusProClient
from statuspro.options import ADAPTER, OPTIONS, ClientChanges, SessionChanges
from tests.support.recorder import Recorder

pytestmark = pytest.mark.usefixtures("away")

KEY = "key-3f9a1c77e0d24b58"
BASE_URL = "https://shop.test/api/v1"
CLIENTS = [Client, AuthenticatedClient, StatusProClient]

#: What the constructors take that is no option.
ARGUMENTS = {"api_key", "base_url", "token"}


def parameters(cls: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(cls).parameters)


@pytest.mark.parametrize("cls", CLIENTS)
def test_every_keyword_of_a_constructor_is_in_the_table_with_its_default(cls: type) -> None:
    found = {name: each.default for name, each in parameters(cls).items() if name not in ARGUMENTS}
    assert found
    assert found == {name: OPTIONS[name].default for name in found}


def test_every_option_is_a_keyword_of_the_client() -> None:
    assert set(parameters(StatusProClient)) == {"api_key", "base_url", *OPTIONS}


@pytest.mark.parametrize(
    ("cls", "changes"),
    [
        (Client, SessionChanges),
        (AuthenticatedClient, SessionChanges),
        (StatusProClient, ClientChanges),
    ],
)
def test_with_options_takes_all_but_what_is_settled_at_the_start(cls: Any, changes: Any) -> None:
    hints = typing.get_type_hints(cls.__init__)
    changeable = {
        name
        for name in parameters(cls)
        if name not in ARGUMENTS and OPTIONS[name].place is not ADAPTER
    }
    assert typing.get_type_hints(changes) == {name: hints[name] for name in changeable}
    (options,) = (
        each.annotation
        for each in inspect.signature(cls.with_options, eval_str=True).parameters.values()
        if each.kind is each.VAR_KEYWORD
    )
    assert (typing.get_args(options) or (options,)) == (changes,)  # Python 3.10 has no Unpack


def note(*_: Any, **__: Any) -> None:
    """A function that can be pickled."""


class Picklable(Recorder):
    """An adapter that can be pickled."""


#: Of each option a value that is not its default.
VALUES: dict[str, Any] = {
    "timeout": (1.0, 2.0),
    "deadline": 2.5,
    "max_retries": 3,
    "max_pages": 4,
    "logger": logging.getLogger("mine"),
    "max_wait": 5.0,
    "on_wait": note,
    "rate_limit": RateLimit(requests=6),
    "rate_limit_storage": "sqlite:///budget.db",
    "rate_limit_fallback": "local",
    "rate_limit_reserve": 4,
    "max_response_bytes": 10,
    "follow_redirects": True,
    "pool_connections": 2,
    "pool_maxsize": 3,
    "headers": {"X-Trace": "7"},
    "cookies": {"basket": "1"},
    "params": {"shop": "a"},
    "hooks": {"response": [note]},
    "proxies": {"https": "http://proxy.test:3128"},
    "verify": "ca.pem",
    "cert": ("cert.pem", "key.pem"),
    "trust_env": False,
}


def kept(client: Client, name: str) -> Any:
    """An option as it is where a client keeps it, beside what the client has there by itself."""
    value = OPTIONS[name].place.get(client, name)
    if name in ("headers", "cookies", "params"):
        return {key: value.get(key) for key in VALUES[name]}
    return value


def test_there_is_a_value_of_each_option_and_none_is_its_default() -> None:
    assert VALUES.keys() == OPTIONS.keys() - {"adapter"}
    assert [name for name in VALUES if VALUES[name] == OPTIONS[name].default] == []


@pytest.mark.parametrize("name", VALUES)
def test_an_option_comes_to_its_place_and_through_a_pickle(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = StatusProClient(KEY, BASE_URL, **{name: VALUES[name]})
    assert kept(client, name) == VALUES[name]
    assert kept(StatusProClient(KEY, BASE_URL), name) != VALUES[name]
    monkeypatch.setenv("STATUSPRO_API_KEY", KEY)
    assert kept(pickle.loads(pickle.dumps(client)), name) == VALUES[name]


@pytest.mark.parametrize("name", [*VALUES, "adapter"])
def test_an_option_is_changed_or_refused_later(name: str) -> None:
    client = StatusProClient(KEY, BASE_URL)
    value: Any = VALUES.get(name)
    if OPTIONS[name].place is ADAPTER:
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
            client.with_options(**{name: value})
        return
    assert kept(client.with_options(**{name: value}), name) == value
    assert kept(client, name) != value


def test_an_adapter_goes_through_a_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    client = StatusProClient(KEY, BASE_URL, adapter=Picklable(b"[]"))
    monkeypatch.setenv("STATUSPRO_API_KEY", KEY)
    assert pickle.loads(pickle.dumps(client)).get_statuses() == []


def test_arguments_may_be_given_by_position_as_far_as_they_have_one() -> None:
    make: Any = StatusProClient
    client = make(KEY, BASE_URL, 1.5, 2, 3, logging.getLogger("mine"), max_wait=4.0)
    assert (client.timeout, client.max_retries, client.max_pages) == (1.5, 2, 3)
    with pytest.raises(TypeError, match="7 positional arguments but 8"):
        make(KEY, BASE_URL, 1.5, 2, 3, None, 4.0)
    with pytest.raises(TypeError, match="multiple values for argument 'timeout'"):
        make(KEY, BASE_URL, 1.5, timeout=1.5)


class Shop(StatusProClient):
    """A client with a keyword of its own."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(KEY, BASE_URL, **options)
        self.name = name


def test_a_class_of_the_callers_own_hands_options_on() -> None:
    shop = Shop("Ann's", max_wait=4.0, headers={"X-Trace": "7"})
    assert (shop.name, kept(shop, "max_wait")) == ("Ann's", 4.0)
    assert kept(shop.with_options(max_wait=5.0), "max_wait") == 5.0
    makers: list[Callable[..., object]] = [Shop, shop.with_options]
    for make in makers:
        with pytest.raises(TypeError, match="Shop got an unexpected keyword argument 'colour'"):
            make(**{"name": "Ann's", "colour": 1} if make is Shop else {"colour": 1})
