"""The TypedDicts say what the service sends."""

import ast
import re
import typing
from runpy import run_path
from typing import Any, get_args, get_type_hints

import pytest

from statuspro import StatusProClient, types
from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT

TYPES = {
    name: value
    for name, value in vars(types).items()
    if typing.is_typeddict(value) and not name.startswith("_")
}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(orders=40)


@pytest.fixture
def client(sandbox: Sandbox) -> StatusProClient:
    return sandbox.client(adapter=sandbox.adapter())


def mismatches(value: Any, hint: Any, path: str = "") -> list[str]:
    """Where a value is not of the type; a path for each place."""
    if typing.is_typeddict(hint):
        if not isinstance(value, dict):
            return [f"{path} is no object"]
        hints = get_type_hints(hint)
        wrong = [f"{path}.{name} is unknown" for name in value.keys() - hints.keys()]
        wrong += [f"{path}.{name} is missing" for name in hint.__required_keys__ - value.keys()]
        for name in value.keys() & hints.keys():
            wrong += mismatches(value[name], hints[name], f"{path}.{name}")
        return wrong
    origin, arguments = typing.get_origin(hint), get_args(hint)
    if origin is list:
        if not isinstance(value, list):
            return [f"{path} is no array"]
        return [
            wrong
            for index, item in enumerate(value)
            for wrong in mismatches(item, arguments[0], f"{path}[{index}]")
        ]
    if origin is dict:
        return [
            wrong
            for name, item in value.items()
            for wrong in mismatches(item, arguments[1], f"{path}.{name}")
        ]
    if arguments:  # a union: one of them must fit
        tried = [mismatches(value, argument, path) for argument in arguments]
        return [] if [] in tried else tried[0]
    return [] if type(value) is hint else [f"{path} is no {hint.__name__}"]


def test_a_mismatch_is_found() -> None:
    customer: dict[str, Any] = {"name": "Ann", "email": None, "phone": "1"}
    assert sorted(mismatches(customer, types.Customer)) == [
        ".email is no str",
        ".locale is missing",
        ".phone is unknown",
    ]
    assert mismatches({"data": 7}, types.OrderList, "list") != []
    assert mismatches([], types.Order) == [" is no object"]


def test_a_page_of_orders_is_what_its_type_says(client: StatusProClient) -> None:
    page = client.list_orders(page=1, per_page=40)
    assert mismatches(page, types.OrderList) == []
    assert {order["status"]["is_set"] for order in page["data"]} == {True, False}


def test_an_empty_page_is_what_its_type_says(client: StatusProClient) -> None:
    page = client.list_orders(page=1, search="nobody of this name")
    assert page["data"] == []
    assert mismatches(page, types.OrderList) == []


def test_an_order_is_what_its_type_says(client: StatusProClient) -> None:
    orders = [order for _, order in client.get_orders([o["id"] for o in client.iter_orders()])]
    assert [wrong for order in orders for wrong in mismatches(order, types.Order)] == []
    assert any(order and order["history"] and order["history"][0]["mail_log"] for order in orders)


def test_statuses_are_what_their_types_say(client: StatusProClient) -> None:
    (order,) = client.iter_orders(max_items=1, has_status=True)
    assert mismatches(client.get_statuses(), list[types.StatusDefinition]) == []
    viable = client.get_viable_statuses(order["id"])
    assert viable
    assert mismatches(viable, list[types.ViableStatus]) == []


def test_the_answers_to_writes_are_what_their_types_say(client: StatusProClient) -> None:
    (order,) = client.iter_orders(max_items=1, has_status=True)
    code = client.get_viable_statuses(order["id"])[0]["code"]
    assert mismatches(client.update_order_status(order["id"], code), types.Message) == []
    assert mismatches(client.add_order_comment(order["id"], "For Ann"), types.Message) == []
    assert mismatches(client.set_order_due_date(order["id"], None), types.Message) == []
    update = client.bulk_update_order_status([order["id"]], code)
    assert mismatches(update, types.BulkStatusUpdate) == []
    for batch in client.iter_bulk_update_order_status([order["id"]], code):
        assert mismatches(batch, types.BulkBatch) == []
    assert mismatches(client.summarize_orders(), types.OrdersSummary) == []


def test_what_the_service_may_leave_out_is_optional() -> None:
    assert types.Status.__required_keys__ == {"is_set"}
    assert "code" in types.Status.__optional_keys__
    for name in set(TYPES) - {"Status", "OrderFilters", "BulkOptions", "MirroredOrder"}:
        assert TYPES[name].__optional_keys__ == frozenset()


def test_a_list_item_counts_the_history_and_only_the_detail_has_it() -> None:
    item, order = get_type_hints(types.OrderListItem), get_type_hints(types.Order)
    assert set(item) - set(order) == {"history_count"}
    assert set(order) - set(item) == {"history", "public_progress_timeline"}


def test_every_type_is_documented() -> None:
    functional = {"MailLog", "OrderListMeta"}  # whose keys are no names, and so have no class body
    assert len(TYPES) > 15
    assert [name for name in TYPES.keys() - functional if not TYPES[name].__doc__] == []


def test_the_enumerations_are_those_of_the_service() -> None:
    assert get_args(types.FinancialStatus) == (
        *("paid", "partially_paid", "partially_refunded", "refunded"),
        *("voided", "pending", "authorized", "unpaid"),
    )
    assert get_args(types.FulfillmentStatus) == (
        *("unfulfilled", "partial", "restocked", "fulfilled"),
    )


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The types of the documentation, by their names."""
    return {each.name: each for each in run_path(str(ROOT / "docs" / "fields.py"))["types"]()}


@pytest.mark.parametrize("name", TYPES)
def test_the_documentation_says_what_every_field_means(
    name: str, described: dict[str, Any]
) -> None:
    fields = {field.name: field for field in described[name].fields}
    assert fields.keys() == TYPES[name].__annotations__.keys()
    assert described[name].text
    for field in fields.values():
        assert field.meaning.endswith((".", "`")), field
        if field.kind.partition(" ")[0] in ("str", "int", "float", "bool"):
            assert "`" in field.meaning, f"{field} has no example"
        if field.kind.endswith("None") and name not in ("OrderFilters", "BulkOptions"):
            assert "None" in field.meaning, f"{field} may be None"


def test_the_examples_of_the_documentation_are_of_their_fields_types(
    described: dict[str, Any],
) -> None:
    for each in described.values():
        for field in each.fields:
            shown = re.search(r"[Ss]uch as `([^`]+)`", field.meaning)
            if shown and field.kind in ("int", "float", "bool", "list[int]", "list[str]"):
                hint = get_type_hints(TYPES[each.name])[field.name]
                assert mismatches(ast.literal_eval(shown[1]), hint) == [], field
