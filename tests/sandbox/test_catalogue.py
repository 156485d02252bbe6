"""The catalogue of statuses, and which may follow which."""

from __future__ import annotations

import re

import pytest

from statuspro import StatusProClient, ValidationError, hex_color
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import CATALOGUE, WAY_TO, catalogue_of


def test_codes_have_eight_characters() -> None:
    assert 6 <= len(CATALOGUE) <= 8
    assert all(re.fullmatch(r"st\d{6}", code) for code in CATALOGUE)


def test_every_status_is_described_and_coloured() -> None:
    for status in CATALOGUE.values():
        assert status.name
        assert status.description
        assert status.color
        assert re.fullmatch("#[0-9A-F]{6}", status.hex_color)
        assert hex_color(status.color) == hex_color(status.hex_color)


def test_transitions_know_every_status_and_lead_to_known_ones_only() -> None:
    for code in [None, *CATALOGUE]:
        following = CATALOGUE.viable_after(code)
        assert code not in following
        assert set(following) <= set(CATALOGUE)


def test_the_usual_way_to_a_status_is_one_that_is_allowed() -> None:
    assert set(WAY_TO) == set(CATALOGUE)
    for code, way in WAY_TO.items():
        assert way[-1] == code
        assert all(
            after in CATALOGUE.viable_after(before)
            for before, after in zip((None, *way), way, strict=False)
        )


def test_one_status_is_final_and_one_is_hidden_from_customers() -> None:
    assert any(not CATALOGUE.viable_after(code) for code in CATALOGUE)
    assert any(not status.public for status in CATALOGUE.values())


WORKSHOP: list[dict[str, object]] = [
    {"code": "cut00001", "name": "Cut", "color": "amber", "description": "At the saw."},
    {"code": "sewn0001", "name": "Sewn", "public_name": "Almost done", "color": "#102030"},
    {"code": "sent0001", "name": "Sent", "public": False},
]


def client_of(sandbox: Sandbox) -> StatusProClient:
    return sandbox.client(adapter=sandbox.adapter())


def test_a_catalogue_of_ones_own_is_the_merchants() -> None:
    sandbox = Sandbox(orders=300, statuses=WORKSHOP)
    client = client_of(sandbox)
    assert client.get_statuses() == [
        {"code": "cut00001", "name": "Cut", "color": "amber", "description": "At the saw."},
        {"code": "sewn0001", "name": "Sewn", "color": "#102030", "description": ""},
        {"code": "sent0001", "name": "Sent", "color": "gray", "description": ""},
    ]
    details = [client.get_order(order["id"]) for order in client.iter_orders()]
    histories = [event for order in details for event in order["history"]]
    codes = {order["status"].get("code") for order in details}
    assert codes == {None, "cut00001", "sewn0001", "sent0001"}
    passed = {event["status"].get("code") for event in histories if event["status"]}
    assert passed == codes - {None}


def test_without_rules_each_status_may_follow_each_other_one() -> None:
    sandbox = Sandbox(orders=0, statuses=WORKSHOP)
    client = client_of(sandbox)
    order_id = sandbox.add_order()
    for code in ("sent0001", "cut00001", "sewn0001"):
        client.update_order_status(order_id, code, check=True)
    viable = client.get_viable_statuses(order_id)
    assert [status.get("code") for status in viable] == ["cut00001", "sent0001"]
    with pytest.raises(ValidationError):
        client.update_order_status(order_id, "st000002")
    assert sandbox.mails[-1].subject.endswith(": Sewn")
    shown = sandbox.order(order_id)
    assert shown["status"]["color"] == "#102030"
    assert [each["name"] for each in shown["public_progress_timeline"]] == ["Cut", "Almost done"]


def test_rules_of_ones_own_hold() -> None:
    rules = {None: ["cut00001"], "cut00001": ["sewn0001"], "sewn0001": ["sent0001"]}
    sandbox = Sandbox(orders=100, statuses=WORKSHOP, viable=rules)
    client = client_of(sandbox)
    order_id = sandbox.add_order(status_code="cut00001")
    with pytest.raises(ValidationError, match="may not follow"):
        client.update_order_status(order_id, "sent0001")
    client.update_order_status(order_id, "sewn0001")
    client.update_order_status(order_id, "sent0001")
    assert client.get_viable_statuses(order_id) == []
    *_, sent = client.iter_orders(status_code="sent0001")
    passed = [event.status_code for event in sandbox.order(sent["id"]).history if event.status_code]
    assert passed == ["cut00001", "sewn0001", "sent0001"]


def test_a_catalogue_that_was_read_can_be_given_back() -> None:
    read = client_of(Sandbox(orders=0)).get_statuses()
    assert client_of(Sandbox(orders=0, statuses=read)).get_statuses() == read


@pytest.mark.parametrize(
    ("statuses", "rules", "said"),
    [
        ([{"name": "Cut"}], None, "a code of 8 characters, not None"),
        ([{"code": "cut", "name": "Cut"}], None, "a code of 8 characters, not 'cut'"),
        ([{"code": "cut00001"}], None, "cut00001 needs a name"),
        ([{"code": "cut00001", "name": "Cut", "color": "blurple"}], None, "color that is unknown"),
        ([{"code": "cut00001", "name": "Cut", "colour": "red"}], None, "a status has no colour"),
        ([*WORKSHOP, WORKSHOP[0]], None, "two statuses have the same code"),
        (WORKSHOP, {"cut00001": ["st000002"]}, "names the status 'st000002'"),
        (WORKSHOP, {"st000002": []}, "names the status 'st000002'"),
        (None, {None: ["st000001"]}, "viable needs statuses"),
    ],
)
def test_a_catalogue_that_makes_no_sense_is_refused(
    statuses: list[dict[str, object]] | None,
    rules: dict[str | None, list[str]] | None,
    said: str,
) -> None:
    with pytest.raises(ValueError, match=said):
        Sandbox(statuses=statuses, viable=rules)


def test_a_status_that_no_rule_leads_to_has_been_set_before_there_were_rules() -> None:
    catalogue = catalogue_of(WORKSHOP, {None: ["cut00001"], "cut00001": ["sewn0001"]})
    assert catalogue.way_to("sewn0001") == ("cut00001", "sewn0001")
    assert catalogue.way_to("sent0001") == ("sent0001",)
