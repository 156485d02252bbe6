"""What a response's headers say of time: Retry-After, rate headers, Date."""

from __future__ import annotations

import email.utils
import re
import time
from typing import Any


def retry_after(headers: Any) -> float | None:
    """Seconds that `Retry-After` asks for; None where it is absent or makes no sense.

    Args:
        headers: of a response. A date is compared with the service's own clock (`Date`), if told.
    """
    value = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})?", value):
        return float(value)
    date = _timestamp(value)
    if date is None:
        return None
    now = date_of(headers)
    return max(0.0, date - (time.time() if now is None else now))


def until_reset(headers: Any) -> float | None:
    """Reads how many seconds from now `X-RateLimit-Reset` is; None where it makes no sense."""
    value = headers.get("X-RateLimit-Reset") or ""
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", value):
        return None
    now = date_of(headers)
    return max(0.0, float(value) - (time.time() if now is None else now))


def date_of(headers: Any) -> float | None:
    """Reads the service's clock when it sent the response, in seconds since 1970; None if untold.

    The seconds are whole, so it was not earlier than that.
    """
    return _timestamp(headers.get("Date") or "")


def _timestamp(date: str) -> float | None:
    parsed = email.utils.parsedate_tz(date)
    try:
        return None if parsed is None else float(email.utils.mktime_tz(parsed))
    except (ValueError, OverflowError):
        return None
