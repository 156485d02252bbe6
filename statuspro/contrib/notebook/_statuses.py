"""The statuses of a frame: which rows have each, and how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from statuspro.contrib.notebook._colors import are_alike, outline, usable
from statuspro.contrib.notebook._names import Labels, labels_of
from statuspro.contrib.notebook.columns import NO_STATUS

#: How statuses of like colours are told apart.
_HATCHES = ("", "////", "....", "xxxx", "----")


class Status(NamedTuple):
    """A status of a frame: its name, code and colour, and which rows have it."""

    name: str
    code: Any
    color: str
    rows: Any


def statuses_of(frame: pd.DataFrame) -> list[Status]:
    """Lists the statuses of a frame in their order, and the orders without one if there are any."""
    column = frame["status"].astype("category")
    if column.isna().any():
        column = column.cat.add_categories({NO_STATUS}.difference(column.cat.categories))
        column = column.fillna(NO_STATUS)
    codes = column.cat.codes.to_numpy()
    pairs = [(str(name), codes == number) for number, name in enumerate(column.cat.categories)]
    return [
        Status(name, _first(frame, "status_code", rows), _color_of(frame, rows), rows)
        for name, rows in pairs
        if name != NO_STATUS or rows.any()
    ]


def _color_of(frame: pd.DataFrame, rows: Any) -> str:
    return usable(_first(frame, "status_color", rows))


def _first(frame: pd.DataFrame, name: str, rows: Any) -> Any:
    """The first value of a column in these rows that is not missing; None where there is none."""
    if name not in frame:
        return None
    values = frame.loc[rows, name].dropna()
    return values.iloc[0] if len(values) else None


def labelled(statuses: Sequence[Status]) -> Labels:
    """Makes the labels of statuses."""
    return labels_of([each.name for each in statuses], [each.code for each in statuses])


def filled(statuses: Sequence[Status], grounds: Sequence[str]) -> dict[str, Any]:
    """Tells how to fill the bars of statuses, one for each.

    Args:
        statuses: in the order of their bars.
        grounds: the colours that may lie behind the bars.
    """
    colors = [status.color for status in statuses]
    return {"color": colors, "edgecolor": [outline(color, grounds) for color in colors]}


def shapes(statuses: Sequence[Status], grounds: Sequence[str]) -> list[dict[str, Any]]:
    """Tells how to fill the bars of each status where they lie upon those of others.

    Like colours differ in their pattern.

    Args:
        statuses: from the lowest bar up.
        grounds: the colours that may lie behind the bars.
    """
    colors = [status.color for status in statuses]
    made = []
    for number, color in enumerate(colors):
        alike = sum(are_alike(color, other) for other in colors[:number])
        hatch = _HATCHES[alike % len(_HATCHES)]
        made.append({"facecolor": color, "edgecolor": outline(color, grounds), "hatch": hatch})
    return made
