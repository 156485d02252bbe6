"""From a Response to its JSON, or to a typed error, whatever the service answers."""

import copy
import json
import pickle
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.utils import get_encoding_from_headers

from statuspro.auth import BearerAuth
from statuspro.errors import (
    APIError,
    AuthenticationError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProError,
    ValidationError,
)
from statuspro.redaction import HIDDEN
from statuspro.responses import (
    get_error_message,
    handle_response,
    is_error,
    is_success,
    refuse_body,
    unwrap,
    unwrap_array,
    unwrap_as,
    unwrap_data,
    unwrap_object,
)

KEY = "key-3f9a1c77e0d24b58"
BASE_URL = "https://shop.test/api/v1"


def answer(
    status: int = 200,
    body: Any = b"",
    *,
    method: str = "GET",
    path: str = "/orders/7",
    reason: str | None = "Reason",
    headers: dict[str, str] | None = None,
    **request: Any,
) -> requests.Response:
    """A response to a request that carried the key; a `body` that is not bytes is its JSON."""
    auth = BearerAuth(KEY, BASE_URL)
    response = requests.Response()
    response.request = requests.Request(method, BASE_URL + path, auth=auth, **request).prepare()
    response.url = response.request.url or ""
    response.status_code = status
    vars(response)["reason"] = reason  # which can be None, whatever its type says
    response.headers.update(headers or {})
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    vars(response).update(_content=content, _content_consumed=True)
    return response


def by_hand(status: int, body: bytes = b"") -> requests.Response:
    """A response as a test makes it, without a request."""
    response = requests.Response()
    response.status_code = status
    vars(response).update(_content=body, _content_consumed=True)
    return response


def error_of(response: requests.Response) -> APIError:
    with pytest.raises(APIError) as caught:
        unwrap(response)
    return caught.value


# Success and error


@pytest.mark.parametrize(
    ("status", "success", "error"),
    [
        *((199, False, False), (200, True, False), (204, True, False), (299, True, False)),
        *((300, False, False), (302, False, False), (399, False, False), (400, False, True)),
        *((404, False, True), (500, False, True), (599, False, True), (600, False, True)),
    ],
)
def test_a_redirect_is_neither_success_nor_error(status: int, success: bool, error: bool) -> None:
    assert is_success(by_hand(status)) is success
    assert is_error(by_hand(status)) is error


# Values


@pytest.mark.parametrize(
    "value",
    [{"id": 7}, [{"id": 7}], [], {}, "text", 7, 1.5, True, False, 0, 6110375248088, "Lée 😀"],
)
def test_a_2xx_gives_its_json(value: Any) -> None:
    assert unwrap(answer(200, value)) == value
    assert unwrap(answer(202, value), raise_on_error=False) == value


@pytest.mark.parametrize("body", [b"", b" \r\n", b"null", b" null\n", b"\xef\xbb\xbfnull"])
def test_an_empty_or_null_2xx_gives_none(body: bytes) -> None:
    assert unwrap(answer(200, body)) is None
    assert unwrap(by_hand(204, body)) is None


def test_json_may_begin_with_a_byte_order_mark() -> None:
    assert unwrap(answer(200, b'\xef\xbb\xbf{"id": 7}')) == {"id": 7}


BROKEN = {
    "html": b"<!DOCTYPE html><title>Login</title>",
    "cut off": b'{"data": [',
    "nan": b'{"total": NaN}',
    "infinity": b"[Infinity]",
    "minus infinity": b"[-Infinity]",
    "invalid UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"id": 7}'.encode("utf-16"),
    "nested too deep": b"[" * 200_000,
    "nested deep": b"[" * 200_000 + b"]" * 200_000,
    "a number without end": b"1" * 5000,
    "two values": b"{} {}",
    "single quotes": b"{'id': 7}",
    "a BOM alone": b"\xef\xbb\xbf",
}

broken = pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)


