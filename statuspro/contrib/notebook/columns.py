"""The columns of the frames: what each is called, and its one dtype, whatever pandas is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from statuspro._payload import color_of, moment_of

#: The category of orders that have no status.
NO_STATUS = "No status"

#: Microseconds reach over all years that the service can write.
MOMENT = pd.DatetimeTZDtype("us", "UTC")


#: What a record says of its status: code, name, colour; all None where it has none.
StatusOf = tuple[str | None, str | None, str | None]


class Statuses:
    """The statuses as one ordered category, and the colour of each.

    The categories are :data:`NO_STATUS` and the names, in the catalogue's order. Statuses that
    share a name get their codes behind it. A status that is not in the catalogue comes last.

    Args:
        catalogue: the statuses in their order, as `get_statuses` has them.
    """

    def __init__(self, catalogue: Iterable[Mapping[str, Any]] = ()) -> None:
        #: The name and the colour of each status, by its code or else by its name.
        self._known: dict[str, tuple[str, str | None]] = {}
        self.meet((each.get("code"), each.get("name"), each.get("color")) for each in catalogue)

    def meet(self, statuses: Iterable[StatusOf | None]) -> None:
        """Takes in the statuses of some records."""
        for code, name, color in filter(None, statuses):
            key = _key(code, name)
            if key and key not in self._known:
                self._known[key] = str(name or code), color_of(color)

    def column(self, statuses: Sequence[StatusOf | None]) -> pd.Categorical:
        """Makes the ordered category of the statuses of some records; None is missing."""
        self.meet(statuses)
        labels = self._labels()
        values = [None if each is None else labels[_key(*each[:2])] for each in statuses]
        return _categorical(values, labels.values(), ordered=True)

    def colors(self) -> dict[str, str]:
        """Returns the colour of each category as `#rrggbb`, where it has one."""
        labels = self._labels()
        return {labels[key]: color for key, (_, color) in self._known.items() if color}

    def _labels(self) -> dict[str, str]:
        names = [NO_STATUS, *(name for name, _ in self._known.values())]
        labels = {"": NO_STATUS}
        for key, (name, _) in self._known.items():
            label = name if names.count(name) == 1 else f"{name} ({key})"
            while label in labels.values():
                label = f"{label} ({key})"
            labels[key] = label
        return labels


#: What makes each column of its values; None for that of the statuses, whose order is known later.
Makers = dict[str, Callable[[Iterable[Any]], Any] | None]


def table(
    rows: Sequence[Mapping[str, Any]], makers: Makers, statuses: Statuses, index: Any = None
) -> pd.DataFrame:
    """Makes a frame of rows, with the colours of the statuses beside it.

    Args:
        rows: each with a value for each column.
        makers: of the columns, in their order.
        statuses: takes in those of the rows.
        index: of the frame; the numbers of the rows by default.
    """
    columns = {
        name: (make or statuses.column)([row[name] for row in rows])
        for name, make in makers.items()
    }
    frame = pd.DataFrame(columns, index=index)
    frame.attrs["colors"] = statuses.colors()
    return frame


def _key(code: Any, name: Any) -> str:
    return str(code or name or "")


def ids(values: Iterable[int]) -> Any:
    """Makes a column of the ids of orders."""
    return np.array(list(values), dtype="int64")


def counts(values: Iterable[Any]) -> Any:
    """Makes a column of whole numbers, of which some may be missing."""
    return pd.array([_number(value) for value in values], dtype="Int64")


def texts(values: Iterable[Any]) -> Any:
    """Makes a column of texts, of which some may be missing."""
    return pd.array([None if value is None else str(value) for value in values], dtype="string")


def colors(values: Iterable[Any]) -> Any:
    """Makes a column of colours as `#rrggbb`."""
    return texts(map(color_of, values))


def flags(values: Iterable[Any]) -> Any:
    """Makes a column of True and False, of which some may be missing."""
    kept = [value if isinstance(value, bool) else None for value in values]
    return pd.array(kept, dtype="boolean")


def moments(values: Iterable[Any]) -> Any:
    """Makes a column of moments in UTC, aware of their time zone."""
    return pd.Series([moment_of(value) for value in values], dtype=MOMENT).array


def days(values: Iterable[date | None]) -> Any:
    """Makes a column of days: midnights without a time zone, which no time zone shifts."""
    return np.array(list(values), dtype="datetime64[D]").astype("datetime64[s]")


def categories(values: Iterable[str | None], known: Iterable[str]) -> Any:
    """Makes a category of what the service calls by one of a few names."""
    return _categorical(values, known, ordered=False)


def _categorical(
    values: Iterable[str | None], known: Iterable[str], *, ordered: bool
) -> pd.Categorical:
    # pandas 2 would make the categories objects.
    index = pd.Index(list(known), dtype="string")
    return pd.Categorical(list(values), categories=index, ordered=ordered)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
