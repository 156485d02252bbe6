"""A session for one API: its URLs, options, derived clients, copies and redirects."""

import copy
import inspect
import pickle
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from requests.adapters import BaseAdapter
from requests.cookies import RequestsCookieJar
from requests.utils import get_environ_proxies, select_proxy

from statuspro import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticatedClient,
    Client,
    ConfigurationError,
    InvalidResponseError,
    RedirectError,
    StatusProClient,
    unwrap,
)
from statuspro.sandbox import Sandbox
from tests.support.polling import eventually
from tests.support.recorder import Recorder
from tests.support.servers import RawServer, answer

KEY = "key-3f9a1c77e0d24b58"
BASE_URL = "https://shop.test/api/v1"

STATUSES = [301, 302, 303, 307, 308]


@pytest.fixture
def service() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def client(recorder: Recorder) -> Client:
    return Client(BASE_URL, adapter=recorder)


def bearer_client(**options: Any) -> AuthenticatedClient:
    return AuthenticatedClient(BASE_URL, KEY, **options)


def every_client(**options: Any) -> list[Client]:
    return [
        Client(BASE_URL, **options),
        bearer_client(**options),
        StatusProClient(KEY, BASE_URL, rate_limit=None, **options),
    ]


# Construction


def test_clients_are_sessions_of_requests() -> None:
    for client in every_client():
        assert isinstance(client, requests.Session)
    assert issubclass(StatusProClient, AuthenticatedClient)
    assert issubclass(AuthenticatedClient, Client)


@pytest.mark.parametrize("url", ["shop.test", "", "https://ann:x@shop.test", "https://shop.test?x"])
def test_a_base_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Client(url)
    with pytest.raises(ConfigurationError):
        AuthenticatedClient(url, KEY)


def test_plain_http_to_another_host_is_refused_where_there_is_a_bearer() -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        AuthenticatedClient("http://shop.test", KEY)
    with pytest.raises(ConfigurationError, match="unencrypted"):
        StatusProClient(KEY, "http://shop.test")
    assert Client("http://shop.test").base_url == "http://shop.test"
    assert AuthenticatedClient("http://127.0.0.1:1", KEY).base_url == "http://127.0.0.1:1"


def test_json_is_asked_for(client: Client, recorder: Recorder) -> None:
    client.get("/orders")
    headers = recorder.requests[0].headers
    assert headers["Accept"] == "application/json"
    assert str(headers["User-Agent"]).startswith("statuspro-python/")
    assert "gzip" in str(headers["Accept-Encoding"])
    assert headers["Connection"] == "keep-alive"


@pytest.mark.parametrize("name", ["colour", "max_wait", "api_key", "Timeout", "max_retries"])
def test_an_unknown_keyword_is_named(name: str) -> None:
    options: Any = {name: 1}
    with pytest.raises(TypeError, match=f"Client got an unexpected keyword argument '{name}'"):
        Client(BASE_URL, **options)
    with pytest.raises(
        TypeError, match=f"AuthenticatedClient got an unexpected keyword argument '{name}'"
    ):
        bearer_client(**options)
    with pytest.raises(TypeError, match=name):
        Client(BASE_URL).with_options(**options)


@pytest.mark.parametrize("name", ["adapter", "pool_connections", "base_url", "token"])
def test_what_cannot_be_changed_later_is_an_unknown_keyword_then(name: str) -> None:
    options: Any = {name: None}
    with pytest.raises(TypeError, match=name):
        bearer_client().with_options(**options)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"timeout": "30"}, TypeError),
        ({"timeout": 0}, ValueError),
        ({"timeout": (1, 2, 3)}, ValueError),
        ({"deadline": 0}, ValueError),
        ({"deadline": "2"}, TypeError),
        ({"pool_connections": 0}, ValueError),
        ({"pool_connections": "10"}, TypeError),
        ({"pool_maxsize": 0}, ValueError),
        ({"pool_maxsize": True}, TypeError),
        ({"headers": "X-Trace: 7"}, TypeError),
        ({"params": [("a", "b")]}, TypeError),
        ({"cookies": 7}, TypeError),
        ({"hooks": print}, TypeError),
        ({"hooks": {"request": print}}, ValueError),
        ({"hooks": {"response": 7}}, TypeError),
        ({"proxies": "http://proxy.test"}, TypeError),
        ({"trust_env": 1}, TypeError),
        ({"follow_redirects": "no"}, TypeError),
        ({"max_response_bytes": 0}, ValueError),
        ({"max_response_bytes": 1.5}, TypeError),
    ],
    ids=repr,
)
def test_an_option_that_makes_no_sense_is_refused(
    options: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        Client(BASE_URL, **options)
    with pytest.raises(kind):
        StatusProClient(KEY, BASE_URL, **options)
    if not next(iter(options)).startswith("pool_"):
        with pytest.raises(kind):
            bearer_client().with_options(**options)


@pytest.mark.parametrize(
    "name", ["headers", "cookies", "params", "hooks", "verify", "cert", "proxies", "adapter"]
)
def test_none_is_not_given(name: str) -> None:
    options: Any = {name: None}
    plain, given = Client(BASE_URL), Client(BASE_URL, **options)
    for attribute in ("headers", "params", "hooks", "verify", "cert", "proxies", "trust_env"):
        assert getattr(given, attribute) == getattr(plain, attribute)


def test_a_client_takes_what_a_session_takes(recorder: Recorder) -> None:
    client = Client(
        BASE_URL,
        headers={"X-Trace": "7"},
        cookies={"basket": "1"},
        params={"shop": "a"},
        verify="ca.pem",
        cert=("cert.pem", "key.pem"),
        proxies={"https": "http://proxy.test:3128"},
        trust_env=False,
        timeout=(3.05, 27),
        adapter=recorder,
    )
    client.get("/orders", params={"page": 2})
    (request,), (settings,) = recorder.requests, recorder.settings
    assert request.url == f"{BASE_URL}/orders?shop=a&page=2"
    assert request.headers["X-Trace"] == "7"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Cookie"] == "basket=1"
    assert settings["verify"] == "ca.pem"
    assert settings["cert"] == ("cert.pem", "key.pem")
    assert settings["proxies"] == {"https": "http://proxy.test:3128"}
    assert settings["timeout"] == (3.05, 27)


def test_a_path_object_names_a_bundle(recorder: Recorder) -> None:
    Client(BASE_URL, verify=Path("ca.pem"), adapter=recorder).get("/orders")
    assert recorder.settings[0]["verify"] == "ca.pem"


# URLs


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("/orders", "https://shop.test/api/v1/orders"),
        ("orders", "https://shop.test/api/v1/orders"),
        ("//evil.test/x", "https://shop.test/api/v1/evil.test/x"),
        ("", "https://shop.test/api/v1"),
        ("?page=2", "https://shop.test/api/v1?page=2"),
        ("/orders/", "https://shop.test/api/v1/orders/"),
        (
            "/orders?next=https://evil.test/",
            "https://shop.test/api/v1/orders?next=https://evil.test/",
        ),
        ("/a b/ü", "https://shop.test/api/v1/a%20b/%C3%BC"),
        ("\\\\evil.test\\x", "https://shop.test/api/v1/%5C%5Cevil.test%5Cx"),
        ("@evil.test", "https://shop.test/api/v1/@evil.test"),
        (":8443/x", "https://shop.test/api/v1/:8443/x"),
        ("mailto:ann@lee.test", "https://shop.test/api/v1/mailto:ann@lee.test"),
        ("https:evil.test", "https://shop.test/api/v1/https:evil.test"),
        ("https://shop.test/login", "https://shop.test/login"),
        ("https://shop.test:443/login", "https://shop.test:443/login"),
        ("HTTPS://Shop.Test/login", "https://shop.test/login"),
        (" https://shop.test/login", "https://shop.test/login"),
        (b"/orders", "https://shop.test/api/v1/orders"),
    ],
)
def test_a_url_is_a_path_below_the_base_url_or_of_its_origin(
    url: Any, sent: str, recorder: Recorder
) -> None:
    client = bearer_client(adapter=recorder)
    client.get(url)
    client.post(url)
    assert recorder.urls == [sent, sent]
    for request in recorder.requests:
        assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_a_base_url_without_path_has_paths_below_it(recorder: Recorder) -> None:
    client = Client("https://shop.test/", adapter=recorder)
    client.get("/orders")
    client.get("orders?x=1")
    client.get("")
    assert recorder.urls == [
        *("https://shop.test/orders", "https://shop.test/orders?x=1", "https://shop.test/")
    ]