@broken
@pytest.mark.parametrize("raise_on_error", [True, False])
def test_a_2xx_without_usable_json_is_refused(body: bytes, raise_on_error: bool) -> None:
    with pytest.raises(InvalidResponseError, match="it is not JSON") as caught:
        unwrap(answer(200, body), raise_on_error=raise_on_error)
    error = caught.value
    assert error.status_code == 200
    assert error.request_line == "GET /api/v1/orders/7"
    assert error.error_response is None
    assert error.maybe_applied is False
    assert error.response is not None
    assert error.response.content == b""  # a body that is refused is not kept
    assert error.__context__ is None  # which would show the body


@pytest.mark.parametrize(("method", "applied"), [("GET", False), ("HEAD", False), ("POST", True)])
def test_a_write_with_an_unusable_answer_may_have_been_applied(method: str, applied: bool) -> None:
    error = error_of(answer(200, b"<html>", method=method))
    assert error.maybe_applied is applied


# Errors by status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((300, RedirectError), (301, RedirectError), (302, RedirectError), (304, RedirectError)),
        *((307, RedirectError), (399, RedirectError), (400, APIError), (402, APIError)),
        *((401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError)),
        *((405, APIError), (409, APIError), (418, APIError), (422, ValidationError)),
        *((429, RateLimitError), (499, APIError), (500, ServerError), (501, ServerError)),
        *((502, ServerError), (503, ServerError), (504, ServerError), (505, ServerError)),
        *((520, ServerError), (599, ServerError), (600, APIError), (999, APIError)),
        *((101, APIError), (199, APIError)),
    ],
)
@pytest.mark.parametrize(
    "body",
    [{"message": "It says why."}, b"<html>Whoops</html>", b"", b"null", b"[" * 5000, b"\xff\xfe"],
    ids=["json", "html", "empty", "null", "deep", "bytes"],
)
def test_each_status_has_its_class_whatever_the_body(
    status: int, kind: type[APIError], body: Any
) -> None:
    response = answer(status, body)
    error = error_of(response)
    assert type(error) is kind
    assert error.status_code == status
    assert error.request_line == "GET /api/v1/orders/7"
    assert str(error).startswith(f"GET /api/v1/orders/7 {status}: ")
    assert unwrap(response, raise_on_error=False) is None


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503])
def test_the_message_of_the_service_is_in_the_error(status: int) -> None:
    response = answer(status, {"message": "It says why."})
    error = error_of(response)
    assert error.message == "It says why."
    assert "It says why." in str(error)
    assert error.args[0] == "It says why."
    assert error.error_response == {"message": "It says why."}
    assert get_error_message(response) == "It says why."


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"message": None}, {"message": ""}, {"message": " "}, {"message": 7}, [], "text", 7),
        *({"message": ["no"]}, {"message": "x" * 1001}, b"<html>", b"", b"null", b"{"),
    ],
    ids=repr,
)
def test_without_a_message_the_status_is_put_in_words(body: Any) -> None:
    response = answer(503, body, reason="Service Unavailable")
    assert error_of(response).message == "503 Service Unavailable"
    assert get_error_message(response) == "503 Service Unavailable"


def test_a_status_without_words_is_a_number() -> None:
    assert get_error_message(answer(520, b"", reason=None)) == "520"
    assert get_error_message(by_hand(520)) == "520"


def test_a_long_message_is_shown_whole() -> None:
    assert get_error_message(answer(400, {"message": "x" * 1000})) == "x" * 1000


def test_a_2xx_has_no_error_message() -> None:
    assert get_error_message(answer(200, {"message": "Done."})) is None
    assert get_error_message(answer(200, b"<html>")) is None


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"message": "No.", "code": 7}, {"message": "No.", "code": 7}),
        (["No."], ["No."]),
        (b"<html>", None),
        (b'"No."', None),
        (b"7", None),
        (b"", None),
        (b'{"total": NaN}', None),
        (b'\xef\xbb\xbf{"message": "No."}', {"message": "No."}),
    ],
    ids=repr,
)
def test_the_parsed_body_of_an_error_is_kept(body: Any, kept: Any) -> None:
    assert error_of(answer(400, body)).error_response == kept


