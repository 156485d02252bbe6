"""The tree, what the errors say, and that they can be pickled, copied and made anew."""

import copy
import inspect
import json
import pickle
import re
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests

from statuspro import errors
from statuspro.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    BulkUpdateError,
    ConfigurationError,
    InvalidResponseError,
    MirrorError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProError,
    TransitionError,
    TruncatedListWarning,
    ValidationError,
    without_section,
)
from tests.support.paths import ROOT

TREE: dict[type[StatusProError], tuple[type[Exception], ...]] = {
    StatusProError: (Exception,),
    ConfigurationError: (StatusProError, ValueError),
    APIError: (StatusProError, requests.HTTPError, requests.RequestException),
    AuthenticationError: (APIError,),
    PermissionDeniedError: (APIError,),
    NotFoundError: (APIError,),
    ValidationError: (APIError,),
    RateLimitError: (APIError,),
    ServerError: (APIError,),
    RedirectError: (APIError,),
    InvalidResponseError: (APIError,),
    APIConnectionError: (StatusProError, requests.ConnectionError, requests.RequestException),
    APITimeoutError: (APIConnectionError, requests.Timeout),
    BulkUpdateError: (StatusProError,),
    TransitionError: (StatusProError, ValueError),
    MirrorError: (StatusProError,),
}

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    *(
        lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]
COPY_NAMES = ["copy", "deepcopy", *(f"pickle-{n}" for n in range(pickle.HIGHEST_PROTOCOL + 1))]

copies = pytest.mark.parametrize("copied", COPIES, ids=COPY_NAMES)


def answer() -> requests.Response:
    response = requests.Response()
    response.status_code = 422
    response.reason = "Unprocessable Content"
    response.url = "https://shop.test/api/v1/orders"
    response.headers["X-Request-Id"] = "7"
    vars(response).update(_content=b'{"message": "No."}', _content_consumed=True)
    return response


#: One of each, with all that it can carry.
ERRORS: list[StatusProError] = [
    StatusProError("It went wrong."),
    ConfigurationError("No API key."),
    APIError(
        "Conflict.",
        status_code=409,
        error_response={"message": "Conflict."},
        response=answer(),
        request_line="POST /orders/1/status",
        maybe_applied=True,
    ),
    AuthenticationError("Unauthenticated."),
    PermissionDeniedError("Forbidden."),
    NotFoundError("Not found."),
    ValidationError(
        "The given data was invalid.",
        validation_errors={"comment": ["Too short.", "Not polite."]},
        response=answer(),
    ),
    RateLimitError("Too Many Attempts.", retry_after=12.5),
    ServerError("Server Error", status_code=503, maybe_applied=True),
    RedirectError("Moved.", status_code=302, location="https://shop.test/login"),
    InvalidResponseError("It is not JSON.", status_code=200),
    APIConnectionError("Dropped.", request_line="POST /orders/1/comment", maybe_applied=True),
    APITimeoutError("Too late.", request_line="GET /orders"),
    BulkUpdateError("Stopped.", accepted=[1], uncertain=[2], refused=[3], not_sent=[4, 5]),
    TransitionError("Not now.", status_code_wanted="st000009", viable=["st000002", "st000003"]),
    MirrorError("Another sync is under way."),
]

every_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


def state_of(error: StatusProError) -> dict[str, Any]:
    """Everything about it that can be compared."""
    state = dict(vars(error))
    response = state.pop("response", None)
    if response is not None:
        kept = (response.status_code, response.reason, response.url, response.content)
        state["response"] = (*kept, dict(response.headers))
    return state


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_each_error_has_its_place_in_the_tree(kind: type[StatusProError]) -> None:
    assert issubclass(kind, TREE[kind])
    assert issubclass(kind, StatusProError)


def test_the_tree_is_complete() -> None:
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, StatusProError)
    }
    assert defined == set(TREE) == {type(error) for error in ERRORS}


def test_a_truncated_list_is_a_user_warning() -> None:
    assert issubclass(TruncatedListWarning, UserWarning)


