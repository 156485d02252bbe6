"""The forms: what a customer types, and a choice of the account's statuses."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.cache import cache
from django.test import override_settings

from statuspro.contrib.django.forms import LookupForm, StatusChoiceField
from statuspro.sandbox import Sandbox


class MoveForm(forms.Form):
    """A staff form: the class is made before there is any key."""

    status = StatusChoiceField()
    next_status = StatusChoiceField(required=False, empty_label="later")


@pytest.fixture(autouse=True)
def empty_cache(project: None) -> None:
    cache.clear()


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1188", "1188"),
        ("#1188", "#1188"),
        (" # 1188 ", "#1188"),
        ("\u200b#1188\ufeff", "#1188"),
        ("\uff11\uff11\uff18\uff18", "1188"),
        ("\uff031188", "#1188"),
        ("EN-1188/A", "EN-1188/A"),
    ],
)
def test_a_number_is_trimmed(typed: str, number: str) -> None:
    form = LookupForm({"number": typed, "email": "ann@lee.example"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["number"] == number


@pytest.mark.parametrize(
    "typed",
    ["ann@lee.example", "M\u00fcller+x@m\u00fcller.example", '"a@b"@lee.example', "x@localhost"],
)
def test_addresses_are_taken_as_they_are(typed: str) -> None:
    form = LookupForm({"number": "1188", "email": f" \u200e{typed} "})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["email"] == typed


def test_browsers_and_password_managers_know_the_fields() -> None:
    html = str(LookupForm())
    assert 'autocomplete="email"' in html
    assert 'inputmode="email"' in html
    assert 'maxlength="254"' in html
    assert 'maxlength="64"' in html
    assert html.count("required") == 2


def test_statuses_are_asked_for_when_a_form_is_shown(
    of_sandbox: dict[str, Any], sandbox: Sandbox
) -> None:
    form = MoveForm()
    assert not sandbox.requests
    html = str(form)
    assert '<option value="st000002">In Production</option>' in html
    assert '<option value="" selected>later</option>' in html
    assert MoveForm({"status": "st000002"}).is_valid()
    assert not MoveForm({"status": "st999999"}).is_valid()
    assert len(sandbox.requests) == 1


def test_the_statuses_that_an_order_can_move_to(
    of_sandbox: dict[str, Any], sandbox: Sandbox
) -> None:
    order_id = sandbox.add_order(status_code="st000002")
    viable = {status["code"] for status in sandbox.client().get_viable_statuses(order_id)}
    barred = {status["code"] for status in sandbox.client().get_statuses()} - viable
    before = len(sandbox.requests)
    form: Any = MoveForm({"status": barred.pop()})
    form.fields["status"].viable_for = order_id
    assert not form.is_valid()
    assert set(dict(form.fields["status"].choices)) == viable
    assert f'value="{viable.pop()}"' in str(form["status"])
    paths = [record.path for record in sandbox.requests[before:]]
    assert len([path for path in paths if path.endswith("viable-statuses")]) == 1


def test_no_form_knows_what_another_one_was_told(
    of_sandbox: dict[str, Any], sandbox: Sandbox
) -> None:
    one, other = sandbox.add_order(status_code="st000002"), sandbox.add_order()

    class ViableForm(forms.Form):
        status = StatusChoiceField(viable_for=one)

    of_class: Any = ViableForm
    list(of_class.base_fields["status"].choices)
    first: Any = ViableForm()
    second: Any = ViableForm()
    second.fields["status"].viable_for = other
    client = sandbox.client()
    for form, order_id in ((first, one), (second, other)):
        viable = {status["code"] for status in client.get_viable_statuses(order_id)}
        assert set(dict(form.fields["status"].choices)) == viable
        assert set(dict(form.fields["status"].widget.choices)) == viable
    sandbox.set_status(one, "st000007")
    third: Any = ViableForm()
    assert list(third.fields["status"].choices) == []
    assert len(list(first.fields["status"].choices)) > 1


def test_without_a_key_only_showing_the_form_fails() -> None:
    from django.core.exceptions import ImproperlyConfigured

    with override_settings(STATUSPRO={"API_KEY": "x", "DEADLIN": 1}):
        form = MoveForm()
        with pytest.raises(ImproperlyConfigured):
            str(form)
