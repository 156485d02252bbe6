"""The bearer: to one origin, and never shown."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from statuspro.auth import BearerAuth, origin_of
from statuspro.errors import ConfigurationError
from statuspro.redaction import HIDDEN

KEY = "key-3f9a1c77e0d24b58"
BASE_URL = "https://shop.test/api/v1"


def authorized(url: str, base_url: str = BASE_URL) -> str | bytes | None:
    """The header that a request for `url` gets."""
    request = requests.Request("GET", url, auth=BearerAuth(KEY, base_url)).prepare()
    return request.headers.get("Authorization")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://shop.test", ("https", "shop.test", 443)),
        ("HTTPS://Shop.TEST:443/x", ("https", "shop.test", 443)),
        ("http://shop.test/x?y#z", ("http", "shop.test", 80)),
        ("http://shop.test:8080", ("http", "shop.test", 8080)),
        ("https://ann:secret@shop.test/", ("https", "shop.test", 443)),
        ("https://[::1]:8443/", ("https", "[::1]", 8443)),
        ("ftp://shop.test/", ("ftp", "shop.test", None)),
        ("https://shop.test\\@evil.test/", ("https", "shop.test", 443)),
        ("https://shop.test@evil.test/", ("https", "evil.test", 443)),
        ("/orders", None),
        ("//shop.test/orders", None),
        ("https:///orders", None),
        ("https://[::1", None),
        ("mailto:ann@lee.test", None),
        ("", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: tuple[str, str, int] | None) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        *(BASE_URL, f"{BASE_URL}/orders", f"{BASE_URL}/orders?page=2", "https://shop.test/login"),
        *("https://shop.test:443/x", "https://SHOP.test/x", "https://ann@shop.test/x"),
    ],
)
def test_a_request_to_the_origin_carries_the_bearer(url: str) -> None:
    assert authorized(url) == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.test/api/v1", "https://shop.test.evil.test/", "https://evilshop.test/"),
        *("https://shop.test@evil.test/api/v1/orders", "https://shop.test:443@evil.test/"),
        *("https://shop.test:8443/api/v1", "http://shop.test/api/v1", "http://shop.test:443/"),
        *("https://shop.test./api/v1", "https://evil.test/https://shop.test/api/v1"),
        "https://evil.test?https://shop.test/api/v1/",
    ],
)
def test_a_request_elsewhere_does_not(url: str) -> None:
    assert authorized(url) is None


def test_a_base_url_without_path_is_not_the_beginning_of_another_host() -> None:
    assert authorized("https://shop.test/x", "https://shop.test") == f"Bearer {KEY}"
    assert authorized("https://shop.test.evil.test/x", "https://shop.test") is None
    assert authorized("https://shop.test@evil.test/x", "https://shop.test") is None


def test_a_request_without_url_gets_nothing() -> None:
    request = requests.PreparedRequest()
    request.headers = CaseInsensitiveDict()
    assert "Authorization" not in BearerAuth(KEY, BASE_URL)(request).headers


def test_a_header_that_stands_there_is_replaced() -> None:
    request = requests.Request("GET", BASE_URL, headers={"authorization": "Basic x"}).prepare()
    assert dict(BearerAuth(KEY, BASE_URL)(request).headers) == {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("token", ["", " ", "key 1", "key\n", "kéy"])
def test_a_token_that_cannot_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ConfigurationError):
        BearerAuth(token, BASE_URL)


def test_a_token_does_not_travel_by_plain_http() -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        BearerAuth(KEY, "http://shop.test/api")
    assert authorized("http://localhost:1/x", "http://localhost:1") == f"Bearer {KEY}"


def test_the_bearer_is_not_shown() -> None:
    auth = BearerAuth(KEY, BASE_URL)
    request = requests.Request("GET", BASE_URL, auth=auth).prepare()
    for shown in (repr(auth), str(auth), repr(vars(auth)), repr(request.headers)):
        assert KEY not in shown
        assert HIDDEN in shown


def test_a_prepared_request_is_pickled_without_the_bearer() -> None:
    request = requests.Request("GET", BASE_URL, auth=BearerAuth(KEY, BASE_URL)).prepare()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(request, protocol)
        assert KEY.encode() not in data
        assert pickle.loads(data).headers == {"Authorization": HIDDEN}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copied_bearer_works(copied: Callable[[Any], Any]) -> None:
    request = requests.Request("GET", BASE_URL, auth=copied(BearerAuth(KEY, BASE_URL))).prepare()
    assert copied(request).headers["Authorization"] == f"Bearer {KEY}"


def test_a_bearer_is_shown_by_its_class_alone() -> None:
    assert repr(BearerAuth("key-3f9a1c77e0d24b58", "https://shop.test/api")) == (
        "BearerAuth([hidden])"
    )
