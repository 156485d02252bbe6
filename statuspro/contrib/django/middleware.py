"""Middleware: a view that gets no response of the service becomes a page that says so."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers

from statuspro.contrib.django.unavailable import is_passing, unavailable, wants_json
from statuspro.errors import NotFoundError

_NOT_FOUND = "There is no such order."


class StatusProMiddleware:
    """Answers for views that raise errors of this library.

    A :class:`statuspro.RateLimitError`, a :class:`statuspro.ServerError`, and a failed connection
    or a passed deadline (:class:`statuspro.APIConnectionError`) become a 503 with `Retry-After`. So
    does a :class:`statuspro.BulkUpdateError` that one of these has caused. A
    :class:`statuspro.NotFoundError` becomes a 404. Every other error goes its way.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Passes the request on; gives a coroutine where Django awaits one."""
        return self.get_response(request)

    def process_exception(self, request: Any, exception: Exception) -> HttpResponse | None:
        """Makes a response of an error that a view raised; None for errors of other kinds.

        Raises:
            Http404: the service knows no such order, and a page was asked for.
        """
        if isinstance(exception, NotFoundError):
            return _not_found(request)
        return unavailable(request, exception) if is_passing(exception) else None


def _not_found(request: Any) -> HttpResponse:
    if not wants_json(request):
        raise Http404(_NOT_FOUND) from None  # Django shows the project's own page
    response = JsonResponse({"message": _NOT_FOUND}, status=404)
    patch_vary_headers(response, ["Accept"])
    return response
