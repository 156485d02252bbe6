"""What may be shown, and what may not."""

import copy
import json
import pickle
from datetime import timedelta
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from statuspro.redaction import (
    HIDDEN,
    Secret,
    confidential_values,
    loggable_query,
    redact,
    redact_json,
    scrubbed,
    sealed,
    without_query,
)

KEY = "key-3f9a1c77e0d24b58"
URL = "https://shop.test/api/v1/orders"


def prepared(method: str = "GET", url: str = URL, **keywords: Any) -> requests.PreparedRequest:
    headers = {"Authorization": f"Bearer {KEY}"}
    return requests.Request(method, url, headers=headers, **keywords).prepare()


# Query strings


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("page=2&per_page=100", "page=2&per_page=100"),
        ("status_code=st000002", "status_code=st000002"),
        ("exclude_cancelled=true", "exclude_cancelled=true"),
        ("due_date_from=2026-02-10", "due_date_from=2026-02-10"),
        ("due_date_to=2026-02-10", "due_date_to=2026-02-10"),
        ("financial_status%5B%5D=paid", "financial_status[]=paid"),
        ("fulfillment_status[]=partial", "fulfillment_status[]=partial"),
        ("search=Ann+Lee", "search=[hidden]"),
        ("number=1188&email=ann%40lee.test", "number=[hidden]&email=[hidden]"),
        ("tags[]=vip&tags_any[]=vip", "tags[]=[hidden]&tags_any[]=[hidden]"),
        ("something_new=Ann", "something_new=[hidden]"),
        ("search=", "search=[hidden]"),
        ("page=1&search=Ann&page=2", "page=1&search=[hidden]&page=2"),
        ("Page=Ann", "Page=[hidden]"),
        ("", ""),
    ],
)
def test_a_query_shows_what_is_known_to_be_harmless(query: str, shown: str) -> None:
    assert loggable_query(query) == shown


def test_a_query_forges_no_second_line() -> None:
    assert loggable_query("status_code=a%0AERROR%20b&c%0Ad=e").splitlines() == [
        "status_code=a%0AERROR%20b&c%0Ad=[hidden]"
    ]


@settings(deadline=None)
@given(st.text(), st.text(min_size=4))
def test_no_query_shows_a_value_that_is_not_on_the_list(name: str, value: str) -> None:
    query = requests.models.PreparedRequest()
    query.prepare_url(URL, {f"x{name}": f"secret{value}"})
    assert query.url is not None
    assert "secret" not in loggable_query(query.url.partition("?")[2])


# URLs


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://shop.test/orders?search=Ann", "https://shop.test/orders"),
        ("https://shop.test/orders#Ann", "https://shop.test/orders"),
        ("https://ann:secret@shop.test:8443/orders", "https://shop.test:8443/orders"),
        ("https://ann@lee@shop.test/", "https://shop.test/"),
        ("/login?next=/orders", "/login"),
        ("//shop.test/x?y", "//shop.test/x"),
        ("?search=Ann", ""),
        ("", ""),
        ("http://[", HIDDEN),
    ],
)
def test_a_url_is_shown_without_query_fragment_and_credentials(url: str, shown: str) -> None:
    assert without_query(url) == shown


# What a request carries


def test_the_key_is_confidential_with_and_without_its_scheme() -> None:
    assert {KEY, f"Bearer {KEY}"} <= set(confidential_values(prepared()))


def test_the_longest_value_comes_first() -> None:
    values = confidential_values(prepared(params={"search": "Ann", "email": "ann@lee.test"}))
    assert values == sorted(values, key=len, reverse=True)


def test_query_values_are_confidential_if_they_are_not_known_to_be_harmless() -> None:
    params = {"search": "Ann Lee", "status_code": "st000002", "tags[]": ["vip"], "q": "x"}
    values = confidential_values(prepared(params=params))
    assert {"Ann Lee", "vip"} <= set(values)
    assert "st000002" not in values
    assert "x" not in values  # too short to identify anybody


def test_words_of_the_body_are_confidential() -> None:
    body = {"comment": "For Ann", "status_code": "st000002", "public": True, "order_ids": [12345]}
    values = confidential_values(prepared("POST", json=body))
    assert "For Ann" in values
    assert {"st000002", "12345", "True"}.isdisjoint(values)


@pytest.mark.parametrize("body", [b"[1, 2]", b"{", b"\xff", "no json", b"[" * 100_000])
def test_a_body_that_is_no_object_holds_nothing_that_we_know_of(body: bytes | str) -> None:
    assert set(confidential_values(prepared("POST", data=body))) == set(
        confidential_values(prepared())
    )


def test_a_body_that_is_read_from_a_file_is_left_alone() -> None:
    request = prepared("POST", data=iter([b"{}"]))
    assert KEY in confidential_values(request)


def test_a_header_of_bytes_is_read_too() -> None:
    request = prepared()
    request.headers["Authorization"] = f"Bearer {KEY}".encode()
    assert KEY in confidential_values(request)