@pytest.mark.parametrize(
    "kind", [kind for kind in TREE if issubclass(kind, APIError)], ids=lambda kind: kind.__name__
)
def test_each_error_about_a_response_takes_all_that_one_can_say(kind: type[APIError]) -> None:
    said: dict[str, Any] = {
        "status_code": 418,
        "error_response": {"message": "No."},
        "response": answer(),
        "request_line": "POST /orders/1/status",
        "maybe_applied": True,
    }
    assert said.keys() <= inspect.signature(kind).parameters.keys()
    error = kind("No.", **said)
    assert {name: getattr(error, name) for name in said} == said
    for made in (*(copied(error) for copied in COPIES), kind(*json.loads(json.dumps(error.args)))):
        told = [made.status_code, made.request_line, made.maybe_applied]
        assert told == [418, "POST /orders/1/status", True]
        assert str(made) == str(error)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_a_message_alone_makes_an_error(kind: type[StatusProError]) -> None:
    assert "It went wrong." in str(kind("It went wrong."))
    assert kind("It went wrong.").args == ("It went wrong.",)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_an_error_can_be_made_of_nothing(kind: type[StatusProError]) -> None:
    assert isinstance(str(kind()), str)
    assert repr(kind()).startswith(kind.__name__)


@every_error
@copies
def test_a_copy_is_the_same_error(error: StatusProError, copied: Callable[[Any], Any]) -> None:
    other = copied(error)
    assert type(other) is type(error)
    assert other is not error
    assert str(other) == str(error)
    assert repr(other) == repr(error)
    assert other.args == error.args
    assert state_of(other) == state_of(error)


def through_json(error: StatusProError) -> StatusProError:
    """The error as a task queue carries it: the name of its class, and its `args` as JSON."""
    carried = json.dumps([type(error).__name__, error.args])
    name, args = json.loads(carried)
    rebuilt: StatusProError = getattr(errors, name)(*args)
    return rebuilt


def carried_state(error: StatusProError) -> dict[str, Any]:
    """All but what stays behind: the body that the service sent."""
    state = dict(vars(error))
    for name in ("response", "request", "error_response"):
        state.pop(name, None)
    return state


@every_error
def test_an_error_is_made_anew_from_its_args(error: StatusProError) -> None:
    for rebuilt in (
        type(error)(*error.args),
        through_json(error),
        through_json(through_json(error)),
    ):
        assert type(rebuilt) is type(error)
        assert str(rebuilt) == str(error)
        assert repr(rebuilt) == repr(error)
        assert rebuilt.args == error.args
        assert carried_state(rebuilt) == carried_state(error)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_what_would_look_harmless_is_not_lost_on_the_way(kind: type[StatusProError]) -> None:
    keywords: dict[str, Any] = {"maybe_applied": True}
    if kind is BulkUpdateError:
        keywords = {"uncertain": [6110375248088], "refused": [2], "not_sent": [3], "accepted": [4]}
    elif not issubclass(kind, (APIError, APIConnectionError)):
        keywords = {}
    error = kind("It went wrong.", **keywords)
    error.page = 7
    rebuilt = through_json(error)
    assert {name: getattr(rebuilt, name) for name in keywords} == keywords
    assert rebuilt.page == 7


def test_the_args_say_what_the_error_says_now() -> None:
    error = APIConnectionError("Dropped.", maybe_applied=True)
    assert error.args == ("Dropped.", {"maybe_applied": True})
    error.message += " The order shows no trace."
    error.maybe_applied = False
    assert list(error.args) == ["Dropped. The order shows no trace."]
    error.args = ("Elsewhere.", {"maybe_applied": True})
    assert (error.message, error.maybe_applied) == ("Elsewhere.", True)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("garbled", ["{'maybe_applied': True}", 7, ["uncertain"], {"unknown": 1}])
def test_no_error_is_made_of_what_was_garbled_on_the_way(
    kind: type[StatusProError], garbled: Any
) -> None:
    with pytest.raises(TypeError, match="takes one message"):
        kind("It went wrong.", garbled)


def test_an_error_that_is_made_anew_shares_nothing() -> None:
    error = BulkUpdateError("Stopped.", uncertain=[2])
    BulkUpdateError(*error.args).uncertain.append(3)
    assert error.uncertain == [2]


