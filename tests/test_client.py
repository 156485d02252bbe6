"""StatusProClient: where its settings come from, and how its parts are put together."""

import copy
import inspect
import itertools
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
import structlog

import statuspro
from statuspro import (
    AuthenticatedClient,
    Client,
    ConfigurationError,
    InvalidResponseError,
    RateLimit,
    RateLimitError,
    ServerError,
    StatusProClient,
    StatusProError,
    TruncatedListWarning,
)
from statuspro._http.retry import retry_policy
from statuspro._http.transport import Transport
from statuspro.auth import BearerAuth
from statuspro.sandbox import Sandbox
from tests.support.recorder import Recorder

pytestmark = pytest.mark.usefixtures("away")

KEY = "key-3f9a1c77e0d24b58"
BASE_URL = "https://shop.test/api/v1"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(b"[]")


@pytest.fixture
def sandbox() -> Sandbox:
    """Its clients need no sockets: `sandbox.client(adapter=sandbox.adapter())`."""
    return Sandbox(orders=30)


@pytest.fixture
def served() -> Iterator[Sandbox]:
    with Sandbox(orders=30) as sandbox:
        yield sandbox


def sent_by(client: StatusProClient, recorder: Recorder) -> tuple[str | None, Any]:
    """Where a request of the client goes, and its Authorization."""
    client.get("/statuses")
    return recorder.requests[-1].url, recorder.requests[-1].headers["Authorization"]


# Configuration


def test_the_defaults(recorder: Recorder) -> None:
    client = StatusProClient(KEY, adapter=recorder)
    assert client.base_url == "https://app.orderstatuspro.com/api/v1"
    assert client.timeout == 30.0
    assert client.max_retries == 5
    assert client.max_pages == 100
    assert client.rate_limit == RateLimit(requests=60, bulk=5, period=60.0)
    assert client.rate_limit_storage is None
    assert client.rate_limit_fallback is None
    assert client.follow_redirects is False
    assert sent_by(client, recorder) == (
        *("https://app.orderstatuspro.com/api/v1/statuses", f"Bearer {KEY}"),
    )
    assert recorder.settings[0]["timeout"] == 30.0