def test_no_request_holds_nothing() -> None:
    assert confidential_values(None) == []


def test_a_request_without_url_and_key_holds_nothing() -> None:
    request = requests.PreparedRequest()
    request.headers = CaseInsensitiveDict()
    assert confidential_values(request) == []


# Texts


@pytest.mark.parametrize(
    "text",
    [
        "No order of Ann & Lée",
        "NO ORDER OF ANN & LÉE",
        "search=Ann%20%26%20L%C3%A9e",
        "search=Ann+%26+L%C3%A9e",
        "search=ann+%26+l%c3%a9e",
        "<b>Ann &amp; Lée</b>",
        '{"search": "Ann & L\\u00e9e"}',
    ],
)
def test_a_value_is_hidden_however_it_is_spelled(text: str) -> None:
    hidden = redact(text, confidential_values(prepared(params={"search": "Ann & Lée"})))
    assert "ann" not in hidden.lower()
    assert HIDDEN in hidden


def test_a_value_that_is_part_of_another_leaves_nothing_of_it() -> None:
    values = confidential_values(prepared(params={"search": "Ann", "name": "Ann Lee"}))
    assert redact("Who is Ann Lee? Ann?", values) == f"Who is {HIDDEN}? {HIDDEN}?"


def test_a_value_is_no_pattern() -> None:
    assert redact("Ann (1188)", confidential_values(prepared(params={"number": "(1188)"}))) == (
        f"Ann {HIDDEN}"
    )
    assert redact("abc", confidential_values(prepared(params={"search": "..."}))) == "abc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No customer ann.lee+shop@mail.example.com.", f"No customer {HIDDEN}"),
        ("<ann@lee.test>, (bob@lee.test)", f"<{HIDDEN}>, ({HIDDEN})"),
        ('"ann@lee.test"', f'"{HIDDEN}"'),
        ("mailto:ann@lee.test", f"mailto:{HIDDEN}"),
        ("https://shop.test/ann@lee.test", f"https://shop.test/{HIDDEN}"),
        ("ännchen@münchen.test", HIDDEN),
        ("meet @ noon", "meet @ noon"),
        ("a@b", "a@b"),
        ("Nothing to hide.", "Nothing to hide."),
        ("", ""),
    ],
)
def test_addresses_are_hidden_whoever_they_belong_to(text: str, shown: str) -> None:
    assert redact(text, []) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 300_000, "a" * 300_000),
        ("a@" * 150_000, "a@" * 150_000),
        ("." * 300_000 + "a@lee.test", HIDDEN),
    ],
    ids=["letters", "signs", "dots"],
)
def test_a_long_text_is_read_once(text: str, shown: str) -> None:
    # It would take hours to read the rest of it again from each of its letters on.
    assert redact(text, confidential_values(prepared())) == shown


def test_half_a_character_does_not_keep_a_text_from_being_written() -> None:
    assert redact("a\ud800b", []).encode("utf-8") == b"a?b"


# JSON


def test_json_is_redacted_to_its_last_string() -> None:
    values = confidential_values(prepared(params={"search": "Ann Lee"}))
    body = {
        "message": f"{KEY} found no Ann Lee",
        "errors": {"Ann Lee": [["ann@lee.test", 1188, None, True, 1.5]]},
    }
    assert redact_json(body, values) == {
        "message": f"{HIDDEN} found no {HIDDEN}",
        "errors": {HIDDEN: [[HIDDEN, 1188, None, True, 1.5]]},
    }


def test_json_keeps_what_is_harmless() -> None:
    body = {"message": "Server Error", "errors": {"status_code": ["Unknown."]}}
    assert redact_json(body, confidential_values(prepared())) == body


def test_json_that_is_nested_too_deep_is_refused() -> None:
    body: Any = "Ann"
    for _ in range(49):
        body = [body]
    assert redact_json(body, ["Ann"])
    with pytest.raises(ValueError, match="deep"):
        redact_json([body], ["Ann"])


# Responses


def test_a_scrubbed_response_keeps_what_a_handler_needs() -> None:
    response = requests.Response()
    response.status_code = 422
    response.reason = "Unprocessable Content"
    response.url = "https://shop.test/api/v1/orders?search=Ann"
    response.headers["X-Request-Id"] = "7"
    response.elapsed = timedelta(seconds=1.5)
    kept = scrubbed(response, {"message": "Nein, ü."}, [])
    assert kept.status_code == 422
    assert kept.reason == "Unprocessable Content"
    assert kept.url == "https://shop.test/api/v1/orders"
    assert kept.headers == {"X-Request-Id": "7"}
    assert kept.elapsed == timedelta(seconds=1.5)
    assert kept.json() == {"message": "Nein, ü."}
    assert kept.text == '{"message": "Nein, ü."}'
    assert not kept.ok


