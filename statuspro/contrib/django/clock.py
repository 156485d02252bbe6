"""What day it is in the project's current time zone."""

from __future__ import annotations

from datetime import date, datetime
from datetime import timezone as dt_timezone

from django.utils import timezone


def today() -> date:
    """Returns the day in the current time zone, also in a project that has ``USE_TZ = False``."""
    # Django's own localdate() takes its moment from now(), which such a project has without a zone.
    day: date = timezone.localdate(datetime.now(tz=dt_timezone.utc))
    return day
