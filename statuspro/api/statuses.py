"""The statuses that an account defines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from statuspro.responses import unwrap_array
from statuspro.session import Client
from statuspro.types import StatusDefinition


def get_statuses(client: Client) -> list[StatusDefinition]:
    """Fetches the statuses that the account defines (`GET /statuses`).

    Args:
        client: any client.

    Returns:
        A dict for each status, with `code`, `name`, `description` and `color`.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
    """
    return cast("list[StatusDefinition]", unwrap_array(client.get("/statuses")))


def status_named(word: str, statuses: Sequence[StatusDefinition]) -> StatusDefinition:
    """Finds a status by its code or else its name, in capitals or not.

    Args:
        word: as a user types it.
        statuses: the catalogue.

    Raises:
        ValueError: there is no such status (it names the near ones), or several have the name.
    """
    wanted = _folded(word)
    for key in ("code", "name"):
        found = [each for each in statuses if wanted and _folded(each.get(key)) == wanted]
        if len(found) > 1:
            codes = ", ".join(status["code"] for status in found)
            raise ValueError(f"Several statuses are called {word!r}: {codes}. Give a code.")
        if found:
            return found[0]
    raise ValueError(f"No status is called {word!r}. {_near(wanted, statuses)}")


def _folded(word: object) -> str | None:
    """A word as it is compared; None for what names nothing."""
    return " ".join(word.split()).casefold() or None if isinstance(word, str) else None


def _near(wanted: str | None, statuses: Sequence[StatusDefinition]) -> str:
    from difflib import get_close_matches

    by_word = {
        word: f"{status.get('name')} ({status['code']})"
        for key in ("name", "code")
        for status in statuses
        if (word := _folded(status.get(key)))
    }
    near = get_close_matches(wanted or "", by_word, n=3, cutoff=0.5)
    names = ", ".join(dict.fromkeys(by_word[word] for word in near or by_word))
    return f"Did you mean {names}?" if near else f"There are {names}."
