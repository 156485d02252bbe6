"""The deadline of one page of the staff, and a client that keeps to it."""

from __future__ import annotations

import time

from statuspro.contrib.django import conf
from statuspro.contrib.django.client import DjangoClient, get_client
from statuspro.errors import APITimeoutError

#: Seconds that all requests of one page may take; servers give up a worker after 30 s.
_SECONDS = 20.0

#: The part of a worker's time that a page takes, where the setting tells that time.
_PART = 0.6


class Deadline:
    """By when a page has to be there.

    Args:
        seconds: how long the page may take; by default well below the worker's time.
    """

    def __init__(self, seconds: float | None = None) -> None:
        worker = conf.value_of("WORKER_TIMEOUT")
        given = _SECONDS if not worker else min(_SECONDS, worker * _PART)
        self._ends = time.monotonic() + (given if seconds is None else seconds)

    def left(self) -> float:
        """Seconds that are left; never below zero."""
        return max(0.0, self._ends - time.monotonic())

    def client(self, least: float = 0.0) -> DjangoClient:
        """Gives the client, with a deadline for its next call that is not beyond the page's.

        Args:
            least: seconds without which the call is not worth beginning.

        Raises:
            APITimeoutError: no time is left. Nothing was sent.
            ImproperlyConfigured: there is no key, or the settings cannot be used.
        """
        client, left = get_client(), self.left()
        if left <= least:
            raise APITimeoutError("the page has no time left")
        of_setting = conf.value_of("DEADLINE")
        return client.with_options(deadline=left if of_setting is None else min(left, of_setting))
