"""What the staff fill in before a change: the status and its mails, a comment, a due date."""

from __future__ import annotations

from typing import Any

from django import forms

from statuspro.contrib.django.models import Status
from statuspro.contrib.django.staff.cells import badge

_MAIL, _NO_MAIL = "mail", "none"

_DAYS = ("%Y-%m-%d",)  # as browsers send what a field of dates holds


def _comment(**more: Any) -> forms.CharField:
    given = {"min_length": 3, "max_length": 1000, "widget": forms.Textarea(attrs={"rows": 4})}
    return forms.CharField(**given, **more)


def _public() -> forms.BooleanField:
    return forms.BooleanField(
        label="Public: the customer sees this comment",
        required=False,
        label_suffix="",
        help_text="Without it the comment is internal.",
    )


def _day(label: str, **more: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format=_DAYS[0])
    return forms.DateField(label=label, required=False, input_formats=_DAYS, widget=widget, **more)


class ChangeForm(forms.Form):
    """What a form of this room gives: the values of a change, as JSON can hold them."""

    required_css_class = "required"

    def values(self) -> dict[str, Any]:
        """Gives the values of a valid form."""
        raise NotImplementedError

    @staticmethod
    def initial_of(values: dict[str, Any]) -> dict[str, Any]:
        """Gives what the fields show for the values of an earlier form."""
        return values


class MoveForm(ChangeForm):
    """The status that orders are moved to, and whom the service mails."""

    status = forms.ChoiceField(label="Move to", widget=forms.RadioSelect)
    mail = forms.ChoiceField(
        label="Mails",
        widget=forms.RadioSelect,
        initial=_MAIL,
        choices=[
            (_MAIL, "Mail the customers and the additional addresses, as the service does"),
            (_NO_MAIL, "Mail nobody"),
        ],
    )
    comment = _comment(
        required=False, label="Comment", help_text="For the history of the orders; may stay empty."
    )
    public = _public()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["status"]
        field.choices = [
            (status.code, badge(str(status), status.color)) for status in Status.objects.all()
        ]
        if not field.choices:
            field.help_text = (
                "The statuses are not known yet: manage.py statuspro_sync fetches them."
            )

    def clean(self) -> dict[str, Any]:
        """Refuses to publish a comment that is not there."""
        cleaned = dict(super().clean() or self.cleaned_data)
        if cleaned.get("public") and not cleaned.get("comment") and "comment" not in self.errors:
            self.add_error("comment", "There is no comment that the customer could see.")
        return cleaned

    def values(self) -> dict[str, Any]:
        """Gives the status, whether the service mails, and the comment."""
        given = self.cleaned_data
        return {
            "status": given["status"],
            "notify": given["mail"] == _MAIL,
            "comment": given["comment"],
            "public": given["public"],
        }

    @staticmethod
    def initial_of(values: dict[str, Any]) -> dict[str, Any]:
        """Shows the mails as they were chosen."""
        return {**values, "mail": _MAIL if values["notify"] else _NO_MAIL}


class CommentForm(ChangeForm):
    """A comment, and whether the customer sees it."""

    comment = _comment(label="Comment", help_text="3 to 1000 characters.")
    public = _public()

    def values(self) -> dict[str, Any]:
        """Gives the comment."""
        return {name: self.cleaned_data[name] for name in ("comment", "public")}


class DueDateForm(ChangeForm):
    """The day on which orders are due, or the first and the last day of a span, or none."""

    first = _day("Due on")
    last = _day("Last day of a span", help_text="Only where an order is due within a span of days.")
    clear = forms.BooleanField(label="Clear the due date", required=False, label_suffix="")

    def clean(self) -> dict[str, Any]:
        """Wants either a day or its absence."""
        cleaned = dict(super().clean() or self.cleaned_data)
        first, last, is_cleared = (cleaned.get(name) for name in ("first", "last", "clear"))
        if self.errors:
            return cleaned
        if is_cleared and (first or last):
            self.add_error("clear", "Give a day or clear the due date, not both.")
        elif not is_cleared and first is None:
            self.add_error("first", "Give a day, or clear the due date.")
        elif first and last and last < first:
            self.add_error("last", "The span ends before it begins.")
        return cleaned

    def values(self) -> dict[str, Any]:
        """Gives the days as ISO writes them; None where there are none."""
        days = {name: self.cleaned_data[name] for name in ("first", "last")}
        return {name: day and day.isoformat() for name, day in days.items()}

    @staticmethod
    def initial_of(values: dict[str, Any]) -> dict[str, Any]:
        """Shows that the due date is to be cleared."""
        return {**values, "clear": values["first"] is None}