def test_the_response_of_an_error_is_kept_without_its_request_and_query() -> None:
    headers = {"X-Request-Id": "7", "Content-Type": "text/html"}
    response = answer(500, b"<h1>Whoops</h1>", path="/orders?search=Ann", headers=headers)
    kept = error_of(response).response
    assert kept is not None
    assert kept is not response
    assert (kept.status_code, kept.reason) == (500, "Reason")
    assert kept.text == "<h1>Whoops</h1>"
    assert kept.headers == headers
    assert kept.url == f"{BASE_URL}/orders"
    assert vars(kept)["request"] is None


@pytest.mark.parametrize(
    ("status", "method", "applied"),
    [
        *((500, "POST", True), (503, "POST", True), (505, "PUT", True), (504, "DELETE", True)),
        *((500, "GET", False), (503, "HEAD", False), (503, "OPTIONS", False)),
        *((302, "POST", False), (400, "POST", False), (401, "POST", False), (404, "POST", False)),
        *((409, "POST", False), (422, "POST", False), (429, "POST", False)),
    ],
)
def test_a_write_may_have_been_applied_after_a_5xx_only(
    status: int, method: str, applied: bool
) -> None:
    assert error_of(answer(status, b"", method=method)).maybe_applied is applied


def test_a_response_without_request_has_no_request_line() -> None:
    error = error_of(by_hand(503, b'{"message": "No."}'))
    assert error.request_line == ""
    assert error.maybe_applied is False
    assert str(error) == "503: No. (docs: errors.html#server-error)"


# 422, 429, 3xx


@pytest.mark.parametrize(
    ("errors", "listed"),
    [
        ({"comment": ["Too short.", "Rude."]}, {"comment": ["Too short.", "Rude."]}),
        ({"comment": "Too short."}, {"comment": ["Too short."]}),
        ({"order_ids.0": ["No."], "public": []}, {"order_ids.0": ["No."], "public": []}),
        ({"comment": [7, None]}, {"comment": ["7", "None"]}),
        ({"comment": {"en": "No."}}, {"comment": ["{'en': 'No.'}"]}),
        ({}, {}),
        ([], {}),
        (["Too short."], {}),
        ("Too short.", {}),
        (None, {}),
    ],
)
def test_a_422_has_what_is_wrong_with_each_field(errors: Any, listed: dict[str, list[str]]) -> None:
    body = {"message": "The given data was invalid.", "errors": errors}
    error = error_of(answer(422, body))
    assert isinstance(error, ValidationError)
    assert error.validation_errors == listed
    for field, said in listed.items():
        assert f"  {field}: {' '.join(said)}" in str(error).splitlines()


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'"errors"', {"message": "No."}])
def test_a_422_without_fields_has_none(body: Any) -> None:
    error = error_of(answer(422, body))
    assert isinstance(error, ValidationError)
    assert error.validation_errors == {}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, 2.0), ({"Retry-After": "12"}, 12.0), ({"Retry-After": "soon"}, 2.0)],
)
def test_a_429_says_when_to_try_again(headers: dict[str, str], seconds: float) -> None:
    error = error_of(answer(429, {"message": "Too Many Attempts."}, headers=headers))
    assert isinstance(error, RateLimitError)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (None, None),
        ("https://shop.test/login?next=/orders", "https://shop.test/login"),
        ("https://ann:secret@shop.test/#x", "https://shop.test/"),
        ("/login", "/login"),
        ("http://[", HIDDEN),
        ("/welcome/ann@lee.test", f"/welcome/{HIDDEN}"),
        (f"/{KEY}", f"/{HIDDEN}"),
    ],
)
def test_a_redirect_says_where_to(location: str | None, shown: str | None) -> None:
    headers = {} if location is None else {"Location": location}
    error = error_of(answer(302, b"", headers=headers))
    assert isinstance(error, RedirectError)
    assert error.location == shown


# Secrets


