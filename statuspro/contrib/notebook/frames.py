"""Orders as a data frame: one row an order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd

from statuspro.contrib.notebook._progress import Progress
from statuspro.contrib.notebook._rows import OrderRows
from statuspro.contrib.notebook.columns import Statuses
from statuspro.contrib.notebook.interruption import kept
from statuspro.contrib.notebook.labels import Label, check_labels, label_column, label_of
from statuspro.contrib.notebook.sources import Source, check_filters, read_catalogue, read_orders
from statuspro.types import FinancialStatuses, FulfillmentStatuses, Strings


def orders_frame(
    source: Source,
    *,
    labels: Collection[Label] = (),
    progress: bool = True,
    statuses: Iterable[Mapping[str, Any]] | None = None,
    search: str | None = None,
    status_code: str | None = None,
    tags: Strings | None = None,
    tags_any: Strings | None = None,
    financial_status: FinancialStatuses | None = None,
    fulfillment_status: FulfillmentStatuses | None = None,
    exclude_cancelled: bool | None = None,
    due_date_from: date | str | None = None,
    due_date_to: date | str | None = None,
    has_status: bool | None = None,
    max_items: int | None = None,
    max_pages: int | None = None,
) -> pd.DataFrame:
    """Reads orders into a data frame, one row an order, in the order of the source.

    From a client it costs a request for each 100 orders (`GET /orders`) and one for the catalogue
    (`GET /statuses`); from a mirror and from orders that are there already it costs none.

    The index is `id` (int64). The columns and their dtypes are the same for every source and every
    version of pandas, also where there is no order:

    - `name`, `order_number`, `customer_name`, `customer_email`, `customer_locale`, `status_code`,
      `status_name`: `string`.
    - `status_color`: `string`, as `#rrggbb`.
    - `status_set_at`, `auto_change_at`: `datetime64[us, UTC]`.
    - `due_date`, `due_date_to`: `datetime64[s]` without a time zone, the midnight of the day. No
      time zone shifts it.
    - `history_count`: `Int64`.
    - `status`: an ordered category of the statuses' names, in the catalogue's order. Before them
      comes `No status`, for the orders that have none: so `groupby` and `value_counts` count them.
      Statuses that share a name have their codes behind it. A status that the catalogue does not
      have comes last.

    `frame.attrs["colors"]` has the colour of each category as `#rrggbb`.

    A label is a column for what the service filters by and does not show. It costs more walks over
    the list, each of a request for 100 orders and at least one:

    - `fulfillment_status` and `financial_status` (a category): a walk over the orders of each
      value, together about as many requests as the frame itself. With one value given as the
      filter it costs none.
    - `cancelled` (`boolean`): a walk over the orders that are not cancelled, and one request more.
      Where the list has moved meanwhile, or has filters, the list is walked once again. With
      `exclude_cancelled=True` it costs none.

    A label is missing (NA) where an order moved so that the walks could not tell.

    Ctrl-C or the stop button ends the reading at once; :func:`read_so_far` has what was read.

    Args:
        source: a client, a mirror, or an iterable of orders (of a list or in detail).
        labels: some of `"fulfillment_status"`, `"financial_status"`, `"cancelled"`; from a client.
        progress: whether to show how far it is, and what it waits for.
        statuses: the catalogue, if it is at hand; saves its request. Of an iterable of orders the
            statuses come in the order in which they are met where it is not given.
        search: a part of the order's name or number or of the customer's name or e-mail. Filters
            are for a client. A mirror has this one, `status_code`, the due dates and `has_status`.
        status_code: a status such as `st000002`.
        tags: orders with all of these; no list of a filter may be empty.
        tags_any: orders with one of these.
        financial_status: orders with one of these, such as `["paid", "pending"]`.
        fulfillment_status: orders with one of these, such as `["unfulfilled"]`.
        exclude_cancelled: whether cancelled orders are left out; the service includes them.
        due_date_from: due on this day or later: a `date` or `YYYY-MM-DD`.
        due_date_to: due on this day or earlier: a `date` or `YYYY-MM-DD`.
        has_status: only orders that have a status set, or only those that have none.
        max_items: stops after so many orders.
        max_pages: goes no further into the service's list than so many pages of 100; the client's
            `max_pages` by default.

    Raises:
        StatusProError: the service, or the mirror, cannot be read.
        TypeError, ValueError: an argument makes no sense, or the source does not have this filter
            or label. Nothing was sent.

    Warns:
        TruncatedListWarning: the list goes on behind `max_pages`, or moved too much to be read.
    """
    given = check_filters(source, locals())
    wanted = check_labels(source, labels)
    rows = OrderRows()
    catalogue = [] if statuses is None else list(statuses)
    found: dict[Label, Mapping[int, Any]] = {label: {} for label in wanted}

    def frame() -> pd.DataFrame:
        made = rows.frame(Statuses(catalogue))
        for label, known in found.items():
            made[label] = label_column(label, map(known.get, rows.ids))
        return made

    with kept(rows, frame):
        with Progress("Orders", shown=progress) as shown:
            orders = read_orders(source, given, shown, max_items=max_items)
            if statuses is None:
                catalogue += read_catalogue(source, shown)
            for order in orders:
                rows.append(order)
        for label in wanted:
            with Progress(label, shown=progress) as shown:
                listed_by = {**given, "max_items": max_items}
                found[label] = label_of(source, label, rows.ids, listed_by, shown)
        return frame()
