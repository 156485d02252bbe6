"""What a command that writes says, and what it asks, before anything is sent."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any, TypeVar, cast

import click

from statuspro.cli.exits import REFUSED
from statuspro.cli.output import say
from statuspro.cli.waiting import line

Function = TypeVar("Function", bound=Callable[..., Any])

_NO_TERMINAL = "There is no terminal to ask on."
_HOW_TO_GO_ON = "Give --yes to go on without a question, or --dry-run to see what would be done."
_NOBODY = "Nobody is mailed."
_HOW_TO_MAIL = (
    "Say whether the service mails: --email (the customer and the additional addresses) or "
    "--no-email (nobody). There is no default."
)
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False}
_ANSWERS_OR_NOTHING = {**_ANSWERS, "": False}


_DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and change nothing."
)
_YES = click.option("--yes", "-y", "has_consent", is_flag=True, help="Go on without a question.")


class Declined(click.ClickException):
    """The user said no."""

    exit_code = REFUSED

    def __init__(self) -> None:
        super().__init__("Nothing was changed.")

    def show(self, file: IO[Any] | None = None) -> None:
        """Says so; it is no error."""
        click.echo(self.message, file=file, err=True)


class Writing:
    """How a command goes about its write: says it, asks, and prints the outcome.

    Args:
        is_dry_run: whether nothing is to be sent.
        has_consent: whether to go on without a question.
        is_json: whether the outcome is what the service said, as JSON.
    """

    def __init__(self, *, is_dry_run: bool, has_consent: bool, is_json: bool) -> None:
        self.is_dry_run = is_dry_run
        self.is_asking = not (is_dry_run or has_consent)
        self._is_json = is_json

    def refuse_what_is_open(self, options: Mapping[str, Any]) -> None:
        """Refuses a command that leaves a question open, where there is no terminal to ask on.

        Args:
            options: those of the command; `notify` is one that is asked for.
        """
        if can_ask():
            return
        open_questions: list[str] = []
        if self.is_asking:
            open_questions.append(_HOW_TO_GO_ON)
        if options.get("notify", False) is None:
            open_questions.append(_HOW_TO_MAIL)
        if open_questions:
            raise click.UsageError(" ".join([_NO_TERMINAL, *open_questions]))

    @property
    def is_on_terminal(self) -> bool:
        """Whether the plan is read on a terminal: only there it may hold a customer's name."""
        return _is_terminal(sys.stdout if self.is_dry_run else sys.stderr)

    def says(self, *sentences: str) -> None:
        """Says what the command will do, a line for each sentence, where a person reads it."""
        if self.is_dry_run or self.is_on_terminal:
            for sentence in sentences:
                say(sentence, is_err=not self.is_dry_run)

    def goes_on(self) -> bool:
        """Asks once whether to do what was said.

        Returns:
            Whether to send the write. False for a dry run.

        Raises:
            Declined: the user said no.
        """
        if self.is_dry_run:
            self.says("Nothing was changed: this is a dry run.")
            return False
        if self.is_asking and not answer("Go on?", _ANSWERS_OR_NOTHING):
            raise Declined
        return True

    def done(self, message: Mapping[str, Any], outcome: str) -> None:
        """Prints the outcome: what the service said, as JSON, or one line."""
        said = json.dumps(message, ensure_ascii=False) if self._is_json else outcome
        say(said, is_err=False)


def writes(function: Function) -> Function:
    """Gives a command the argument `writing`, and the options of every write.

    Where there is no terminal to ask on, it refuses a command that leaves a question open, before
    anything is sent.
    """

    @_DRY_RUN
    @_YES
    @click.option("--json", "is_json", is_flag=True, help="Print what the service said, as JSON.")
    @functools.wraps(function)
    def with_writing(
        *args: Any, dry_run: bool, has_consent: bool, is_json: bool, **options: Any
    ) -> Any:
        if dry_run and is_json:
            raise click.UsageError(
                "--json prints what the service says of the change; --dry-run sends none."
            )
        writing = Writing(is_dry_run=dry_run, has_consent=has_consent, is_json=is_json)
        writing.refuse_what_is_open(options)
        return function(*args, writing=writing, **options)

    return cast(Function, with_writing)


def asks_once(function: Function) -> Function:
    """Gives a command the argument `writing` like `writes`, and leaves it how to print."""

    @_DRY_RUN
    @_YES
    @functools.wraps(function)
    def with_writing(*args: Any, dry_run: bool, has_consent: bool, **options: Any) -> Any:
        writing = Writing(is_dry_run=dry_run, has_consent=has_consent, is_json=False)
        writing.refuse_what_is_open(options)
        return function(*args, writing=writing, **options)

    return cast(Function, with_writing)


def mails(function: Function) -> Function:
    """Gives a command the argument `notify` (None: to be asked), which has no default."""
    return click.option(
        "--email/--no-email",
        "notify",
        default=None,
        help="Whether the service mails the customer and the additional addresses, or nobody. "
        "There is no default: on a terminal you are asked, elsewhere it must be said.",
    )(function)


def whether_to_mail(notify: bool | None, whom: str = "the customer") -> bool:
    """Asks whether the service is to mail, unless it was said."""
    if notify is not None:
        return notify
    return answer(f"Mail {whom} and the additional addresses?")


def mailing(notify: bool, whom: str = "the customer") -> str:
    """Says in a sentence which addresses the service mails."""
    return f"The service mails {whom} and the additional addresses." if notify else _NOBODY


def can_ask() -> bool:
    """Tells whether there is a terminal to ask on: questions go to standard error."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()  # a closed one is None


def answer(question: str, answers: Mapping[str, bool] = _ANSWERS) -> bool:
    """Asks a question on the terminal until one of the answers is given.

    Raises:
        Declined: the input has ended (Ctrl-D).
    """
    line.hide()
    hint = "[y/N]" if "" in answers else "[y/n]"
    while True:
        click.echo(f"{question} {hint} ", err=True, nl=False)
        said = sys.stdin.readline()
        if not said:
            click.echo(err=True)
            raise Declined
        if (word := said.strip().lower()) in answers:
            return answers[word]