SECRETS = ("3f9a1c77e0d24b58", "ann@lee.test", "Ann Lee", "For Ann")


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 422, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [
        {
            "message": f"{KEY}: no ann@lee.test, Ann Lee: For Ann",
            "errors": {"Ann Lee": ["For Ann"]},
        },
        {"message": "No.", "errors": {"email": ["ann@lee.test"], "comment": "For Ann"}},
        f"<h1>No ann@lee.test, Ann Lee, {KEY}</h1><p>ANN%20LEE ann+lee For Ann</p>".encode(),
        f'["Bearer {KEY}", "Ann Lee", "For Ann"'.encode(),
    ],
    ids=["message", "errors", "html", "broken"],
)
def test_what_the_service_repeats_is_hidden(status: int, body: Any) -> None:
    response = answer(
        status,
        body,
        method="POST",
        path="/orders/7/comment",
        reason="No Ann Lee",
        headers={"X-Echo": "Ann Lee", "Location": f"/{KEY}/ann@lee.test?search=Ann+Lee"},
        params={"search": "Ann Lee", "email": "ann@lee.test"},
        json={"comment": "For Ann", "status_code": "st000002"},
    )
    error = error_of(response)
    kept = error.response
    assert kept is not None
    shown = [
        *(str(error), repr(error), repr(vars(error)), repr(vars(kept)), kept.text),
        *(repr(kept.headers), str(get_error_message(response))),
        *(pickle.dumps(error, n).decode("latin-1") for n in range(pickle.HIGHEST_PROTOCOL + 1)),
    ]
    for secret in (*SECRETS, "ann+lee", "ann%20lee", "?search"):
        for text in shown:
            assert secret.lower() not in text.lower()


def test_a_refused_body_is_nowhere_in_its_error() -> None:
    error = error_of(answer(200, b"<h1>Ann Lee</h1>", reason=f"No {KEY}"))
    for text in (str(error), repr(vars(error)), pickle.dumps(error).decode("latin-1")):
        assert "Ann Lee" not in text
        assert KEY not in text


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/html"),  # which requests takes for latin-1
        ("utf-8", "application/json"),
        ("utf-8", "text/plain; charset=hex"),
        ("latin-1", "text/html"),
        ("latin-1", "application/json"),
        ("latin-1", "text/plain; charset=utf-8"),
        ("cp1252", "text/plain; charset=windows-1252"),
        ("utf-16", "text/plain; charset=utf-16"),
        ("utf-16-le", "text/plain"),
    ],
)
@pytest.mark.parametrize("pattern", ["<h1>No {}!</h1>", '{{"message": "No {}!"'])
def test_a_body_that_is_no_json_is_read_as_it_was_encoded(
    encoding: str, content_type: str, pattern: str
) -> None:
    name = "Zoë O'Quüx/Lee"
    body = pattern.format(name.replace("/", "\\/")).encode(encoding)
    response = answer(500, body, headers={"Content-Type": content_type}, params={"search": name})
    response.encoding = get_encoding_from_headers(response.headers)
    kept = error_of(response).response
    assert kept is not None
    assert f"No {HIDDEN}!" in kept.text
    for part in ("Zo", "Qu", "Lee"):
        assert part not in kept.text


def test_cookies_are_in_no_error() -> None:
    response = answer(
        403,
        {"message": "The session s3ss10n is over."},
        headers={"Set-Cookie": "session=n3xt; HttpOnly", "X-Session": "s3ss10n"},
        cookies={"session": "s3ss10n"},
    )
    error = error_of(response)
    assert error.message == f"The session {HIDDEN} is over."
    assert error.response is not None
    assert error.response.headers == {"X-Session": HIDDEN}
    assert not error.response.cookies


@pytest.mark.parametrize("status", [302, 404, 422, 429, 500])
def test_a_large_body_is_not_looked_into_for_an_error(status: int) -> None:
    body = b'{"message": "No.", "x": "' + b"Ann Lee, a@b " * 100_000 + b'"}'
    response = answer(status, body, params={"search": "Ann Lee"})
    started = time.process_time()
    error = error_of(response)
    assert time.process_time() - started < 0.5  # it took a second for each MiB
    assert (error.message, error.error_response) == (f"{status} Reason", None)
    assert error.response is not None
    assert error.response.content == b""


def test_a_body_of_a_mebibyte_is_looked_into() -> None:
    body = json.dumps({"message": "No Ann Lee."}).encode().ljust(2**20)
    assert error_of(answer(404, body, params={"search": "Ann Lee"})).message == f"No {HIDDEN}."


