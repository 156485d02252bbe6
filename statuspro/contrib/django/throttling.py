"""Throttles guessing: few look-ups that fail, for one address and for one order number."""

from __future__ import annotations

import ipaddress
import math
import time
import unicodedata
from typing import Any

from django.core.cache import caches
from django.utils.crypto import salted_hmac

from statuspro.contrib.django import conf

#: How many addresses' tries one order number has. So no visitor alone shuts an order for its
#: customer.
_ADDRESSES = 3

#: Bits of an IPv6 address that a provider gives to one customer.
_IPV6_PREFIX = 64

_SALT = "statuspro.contrib.django.throttling"


class Throttled(Exception):  # noqa: N818 - no fault of the program
    """All tries are used up.

    Attributes:
        retry_after: whole seconds until the next try, at least one.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"all tries are used up for {retry_after} s")
        self.retry_after = retry_after


class Attempt:
    """One try at an order, counted for the visitor's address and for the order's number."""

    def __init__(self) -> None:
        self._taken: list[str] = []

    def begin(self, address: str, number: str) -> None:
        """Takes a try of each of the two, for the length of the period.

        A try is an entry of the cache, and only `add` takes it: it is atomic in every backend of
        Django, where `incr` is not.

        Args:
            address: the visitor's, as the server sees it.
            number: the order's number or name.

        Raises:
            Throttled: one of the two has no try left.
        """
        tries = conf.value_of("LOOKUP_TRIES")
        self._take(f"address {network_of(address)}", tries)
        self._take(f"number {kernel_of(number)}", tries * _ADDRESSES)

    def forgive(self) -> None:
        """Gives the tries back: the visitor was right, or got no response."""
        _cache().delete_many(self._taken)
        self._taken.clear()

    def _take(self, subject: str, tries: int) -> None:
        period = conf.value_of("LOOKUP_PERIOD")
        # The cache holds neither a number nor an address.
        digest = salted_hmac(_SALT, subject, algorithm="sha256").hexdigest()
        keys = [f"statuspro.try.{digest}.{count}" for count in range(tries)]
        ends = _cache().get_many(keys)
        now = time.time()
        for key in keys:
            if key not in ends and _cache().add(key, now + period, period):
                self._taken.append(key)
                return
        first = min(ends.values(), default=now + period)
        raise Throttled(max(1, math.ceil(min(first - now, period))))


def kernel_of(number: str) -> str:
    """Gives what counts as one number: its letters and digits of ASCII.

    Databases, and so the service, may take many spellings for the same text, such as digits of
    another script. None of them shall bring tries of its own.

    Args:
        number: the order's number or name, as the visitor has typed it.
    """
    plain = [str(unicodedata.digit(each, each)) for each in unicodedata.normalize("NFKD", number)]
    return "".join(each for each in plain if each.isascii() and each.isalnum()).lower()


def network_of(address: str) -> str:
    """Gives what counts as one visitor: an IPv4 address, or the network of an IPv6 address.

    Args:
        address: as the server sees it; what is no address counts as it is.
    """
    found = _parsed(address)
    if found is None or found.version == 4:
        return str(found or address)
    return str(ipaddress.ip_network((int(found), _IPV6_PREFIX), strict=False))


def is_public(address: str) -> bool:
    """Tells whether an address is one that visitors of a public site can have.

    Args:
        address: as the server sees it.
    """
    found = _parsed(address)
    return found is not None and not found.is_private


def _parsed(address: str) -> Any:
    try:
        found: Any = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _cache() -> Any:
    return caches[conf.value_of("CACHE")]
