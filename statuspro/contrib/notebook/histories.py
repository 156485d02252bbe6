"""Histories as a data frame, and how long orders stayed in each status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from statuspro import _arguments
from statuspro._flat import value_at
from statuspro.api.bulk import get_orders
from statuspro.contrib.notebook import columns
from statuspro.contrib.notebook._progress import Progress
from statuspro.contrib.notebook.interruption import kept
from statuspro.contrib.notebook.sources import (
    Order,
    Source,
    check_source,
    is_copy,
    read_catalogue,
    read_orders,
)
from statuspro.session import Client

_COLUMNS: columns.Makers = {
    "order_id": columns.ids,
    "name": columns.texts,
    "position": columns.ids,
    "at": columns.moments,
    "event": columns.texts,
    "status": None,
    "status_code": columns.texts,
    "status_name": columns.texts,
    "status_color": columns.colors,
    "comment": columns.texts,
    "comment_is_public": columns.flags,
    "mail_delivery": columns.texts,
}

#: Where the value of a column stands in an entry of a history.
_PATHS = {
    "at": "created_at",
    "event": "event",
    "status_code": "status.code",
    "status_name": "status.name",
    "status_color": "status.color",
    "comment": "comment",
    "comment_is_public": "comment_is_public",
    "mail_delivery": "mail_log.delivery_status",
}

#: What durations are made of.
_NEEDED = ["order_id", "name", "position", "at", "status", "status_code", "status_color"]


def history_frame(
    source: Source,
    order_ids: Iterable[int | str] | None = None,
    *,
    progress: bool = True,
    statuses: Iterable[Mapping[str, Any]] | None = None,
) -> pd.DataFrame:
    """Reads what happened to orders into a data frame, one row an event.

    From a mirror it costs no request. From a client it costs a request for each order
    (`GET /orders/{id}`) and one for the catalogue: 10,000 orders take almost three hours at 60
    requests a minute. Without `order_ids` the list is walked too, a request for each 100 orders.

    The events of an order stand together, in the order in which the service has them (`position`,
    from 0). The columns and their dtypes are always the same:

    - `order_id`, `position`: `int64`.
    - `name` (of the order), `event`, `status_code`, `status_name`, `comment`, `mail_delivery` (what
      the service says of the mail, such as `sent`): `string`.
    - `at`: `datetime64[us, UTC]`.
    - `status`: an ordered category, as :func:`orders_frame` has it. It is missing where the event
      is about no status.
    - `status_color`: `string`, as `#rrggbb`.
    - `comment_is_public`: `boolean`. The frame has the internal comments too.

    Ctrl-C or the stop button ends the reading at once; :func:`read_so_far` has what was read.

    Args:
        source: a client, a mirror that keeps histories, or an iterable of orders in detail.
        order_ids: the orders to read, such as `frame.index`; all by default. One that the source
            does not know is left out.
        progress: whether to show how far it is, and what it waits for.
        statuses: the catalogue, if it is at hand.

    Raises:
        StatusProError: the service, or the mirror, cannot be read.
        TypeError: an argument is of the wrong kind.
        ValueError: an argument makes no sense, or the source has no histories.
    """
    check_source(source)
    rows = _Rows()
    catalogue = [] if statuses is None else list(statuses)

    def frame() -> pd.DataFrame:
        return rows.frame(columns.Statuses(catalogue))

    with kept(rows, frame), Progress("Histories", shown=progress) as shown:
        details = _details(source, order_ids, shown)
        if statuses is None:
            catalogue += read_catalogue(source, shown)
        for order in details:
            rows.extend(order)
        return frame()


def _details(
    source: Source, order_ids: Iterable[int | str] | None, progress: Progress
) -> Iterator[Order]:
    if not isinstance(source, Client) and not is_copy(source):
        if order_ids is not None:
            raise ValueError("order_ids choose from a client or a mirror: the orders are here")
        return read_orders(source, {}, progress)
    chosen = _chosen(source, order_ids, progress)
    if isinstance(source, Client):
        found = get_orders(progress.asking(source), chosen)
        return _counted((order for _, order in found), chosen, progress)
    return _counted(map(source.order, chosen), chosen, progress)


def _chosen(source: Source, order_ids: Iterable[int | str] | None, progress: Progress) -> list[int]:
    if order_ids is not None:
        return [_arguments.order_id(each) for each in _arguments.iterable_of_ids(order_ids)]
    # Counted is what comes next: each order in detail.
    with Progress("Orders", shown=progress.is_shown) as listing:
        return [order["id"] for order in read_orders(source, {}, listing)]


def _counted(orders: Iterable[Any], chosen: list[int], progress: Progress) -> Iterator[Order]:
    for done, order in enumerate(orders, 1):
        if order is not None:
            yield order
        progress.at(done, len(chosen))


class _Rows:
    """What has been read so far."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def extend(self, order: Order) -> None:
        """Takes in the history of an order."""
        order_id = _arguments.order_id(order.get("id"))
        history = order.get("history")
        if not isinstance(history, list):
            raise ValueError(
                "an order has no history: orders of a list have none, nor have those of a mirror "
                "that was synchronised without. Read from a client, or sync with history=True."
            )
        for position, entry in enumerate(history):
            self._rows.append(
                {
                    "order_id": order_id,
                    "name": order.get("name"),
                    "position": position,
                    "status": _status(entry),
                    **{name: value_at(entry, path) for name, path in _PATHS.items()},
                }
            )

    def frame(self, statuses: columns.Statuses) -> pd.DataFrame:
        """Makes the frame."""
        return columns.table(self._rows, _COLUMNS, statuses)


