"""Reads from a payload what it may have, in the form that it should have: an object, a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from statuspro._json import as_array
from statuspro._kinds import is_mapping
from statuspro.values import hex_color, parse_moment


def object_in(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Returns the object of this name; an empty one where there is none."""
    value = payload.get(name)
    return value if is_mapping(value) else {}


def objects_in(payload: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Returns the objects in the array of this name; none where there is no array."""
    return [value for value in as_array(payload.get(name)) if is_mapping(value)]


def moment_of(value: object) -> datetime | None:
    """Reads a moment, see `parse_moment`; None for what is no text either."""
    return parse_moment(value) if isinstance(value, str) else None


def color_of(value: object) -> str | None:
    """Turns a colour into `#rrggbb`, see `hex_color`; None for what is no text either."""
    return hex_color(value) if isinstance(value, str) else None
