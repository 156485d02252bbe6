"""The statuses that a sandbox's merchant has defined, and which status may follow which."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from statuspro.values import hex_color


@dataclass(frozen=True)
class Status:
    """One entry of the merchant's catalogue.

    Attributes:
        color: the name of the colour, as the service's catalogue shows it.
        hex_color: the same colour as an order shows it: `#rrggbb`.
        auto_change_days: days after which the service would change the status. The sandbox shows
            that date on the order, and does not change the status.
    """

    code: str
    name: str
    public_name: str | None
    description: str
    color: str
    hex_color: str
    public: bool = True
    auto_change_days: int | None = None
    translations: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])


class Catalogue(Mapping[str, Status]):
    """The statuses of one merchant by their codes, in the merchant's order.

    Args:
        statuses: the merchant's statuses.
        following: the codes that may follow each code. None stands for an order without a status.
        ways: the statuses that an order has passed through to each code; the shortest way for a
            code without an entry.
    """

    def __init__(
        self,
        statuses: Iterable[Status],
        following: Mapping[str | None, tuple[str, ...]],
        ways: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._statuses = {status.code: status for status in statuses}
        self._following = following
        self._ways = dict(ways or {})

    def __getitem__(self, code: str) -> Status:
        return self._statuses[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._statuses)

    def __len__(self) -> int:
        return len(self._statuses)

    def __deepcopy__(self, memo: object) -> Catalogue:
        return self  # it never changes, and every order has it

    def viable_after(self, code: str | None) -> tuple[str, ...]:
        """Returns the codes that may follow the status `code` (None: no status is set)."""
        return self._following.get(code, ())

    def way_to(self, code: str) -> tuple[str, ...]:
        """Returns the statuses that an order has usually passed through, `code` included."""
        if code not in self._ways:
            self._ways[code] = self._shortest_way(code)
        return self._ways[code]

    def _shortest_way(self, code: str) -> tuple[str, ...]:
        ways: deque[tuple[str, ...]] = deque((first,) for first in self.viable_after(None))
        seen = set(self.viable_after(None))
        while ways:
            way = ways.popleft()
            if way[-1] == code:
                return way
            new = [after for after in self.viable_after(way[-1]) if after not in seen]
            seen.update(new)
            ways.extend((*way, after) for after in new)
        return (code,)  # no rule leads there: the merchant has set it before there were rules


def catalogue_of(
    statuses: Iterable[Mapping[str, object]],
    viable: Mapping[str | None, Iterable[str]] | None = None,
) -> Catalogue:
    """Makes a catalogue of statuses as the API shows them.

    Args:
        statuses: each with `code` and `name`; `description`, `color`, `public_name`, `public` and
            `translations` may be left out.
        viable: the codes that may follow each code; None for no rules. A code that it leaves out
            is final. The key None is an order without a status, which may move anywhere if left
            out.

    Raises:
        ValueError: a status or a rule makes no sense.
    """
    made = [_status_of(status) for status in statuses]
    codes = [status.code for status in made]
    if len(set(codes)) != len(codes):
        raise ValueError("two statuses have the same code")
    if viable is None:
        viable = {code: [other for other in codes if other != code] for code in codes}
    following = {None: tuple(codes), **{code: tuple(after) for code, after in viable.items()}}
    for code in {*following, *(each for after in following.values() for each in after)}:
        if code is not None and code not in codes:
            raise ValueError(f"a rule names the status {code!r}, which the catalogue does not have")
    return Catalogue(made, following)


_KEYS = frozenset("code name description color public_name public translations".split())


def _status_of(given: Mapping[str, object]) -> Status:
    values: dict[str, Any] = dict(given)
    if unknown := values.keys() - _KEYS:
        raise ValueError(f"a status has no {', '.join(sorted(unknown))}")
    code, name = values.get("code"), values.get("name")
    if not isinstance(code, str) or len(code) != _CODE_LENGTH:
        raise ValueError(f"a status needs a code of {_CODE_LENGTH} characters, not {code!r}")
    if not isinstance(name, str) or not name:
        raise ValueError(f"the status {code} needs a name")
    color = values.get("color", "gray")
    shown = hex_color(color)
    if shown is None:
        raise ValueError(f"the status {code} has a color that is unknown: {color!r}")
    return Status(
        code,
        name,
        values.get("public_name"),
        values.get("description") or "",
        color,
        shown.upper(),
        public=values.get("public", True),
        translations={
            locale: (texts["name"], texts["description"])
            for locale, texts in values.get("translations", {}).items()
        },
    )


_CODE_LENGTH = 8

RECEIVED, IN_PRODUCTION, SHIPPED, QUALITY_CHECK, ON_HOLD, READY, DELIVERED = (
    f"st{number:06d}" for number in range(1, 8)
)

_STATUSES = (
    Status(
        RECEIVED,
        "Order Received",
        "We have your order",
        "The order is in our book and waits for a free bench.",
        "gray",
        "#6B7280",
        translations={
            "de": ("Bestellung eingegangen", "Die Bestellung wartet auf einen freien Platz."),
            "fr": ("Commande reçue", "La commande attend une place à l'atelier."),
        },
    ),
    Status(
        IN_PRODUCTION,
        "In Production",
        "On the workbench",
        "A joiner is making this piece right now.",
        "pink",
        "#EC4899",
        translations={"de": ("In Arbeit", "Das Stück wird gerade gefertigt.")},
    ),
    Status(
        SHIPPED,
        "Shipped",
        None,
        "The parcel has left the workshop.",
        "green",
        "#22C55E",
        auto_change_days=10,
    ),
    Status(
        QUALITY_CHECK,
        "Quality Check",
        "A second pair of eyes",
        "The finished piece is looked over before it is packed.",
        "blue",
        "#3B82F6",
    ),
    Status(
        ON_HOLD,
        "On Hold",
        None,
        "Something is missing: material, an answer or a payment.",
        "amber",
        "#F59E0B",
        public=False,
    ),
    Status(
        READY,
        "Ready for Pickup",
        "Come and get it",
        "The piece is packed and lies at the counter.",
        "teal",
        "#14B8A6",
    ),
    Status(
        DELIVERED,
        "Delivered",
        None,
        "The order has reached its owner.",
        "purple",
        "#A855F7",
    ),
)

# The statuses that may follow each status; None stands for an order without a status.
_NEXT: dict[str | None, tuple[str, ...]] = {
    None: (RECEIVED, IN_PRODUCTION, ON_HOLD),
    RECEIVED: (IN_PRODUCTION, ON_HOLD),
    IN_PRODUCTION: (SHIPPED, QUALITY_CHECK, ON_HOLD, READY),
    QUALITY_CHECK: (IN_PRODUCTION, SHIPPED, READY),
    ON_HOLD: (RECEIVED, IN_PRODUCTION),
    SHIPPED: (DELIVERED,),
    READY: (DELIVERED,),
    DELIVERED: (),
}

# The statuses that an order has usually passed through: its history is made of them.
WAY_TO: dict[str, tuple[str, ...]] = {
    RECEIVED: (RECEIVED,),
    IN_PRODUCTION: (RECEIVED, IN_PRODUCTION),
    QUALITY_CHECK: (RECEIVED, IN_PRODUCTION, QUALITY_CHECK),
    SHIPPED: (RECEIVED, IN_PRODUCTION, QUALITY_CHECK, SHIPPED),
    ON_HOLD: (RECEIVED, ON_HOLD),
    READY: (RECEIVED, IN_PRODUCTION, READY),
    DELIVERED: (RECEIVED, IN_PRODUCTION, SHIPPED, DELIVERED),
}

CATALOGUE = Catalogue(_STATUSES, _NEXT, WAY_TO)
