"""The names that `--fields` takes: paths into what the service sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_origin, is_typeddict

import click

from statuspro._json import as_object, is_object

#: The nearest names that a refusal shows, and how alike they are at the least.
_MOST_NEAR, _LEAST_ALIKE = 3, 0.5


def check_fields(paths: Sequence[str], kind: Any, record: Mapping[str, Any] | None) -> None:
    """Refuses a path that leads nowhere: its column would be empty, and say that there is nothing.

    Args:
        paths: such as `status.name`.
        kind: the TypedDict that says what the service is known to send; None where there is none.
        record: one of what it sent, as it may send more than is known; None where it sent none.

    Raises:
        BadParameter: it names the near ones.
    """
    for path in paths:
        if not (_is_declared(kind, path) or _is_in(record, path)):
            known = [*dict.fromkeys([*_declared(kind), *_in(record)])]
            raise click.BadParameter(
                f"there is no field {path!r}. {_near(path, known)}", param_hint="'--fields'"
            )


def _is_declared(kind: Any, path: str) -> bool:
    first, _, rest = path.partition(".")
    hints = _hints(kind)
    if first not in hints or not rest:
        return first in hints
    return get_origin(hints[first]) is dict or _is_declared(hints[first], rest)


def _is_in(record: Any, path: str) -> bool:
    first, _, rest = path.partition(".")
    if not is_object(record) or first not in record:
        return False
    return not rest or _is_in(record[first], rest)


def _declared(kind: Any) -> Iterator[str]:
    for name, hint in _hints(kind).items():
        yield name
        yield from (f"{name}.{path}" for path in _declared(hint))


def _hints(kind: Any) -> dict[str, Any]:
    return kind.__annotations__ if is_typeddict(kind) else {}


def _in(record: Any) -> Iterator[str]:
    for name, value in as_object(record).items():
        yield name
        yield from (f"{name}.{path}" for path in _in(value))


def _near(path: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    # CSV writes status_name where the path is status.name.
    near = get_close_matches(path.replace("_", "."), known, _MOST_NEAR, _LEAST_ALIKE)
    near = [*dict.fromkeys([*near, *get_close_matches(path, known, _MOST_NEAR, _LEAST_ALIKE)])]
    if near:
        return f"Did you mean {', '.join(near[:_MOST_NEAR])}?"
    return f"There are {', '.join(known)}."