def _status(entry: Mapping[str, Any]) -> columns.StatusOf | None:
    status = value_at(entry, "status")
    if not isinstance(status, Mapping):
        return None
    return status.get("code"), status.get("name"), status.get("color")


def durations_frame(history: pd.DataFrame, *, until: datetime | None = None) -> pd.DataFrame:
    """Tells how long orders stayed in each status: one row each time an order entered one.

    An order enters a status with an event that shows another status than the event before; comments
    and updates to the same status change nothing. The orders come by their ids, and the stays of
    each in their order. The columns:

    - `order_id` (`int64`), `name`, `status_code`, `status_color` (`string`) and `status` (the
      ordered category), as `history` has them.
    - `entered`, `left`: `datetime64[us, UTC]`. `left` is missing where the order is in the status
      still.
    - `duration`: `timedelta64[us]`. Where the order is in the status still, it is missing too, or
      counts to `until`: how long such a stay will be is not known.

    Args:
        history: of :func:`history_frame`, or some of its rows.
        until: the moment to which a stay counts that has not ended, such as
            `pandas.Timestamp.now("UTC")`.

    Raises:
        TypeError: `history` is no data frame, or `until` is no moment with a time zone.
        ValueError: `history` has not the columns of :func:`history_frame`.
    """
    _check_history(history)
    events = history.loc[history["status"].notna() & history["at"].notna(), _NEEDED]
    events = events.sort_values(["order_id", "at", "position"], kind="stable", ignore_index=True)
    codes = events["status_code"].fillna("")
    is_same_order = events["order_id"] == events["order_id"].shift()
    stays = events[~(is_same_order & (codes == codes.shift()))].reset_index(drop=True)
    left = stays.groupby("order_id")["at"].shift(-1).astype(columns.MOMENT)
    end = left if until is None else left.fillna(_moment(until))
    frame = stays[["order_id", "name", "status", "status_code", "status_color"]].assign(
        entered=stays["at"], left=left, duration=(end - stays["at"]).astype("timedelta64[us]")
    )
    frame.attrs = dict(history.attrs)
    return frame


def _check_history(history: Any) -> None:
    if not isinstance(history, pd.DataFrame):
        raise _arguments.wrong_kind("history", "a data frame of history_frame", history)
    if missing := [name for name in _NEEDED if name not in history.columns]:
        raise ValueError(f"history is no frame of history_frame: it lacks {', '.join(missing)}")


def _moment(until: Any) -> Any:
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise _arguments.wrong_kind("until", "a moment with a time zone", until)
    return pd.Timestamp(until).tz_convert("UTC").as_unit("us")