FOREIGN = [
    *("https://evil.test/api/v1/orders", "http://shop.test/api/v1/orders", "ftp://shop.test/x"),
    *("https://shop.test:8443/api/v1/orders", "https://shop.test.evil.test/", "https://evil.test"),
    *(
        "https://shop.test@evil.test/api/v1",
        "https://shop.test:443@evil.test/",
        "file:///etc/passwd",
    ),
    *("https://shop.test./api/v1", "https://evil.test/https://shop.test/api/v1", "://evil.test"),
    *("https://evil.test\\@shop.test/", " https://evil.test", "https://evil.test#@shop.test/"),
    *("\thttps://evil.test/", "https://evil.test?search=Ann", "socks5://shop.test/x"),
    *("https://[::1?search=Ann", "https://shop.test:port/?search=Ann", "https://?search=Ann"),
]


@pytest.mark.parametrize("url", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_url_of_another_origin_is_refused_and_nothing_is_sent(url: str, method: str) -> None:
    recorder = Recorder()
    with pytest.raises(ConfigurationError, match=r"https://shop\.test/api/v1 only") as caught:
        bearer_client(adapter=recorder).request(method, url)
    assert recorder.requests == []
    assert "Ann" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["https://evil.test/x", "http://shop.test/x"])
def test_a_prepared_request_for_another_origin_is_refused(url: str, recorder: Recorder) -> None:
    prepared = requests.Request("GET", url).prepare()
    with pytest.raises(ConfigurationError):
        bearer_client(adapter=recorder).send(prepared)
    with pytest.raises(ConfigurationError):
        bearer_client(adapter=recorder).send(requests.PreparedRequest())
    assert recorder.requests == []


def test_a_prepared_request_for_the_origin_is_sent(recorder: Recorder) -> None:
    client = bearer_client(adapter=recorder, timeout=7.0)
    prepared = client.prepare_request(requests.Request("GET", f"{BASE_URL}/orders"))
    assert client.send(prepared).status_code == 200
    assert recorder.settings[0]["timeout"] == 7.0
    assert recorder.requests[0].headers["Authorization"] == f"Bearer {KEY}"


# Requests


def test_a_verb_is_called_as_requests_has_it(client: Client, recorder: Recorder) -> None:
    client.get("/orders", {"page": 2})
    client.get(url="/orders", params={"page": 2})
    client.request("GET", "/orders", {"page": 2})
    client.request(method="GET", url="/orders", params={"page": 2})
    assert recorder.urls == [f"{BASE_URL}/orders?page=2"] * 4
    client.post("/orders", {"a": "b"}, headers={"X-Trace": "7"})
    client.put("/orders", data=b"a", params={"page": 2})
    assert [request.body for request in recorder.requests[-2:]] == ["a=b", b"a"]
    assert recorder.urls[-1] == f"{BASE_URL}/orders?page=2"


PLAIN_AND_OTHER: list[dict[str, Any]] = [
    {"url": "/orders"},
    {
        "url": "/orders",
        "params": {"page": 2, "search": "Ann & Lée", "tags[]": ["a", "b"], "no": None},
    },
    {"url": "/orders", "params": [("tags[]", "a"), ("tags[]", "b")]},
    {"url": "/orders", "params": {"a": None}},
    {"url": "/orders", "params": "page=2"},
    {"url": "/a b/ü"},
    {"url": "/a%2Fb%zz"},
    {"url": "/orders?page=2#top"},
    {"url": "/orders/../statuses"},
    {"url": "/orders", "headers": {"X-Trace": "8"}},
    {"url": "/orders", "headers": {"Accept": None}},
    {"url": "/orders", "cookies": {"basket": "2"}},
    {"url": "/orders", "auth": ("ann", "secret")},
    {"url": "/orders", "data": {"a": "b"}},
    {"url": "/orders", "json": {"a": "b"}},
    {"url": "/orders", "json": {}},
    {"url": "/orders", "data": b"a"},
    {"url": "/orders", "hooks": {"response": [print]}},
    {"url": "/orders", "method": "POST", "json": {"a": "b"}},
    {"url": "/orders", "method": "get"},
]


