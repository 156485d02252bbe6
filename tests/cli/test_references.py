"""What the shell's words name: an order, a status."""

from __future__ import annotations

import pytest

from statuspro.cli.references import (
    UnknownOrder,
    UnknownStatus,
    is_id,
    order_id,
    order_of,
    status_code,
    status_of,
)
from statuspro.sandbox import Sandbox


@pytest.mark.parametrize(
    ("reference", "is_one"),
    [("6110375248088", True), ("1234567890", True), ("123456789", False), ("#1188", False)],
)
def test_an_id_has_ten_digits_or_more(reference: str, is_one: bool) -> None:
    assert is_id(reference) is is_one


def test_digits_of_another_script_are_no_id() -> None:
    assert not is_id("٣" * 12)


def test_an_order_by_its_number_name_or_id(sandbox: Sandbox) -> None:
    wanted = sandbox.add_order()
    number = sandbox.order(wanted).number
    with sandbox.client() as client:
        for reference in (f"#{number}", str(number), str(wanted)):
            assert order_id(client, reference) == wanted


def test_an_id_is_asked_nothing(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        assert order_id(client, "6110375248088") == 6110375248088
    assert not sandbox.requests


def test_an_order_that_is_not_there_is_code_4(sandbox: Sandbox) -> None:
    with sandbox.client() as client, pytest.raises(UnknownOrder) as refused:
        order_id(client, "#99999")
    assert refused.value.exit_code == 4
    assert refused.value.message == "No order is called #99999."


@pytest.mark.parametrize("word", ["st000003", "ST000003", "Shipped", "SHIPPED", " shipped "])
def test_a_status_by_its_code_or_name_in_any_case(word: str, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        assert status_code(word, client.get_statuses()) == "st000003"


def test_a_status_that_is_not_there_is_refused_with_the_near_ones(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        statuses = client.get_statuses()
    with pytest.raises(UnknownStatus, match=r"Did you mean Shipped \(st000003\)\?") as refused:
        status_code("shiped", statuses)
    assert refused.value.exit_code == 2
    with pytest.raises(UnknownStatus, match="There are "):
        status_code("qqqqqq", statuses)


def test_a_mistyped_code_is_refused_with_the_near_ones(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        statuses = client.get_statuses()
    with pytest.raises(UnknownStatus, match=r"Did you mean .*Shipped \(st000003\)"):
        status_code("st00003", statuses)


def test_a_name_of_several_statuses_is_refused_with_their_codes(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        statuses = client.get_statuses()
    statuses[0]["name"] = "shipped "
    with pytest.raises(UnknownStatus, match=r"called 'Shipped': st000001, st000003\. Give a"):
        status_code("Shipped", statuses)
    assert status_code("st000001", statuses) == "st000001"


def test_a_status_without_a_name_is_not_called_none(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        statuses = client.get_statuses()
    statuses[0]["name"] = None  # type: ignore[typeddict-item]
    for word in ("None", ""):
        with pytest.raises(UnknownStatus):
            status_code(word, statuses)


def test_a_status_has_its_name_as_the_service_writes_it(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        assert status_of("in  production", client.get_statuses())["name"] == "In Production"


def test_an_order_is_fetched_by_one_request(sandbox: Sandbox) -> None:
    wanted = sandbox.add_order()
    with sandbox.client() as client:
        for reference in (sandbox.order(wanted).name, str(wanted)):
            sandbox.requests.clear()
            assert order_of(client, reference)["id"] == wanted
            assert len(sandbox.requests) == 1
        with pytest.raises(UnknownOrder):
            order_of(client, "#99999")


def test_a_code_wins_over_another_status_of_that_name(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        statuses = client.get_statuses()
    statuses[0]["name"] = "st000003"
    assert status_code("st000003", statuses) == "st000003"