# Any answer at all


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
bodies = (
    st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(["message", "errors", "data", "meta"]), json_values).map(
        lambda value: json.dumps(value).encode()
    )
    | st.integers(1, 2000).map(lambda depth: b'{"errors":[' * depth + b"]}" * depth)
    | st.just(b'{"message": "\\ud800", "errors": {"\\ud800": ["\\udfff"]}}')
)


@settings(deadline=None)
@given(st.integers(200, 999), bodies, st.sampled_from(["GET", "POST"]))
def test_any_answer_gives_a_value_or_an_error_of_ours(
    status: int, body: bytes, method: str
) -> None:
    response = answer(status, body, method=method)
    error = handle_response(response, on_success=lambda value: None, on_error=lambda error: error)
    assert isinstance(error, APIError) or status < 300
    if error is not None:
        for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), copy.copy(error)):
            assert str(other) == str(error)
            assert other.error_response == error.error_response
        assert str(error).encode()  # so that it can be logged
    assert (get_error_message(response) is None) is is_success(response)


@settings(deadline=None)
@given(bodies)
def test_any_2xx_gives_an_object_or_an_error_of_ours(body: bytes) -> None:
    kinds: list[tuple[Callable[[requests.Response], Any], type]] = [
        (unwrap_object, dict),
        (unwrap_array, list),
    ]
    for function, kind in kinds:
        try:
            value = function(answer(200, body))
        except InvalidResponseError:
            continue
        assert isinstance(value, kind)


# unwrap_as


@pytest.mark.parametrize(
    ("value", "kind"), [({"id": 7}, dict), ([1], list), ("a", str), (7, int), (1.5, float)]
)
def test_unwrap_as_gives_a_value_of_the_type(value: Any, kind: type) -> None:
    assert unwrap_as(answer(200, value), kind) == value


@pytest.mark.parametrize(("value", "kind"), [([1], dict), ({}, list), (None, dict), ("7", int)])
@pytest.mark.parametrize("raise_on_error", [True, False])
def test_unwrap_as_refuses_another_type(value: Any, kind: type, raise_on_error: bool) -> None:
    with pytest.raises(
        TypeError, match=f"Expected {kind.__name__}, got {type(value).__name__}"
    ) as caught:
        unwrap_as(answer(200, value), kind, raise_on_error=raise_on_error)
    assert not isinstance(caught.value, StatusProError)


def test_unwrap_as_does_not_show_the_value() -> None:
    with pytest.raises(TypeError) as caught:
        unwrap_as(answer(200, "Ann Lee"), dict)
    assert "Ann" not in str(caught.value)


def test_unwrap_as_raises_for_an_error_or_gives_none() -> None:
    with pytest.raises(NotFoundError):
        unwrap_as(answer(404, {"message": "No."}), dict)
    assert unwrap_as(answer(404, {"message": "No."}), dict, raise_on_error=False) is None
    assert unwrap_as(answer(302, b""), dict, raise_on_error=False) is None
    with pytest.raises(InvalidResponseError):
        unwrap_as(answer(200, b"<html>"), dict, raise_on_error=False)


# unwrap_data


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ({"data": [{"id": 7}], "meta": {}}, [{"id": 7}]),
        ({"data": {"id": 7}}, {"id": 7}),
        ({"data": []}, []),
        ({"data": 0}, 0),
        ([{"code": "st000002"}], [{"code": "st000002"}]),
        ([], []),
        ("text", "text"),
    ],
)
def test_unwrap_data_gives_the_data_or_a_raw_array(value: Any, data: Any) -> None:
    assert unwrap_data(answer(200, value)) == data
    assert unwrap_data(answer(200, value), default="default") == data


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"data": null}', b'{"meta": {}}'])
def test_unwrap_data_has_a_default(body: bytes) -> None:
    assert unwrap_data(answer(200, body)) is None
    assert unwrap_data(answer(200, body), default=[]) == []