@pytest.mark.parametrize("given", PLAIN_AND_OTHER, ids=repr)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"headers": {"X-Trace": "7", "User-Agent": None}},
        {"cookies": {"basket": "1"}},
        {"params": {"shop": "a"}},
        {"hooks": {"response": repr}},
    ],
    ids=repr,
)
def test_a_request_is_prepared_as_requests_does_it(
    given: dict[str, Any], options: dict[str, Any]
) -> None:
    client = bearer_client(**options)
    arguments: dict[str, Any] = {"method": "GET", **given, "url": BASE_URL + given["url"]}
    request = requests.Request(**arguments)
    ours = client.prepare_request(request)
    theirs = requests.Session.prepare_request(client, request)
    for name in ("method", "url", "headers", "hooks", "_cookies", "body"):
        assert getattr(ours, name) == getattr(theirs, name)


def hook(response: requests.Response, *args: Any, **kwargs: Any) -> None:
    """Does nothing."""


#: What users set on a Session, in each form that requests takes.
SET_ON_A_SESSION: dict[str, list[Any]] = {
    "headers": [None, {}, [], {"X-Trace": "7"}, [("X-Trace", "7")]],
    "params": [None, {}, "page=2", b"page=2", [("page", "2")], {"page": 2}, {"page": None}],
    "proxies": [None, {}, {"http": None}, {"https": "http://127.0.0.1:9"}],
    "hooks": [
        *(None, {}, {"response": hook}, {"response": (hook, hook)}),
        *({"response": None}, {"response": []}),
    ],
    "cert": [None, "client.pem", ("client.pem", "key.pem")],
    "verify": [True, "ca.pem"],
    "stream": [True],
    "trust_env": [False],
    "auth": [("ann", "secret")],
}
EACH_SETTING = [(name, value) for name, values in SET_ON_A_SESSION.items() for value in values]


def sent_by(session: requests.Session, recorder: Recorder) -> list[Any]:
    """What a session hands to its adapter: requests that are plain, that are not, or prepared."""
    session.get(f"{BASE_URL}/orders")
    session.get(f"{BASE_URL}/orders", params={"search": "Ann"}, headers={"X-Other": "8"})
    session.post(f"{BASE_URL}/orders", json={"a": "b"})
    request = requests.Request("GET", f"{BASE_URL}/orders", hooks={"response": hook})
    session.send(session.prepare_request(request), timeout=30.0)
    return [
        (vars(request), {**settings, "timeout": None, "proxies": proxy_of(request, settings)})
        for request, settings in zip(recorder.requests, recorder.settings, strict=True)
    ]


def proxy_of(request: requests.PreparedRequest, settings: dict[str, Any]) -> str | None:
    """The proxy that requests and urllib3 take by these settings."""
    return select_proxy(str(request.url), settings["proxies"])


def compared(value: Any) -> Any:
    """A value by what it holds."""
    return list(value) if isinstance(value, RequestsCookieJar) else value


@pytest.mark.parametrize("derived", [False, True])
@pytest.mark.parametrize(("name", "value"), EACH_SETTING)
def test_what_is_set_on_a_client_means_what_it_means_on_a_session(
    name: str, value: Any, derived: bool
) -> None:
    ours, theirs = Recorder(), Recorder()
    client, session = Client(BASE_URL, adapter=ours), requests.Session()
    session.headers = client.headers.copy()
    session.mount("https://", theirs)
    for each in (client, session):
        setattr(each, name, value)
    sent = sent_by(client.with_timeout(5) if derived else client, ours)
    for (mine, my_settings), (request, settings) in zip(
        sent, sent_by(session, theirs), strict=True
    ):
        assert {key: compared(kept) for key, kept in mine.items()} == {
            key: compared(kept) for key, kept in request.items()
        }
        assert my_settings == settings


@pytest.mark.parametrize(("name", "value"), EACH_SETTING)
def test_more_can_be_added_to_what_is_set_on_a_client(
    name: str, value: Any, recorder: Recorder
) -> None:
    client = Client(BASE_URL, adapter=recorder)
    setattr(client, name, value)
    heard: list[str] = []
    more = client.with_options(
        headers={"X-More": "1"},
        params={"more": "1"},
        hooks={"response": lambda response, **kwargs: heard.append(response.url)},
    )
    more.get("/orders")
    assert heard == recorder.urls
    assert recorder.requests[0].headers["X-More"] == "1"
    assert "more=1" in heard[0]
    assert getattr(client, name) == value


def test_a_client_can_be_pickled_whatever_form_its_settings_have() -> None:
    for name, value in EACH_SETTING:
        if name in ("auth", "stream"):
            continue  # neither travels
        client = Client(BASE_URL)
        setattr(client, name, value)
        copied = pickle.loads(pickle.dumps(client))
        if name in ("cert", "verify", "trust_env"):
            assert getattr(copied, name) == value


@pytest.mark.parametrize("url", ["/orders?search=Ann", "orders?search=Ann", b"/orders?search=Ann"])
def test_a_relative_url_is_prepared(url: Any, recorder: Recorder) -> None:
    client = bearer_client(adapter=recorder)
    request = requests.Request("GET", url)
    response = client.send(client.prepare_request(request))
    assert response.url == f"{BASE_URL}/orders?search=Ann"
    assert recorder.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert request.url == url


@pytest.mark.parametrize("url", ["https://[shop.test/orders?search=Ann", "https:///?search=Ann"])
def test_a_url_that_cannot_be_prepared_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(BASE_URL).prepare_request(requests.Request("GET", url))
    assert "Ann" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 204, 301, 304, 400, 401, 404, 422, 429, 500, 503, 599])
@pytest.mark.parametrize("method", ["get", "options", "head", "post", "put", "patch", "delete"])
def test_no_status_is_raised(status: int, method: str, service: responses.RequestsMock) -> None:
    service.add(method.upper(), f"{BASE_URL}/orders", status=status, headers={"Location": "/x"})
    options: Any = {"trust_env": False}
    for client in (
        *(Client(BASE_URL, **options), bearer_client(**options)),
        StatusProClient(KEY, BASE_URL, max_retries=0, rate_limit=None),
    ):
        response = getattr(client, method)("/orders")
        assert isinstance(response, requests.Response)
        assert response.status_code == status
        assert response.history == []
    assert {call.request.method for call in service.calls} == {method.upper()}