def test_errors_of_the_system_are_not_taken_for_ours() -> None:
    # OSError, of which requests' errors are, reads two arguments as a number and its text.
    rebuilt = through_json(APIConnectionError("Dropped.", maybe_applied=True))
    assert isinstance(rebuilt, OSError)
    assert (rebuilt.errno, rebuilt.strerror) == (None, None)


@copies
def test_a_copy_keeps_the_page_to_go_on_from(copied: Callable[[Any], Any]) -> None:
    error = ServerError("Server Error", status_code=500)
    error.page = 7
    assert copied(error).page == 7


def test_a_deep_copy_shares_nothing() -> None:
    error = ValidationError("No.", validation_errors={"comment": ["Too short."]})
    copy.deepcopy(error).validation_errors["comment"].append("Not polite.")
    assert error.validation_errors == {"comment": ["Too short."]}


def test_a_copy_can_be_raised_and_caught() -> None:
    with pytest.raises(requests.Timeout, match=r"Too late\."):
        raise pickle.loads(pickle.dumps(APITimeoutError("Too late.")))


@every_error
def test_the_repr_names_the_class_and_the_message(error: StatusProError) -> None:
    assert repr(error) == f"{type(error).__name__}({error.args[0]!r})"


@every_error
def test_no_error_keeps_a_request(error: StatusProError) -> None:
    assert getattr(error, "request", None) is None


@every_error
def test_the_page_is_none_until_a_walk_sets_it(error: StatusProError) -> None:
    assert error.page is None


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (AuthenticationError, 401),
        (PermissionDeniedError, 403),
        (NotFoundError, 404),
        (ValidationError, 422),
        (RateLimitError, 429),
        (ServerError, None),
        (RedirectError, None),
        (InvalidResponseError, None),
        (APIError, None),
    ],
)
def test_a_class_with_one_status_knows_it(kind: type[APIError], status: int | None) -> None:
    assert kind("No.").status_code == status
    assert kind("No.", status_code=499).status_code == 499


def test_an_api_error_says_which_request_and_status() -> None:
    error = NotFoundError("No order.", request_line="GET /orders/7")
    assert str(error) == "GET /orders/7 404: No order. (docs: errors.html#not-found-error)"


def test_an_api_error_without_request_says_its_status() -> None:
    assert str(ServerError("No.", status_code=500)) == "500: No. (docs: errors.html#server-error)"
    assert str(APIError("Odd.")) == "Odd. (docs: errors.html#api-error)"


def test_a_status_is_told_once_where_the_service_has_no_words() -> None:
    error = ServerError("502 Bad Gateway", status_code=502, request_line="GET /orders")
    assert str(error).startswith("GET /orders 502: Bad Gateway (docs: ")
    alone = ServerError("502", status_code=502, request_line="GET /orders")
    assert str(alone).startswith("GET /orders 502: 502 (docs: ")
    odd = APIError("None of them was found.", request_line="GET /orders")
    assert str(odd).startswith("GET /orders: None of them was found. (docs: ")


def test_an_api_error_carries_nothing_unasked() -> None:
    error = APIError("Odd.")
    assert error.message == "Odd."
    assert error.error_response is None
    assert error.response is None
    assert error.maybe_applied is False


@pytest.mark.parametrize(
    "error",
    [
        ServerError("Server Error", status_code=500, maybe_applied=True),
        InvalidResponseError("It is not JSON.", maybe_applied=True),
        APIConnectionError("Dropped.", maybe_applied=True),
        APITimeoutError("Too late.", maybe_applied=True),
    ],
)
def test_what_may_have_been_applied_says_how_to_find_out(error: StatusProError) -> None:
    assert "may have been applied" in str(error)
    assert "get_order" in str(error)


@pytest.mark.parametrize("kind", [ServerError, APIConnectionError, APITimeoutError])
def test_what_was_not_applied_does_not_say_so(kind: type[StatusProError]) -> None:
    assert "applied" not in str(kind("It went wrong."))


def test_a_401_says_what_to_check() -> None:
    assert "STATUSPRO_API_KEY" in str(AuthenticationError("Unauthenticated."))