def test_unwrap_data_raises_for_an_error_or_gives_the_default() -> None:
    response = answer(404, {"message": "No.", "data": [1]})
    with pytest.raises(NotFoundError):
        unwrap_data(response, default=[])
    assert unwrap_data(response, raise_on_error=False) is None
    assert unwrap_data(response, raise_on_error=False, default=[]) == []


# handle_response


def test_handle_response_hands_the_value_to_on_success() -> None:
    response = answer(200, {"id": 7})
    assert handle_response(response, on_success=lambda order: order["id"] + 1) == 8
    assert handle_response(response) == {"id": 7}
    assert handle_response(response, on_error=str, raise_on_error=True) == {"id": 7}
    assert handle_response(answer(204), on_success=lambda value: value is None) is True


@pytest.mark.parametrize("raise_on_error", [True, False])
@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answer(404, {"message": "No."}), NotFoundError),
        (answer(302, b""), RedirectError),
        (answer(500, b"<html>"), ServerError),
        (answer(200, b"<html>"), InvalidResponseError),
    ],
    ids=["404", "302", "500", "200"],
)
def test_handle_response_hands_the_error_to_on_error(
    response: requests.Response, kind: type[APIError], raise_on_error: bool
) -> None:
    given: list[APIError] = []

    def on_error(error: APIError) -> str:
        given.append(error)
        return "handled"

    outcome = handle_response(
        response, on_success=pytest.fail, on_error=on_error, raise_on_error=raise_on_error
    )
    assert outcome == "handled"
    assert [type(error) for error in given] == [kind]


def test_handle_response_raises_what_nobody_takes_if_asked() -> None:
    response = answer(404, {"message": "No."})
    assert handle_response(response) is None
    assert handle_response(response, on_success=pytest.fail) is None
    with pytest.raises(NotFoundError):
        handle_response(response, raise_on_error=True)


def test_handle_response_lets_the_functions_raise() -> None:
    def refuse(value: Any) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        handle_response(answer(200, {}), on_success=refuse)
    with pytest.raises(KeyError, match="mine"):
        handle_response(answer(404, {}), on_error=refuse)


# What endpoints promise


def test_an_endpoint_gets_the_object_that_it_promises() -> None:
    assert unwrap_object(answer(200, {"id": 7})) == {"id": 7}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        *((b"", "nothing"), (b"null", "nothing"), (b"[]", "an array"), (b'"Ann"', "a string")),
        *((b"7", "int"), (b"true", "bool"), (b"1.5", "float")),
    ],
)
def test_an_endpoint_that_promises_an_object_takes_nothing_else(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidResponseError, match=f"an object was promised, not {kind}") as caught:
        unwrap_object(answer(200, body, method="POST"))
    assert caught.value.maybe_applied
    assert "Ann" not in str(caught.value)


def test_an_endpoint_gets_the_array_of_objects_that_it_promises() -> None:
    assert unwrap_array(answer(200, [{"code": "st000002"}])) == [{"code": "st000002"}]
    assert unwrap_array(answer(200, [])) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an array was promised, not nothing"),
        (b"{}", "an array was promised, not an object"),
        (b"[{}, null]", "an array of objects was promised, not of nothing"),
        (b'["Ann"]', "an array of objects was promised, not of a string"),
        (b"[[]]", "an array of objects was promised, not of an array"),
    ],
)
def test_an_endpoint_that_promises_an_array_takes_nothing_else(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidResponseError, match=reason):
        unwrap_array(answer(200, body))


@pytest.mark.parametrize("function", [unwrap_object, unwrap_array])
def test_an_endpoint_raises_the_error_of_the_status(
    function: Callable[[requests.Response], Any],
) -> None:
    with pytest.raises(NotFoundError):
        function(answer(404, {"message": "No."}))


def test_a_refusal_says_why_and_keeps_no_body() -> None:
    with pytest.raises(InvalidResponseError) as caught:
        refuse_body(answer(200, {"a": "Ann"}), "its meta is missing")
    error = caught.value
    assert str(error).startswith(
        "GET /api/v1/orders/7 200: The service sent a body that cannot be used: "
        "its meta is missing. (docs: "
    )
    assert error.response is not None
    assert error.response.content == b""