def test_a_timeout_of_a_call_goes_before_the_clients(client: Client, recorder: Recorder) -> None:
    client.get("/orders")
    client.get("/orders", timeout=1)
    client.get("/orders", timeout=(1, 2))
    client.get("/orders", timeout=None)
    client.with_timeout(5).post("/orders")
    client.with_timeout(None).get("/orders")
    assert [settings["timeout"] for settings in recorder.settings] == [
        *(30.0, 1, (1, 2), 30.0, 5, None)
    ]


def test_a_header_of_a_call_goes_before_the_clients(recorder: Recorder) -> None:
    client = bearer_client(headers={"X-Trace": "7"}, adapter=recorder)
    client.get("/orders", headers={"X-Trace": "8", "X-Other": "9"})
    client.get("/orders", headers={"X-Trace": None})
    client.get("/orders", headers={"Authorization": "Basic x"})
    first, second, third = (request.headers for request in recorder.requests)
    assert (first["X-Trace"], first["X-Other"]) == ("8", "9")
    assert "X-Trace" not in second
    assert third["Authorization"] == f"Bearer {KEY}"


def test_a_header_that_is_changed_between_calls_is_sent_as_it_is_now(recorder: Recorder) -> None:
    client = bearer_client(adapter=recorder)
    for value in ("1", "2"):
        client.headers["X-Shop"] = value
        client.get("/orders")
    client.headers["X-Shop"] = "3\r\nX-Other: 4"
    with pytest.raises(requests.exceptions.InvalidHeader):
        client.get("/orders")
    client.headers["X-Shop"] = "5"
    client.get("/orders")
    recorder.requests[-1].headers["X-Shop"] = "6"  # which is no other request's
    client.get("/orders")
    sent = [request.headers["X-Shop"] for request in recorder.requests]
    assert sent == ["1", "2", "6", "5"]


def test_a_header_that_is_set_to_none_is_removed(recorder: Recorder) -> None:
    nothing: Any = {"Accept-Encoding": None}
    bearer_client(headers=nothing, adapter=recorder).get("/orders")
    assert "Accept-Encoding" not in recorder.requests[0].headers


def test_headers_that_are_no_mapping_are_passed_over_as_by_requests(recorder: Recorder) -> None:
    client: Any = Client(BASE_URL, adapter=recorder)
    client.headers = ["X-Shop"]
    client.get("/orders")
    assert dict(recorder.requests[0].headers) == {}


def test_an_auth_of_the_callers_own_is_asked_for_each_request(recorder: Recorder) -> None:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Signature"] = f"of {request.path_url}"
        return request

    client = Client(BASE_URL, adapter=recorder)
    client.auth = sign
    for path in ("/orders", "/statuses"):
        client.get(path)
    signatures = [request.headers["X-Signature"] for request in recorder.requests]
    assert signatures == ["of /api/v1/orders", "of /api/v1/statuses"]


def test_cookies_of_the_service_are_kept(service: responses.RequestsMock) -> None:
    client = bearer_client(cookies={"basket": "1"})
    service.get(f"{BASE_URL}/orders", headers={"Set-Cookie": "session=2; Path=/"})
    client.get("/orders")
    client.get("/orders")
    assert service.calls[0].request.headers["Cookie"] == "basket=1"
    assert set(str(service.calls[1].request.headers["Cookie"]).split("; ")) == {
        *("basket=1", "session=2")
    }


@pytest.mark.parametrize("name", [b"Set-Cookie", b"set-cookie"])
@pytest.mark.parametrize("kept", [{}, {"basket": "1"}])
def test_cookies_that_come_on_the_wire_go_with_what_follows(
    kept: dict[str, str], name: bytes
) -> None:
    """Also with the request that follows a redirect, and from a jar that was empty before."""
    close = b"Connection: close\r\n"
    first = answer(b"", "302 Found", b"%s: a=1; Path=/\r\nLocation: /orders\r\n" % name + close)
    second = answer(b"{}", headers=b"%s: b=2; Path=/\r\n" % name + close)
    with RawServer(first, second, answer()) as server:
        base_url = f"http://127.0.0.1:{server.port}"
        client = AuthenticatedClient(
            base_url, KEY, cookies=kept, follow_redirects=True, trust_env=False
        )
        response = client.get("/")
        assert response.history[0].cookies.get_dict() == {"a": "1"}
        assert response.cookies.get_dict() == {"b": "2"}
        client.get("/")
    sent = [
        dict(re.findall(rb"(\w+)=(\w+)", b"".join(re.findall(rb"(?i)\r\ncookie: (.*)", request))))
        for request in server.requests
    ]
    basket = {name.encode(): value.encode() for name, value in kept.items()}
    assert sent == [basket, {**basket, b"a": b"1"}, {**basket, b"a": b"1", b"b": b"2"}]


def test_a_cookie_jar_is_taken(recorder: Recorder) -> None:
    jar = RequestsCookieJar()
    jar.set("basket", "1", domain="shop.test", path="/api")
    Client(BASE_URL, cookies=jar, adapter=recorder).get("/orders")
    assert recorder.requests[0].headers["Cookie"] == "basket=1"


def test_hooks_are_added(recorder: Recorder) -> None:
    heard: list[str] = []

    def hook(name: str) -> Callable[..., None]:
        return lambda response, *args, **kwargs: heard.append(name)

    client = Client(BASE_URL, hooks={"response": hook("first")}, adapter=recorder)
    both = client.with_options(hooks={"response": [hook("second"), hook("third")]})
    both.get("/orders")
    assert heard == ["first", "second", "third"]
    client.get("/orders")
    assert heard[3:] == ["first"]


def test_a_hook_may_replace_the_response(recorder: Recorder) -> None:
    other = requests.Response()
    client = bearer_client(hooks={"response": lambda *args, **kwargs: other}, adapter=recorder)
    assert client.get("/orders") is other


# Failures


