"""A description that says more, less or something else than the library is found to do so."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from statuspro import StatusProClient
from statuspro.api import orders, statuses, updates
from tests.spec import __main__ as spec
from tests.spec.compare import Difference, differences
from tests.spec.ours import FUNCTIONS, NOT_SENT, VALUES, operations

Json = dict[str, Any]

CHOSEN: list[Callable[..., Any]] = [
    updates.add_order_comment,
    statuses.get_statuses,
    orders.get_viable_statuses,
]

TEXT: Json = {"type": "string"}
VIABLE: Json = {
    "type": "object",
    "properties": {"code": TEXT, "name": TEXT, "description": TEXT, "color": TEXT},
}


def responds(schema: Json) -> Json:
    return {"description": "Fine.", "content": {"application/json": {"schema": schema}}}


#: Of three endpoints, in our words: what the library has of them, no more and no less.
DESCRIPTION: Json = {
    "openapi": "3.1.0",
    "paths": {
        "/orders/{id}/comment": {
            "parameters": [{"name": "id", "in": "path"}],
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "allOf": [
                                    {"$ref": "#/components/schemas/Text"},
                                    {"properties": {"public": {"type": "boolean"}}},
                                ]
                            }
                        }
                    }
                },
                "responses": {"200": responds({"properties": {"message": TEXT}})},
            },
        },
        "/statuses": {
            "get": {
                "responses": {
                    "200": responds(
                        {"type": "array", "items": {"$ref": "#/components/schemas/Viable"}}
                    )
                }
            }
        },
        "/orders/{id}/viable-statuses": {
            "get": {"responses": {"200": {"$ref": "#/components/responses/Viable"}}}
        },
    },
    "components": {
        "schemas": {"Text": {"properties": {"comment": TEXT}}, "Viable": VIABLE},
        "responses": {
            "Viable": responds(
                {"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/Viable"}]}}
            )
        },
    },
}


@pytest.fixture
def description() -> Json:
    return copy.deepcopy(DESCRIPTION)


def found(description: Json, functions: list[Callable[..., Any]] = CHOSEN) -> set[tuple[str, str]]:
    return {(each.kind, each.what) for each in differences(description, operations(functions))}


def test_what_both_have_is_no_difference(description: Json) -> None:
    assert found(description) == set()


def test_an_endpoint_that_the_library_lacks_is_found(description: Json) -> None:
    description["paths"]["/orders/{order}/tags"] = {"put": {"responses": {}}}
    assert found(description) == {("lacking", "PUT /orders/{}/tags")}


def test_an_endpoint_that_the_service_lacks_is_found(description: Json) -> None:
    assert found(description, [*CHOSEN, orders.get_order]) == {("surplus", "GET /orders/{}")}


def test_a_parameter_that_the_library_lacks_is_found(description: Json) -> None:
    asked = {"name": "archived", "in": "query"}
    description["paths"]["/statuses"]["parameters"] = [{"name": "X-Trace", "in": "header"}, asked]
    assert found(description) == {("lacking", "GET /statuses: parameter archived")}


def test_a_field_that_only_one_of_them_sends_is_found(description: Json) -> None:
    description["components"]["schemas"]["Text"]["properties"] = {"comment": TEXT, "author": TEXT}
    del description["paths"]["/orders/{id}/comment"]["post"]["requestBody"]["content"][
        "application/json"
    ]["schema"]["allOf"][1]
    assert found(description) == {
        ("lacking", "POST /orders/{}/comment: field author"),
        ("surplus", "POST /orders/{}/comment: field public"),
    }


def test_a_field_that_only_one_of_them_returns_is_found(description: Json) -> None:
    fields = description["components"]["schemas"]["Viable"]["properties"]
    fields["icon"] = TEXT
    del fields["color"]
    assert found(description) == {
        ("lacking", "StatusDefinition.icon"),
        ("surplus", "StatusDefinition.color"),
        ("lacking", "ViableStatus.icon"),
        ("surplus", "ViableStatus.color"),
    }


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "integer"}, "integer, not string"),
        ({"type": ["string", "null"]}, "may be null"),
        ({"anyOf": [TEXT, {"type": "null"}]}, "may be null"),
        ({"type": "string", "nullable": True}, "may be null"),
    ],
)
def test_a_field_of_another_kind_is_found(description: Json, schema: Json, told: str) -> None:
    description["components"]["schemas"]["Text"] = {"properties": {"comment": TEXT}}
    response = description["paths"]["/orders/{id}/comment"]["post"]["responses"]["200"]
    response["content"]["application/json"]["schema"]["properties"]["message"] = schema
    assert found(description) == {("unlike", f"Message.message: {told}")}


def test_every_request_of_the_client_and_every_argument_is_compared() -> None:
    made_of_these = {
        *("bulk_outcome", "find_order", "get_orders", "iter_bulk_update_order_status"),
        *("iter_order_pages", "iter_orders", "paginate", "summarize_orders"),
    }
    functions = {
        name
        for name, value in vars(StatusProClient).items()
        if inspect.isfunction(value) and value.__module__.startswith("statuspro.api.")
    }
    assert functions - made_of_these == {function.__name__ for function in FUNCTIONS}
    named = {name for each in FUNCTIONS for name in inspect.signature(each).parameters}
    assert named == VALUES.keys() | NOT_SENT | {"number", "order_id", "order_ids"}


def test_each_function_sends_all_that_it_is_given() -> None:
    sent = {each.name: each.query | each.body for each in operations()}
    assert len(sent) == len(FUNCTIONS)
    assert {name.removesuffix("[]") for names in sent.values() for name in names} == {
        *VALUES,
        *("number", "order_ids"),
    }


def test_an_argument_without_a_value_is_named() -> None:
    def list_orders(client: Any, *, colour: str) -> None: ...

    with pytest.raises(LookupError, match=r"list_orders takes colour: give VALUES a value"):
        operations([list_orders])


@pytest.mark.parametrize("text", ["", "{}", "[]", "openapi: 3.1.0", "paths: {}"])
def test_a_file_that_is_no_description_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(text)
    assert spec.main(str(path)) == 2
    assert capsys.readouterr().out == f"{path} is no interface description: it has no paths\n"


@pytest.mark.parametrize(("extra", "status"), [(False, 0), (True, 1)])
def test_the_exit_status_tells_of_a_new_difference(
    description: Json,
    extra: bool,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(spec, "operations", lambda: operations(CHOSEN))
    monkeypatch.setattr(spec, "KNOWN", {Difference("surplus", "ViableStatus.color"): "we know"})
    description["components"]["responses"]["Viable"] = responds(
        {
            "type": "array",
            "items": {"properties": {"code": TEXT, "name": TEXT, "description": TEXT}},
        }
    )
    if extra:
        description["paths"]["/tags"] = {"get": {"responses": {}}}
    path = tmp_path / "description.json"
    path.write_text(json.dumps(description))
    assert spec.main(str(path)) == status
    told = capsys.readouterr().out
    assert ("lacks it:\n    GET /tags" in told) is extra
    assert "ViableStatus.color (we know)" in told


def test_a_known_difference_that_is_gone_is_told(
    description: Json,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(spec, "operations", lambda: operations(CHOSEN))
    path = tmp_path / "description.json"
    path.write_text(json.dumps(description))
    assert spec.main(str(path)) == 1
    assert "no difference any more:\n    Status.color" in capsys.readouterr().out
