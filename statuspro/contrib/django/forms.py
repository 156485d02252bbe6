"""Forms: what a customer knows of an order, and a choice of a status."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from statuspro.contrib.django.caches import cached_statuses
from statuspro.contrib.django.client import get_client

#: What copying brings along that no one sees.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


class LookupForm(forms.Form):
    """Asks for the order's number and the customer's address, as they stand in the shop's mail."""

    number = forms.CharField(
        label=gettext_lazy("Order number"),
        help_text=gettext_lazy("You find it in the confirmation of your order, such as 1188."),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    # A widget of type `email` has browsers refuse or rewrite addresses that are not all ASCII.
    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("The one that you ordered with."),
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "email",
                "inputmode": "email",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    @sensitive_variables()
    def clean_number(self) -> str:
        """Takes off the white space around the number, also behind a `#`."""
        text = unicodedata.normalize("NFKC", _visible(self.cleaned_data["number"]))
        hashes, digits = text[: text.startswith("#")], text.removeprefix("#").strip()
        if not digits or not digits.isprintable():
            raise ValidationError(gettext_lazy("Please enter the number of your order."))
        return hashes + digits

    @sensitive_variables()
    def clean_email(self) -> str:
        """Takes off the white space around the address."""
        text = _visible(self.cleaned_data["email"])
        name, _, domain = text.rpartition("@")
        if not name or not domain or not text.isprintable() or len(text.split()) > 1:
            raise ValidationError(gettext_lazy("Please enter a whole e-mail address."))
        return text


class StatusChoiceField(forms.ChoiceField):
    """A choice of one of the account's statuses, by its code.

    The statuses are those of :func:`~statuspro.contrib.django.caches.cached_statuses` when the
    form is shown or checked, never when it is defined.

    Args:
        viable_for: the id of an order. Then only the statuses are offered that it can move to now,
            for which each form sends one request. A view may also set this attribute of a form's
            field.
        empty_label: what an optional field calls no choice.
        kwargs: what a field of Django takes.
    """

    def __init__(
        self, *, viable_for: int | str | None = None, empty_label: str = "---------", **kwargs: Any
    ) -> None:
        self.viable_for = viable_for
        self.empty_label = empty_label
        self._asked: tuple[Any, list[tuple[str, str]]] | None = None
        super().__init__(choices=self._choices_now, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> StatusChoiceField:
        """Copies the field for a form, which asks anew."""
        copied: StatusChoiceField = super().__deepcopy__(memo)
        copied._asked = None
        copied.choices = copied._choices_now
        return copied

    def _choices_now(self) -> list[tuple[str, str]]:
        order_id = self.viable_for
        offered = _choices(cached_statuses()) if order_id is None else self._viable(order_id)
        return offered if self.required else [("", self.empty_label), *offered]

    def _viable(self, order_id: int | str) -> list[tuple[str, str]]:
        """Asks once a form: it is read when the form is checked, and when it is shown."""
        if self._asked is None or self._asked[0] != order_id:
            self._asked = (order_id, _choices(get_client().get_viable_statuses(order_id)))
        return self._asked[1]


def _choices(statuses: Iterable[Any]) -> list[tuple[str, str]]:
    return [(status["code"], status["name"]) for status in statuses]


def _visible(text: str) -> str:
    return text.translate(_INVISIBLE).strip()