class Failing(BaseAdapter):
    """Raises instead of answering."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # type: ignore[override] # as requests calls it
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectionError("/orders?search=Ann"), APIConnectionError),
        (requests.ReadTimeout("/orders?search=Ann"), APITimeoutError),
        (requests.ConnectTimeout("/orders?search=Ann"), APITimeoutError),
        (requests.exceptions.SSLError("/orders?search=Ann"), APIConnectionError),
        (requests.exceptions.ProxyError("/orders?search=Ann"), APIConnectionError),
        (requests.exceptions.ChunkedEncodingError("Ann"), APIConnectionError),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("follow", [True, False])
def test_no_answer_is_an_error_of_ours(
    error: Exception, kind: type[Exception], follow: bool
) -> None:
    client = bearer_client(adapter=Failing(error), follow_redirects=follow)
    with pytest.raises(kind) as caught:
        client.get("/orders", params={"search": "Ann"})
    assert isinstance(caught.value, requests.RequestException)
    assert caught.value.request is None
    assert caught.value.__context__ is None
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "search=Ann" not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    "error", [requests.exceptions.InvalidProxyURL("proxy"), OSError("no bundle"), KeyError("x")]
)
def test_an_error_about_the_arguments_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        bearer_client(adapter=Failing(error)).get("/orders")
    assert caught.value is error


def test_an_answer_may_be_too_large() -> None:
    with RawServer(answer(b'{"a": "' + b"x" * 1000 + b'"}')) as server:
        client = Client(f"http://127.0.0.1:{server.port}", max_response_bytes=1000)
        with client, pytest.raises(InvalidResponseError, match="larger than 1000 bytes"):
            client.get("/orders")
        with client.with_options(max_response_bytes=2000) as patient:
            assert len(patient.get("/orders").content) == 1009


# The environment


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs for which the environment's proxies were looked up."""
    urls: list[str] = []

    def noting(url: str, no_proxy: str | None = None) -> dict[str, str]:
        urls.append(url)
        return get_environ_proxies(url, no_proxy=no_proxy)

    monkeypatch.setattr("statuspro.config.get_environ_proxies", noting)
    return urls


def test_the_environment_is_looked_up_once(
    looked_up: list[str], monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "bundle.pem")
    client = bearer_client(adapter=recorder)
    for _ in range(3):
        client.get("/orders")
        client.post("/orders")
        client.with_headers({"X-Trace": "7"}).get("/orders")
    assert len(looked_up) == 1
    assert len(recorder.settings) == 9
    for settings in recorder.settings:
        assert settings["proxies"]["https"] == "http://proxy.test:3128"
        assert settings["verify"] == "bundle.pem"


def test_no_proxy_is_heeded(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "shop.test")
    bearer_client(adapter=recorder).get("/orders")
    assert recorder.settings[0]["proxies"].get("https") is None


def test_curls_bundle_is_used_too(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "curl.pem")
    bearer_client(adapter=recorder).get("/orders")
    assert recorder.settings[0]["verify"] == "curl.pem"


def test_the_environment_is_left_alone_if_asked(
    looked_up: list[str], monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "bundle.pem")
    bearer_client(adapter=recorder, trust_env=False).get("/orders")
    assert looked_up == []
    assert recorder.settings[0]["verify"] is True
    assert recorder.settings[0]["proxies"] == {}


