"""The statuses that the sandbox's merchant has defined, and which status may follow which."""

from __future__ import annotations

from dataclasses import dataclass, field


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


RECEIVED, IN_PRODUCTION, SHIPPED, QUALITY_CHECK, ON_HOLD, READY, DELIVERED = (
    f"st{number:06d}" for number in range(1, 8)
)

CATALOGUE: dict[str, Status] = {
    status.code: status
    for status in (
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
}

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


def viable_after(code: str | None) -> tuple[str, ...]:
    """Returns the codes that may follow the status `code` (None: no status is set)."""
    return _NEXT[code]