def test_the_arguments_that_have_places(recorder: Recorder) -> None:
    logger = logging.getLogger("mine")
    client = StatusProClient(KEY, BASE_URL, 1.5, 2, 3, logger, adapter=recorder)
    assert (client.timeout, client.max_retries, client.max_pages) == (1.5, 2, 3)
    assert sent_by(client, recorder) == (f"{BASE_URL}/statuses", f"Bearer {KEY}")
    positional = [
        parameter.name
        for parameter in inspect.signature(StatusProClient).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    assert positional == [*("api_key", "base_url", "timeout", "max_retries", "max_pages", "logger")]


def test_the_settings_come_from_the_four_places_in_turn(
    away: Path, monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    def made(*arguments: Any) -> tuple[str | None, Any]:
        return sent_by(StatusProClient(*arguments, adapter=recorder), recorder)

    netrc = Path.home() / ".netrc"
    netrc.write_text(
        "machine app.orderstatuspro.com login x password n1\n"
        "machine dotenv.test login x password n2\n"
    )
    netrc.chmod(0o600)
    assert made() == ("https://app.orderstatuspro.com/api/v1/statuses", "Bearer n1")
    dotenv = away.parent / ".env"
    dotenv.write_text("STATUSPRO_BASE_URL=https://dotenv.test/api/\n")
    with pytest.raises(ConfigurationError, match="not sent to where"):  # nor is the .netrc's
        made()
    dotenv.write_text("STATUSPRO_BASE_URL=https://dotenv.test\nSTATUSPRO_API_KEY=d1\n")
    assert made() == ("https://dotenv.test/statuses", "Bearer d1")
    monkeypatch.setenv("STATUSPRO_BASE_URL", "https://environment.test")
    monkeypatch.setenv("STATUSPRO_API_KEY", "e1")
    assert made() == ("https://environment.test/statuses", "Bearer e1")
    assert made("a1") == ("https://environment.test/statuses", "Bearer a1")
    assert made("a1", "https://argument.test") == ("https://argument.test/statuses", "Bearer a1")
    assert made("", "  ") == ("https://environment.test/statuses", "Bearer e1")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"api_key": ""},
        {"api_key": "key 1"},
        {"api_key": "key-1\n"},
        {"api_key": "kéy"},
        {"api_key": b"key"},
        {"api_key": KEY, "base_url": "shop.test"},
        {"api_key": KEY, "base_url": "http://shop.test"},
        {"api_key": KEY, "base_url": f"https://x:{KEY}@shop.test"},
        {"api_key": KEY, "base_url": f"https://shop.test/?key={KEY}"},
        {"api_key": KEY, "base_url": 7},
        {"api_key": KEY, "rate_limit_storage": "mysql://shop.test"},
        {"api_key": KEY, "rate_limit_storage": "sqlite:///"},
    ],
    ids=repr,
)
def test_what_cannot_be_used_is_refused_at_construction(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        StatusProClient(**arguments)
    assert KEY not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def refused(**arguments: Any) -> BaseException:
    with pytest.raises((TypeError, ValueError)) as caught:
        StatusProClient(**arguments)
    return caught.value


@pytest.mark.parametrize("given", [{}, {"api_key": "key 1"}, {"base_url": 7}, {"timeout": -1}])
def test_an_unknown_keyword_is_named_whatever_else_is_wrong(given: dict[str, Any]) -> None:
    error = refused(**given, max_waits=3, apikey="k", zeta=1)
    assert type(error) is TypeError
    assert str(error) == "StatusProClient got an unexpected keyword argument 'max_waits'"


@pytest.mark.parametrize("names", list(itertools.permutations(["one", "two", "three"])))
def test_the_first_unknown_keyword_is_named(names: tuple[str, ...]) -> None:
    wrong: dict[str, Any] = dict.fromkeys(names, 1)
    options: dict[str, Any] = {"max_retries": -1, **wrong}
    makers: list[Callable[[], object]] = [
        lambda: StatusProClient(KEY, **options),
        lambda: AuthenticatedClient("not a URL", "not a key", **wrong),
        lambda: Client("not a URL", **wrong),
        lambda: StatusProClient(KEY).with_options(**options),
        lambda: Client("https://shop.test").with_options(**wrong),
    ]
    for make in makers:
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{names[0]}'"):
            make()


def test_the_first_wrong_value_is_named() -> None:
    wrong: dict[str, Any] = {"max_wait": -1, "trust_env": 7, "on_wait": 7, "hooks": 7}
    for order in itertools.permutations(wrong):
        error = refused(api_key=KEY, **{name: wrong[name] for name in order})
        assert order[0] in str(error)


# Frames -------------------------------------------------------------------------------------


def shown_by(error: BaseException | None) -> Iterator[str]:
    """What an error reporter shows: the variables of every frame of the library."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals.get("__name__", "").startswith("statuspro"):
                yield from (f"{frame.f_code.co_name}: {v!r}" for v in frame.f_locals.values())
        error = error.__cause__ or error.__context__


def untyped(value: object) -> Any:
    return value


URL = "https://shop.test"
WAYS: dict[str, Callable[[], object]] = {
    "a key with a newline": lambda: StatusProClient(f"{KEY}\n"),
    "a key with a space": lambda: StatusProClient(f"{KEY} {KEY}"),
    "a key of bytes": lambda: StatusProClient(untyped(KEY.encode())),
    "a base URL that is none": lambda: StatusProClient(KEY, "shop.test"),
    "a base URL without a port": lambda: StatusProClient(KEY, f"https://x:{KEY}@shop.test:port"),
    "a base URL with the key": lambda: StatusProClient(KEY, f"https://x:{KEY}@shop.test"),
    "a query with the key": lambda: StatusProClient(KEY, f"https://shop.test/?key={KEY}"),
    "plain http": lambda: StatusProClient(KEY, "http://shop.test"),
    "a base URL that is no text": lambda: StatusProClient(KEY, untyped(7)),
    "a timeout": lambda: StatusProClient(KEY, timeout=-1),
    "retries": lambda: StatusProClient(KEY, max_retries=-1),
    "a logger": lambda: StatusProClient(KEY, logger=untyped(7)),
    "a pool": lambda: StatusProClient(KEY, pool_maxsize=0),
    "a hook": lambda: StatusProClient(KEY, hooks={"answer": print}),
    "a limit": lambda: StatusProClient(KEY, rate_limit=untyped(7)),
    "a storage": lambda: StatusProClient(KEY, rate_limit_storage="mysql://shop.test"),
    "a folder": lambda: StatusProClient(KEY, rate_limit_storage="sqlite:////no/such/folder/db"),
    "a fallback": lambda: StatusProClient(KEY, rate_limit_fallback="far"),
    "an unknown keyword": lambda: StatusProClient(KEY, **untyped({"answer": 42})),
    "a misspelt keyword": lambda: StatusProClient(**untyped({"api_kye": KEY})),
    "a key in the wrong place": lambda: untyped(StatusProClient)(*[None] * 6, KEY),
    "two keys": lambda: StatusProClient(KEY, **untyped({"api_key": KEY})),
    "a token with a newline": lambda: AuthenticatedClient(URL, f"{KEY}\n"),
    "a token of bytes": lambda: AuthenticatedClient(URL, untyped(KEY.encode())),
    "a token for nothing": lambda: AuthenticatedClient("shop.test", KEY),
    "a token in the open": lambda: AuthenticatedClient("http://shop.test", KEY),
    "a token and a keyword": lambda: AuthenticatedClient(URL, KEY, **untyped({"answer": 42})),
    "a token as a keyword": lambda: AuthenticatedClient(URL, "t", **untyped({"tokne": KEY})),
    "a client of a URL": lambda: Client(f"https://x:{KEY}@shop.test"),
    "a keyword of a client": lambda: Client("https://shop.test", **untyped({"token": KEY})),
    "a bearer": lambda: BearerAuth(f"{KEY}\n", "https://shop.test"),
    "a bearer in the open": lambda: BearerAuth(KEY, "http://shop.test"),
    "a derived client": lambda: StatusProClient(KEY).with_options(**untyped({"api_key": KEY})),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_variable_of_a_failed_construction_holds_the_key(way: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        WAYS[way]()
    shown = list(shown_by(caught.value))
    assert shown
    assert [text for text in shown if KEY in text] == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("environment", f"{KEY}\n"),
        (".env", f"STATUSPRO_API_KEY='{KEY} x'\n"),
        (".env", f"STATUSPRO_API_KEY={KEY}\nSTATUSPRO_BASE_URL=https://x:{KEY}@shop.test\n"),
        (".env", f"STATUSPRO_API_KEY={KEY}\nSTATUSPRO_BASE_URL=http://shop.test\n"),
        (".env", f"STATUSPRO_API_KEY={KEY}\nSTATUSPRO_RATE_LIMIT_STORAGE=mysql://x\n"),
        (".env", f"STATUSPRO_API_KEY={KEY}\xff\n"),
        (".netrc", f"machine app.orderstatuspro.com login x password {KEY}é\n"),
        (".netrc", f"machine app.orderstatuspro.com login x password {KEY} {KEY}\n"),
        (".netrc", f"machine elsewhere.test login x password {KEY}\n"),
    ],
)
def test_no_variable_holds_the_key_of_another_place(
    place: str, text: str, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPRO_API_KEY", text if place == "environment" else "")
    path = {".env": away / ".env", ".netrc": Path.home() / ".netrc"}.get(place, away / "unused")
    path.write_bytes(text.encode("latin-1" if "\xff" in text else "utf-8"))
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        StatusProClient()
    shown = list(shown_by(caught.value))
    assert shown
    assert [one for one in shown if KEY in one] == []


def test_a_netrc_that_others_may_read_warns_where_the_client_is_made() -> None:
    netrc = Path.home() / ".netrc"
    netrc.write_text("machine app.orderstatuspro.com login x password n1\n")
    netrc.chmod(0o644)
    with pytest.warns(UserWarning, match="chmod 600") as caught:
        StatusProClient()
    assert caught[0].filename == __file__


def test_the_storage_is_found_like_the_key(
    away: Path, monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    (away / ".env").write_text("STATUSPRO_RATE_LIMIT_STORAGE=sqlite:///dotenv.db\n")
    assert StatusProClient(KEY).rate_limit_storage == "sqlite:///dotenv.db"
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT_STORAGE", "sqlite:///environment.db")
    assert StatusProClient(KEY).rate_limit_storage == "sqlite:///environment.db"
    client = StatusProClient(KEY, rate_limit_storage=f"sqlite:///{away}/argument.db")
    assert client.rate_limit_storage == f"sqlite:///{away}/argument.db"


def test_an_argument_beats_a_setting_also_where_it_wants_no_storage(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = away / "environment.db"
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT_STORAGE", f"sqlite:///{path}")
    alone = StatusProClient(KEY, rate_limit_storage="memory://")
    for client in (alone, alone.with_options(rate_limit_reserve=5), copy.deepcopy(alone)):
        assert client.budget() is not None
        assert not path.exists()
    StatusProClient(KEY).budget()
    assert path.exists()


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("120/10/60", RateLimit(120, 10, 60.0)),
        ("7", RateLimit(7)),
        ("None", None),
        (" ", RateLimit()),
        ("", RateLimit()),
    ],
)
def test_the_limit_is_found_like_the_key(
    text: str, limit: RateLimit | None, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (away / ".env").write_text(f"STATUSPRO_RATE_LIMIT={text}\n")
    assert StatusProClient(KEY).rate_limit == limit
    (away / ".env").write_text("STATUSPRO_RATE_LIMIT=1/1/1\n")
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", text)
    is_blank = not text.strip()
    assert StatusProClient(KEY).rate_limit == (RateLimit(1, 1, 1.0) if is_blank else limit)


@pytest.mark.parametrize("given", [RateLimit(), RateLimit(60, 5, 60.0), RateLimit(2), None])
@pytest.mark.parametrize("setting", ["9/9/9", "none", "nonsense"])
def test_a_limit_that_is_given_beats_the_setting_also_where_it_is_the_default(
    given: RateLimit | None, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", setting)
    client = StatusProClient(KEY, BASE_URL, rate_limit=given)
    assert client.rate_limit == given
    assert client.with_options(rate_limit_reserve=1).rate_limit == given


def test_a_limit_of_the_setting_is_the_clients_own_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATUSPRO_API_KEY", KEY)
    plain = StatusProClient(base_url=BASE_URL)
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "30/3/30")
    client = StatusProClient(base_url=BASE_URL)
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "9/9/9")
    for each, limit in ((plain, RateLimit()), (client, RateLimit(30, 3, 30.0))):
        for other in (
            each,
            each.with_options(rate_limit_fallback="local"),
            copy.deepcopy(each),
            pickle.loads(pickle.dumps(each)),
        ):
            assert other.rate_limit == limit
            budget = budget_of(other)
            assert budget is not None
            assert budget.limit == limit


def test_a_limit_that_makes_no_sense_says_so(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (away / ".env").write_text("STATUSPRO_RATE_LIMIT=sixty\n")
    with pytest.raises(ConfigurationError, match=r"STATUSPRO_RATE_LIMIT must be .* 60/5/60"):
        StatusProClient(KEY)
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "60/5/60")
    StatusProClient(KEY).close()


# Keywords


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"max_retries": -1}, ValueError),
        ({"max_retries": 1.5}, TypeError),
        ({"max_retries": True}, TypeError),
        ({"max_pages": 0}, ValueError),
        ({"max_pages": "all"}, TypeError),
        ({"max_wait": -1}, ValueError),
        ({"max_wait": "1"}, TypeError),
        ({"max_wait": float("nan")}, ValueError),
        ({"deadline": 0}, ValueError),
        ({"deadline": -1.0}, ValueError),
        ({"deadline": float("inf")}, ValueError),
        ({"deadline": float("nan")}, ValueError),
        ({"deadline": "2"}, TypeError),
        ({"deadline": True}, TypeError),
        ({"deadline": (1, 2)}, TypeError),
        ({"on_wait": 7}, TypeError),
        ({"logger": "statuspro"}, TypeError),
        ({"rate_limit": 60}, TypeError),
        ({"rate_limit_fallback": "global"}, ValueError),
        ({"rate_limit_reserve": 60}, ValueError),
        ({"rate_limit_reserve": -1}, ValueError),
        ({"rate_limit_reserve": 0.5}, TypeError),
        ({"rate_limit_reserve": None}, TypeError),
        ({"rate_limit_reserve": 20, "rate_limit": RateLimit(20)}, ValueError),
        ({"rate_limit_storage": 7}, ConfigurationError),
        ({"timeout": -1}, ValueError),
        ({"follow_redirects": None, "trust_env": "yes"}, TypeError),
    ],
    ids=repr,
)
def test_an_option_that_makes_no_sense_is_refused(
    options: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        StatusProClient(KEY, BASE_URL, **options)
    with pytest.raises(kind):
        StatusProClient(KEY, BASE_URL).with_options(**options)


@pytest.mark.parametrize("name", ["colour", "max_retry", "session", "Timeout"])
def test_an_unknown_keyword_is_named(name: str) -> None:
    options: Any = {name: 1}
    refusal = f"StatusProClient got an unexpected keyword argument '{name}'"
    with pytest.raises(TypeError, match=refusal):
        StatusProClient(KEY, **options)
    with pytest.raises(TypeError, match=refusal):
        StatusProClient(KEY).with_options(**options)


@pytest.mark.parametrize("name", ["adapter", "api_key", "base_url", "pool_maxsize"])
def test_what_cannot_be_changed_later_is_an_unknown_keyword_then(name: str) -> None:
    options: Any = {name: None}
    with pytest.raises(TypeError, match=name):
        StatusProClient(KEY).with_options(**options)


def test_a_logger_needs_four_methods() -> None:
    class Half:
        debug = info = warning = print

    logger: Any = Half()
    with pytest.raises(TypeError, match="logger must be something with a method error, not Half"):
        StatusProClient(KEY, logger=logger)


# Methods


METHODS = """
list_orders iter_orders iter_order_pages get_order get_orders lookup_order find_order
get_viable_statuses
update_order_status add_order_comment set_order_due_date bulk_update_order_status
iter_bulk_update_order_status bulk_outcome get_statuses summarize_orders paginate
""".split()


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_the_function(name: str) -> None:
    assert vars(StatusProClient)[name] is getattr(statuspro, name)
    assert getattr(StatusProClient, name).__doc__
    assert not hasattr(AuthenticatedClient, name)


def test_the_functions_take_any_client(sandbox: Sandbox) -> None:
    with AuthenticatedClient(
        sandbox.base_url, sandbox.api_key, adapter=sandbox.adapter(), trust_env=False
    ) as client:
        orders = statuspro.list_orders(client, per_page=10)
        assert len(orders["data"]) == 30
        assert statuspro.get_order(client, orders["data"][0]["id"])["history"] is not None
        assert len(statuspro.get_statuses(client)) > 0


# Derived clients


def test_each_option_can_be_changed(sandbox: Sandbox) -> None:
    client = sandbox.client(adapter=sandbox.adapter())
    assert client.with_options(max_retries=0).max_retries == 0
    assert client.with_options(max_pages=7).max_pages == 7
    assert client.with_options(timeout=7.0).timeout == 7.0
    assert client.with_options(rate_limit=RateLimit(7, 1, 1.0)).rate_limit == RateLimit(7, 1, 1.0)
    assert client.with_options(headers={"X-Trace": "7"}).headers["X-Trace"] == "7"
    assert (client.max_retries, client.max_pages, client.timeout) == (5, 100, 30.0)
    with pytest.warns(TruncatedListWarning):
        client.with_options(max_pages=1).list_orders(per_page=10)


def test_a_derived_client_keeps_the_options_that_it_is_not_given(served: Sandbox) -> None:
    waits: list[str] = []

    def note(seconds: float, reason: str) -> None:
        waits.append(reason)

    with served.client(max_retries=1, max_wait=7.0, on_wait=note) as client:
        derived = client.with_headers({"X-Trace": "7"}).with_timeout(5)
        assert derived.on_wait is note
        served.fail(503, times=3)
        with pytest.raises(ServerError):
            derived.get_statuses()
        assert len(served.requests) == 2
        assert len(waits) == 1
        served.clear_faults()
        served.fail(503, retry_after=8)
        assert derived.get("/statuses").status_code == 503  # 8 s are more than it may wait
        assert derived.with_options(max_wait=0, max_retries=9).max_retries == 9


def test_options_of_calls_are_the_derived_clients_own(served: Sandbox) -> None:
    told: list[float] = []
    with served.client() as client:
        hasty = client.with_options(
            max_retries=1, on_wait=lambda seconds, reason: told.append(seconds)
        )
        small = client.with_options(max_response_bytes=10)
        served.fail(503)
        assert hasty.get_statuses()
        assert len(told) == 1
        assert hasty.with_options(on_wait=None, max_retries=0).get_statuses()
        with pytest.raises(InvalidResponseError, match="larger than 10 bytes"):
            small.get_statuses()
        assert client.get_statuses()


def budget_of(client: StatusProClient) -> Any:
    return client._settings.budget


def test_derived_clients_and_copies_share_the_budget() -> None:
    client = StatusProClient(KEY, BASE_URL)
    for derived in (
        client.with_timeout(5),
        client.with_headers({}),
        client.with_cookies({}),
        client.with_options(max_wait=1, max_retries=1, logger=logging.getLogger("mine")),
        copy.copy(client),
        copy.deepcopy(client),
        StatusProClient(KEY, BASE_URL + "/"),
    ):
        assert budget_of(derived) is budget_of(client)


def test_another_limit_or_key_or_origin_is_another_budget() -> None:
    client = StatusProClient(KEY, BASE_URL)
    others = [
        client.with_options(rate_limit=RateLimit(requests=30)),
        client.with_options(rate_limit_fallback="local"),
        StatusProClient("key-2", BASE_URL),
        StatusProClient(KEY, "https://other.test/api/v1"),
        StatusProClient(KEY, BASE_URL, rate_limit=RateLimit(period=10.0)),
    ]
    assert len({id(budget_of(each)) for each in [client, *others]}) == 6


@pytest.mark.parametrize("order", [1, -1])
def test_a_reserve_is_less_than_all_requests_whichever_is_changed_last(order: int) -> None:
    options: list[dict[str, Any]] = [{"rate_limit": RateLimit(10)}, {"rate_limit_reserve": 10}]
    first, second = options[::order]
    with pytest.raises(ValueError, match="rate_limit_reserve must be at most 9"):
        StatusProClient(KEY, BASE_URL, **first, **second)
    derived = StatusProClient(KEY, BASE_URL).with_options(**first)
    with pytest.raises(ValueError, match="rate_limit_reserve must be at most 9"):
        derived.with_options(**second)
    client = StatusProClient(KEY, BASE_URL, rate_limit=RateLimit(10), rate_limit_reserve=9)
    assert client.with_options(max_wait=1.0).rate_limit_reserve == 9


def test_the_reserve_belongs_to_the_client_and_not_to_the_budget() -> None:
    client = StatusProClient(KEY, BASE_URL)
    job = client.with_options(rate_limit_reserve=20)
    other = StatusProClient(KEY, BASE_URL, rate_limit_reserve=40)
    assert budget_of(job) is budget_of(other) is budget_of(client)
    assert [each.rate_limit_reserve for each in (client, job, other)] == [0, 20, 40]
    assert job.with_options(max_wait=1.0).rate_limit_reserve == 20


def test_without_pacing_a_reserve_has_no_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget_of(StatusProClient(KEY, BASE_URL, rate_limit=None, rate_limit_reserve=99)) is None
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT", "none")
    unpaced = StatusProClient(KEY, BASE_URL, rate_limit_reserve=99)
    with pytest.raises(ValueError, match="at most 59"):
        unpaced.with_options(rate_limit=RateLimit())


def reading(remaining: int, bulk_remaining: int, next_in: Any = 0.0) -> dict[str, Any]:
    figures = {"requests": 10, "remaining": remaining, "bulk_remaining": bulk_remaining}
    return {**figures, "next_in": next_in}


def test_a_client_reads_what_is_left_for_it(served: Sandbox) -> None:
    with served.client(rate_limit=RateLimit(10, 3)) as client:
        job = client.with_options(rate_limit_reserve=4, max_wait=0)
        assert client.budget() == reading(10, 3)
        job.bulk_update_order_status([1], "st000003")
        for _ in range(4):
            job.get_statuses()
        assert job.budget() == reading(1, 1)
        job.get_statuses()
        assert job.budget() == reading(0, 0, next_in=pytest.approx(61, abs=5))
        with pytest.raises(RateLimitError, match="10 requests a minute are used but for 4 left"):
            job.get_statuses()
        for _ in range(4):
            client.get_statuses()
        assert client.budget() == reading(0, 0, next_in=pytest.approx(61, abs=5))
    assert len(served.requests) == 10


def test_a_client_without_pacing_has_no_budget(recorder: Recorder) -> None:
    assert Client(BASE_URL).budget() is None
    assert AuthenticatedClient(BASE_URL, KEY).budget() is None
    assert StatusProClient(KEY, BASE_URL, rate_limit=None).budget() is None
    assert StatusProClient(KEY, BASE_URL, adapter=recorder).budget() is None


def test_a_budget_that_cannot_be_read_is_a_typed_error(away: Path) -> None:
    (away / "folder").mkdir()
    client = StatusProClient(KEY, BASE_URL, rate_limit_storage=f"sqlite:///{away}/folder")
    with pytest.raises(StatusProError, match=r"the rate budget in .*folder cannot be used"):
        client.budget()


def test_a_long_retry_after_is_a_response_all_the_same(served: Sandbox) -> None:
    with served.client(max_wait=1.0) as client:
        for status in (429, 503):
            served.fail(status, retry_after=3600)
            assert client.get("/statuses").status_code == status
    assert len(served.requests) == 2


def test_a_used_up_budget_is_an_error_of_a_verb_too(served: Sandbox) -> None:
    with served.client(rate_limit=RateLimit(requests=1), max_wait=0) as client:
        client.get("/statuses")
        for verb in (client.get, client.post, client.options):
            with pytest.raises(RateLimitError, match="nothing was sent") as caught:
                verb("/statuses")
            assert caught.value.response is None
            assert caught.value.maybe_applied is False
    assert len(served.requests) == 1


def test_pacing_can_be_turned_off(served: Sandbox) -> None:
    limited = RateLimit(requests=1, bulk=1, period=60.0)
    with served.client(rate_limit=limited, max_wait=0) as client:
        assert client.get_statuses()
        with pytest.raises(RateLimitError, match="nothing was sent"):
            client.get_statuses()
        free = client.with_options(rate_limit=None)
        assert free.rate_limit is None
        assert budget_of(free) is None
        assert free.get_statuses()
        with pytest.raises(RateLimitError):
            free.with_options(rate_limit=limited).get_statuses()
    assert len(served.requests) == 2


# An adapter in the transport's place


def test_an_adapter_takes_the_place_of_all(recorder: Recorder) -> None:
    client = StatusProClient(
        KEY, BASE_URL, adapter=recorder, rate_limit=RateLimit(requests=1), max_wait=0
    )
    for _ in range(5):
        assert client.get_statuses() == []
    assert {settings["timeout"] for settings in recorder.settings} == {30.0}
    assert client.with_timeout(5).get_statuses() == []
    assert recorder.settings[-1]["timeout"] == 5


# Copies and pickles


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copied_client_works(copied: Callable[[Any], Any], served: Sandbox) -> None:
    with served.client(max_pages=7, headers={"X-Trace": "7"}) as client:
        other = copied(client)
        assert type(other) is StatusProClient
        assert other.get_statuses() == client.get_statuses()
        assert other.max_pages == 7
        other.close()
        assert client.get_statuses()
    assert served.accepted == 1
    assert [record.headers["X-Trace"] for record in served.requests] == ["7"] * 3


def note(seconds: float, reason: str) -> None:
    """A function that can be pickled."""


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_client_finds_its_key_where_it_is(
    protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = StatusProClient(
        KEY,
        BASE_URL,
        (1.0, 2.0),
        3,
        4,
        logging.getLogger("mine"),
        deadline=2.0,
        max_wait=5.0,
        on_wait=note,
        rate_limit=RateLimit(requests=6),
        rate_limit_fallback="local",
        headers={"X-Trace": "7", "Authorization": f"Bearer {KEY}"},
        cookies={"basket": "1"},
        params={"shop": "a"},
        follow_redirects=True,
        verify="ca.pem",
    )
    data = pickle.dumps(client, protocol)
    assert KEY.encode() not in data
    monkeypatch.setenv("STATUSPRO_API_KEY", "key-of-there")
    recorder = Recorder(b"[]")
    other = pickle.loads(data)
    assert type(other) is StatusProClient
    for name in (
        *("base_url", "timeout", "max_retries", "max_pages", "rate_limit", "rate_limit_fallback"),
        *("rate_limit_storage", "cookies", "params", "follow_redirects", "verify", "hooks"),
    ):
        assert getattr(other, name) == getattr(client, name), name
    for name in ("deadline", "max_wait", "on_wait", "logger", "max_response_bytes"):
        assert getattr(other._settings, name) == getattr(client._settings, name), name
    other.mount("https://", recorder)
    assert sent_by(other, recorder) == (f"{BASE_URL}/statuses?shop=a", "Bearer key-of-there")
    assert recorder.requests[0].headers["X-Trace"] == "7"


def test_a_pickled_client_keeps_that_it_is_not_paced() -> None:
    data = pickle.dumps(StatusProClient(KEY, BASE_URL, rate_limit=None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATUSPRO_API_KEY", KEY)
        assert pickle.loads(data).rate_limit is None


def test_a_pickled_client_without_a_key_says_why() -> None:
    data = pickle.dumps(StatusProClient(KEY, BASE_URL).with_timeout(5))
    with pytest.raises(ConfigurationError, match="A pickled client carries no key") as caught:
        pickle.loads(data)
    assert "STATUSPRO_API_KEY" in str(caught.value)


# The log


def test_a_response_is_one_line(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="statuspro")
    client = sandbox.client(adapter=sandbox.adapter())
    client.list_orders(page=1, per_page=5, search="Ann", tags=["vip"], status_code="st000002")
    client.get_statuses()
    client.get("/nowhere")
    records = [record for record in caplog.records if record.name == "statuspro"]
    lines = [record.getMessage() for record in records]
    assert [record.levelname for record in records] == ["DEBUG"] * 3
    assert lines[0].startswith(
        "GET /api/v1/orders?search=[hidden]&status_code=st000002&tags[]=[hidden]&page=1"
        "&per_page=5: 200 in "
    )
    assert lines[0].endswith(" ms (attempt 1)")
    assert lines[1].startswith("GET /api/v1/statuses: 200 in ")
    assert lines[2].startswith("GET /api/v1/nowhere: 404 in ")


class Mine:
    """A logger that is neither of `logging` nor of structlog."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str]] = []

    def _note(self, level: str, msg: str, args: tuple[Any, ...]) -> None:
        self.records.append((level, msg % args))

    def debug(self, msg: str, /, *args: Any, **kwargs: Any) -> None:
        self._note("debug", msg, args)

    def info(self, msg: str, /, *args: Any, **kwargs: Any) -> None:
        self._note("info", msg, args)

    def warning(self, msg: str, /, *args: Any, **kwargs: Any) -> None:
        self._note("warning", msg, args)

    def error(self, msg: str, /, *args: Any, **kwargs: Any) -> None:
        self._note("error", msg, args)


def test_a_logger_of_ones_own_gets_the_records(served: Sandbox) -> None:
    mine = Mine()
    with served.client(logger=mine) as client:
        served.fail(503)
        client.get("/orders", params={"search": "Ann"})
    assert [level for level, _ in mine.records] == ["debug", "info", "debug"]
    first, wait, last = (message for _, message in mine.records)
    assert first.startswith("GET /api/v1/orders?search=[hidden]: 503 in ")
    assert first.endswith("(attempt 1)")
    assert wait.startswith("Waiting 0.")
    assert wait.endswith(" s before GET /api/v1/orders: the service failed (503), trying again")
    assert last.startswith("GET /api/v1/orders?search=[hidden]: 200 in ")
    assert last.endswith("(attempt 2)")


def test_nothing_is_logged_above_debug_about_what_is_raised_anyway(
    served: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with served.client(max_retries=0) as client:
        served.fail(500)
        with pytest.raises(ServerError):
            client.get_statuses()
    assert [r.levelname for r in caplog.records if r.name == "statuspro"] == ["DEBUG"]
    assert [r.name for r in caplog.records if r.levelno > logging.DEBUG] == []


def test_structlog_is_a_logger(served: Sandbox, waits: list[float]) -> None:
    with structlog.testing.capture_logs() as entries:
        logger = structlog.get_logger("mine")
        with served.client(logger=logger) as client, client.with_timeout(5) as derived:
            served.fail(503, retry_after=1)
            derived.get("/orders", params={"search": "Ann", "page": 2})
    assert [entry["log_level"] for entry in entries] == ["debug", "warning", "debug"]
    assert entries[0]["event"].startswith("GET /api/v1/orders?search=[hidden]&page=2: 503 in ")
    assert entries[1]["event"].startswith("Waiting 1.")
    assert entries[2]["event"].endswith("(attempt 2)")


def test_the_logger_can_be_changed_and_given_back(served: Sandbox) -> None:
    mine = Mine()
    with served.client() as client:
        with_mine = client.with_options(logger=mine)
        with_mine.get_statuses()
        client.get_statuses()
        with_mine.with_options(logger=None).get_statuses()
    assert [level for level, _ in mine.records] == ["debug"]


# All of it


def test_a_session_that_does_it_all(served: Sandbox) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with served.client() as client:
            page = client.list_orders(page=1, per_page=5)
            order = client.get_order(page["data"][0]["id"])
            code = client.get_viable_statuses(order["id"])[0]["code"]
            client.update_order_status(order["id"], code, comment="For Ann")
            after = client.get_order(order["id"])
            assert after["status"].get("code") == code
            assert "For Ann" in [entry["comment"] for entry in after["history"]]
            assert len(after["history"]) == len(order["history"]) + 1
    assert served.accepted == 1


def test_responses_of_the_library_of_that_name_stand_in_for_the_service() -> None:
    with responses.RequestsMock() as mock:
        mock.get(f"{BASE_URL}/statuses", json=[{"code": "st000002"}])
        statuses = StatusProClient(KEY, BASE_URL).get_statuses()
    assert [status["code"] for status in statuses] == ["st000002"]


def test_an_adapter_keeps_its_own_settings_even_if_it_is_a_transport() -> None:
    adapter = Transport(retry_policy(2))
    client = StatusProClient(KEY, BASE_URL, adapter=adapter, max_retries=0)
    assert client.get_adapter(BASE_URL) is adapter
    assert client.with_options(max_retries=1).get_adapter(BASE_URL) is adapter
    assert adapter.max_retries.total == 2