def test_the_environment_is_looked_up_again_when_the_client_changes(
    looked_up: list[str], monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    client = bearer_client(adapter=recorder)

    def settings() -> dict[str, Any]:
        client.get("/orders")
        client.get("/orders")
        return recorder.settings[-1]

    assert settings()["proxies"]["https"] == "http://proxy.test:3128"
    client.proxies["https"] = "http://other.test:3128"
    assert settings()["proxies"]["https"] == "http://other.test:3128"
    client.verify = "ca.pem"
    assert settings()["verify"] == "ca.pem"
    client.proxies.clear()
    assert settings()["proxies"]["https"] == "http://proxy.test:3128"
    client.trust_env = False
    assert settings()["proxies"] == {}
    client.proxies = {"https": "http://third.test:3128"}
    assert settings()["proxies"] == {"https": "http://third.test:3128"}
    client.verify = True
    assert settings()["verify"] is True
    assert len(looked_up) == 2


def test_what_a_call_says_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    client = bearer_client(adapter=recorder)
    client.get("/orders", proxies={"https": "http://call.test:3128"})
    client.get("/orders", verify="call.pem", cert="call-cert.pem", stream=True)
    client.get("/orders")
    first, second, third = recorder.settings
    assert first["proxies"]["https"] == "http://call.test:3128"
    assert first["verify"] is True
    assert (second["verify"], second["cert"], second["stream"]) == (
        *("call.pem", "call-cert.pem", True),
    )
    assert second["proxies"]["https"] == third["proxies"]["https"] == "http://proxy.test:3128"
    assert (third["verify"], third["cert"], third["stream"]) == (True, None, False)


ENVIRONMENT = "http://environment.test:3128"
CLIENTS, CALLS = "http://client.test:3128", "http://call.test:3128"


@pytest.mark.parametrize(
    ("clients", "calls", "used"),
    [
        ({}, None, ENVIRONMENT),
        ({"https": CLIENTS}, None, CLIENTS),
        ({"all": CLIENTS}, None, CLIENTS),
        ({"https://shop.test": CLIENTS}, None, CLIENTS),
        ({"all://shop.test": CLIENTS}, None, CLIENTS),
        ({"https": None}, None, None),
        ({"https": ""}, None, None),
        ({"all": None}, None, None),
        ({"http": CLIENTS}, None, ENVIRONMENT),
        ({"https://other.test": CLIENTS}, None, ENVIRONMENT),
        ({"https": CLIENTS}, {"https": CALLS}, CALLS),
        ({"https": CLIENTS}, {"all": CALLS}, CALLS),
        ({"https": CLIENTS}, {"https": None}, None),
        ({"https": CLIENTS}, {"http": CALLS}, CLIENTS),
        ({}, {"all": CALLS}, CALLS),
        ({"https": CLIENTS, "no_proxy": "shop.test"}, None, None),
        ({"https": CLIENTS, "no_proxy": "other.test"}, None, CLIENTS),
        ({"https": CLIENTS}, {"no_proxy": "test"}, None),
        ({"no_proxy": "shop.test"}, None, None),
        ({"no_proxy": "other.test"}, None, ENVIRONMENT),
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
def test_proxies_that_are_given_beat_the_environment(
    variable: str,
    clients: Any,
    calls: Any,
    used: str | None,
    monkeypatch: pytest.MonkeyPatch,
    recorder: Recorder,
) -> None:
    monkeypatch.setenv(variable, ENVIRONMENT)
    made = bearer_client(adapter=recorder, proxies=clients)
    derived = bearer_client(adapter=recorder).with_options(proxies=clients)
    for client in (made, derived):
        client.get("/orders", proxies=calls)
        client.post("/orders", proxies=calls)
        if not calls:  # which of a prepared request are for the caller to give
            client.send(client.prepare_request(requests.Request("GET", f"{BASE_URL}/orders")))
    pairs = zip(recorder.requests, recorder.settings, strict=True)
    assert {proxy_of(request, settings) for request, settings in pairs} == {used}
    assert len(recorder.requests) == (4 if calls else 6)


def test_proxies_that_are_given_are_obeyed_whatever_no_proxy_says(
    monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    bearer_client(adapter=recorder, proxies={"https": CLIENTS}).get("/orders")
    assert recorder.settings[0]["proxies"] == {"https": CLIENTS}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("clients", "calls", "used"),
    [
        (True, None, "environment.pem"),
        ("client.pem", None, "client.pem"),
        (Path("client.pem"), None, "client.pem"),
        (False, None, False),
        ("client.pem", "call.pem", "call.pem"),
        ("client.pem", False, False),
        (False, "call.pem", "call.pem"),
        (True, "call.pem", "call.pem"),
    ],
)
@pytest.mark.filterwarnings("ignore:TLS certificates")
def test_certificates_that_are_given_beat_the_environment(
    variable: str,
    clients: Any,
    calls: Any,
    used: Any,
    monkeypatch: pytest.MonkeyPatch,
    recorder: Recorder,
) -> None:
    monkeypatch.setenv(variable, "environment.pem")
    bearer_client(adapter=recorder, verify=clients).get("/orders", verify=calls)
    bearer_client(adapter=recorder).with_options(verify=clients).post("/orders", verify=calls)
    assert [settings["verify"] for settings in recorder.settings] == [used, used]


def test_an_adapter_that_changes_its_proxies_changes_its_own(recorder: Recorder) -> None:
    client = bearer_client(adapter=recorder, proxies={"https": "http://proxy.test:3128"})
    client.get("/orders")
    recorder.settings[0]["proxies"].clear()
    client.get("/orders")
    assert recorder.settings[1]["proxies"] == {"https": "http://proxy.test:3128"}


def test_unverified_tls_warns_once_a_client(recorder: Recorder) -> None:
    for client in every_client(verify=False, adapter=recorder):
        with pytest.warns(UserWarning, match="not checked") as caught:
            client.get("/orders")
        assert len(caught) == 1
        assert KEY not in str(caught[0].message)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.get("/orders")
            client.post("/orders")
            client.with_headers({}).get("/orders")
            copy.deepcopy(client).get("/orders")


@pytest.mark.parametrize("verify", [False, "", 0])
def test_unverified_tls_warns_however_it_is_said(verify: Any, recorder: Recorder) -> None:
    with pytest.warns(UserWarning, match="not checked"):
        bearer_client(adapter=recorder).get("/orders", verify=verify)
    client = bearer_client(adapter=recorder, verify=verify)
    with pytest.warns(UserWarning, match="not checked"):
        client.get("/orders")


def test_verified_tls_does_not_warn(recorder: Recorder) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bearer_client(adapter=recorder).get("/orders")
        bearer_client(adapter=recorder, verify="ca.pem").get("/orders")


# netrc


@pytest.fixture
def netrc(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = away / "netrc"
    path.write_text(
        "machine shop.test login ann password secret\ndefault login ann password secret\n"
    )
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_netrc_does_not_replace_the_bearer(method: str, service: responses.RequestsMock) -> None:
    service.add(method, f"{BASE_URL}/old", status=307, headers={"Location": "/api/v1/new"})
    service.add(method, f"{BASE_URL}/new", json={})
    for client in (
        bearer_client(follow_redirects=True),
        StatusProClient(KEY, BASE_URL, follow_redirects=True, rate_limit=None),
    ):
        assert client.request(method, "/old").status_code == 200
    assert [call.request.headers["Authorization"] for call in service.calls] == [
        f"Bearer {KEY}"
    ] * 4


# Redirects


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "DELETE"])
def test_redirects_are_not_followed_unless_asked(
    status: int, method: str, service: responses.RequestsMock
) -> None:
    service.add(method, f"{BASE_URL}/old", status=status, headers={"Location": "/api/v1/new"})
    for client in every_client():
        response = client.request(method, "/old")
        assert response.status_code == status
        assert response.is_redirect
        assert response.next is None
        with pytest.raises(RedirectError) as caught:
            unwrap(response)
        assert caught.value.location == "/api/v1/new"
    assert len(service.calls) == 3


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_is_redirected_within_the_origin(
    status: int, method: str, service: responses.RequestsMock
) -> None:
    service.add(method, f"{BASE_URL}/old", status=status, headers={"Location": "new?page=2"})
    service.add(method, f"{BASE_URL}/new")
    for client in every_client(follow_redirects=True):
        response = client.request(method, "/old")
        assert response.status_code == 200
        assert response.url == f"{BASE_URL}/new?page=2"
        assert [old.status_code for old in response.history] == [status]
    assert {call.request.method for call in service.calls} == {method}


@pytest.mark.parametrize("status", [307, 308])
def test_a_write_is_redirected_with_its_body(status: int, service: responses.RequestsMock) -> None:
    service.post(f"{BASE_URL}/old", status=status, headers={"Location": f"{BASE_URL}/new"})
    service.post(f"{BASE_URL}/new", json={})
    assert bearer_client(follow_redirects=True).post("/old", json={"a": 1}).status_code == 200
    first, second = (call.request for call in service.calls)
    assert (first.method, second.method) == ("POST", "POST")
    assert first.body == second.body == b'{"a": 1}'
    assert second.headers["Content-Type"] == "application/json"
    assert second.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_write_turns_into_a_read(
    status: int, method: str, service: responses.RequestsMock
) -> None:
    service.add(method, f"{BASE_URL}/old", status=status, headers={"Location": "/api/v1/new"})
    with pytest.raises(RedirectError, match=f"in place of the {method}") as caught:
        bearer_client(follow_redirects=True).request(method, "/old", json={"a": 1})
    assert caught.value.status_code == status
    assert caught.value.location == "/api/v1/new"
    assert caught.value.request_line == f"{method} /api/v1/old"
    assert caught.value.maybe_applied is False
    assert len(service.calls) == 1


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://evil.test/login?search=Ann", "https://evil.test/login"),
        ("//evil.test/login", "//evil.test/login"),
        ("https://shop.test:8443/login", "https://shop.test:8443/login"),
        ("http://shop.test/api/v1/orders", "http://shop.test/api/v1/orders"),
        ("https://ann:secret@evil.test/", "https://evil.test/"),
        ("https://shop.test@evil.test/", "https://evil.test/"),
        ("https://shop.test\\@evil.test/", "https://evil.test/"),
        (f"https://evil.test/{KEY}", "https://evil.test/[hidden]"),
        ("http://[", "[hidden]"),
        ("https://shop.test/\xc3(", "https://shop.test/\xc3("),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_no_redirect_leaves_the_origin(
    status: int, method: str, location: str, shown: str, service: responses.RequestsMock
) -> None:
    url = f"{BASE_URL}/old"
    service.add(method, url, status=status, headers={"Location": location})
    with pytest.raises(RedirectError, match="another origin") as caught:
        bearer_client(follow_redirects=True).request(method, "/old", params={"search": "Ann"})
    error = caught.value
    assert len(service.calls) == 1
    assert error.status_code == status
    assert error.location == shown
    assert error.response is not None
    assert error.response.status_code == status
    for text in (str(error), repr(vars(error)), repr(error.response.headers)):
        assert "Ann" not in text
        assert KEY not in text
    assert pickle.loads(pickle.dumps(error)).location == shown


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_arrives_at_another_port(status: int, method: str) -> None:
    with RawServer(answer()) as other:
        location = f"Location: http://127.0.0.1:{other.port}/api/v1/orders\r\n".encode()
        with RawServer(answer(b"", f"{status} Elsewhere", location)) as server:
            client = AuthenticatedClient(
                f"http://127.0.0.1:{server.port}", KEY, follow_redirects=True, trust_env=False
            )
            with client, pytest.raises(RedirectError):
                client.request(method, "/orders", json={"comment": "For Ann"})
        assert other.accepted == 0
        assert len(server.requests) == 1


def test_redirects_without_end_are_an_error(service: responses.RequestsMock) -> None:
    service.get(f"{BASE_URL}/old", status=302, headers={"Location": "/api/v1/old"})
    client = bearer_client(follow_redirects=True)
    client.max_redirects = 3
    with pytest.raises(RedirectError, match="no end"):
        client.get("/old")
    assert len(service.calls) == 4


@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
def test_a_redirect_to_nowhere_is_a_response(
    headers: dict[str, str], service: responses.RequestsMock
) -> None:
    service.get(f"{BASE_URL}/old", status=302, headers=headers)
    assert bearer_client(follow_redirects=True).get("/old").status_code == 302


def test_a_call_may_follow_by_itself(service: responses.RequestsMock) -> None:
    service.get(f"{BASE_URL}/old", status=302, headers={"Location": "/api/v1/new"})
    service.get(f"{BASE_URL}/new", json={})
    client, following = bearer_client(), bearer_client(follow_redirects=True)
    assert client.get("/old", allow_redirects=True).status_code == 200
    nothing = (None, None, None, None, None, None, None)
    assert client.request("GET", "/old", *nothing, True).status_code == 200
    assert following.get("/old", allow_redirects=False).status_code == 302
    assert following.with_options(follow_redirects=False).get("/old").status_code == 302
    prepared = client.prepare_request(requests.Request("GET", f"{BASE_URL}/old"))
    assert client.send(prepared).status_code == 302
    assert following.send(prepared).status_code == 200


# Derived clients


def test_a_derived_client_leaves_the_first_as_it_is(recorder: Recorder) -> None:
    client = bearer_client(headers={"X-Trace": "7"}, cookies={"basket": "1"}, adapter=recorder)
    derived = client.with_options(
        headers={"X-Trace": "8"},
        cookies={"basket": "2", "more": "3"},
        params={"shop": "a"},
        hooks={"response": lambda *args, **kwargs: None},
        timeout=5.0,
        verify="ca.pem",
        cert="cert.pem",
        proxies={"https": "http://proxy.test:3128"},
        trust_env=False,
        follow_redirects=True,
    )
    assert type(derived) is AuthenticatedClient
    derived.get("/orders")
    client.get("/orders")
    theirs, ours = recorder.requests
    assert (theirs.headers["X-Trace"], ours.headers["X-Trace"]) == ("8", "7")
    assert set(str(theirs.headers["Cookie"]).split("; ")) == {"basket=2", "more=3"}
    assert ours.headers["Cookie"] == "basket=1"
    assert recorder.urls == [f"{BASE_URL}/orders?shop=a", f"{BASE_URL}/orders"]
    assert theirs.headers["Authorization"] == f"Bearer {KEY}"
    assert recorder.settings[0]["timeout"] == 5.0
    assert recorder.settings[1]["timeout"] == 30.0
    assert (derived.verify, client.verify) == ("ca.pem", True)
    assert (derived.cert, client.cert) == ("cert.pem", None)
    assert (derived.trust_env, client.trust_env) == (False, True)
    assert (derived.follow_redirects, client.follow_redirects) == (True, False)
    assert client.hooks == {"response": []}
    assert client.proxies == {}


def test_what_is_set_on_a_derived_client_stays_there(recorder: Recorder) -> None:
    client = Client(BASE_URL, adapter=recorder)
    derived = client.with_headers({})
    derived.headers["X-Trace"] = "8"
    derived.cookies.set("basket", "2")
    derived.proxies["https"] = "http://proxy.test:3128"
    derived.params["shop"] = "a"
    derived.hooks["response"].append(print)
    derived.mount("https://", Recorder())
    client.get("/orders")
    assert "X-Trace" not in recorder.requests[0].headers
    assert "Cookie" not in recorder.requests[0].headers
    assert recorder.urls == [f"{BASE_URL}/orders"]
    assert client.proxies == {}


@pytest.mark.parametrize(
    "derive",
    [
        lambda client: client.with_headers({"X-Trace": "7"}),
        lambda client: client.with_cookies({"basket": "1"}),
        lambda client: client.with_timeout(5),
        lambda client: client.with_options(),
        lambda client: client.with_options(trust_env=False).with_timeout(5),
        copy.copy,
        copy.deepcopy,
    ],
)
def test_a_derived_client_shares_the_connections(derive: Callable[[Any], Client]) -> None:
    with Sandbox(orders=1) as sandbox:
        for client in (
            AuthenticatedClient(sandbox.base_url, sandbox.api_key, trust_env=False),
            sandbox.client(),
        ):
            before = sandbox.accepted
            with client:
                for _ in range(3):
                    with derive(client) as derived:
                        assert type(derived) is type(client)
                        assert derived.get("/statuses").status_code == 200
                    assert client.get("/statuses").status_code == 200
                assert sandbox.accepted == before + 1


def test_a_client_works_after_it_was_closed() -> None:
    with Sandbox(orders=1) as sandbox:
        client = sandbox.client()
        derived = client.with_timeout(5)
        with client:
            client.get_statuses()
        assert derived.get_statuses() == client.get_statuses()
        assert sandbox.accepted == 2
        client.close()


def test_closing_closes_every_connection() -> None:
    with Sandbox(orders=1) as sandbox:
        client = sandbox.client()
        client.get_statuses()
        with client.with_timeout(5) as derived:
            derived.get_statuses()
        assert sandbox.connections == 1
        client.close()
        assert eventually(lambda: sandbox.connections == 0)


def test_closing_a_derived_client_closes_nothing(recorder: Recorder) -> None:
    client = Client(BASE_URL, adapter=recorder)
    for derived in (client.with_timeout(5), copy.copy(client), copy.deepcopy(client)):
        derived.close()
        assert not recorder.is_closed
    client.close()
    assert recorder.is_closed


# Copies, pickles, repr


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copied_client_works_on_its_own(copied: Callable[[Any], Any], recorder: Recorder) -> None:
    client = bearer_client(headers={"X-Trace": "7"}, timeout=5.0, adapter=recorder)
    other = copied({"client": client})["client"] if copied is copy.deepcopy else copied(client)
    assert other is not client
    other.headers["X-Trace"] = "8"
    other.get("/orders")
    client.get("/orders")
    assert [request.headers["X-Trace"] for request in recorder.requests] == ["8", "7"]
    assert recorder.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert recorder.settings[0]["timeout"] == 5.0


def test_a_pickled_client_is_the_same() -> None:
    client = Client(
        BASE_URL,
        headers={"X-Trace": "7"},
        cookies={"basket": "1"},
        params={"shop": "a"},
        hooks={"response": print},
        timeout=(1, 2),
        verify="ca.pem",
        cert="cert.pem",
        proxies={"https": "http://proxy.test:3128"},
        trust_env=False,
        follow_redirects=True,
        max_response_bytes=10,
    )
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        other = pickle.loads(pickle.dumps(client, protocol))
        assert type(other) is Client
        for name in (
            *("base_url", "headers", "cookies", "params", "hooks", "timeout", "verify", "cert"),
            *("proxies", "trust_env", "follow_redirects"),
        ):
            assert getattr(other, name) == getattr(client, name), name
    with RawServer(answer(b"x" * 11)) as server:
        small = Client(f"http://127.0.0.1:{server.port}", max_response_bytes=10)
        with pickle.loads(pickle.dumps(small)) as other, pytest.raises(InvalidResponseError):
            other.get("/orders")


def test_a_pickled_client_has_no_key_in_its_headers() -> None:
    client = Client(BASE_URL, headers={"authorization": f"Bearer {KEY}", "X-Trace": "7"})
    data = pickle.dumps(client)
    assert KEY.encode() not in data
    assert pickle.loads(data).headers["X-Trace"] == "7"


class Picklable(Recorder):
    pass


def test_a_pickled_client_keeps_its_adapter() -> None:
    other = pickle.loads(pickle.dumps(Client(BASE_URL, adapter=Picklable())))
    other.get("/orders")
    assert other.get_adapter(BASE_URL).urls == [f"{BASE_URL}/orders"]


def test_a_client_with_a_token_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="token must not travel") as caught:
        pickle.dumps(bearer_client())
    assert KEY not in str(caught.value)


def test_a_client_does_not_show_its_key() -> None:
    for client in every_client():
        client.headers["X-Trace"] = "7"
        for shown in (repr(client), str(client), repr(vars(client)), repr(client.auth)):
            assert KEY not in shown
        assert repr(client) == f"<{type(client).__name__} {BASE_URL}>"


def test_a_response_does_not_show_or_carry_the_key(service: responses.RequestsMock) -> None:
    service.get(f"{BASE_URL}/orders", json={})
    response = bearer_client().get("/orders")
    assert KEY not in repr(vars(response)) + repr(vars(response.request))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert KEY.encode() not in pickle.dumps(response, protocol)


def test_a_forked_child_gets_a_jar_with_a_lock_of_its_own(client: Client) -> None:
    client.cookies.set("basket", "1")
    before = client.cookies
    client.renew_after_fork()
    assert client.cookies is not before
    assert client.cookies.get_dict() == {"basket": "1"}
    assert vars(client.cookies)["_cookies_lock"] is not vars(before)["_cookies_lock"]


def test_an_api_error_is_not_raised_by_a_verb(service: responses.RequestsMock) -> None:
    service.get(f"{BASE_URL}/orders", status=404, json={"message": "No."})
    response = bearer_client().get("/orders")
    with pytest.raises(APIError, match=r"No\."):
        unwrap(response)
    with pytest.raises(requests.HTTPError):
        response.raise_for_status()


def test_request_takes_what_requests_takes_in_the_same_order() -> None:
    theirs = inspect.signature(requests.Session.request).parameters
    assert list(inspect.signature(Client.request).parameters) == list(theirs)