def test_a_422_lists_its_fields() -> None:
    error = ValidationError(
        "The given data was invalid.",
        validation_errors={"comment": ["Too short.", "Not polite."], "status_code": ["Unknown."]},
        request_line="POST /orders/7/status",
    )
    assert str(error).splitlines() == [
        "POST /orders/7/status 422: The given data was invalid.",
        "  comment: Too short. Not polite.",
        "  status_code: Unknown.",
        "(docs: errors.html#validation-error)",
    ]


def test_a_422_copies_what_it_was_given() -> None:
    given = {"comment": ["Too short."]}
    error = ValidationError("No.", validation_errors=given)
    given["comment"].append("Not polite.")
    assert error.validation_errors == {"comment": ["Too short."]}
    assert ValidationError("No.").validation_errors == {}


def test_a_429_says_when_to_try_again() -> None:
    assert "\nTry again in 13 s.\n" in str(RateLimitError("Slow down.", retry_after=12.4))
    assert "\nTry again in 12 s.\n" in str(RateLimitError("Slow down.", retry_after=12.04))
    assert str(RateLimitError("Slow down.")).splitlines() == [
        "429: Slow down.",
        "Try again in 60 s.",
        "(docs: errors.html#rate-limit-error)",
    ]
    assert RateLimitError("Slow down.").retry_after == 60.0
    assert "Try again in 0 s." in str(RateLimitError("Slow down.", retry_after=0.0))


def test_a_connection_error_says_which_request() -> None:
    error = APIConnectionError("Dropped.", request_line="GET /orders")
    assert str(error) == "GET /orders: Dropped. (docs: errors.html#api-connection-error)"
    assert error.message == "Dropped."
    assert error.maybe_applied is False


def test_a_bulk_error_says_what_became_of_each_id() -> None:
    error = BulkUpdateError("Stopped.", accepted=(1, 2), uncertain=[3])
    assert (error.accepted, error.uncertain) == ([1, 2], [3])
    assert (error.refused, error.not_sent) == ([], [])


def test_a_transition_error_names_the_viable_codes() -> None:
    error = TransitionError("Not now.", status_code_wanted="st000009", viable=("st000002",))
    assert error.status_code_wanted == "st000009"
    assert error.viable == ["st000002"]


def test_a_message_that_is_changed_later_is_shown() -> None:
    error = APIConnectionError("Dropped.")
    error.message += " The order shows no trace."
    assert str(error).startswith("Dropped. The order shows no trace. (docs: ")


@pytest.mark.parametrize("kind", TREE)
def test_a_text_ends_with_the_section_of_the_docs_that_helps(kind: type[StatusProError]) -> None:
    written = re.search(r"\(docs: errors\.html#([a-z-]+)\)$", str(kind("It went wrong.")))
    assert written is not None
    page = (ROOT / "docs" / "errors.rst").read_text(encoding="utf-8")
    entry = f".. _{written[1]}:\n\n.. autoexception:: {kind.__name__}\n    :show-inheritance:\n\n"
    _, found, help_ = page.partition(entry)
    assert found
    assert re.match(r"    [`A-Z]", help_), "the section says nothing of what to do"


def test_an_error_of_a_users_own_has_the_section_of_its_next_ancestor() -> None:
    class ShopClosedError(NotFoundError):
        pass

    assert str(ShopClosedError("Gone.")) == "404: Gone. (docs: errors.html#not-found-error)"


def test_an_error_without_a_message_has_its_section_alone() -> None:
    assert str(StatusProError()) == "(docs: errors.html#status-pro-error)"


def test_a_text_that_goes_on_behind_an_error_has_no_section_in_the_middle() -> None:
    inner = ServerError("No.", status_code=500)
    assert without_section(inner) == "500: No."
    assert without_section(ValueError("Odd.")) == "Odd."


@copies
def test_a_note_is_kept(copied: Callable[[Any], Any]) -> None:
    error = StatusProError("It went wrong.")
    error.__dict__["__notes__"] = ["In the second shop."]  # what add_note does from 3.11 on
    assert copied(error).__notes__ == ["In the second shop."]


def test_the_printed_traceback_ends_with_the_whole_text() -> None:
    error = ServerError("Server Error", status_code=500, maybe_applied=True)
    printed = "".join(traceback.format_exception(error))
    assert printed.strip().endswith(str(error))
