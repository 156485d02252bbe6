"""The setting STATUSPRO: the keys that it may hold, and what is wrong with its values."""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings

from statuspro import _arguments
from statuspro.client import StatusProClient
from statuspro.config import check_api_key, check_base_url, check_bearer_url
from statuspro.options import OPTIONS
from statuspro.redaction import sealed

SETTING = "STATUSPRO"


def _check_cache(name: str, value: Any) -> None:
    if value not in settings.CACHES:
        raise ValueError(f"{name} must be one of CACHES: {', '.join(settings.CACHES)}")


def _check_period(name: str, value: Any) -> None:
    if not 1 <= _arguments.seconds(name, value) < math.inf:
        raise ValueError(f"{name} must be a second or more, and finite")


def _check_mirror(name: str, value: Any) -> None:
    if value is not None:
        _arguments.flag(name, value)


class Own(NamedTuple):
    """A key of the app's own, which the client does not know.

    Attributes:
        check: raises TypeError or ValueError where the value of the key makes no sense.
        default: what the key means where the setting does not hold it.
    """

    check: Callable[[str, Any], Any]
    default: Any = None


OWN = {
    "WORKERS": Own(partial(_arguments.whole_number, least=1)),
    "WORKER_TIMEOUT": Own(_arguments.seconds),
    "CACHE": Own(_check_cache, "default"),
    "STATUSES_TTL": Own(_check_period, 3600.0),
    "SUMMARY_TTL": Own(_check_period, 60.0),
    "LOOKUP_TRIES": Own(partial(_arguments.whole_number, least=1), 10),
    "LOOKUP_PERIOD": Own(_check_period, 600.0),
    "MIRROR": Own(_check_mirror),
}


def _check_key(_: str, value: Any) -> None:
    if not _is_blank(value):
        check_api_key(value)


def _check_url(_: str, value: Any) -> None:
    if not _is_blank(value):
        check_bearer_url(check_base_url(value))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


#: The check of each of the client's keywords; the table of options has those of the others.
_CHECKS: dict[str, Callable[[str, Any], Any]] = {"api_key": _check_key, "base_url": _check_url}

#: Every key that the setting may hold.
KEYS = frozenset(name.upper() for name in inspect.signature(StatusProClient).parameters) | set(OWN)


def faults() -> list[str]:
    """Says what is wrong with the setting, in a sentence for each fault.

    No sentence holds the key, and no variable here does: Django's debug page lists them.
    """
    if not isinstance(_given(), Mapping):
        return [f"{SETTING} must be a dict, not {type(_given()).__name__}."]
    return [fault for key in _given() if (fault := _fault_of(key))]


def keywords() -> dict[str, Any]:
    """Gives what the setting holds as keywords of the client; `faults` has found none."""
    secret = ("API_KEY", "BASE_URL")
    return {
        key.lower(): sealed(value) if key in secret else value
        for key, value in _given().items()
        if key not in OWN
    }


def value_of(key: str) -> Any:
    """Gives the value of a key that is no secret; its default where the setting has none."""
    return _given().get(key, OWN[key].default if key in OWN else None)


def _given() -> Any:
    return getattr(settings, SETTING, {})


def _fault_of(key: Any) -> str | None:
    if key not in KEYS:
        (nearest,) = difflib.get_close_matches(str(key).upper(), sorted(KEYS), n=1, cutoff=0.0)
        return f'{SETTING} has an unknown key {key!r}. The nearest known one is "{nearest}".'
    name = key.lower()
    check = OWN[key].check if key in OWN else _CHECKS.get(name) or OPTIONS[name].check
    option = OPTIONS.get(name)
    try:
        # As the client does: None counts as 'not given' for some keywords.
        if not (option and option.is_skipped and _given()[key] is None):
            check(name, _given()[key])
    except (TypeError, ValueError) as error:
        return f'{SETTING}["{key}"]: {error}'
    return None
