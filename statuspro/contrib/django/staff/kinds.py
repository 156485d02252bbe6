"""The kinds of change that the staff may send, each with its permission and its bounds."""

from __future__ import annotations

from typing import NamedTuple

from statuspro.contrib.django.staff.forms import ChangeForm, CommentForm, DueDateForm, MoveForm

#: So many orders are changed one by one while a member of the staff waits for the page.
MOST_SINGLE = 10

#: So many orders are asked whether they can move; more than these are moved by bulk requests.
FEW = 5

#: So many orders are moved by one page: 5 bulk requests, which is a minute's budget.
MOST_MOVED = 250


class Kind(NamedTuple):
    """A kind of change.

    Attributes:
        name: as in `has_<name>_permission` of the admin.
        path: the last part of the address of its page.
        label: what its links say.
        title: what is done, before the names of the orders.
        form: what is filled in.
        most: the largest number of orders of one page.
        beyond: what to do with more.
    """

    name: str
    path: str
    label: str
    title: str
    form: type[ChangeForm]
    most: int
    beyond: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "move",
            "move",
            "Move to …",
            "Move",
            MoveForm,
            MOST_MOVED,
            "For more, use the shell: statuspro bulk STATUS --file ids.txt moves any number, and "
            "goes on after an interruption.",
        ),
        Kind(
            "comment",
            "comment",
            "Comment …",
            "Comment",
            CommentForm,
            MOST_SINGLE,
            "Each comment is a request of its own. For more, use the shell: statuspro comment.",
        ),
        Kind(
            "set_due_date",
            "due-date",
            "Due date …",
            "Due date of",
            DueDateForm,
            MOST_SINGLE,
            "Each due date is a request of its own. For more, use the shell: statuspro due.",
        ),
    )
}