def test_a_scrubbed_response_holds_nothing_confidential() -> None:
    request = prepared("POST", params={"search": "Ann Lee"}, json={"comment": "For Ann"})
    response = requests.Response()
    response.request = request
    response.status_code = 404
    response.reason = "No Ann Lee"
    response.url = f"{request.url}"
    response.headers.update(
        {"X-Echo": KEY, "Location": "https://shop.test/login?search=Ann", "X-To": "ann@lee.test"}
    )
    response.raw = object()
    values = confidential_values(request)
    kept = scrubbed(response, redact("For Ann: no Ann Lee", values), values)
    shown = repr([vars(kept), kept.text, pickle.loads(pickle.dumps(kept)).__dict__])
    for secret in (KEY, "Ann", "ann"):
        assert secret not in shown
    assert kept.headers["Location"] == "https://shop.test/login"
    assert vars(kept)["request"] is None
    assert kept.raw is None


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (None, b""),
        ("<h1>Whoops</h1>", b"<h1>Whoops</h1>"),
        ([], b"[]"),
        ("a\ud800b", b"a?b"),
        ({"a": "\ud800"}, b'{"a": "?"}'),
    ],
)
def test_a_scrubbed_response_has_the_body_that_it_is_given(body: Any, content: bytes) -> None:
    response = requests.Response()
    response.status_code = 500
    kept = scrubbed(response, body, [])
    assert kept.content == content
    assert list(kept.iter_content(64)) == ([content] if content else [])


def test_a_scrubbed_response_can_be_copied_and_pickled() -> None:
    response = requests.Response()
    response.status_code = 422
    kept = scrubbed(response, {"message": "No."}, [])
    for other in (copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert (other.status_code, other.json()) == (422, {"message": "No."})


def test_the_values_of_a_json_body_are_found_in_any_spelling_of_json() -> None:
    for text in (json.dumps({"comment": "Für Ann"}), '{"comment": "Für Ann"}'):
        assert "Für Ann" in confidential_values(prepared("POST", data=text.encode()))


def test_a_value_is_confidential_in_each_of_its_spellings() -> None:
    request = prepared("POST", json={"comment": 'Ann "Zoë" & Lee/Li'})
    assert set(confidential_values(request)) >= {
        'Ann "Zoë" & Lee/Li',
        "Ann &quot;Zoë&quot; &amp; Lee/Li",
        'Ann \\"Zo\\u00eb\\" & Lee/Li',
        "Ann%20%22Zo%C3%AB%22%20%26%20Lee%2FLi",
        "Ann+%22Zo%C3%AB%22+%26+Lee%2FLi",
    }


def test_half_a_character_has_spellings_too() -> None:
    request = prepared("POST", data=b'{"comment": "half \\ud83d"}')
    assert {"half%20%3F", "half+%3F"} <= set(confidential_values(request))


def test_all_that_follows_the_scheme_of_a_header_is_confidential() -> None:
    request = prepared()
    request.headers["Authorization"] = "Token one two"
    assert "one two" in confidential_values(request)


@pytest.mark.parametrize("nest", [lambda inner: {"a": inner}, lambda inner: [inner]])
def test_json_is_refused_from_the_same_depth_on_whatever_it_is_nested_in(nest: Any) -> None:
    def nested(levels: int) -> Any:
        value: Any = "Ann"
        for _ in range(levels):
            value = nest(value)
        return value

    assert redact_json(nested(4), [], 5) == nested(4)
    with pytest.raises(ValueError, match="deep"):
        redact_json(nested(5), [], 5)


def test_a_scrubbed_response_is_read_like_any_other() -> None:
    response = requests.Response()
    response.status_code = 503
    copied = scrubbed(response, {"message": "Zoë"}, [])
    assert (copied.reason, copied.url, copied.encoding) == ("", "", "utf-8")
    assert b"".join(copied.iter_content(4)) == '{"message": "Zoë"}'.encode()
    assert copied.json() == {"message": "Zoë"}


# Secrets


def test_a_secret_is_a_str_all_the_same() -> None:
    secret = Secret(KEY)
    assert secret == KEY
    assert secret.encode() == KEY.encode()
    assert f"Bearer {secret}" == f"Bearer {KEY}"


def test_a_secret_is_not_shown() -> None:
    secret = Secret(KEY)
    assert repr(secret) == repr(HIDDEN)
    assert repr({"token": [secret]}) == "{'token': ['[hidden]']}"
    assert f"{secret!r}" == repr(HIDDEN)


def test_a_secret_is_its_own_copy() -> None:
    secret = Secret(KEY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    data = pickle.dumps([Secret(KEY)], protocol)
    assert KEY.encode() not in data
    assert pickle.loads(data) == [HIDDEN]


def test_what_is_sealed_is_not_shown() -> None:
    assert sealed(None) is None
    assert isinstance(sealed(KEY), Secret)
    assert sealed(KEY) == KEY
    assert sealed(sealed(KEY)) == KEY
    other = sealed(KEY.encode())
    assert repr(other) == HIDDEN
    assert other.kind == "bytes"
    assert sealed(other) is other
