"""Middleware: a view that gets no response of the service becomes a page that says so."""

from __future__ import annotations

import logging
import math
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import Http404, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.log import log_response

from statuspro._http.headers import retry_after
from statuspro.errors import (
    APIConnectionError,
    BulkUpdateError,
    NotFoundError,
    RateLimitError,
    ServerError,
)

#: Django's project may put another one in front of this template, or override its blocks.
TEMPLATE = "statuspro/unavailable.html"

_HTML, _JSON = "text/html", "application/json"

#: Seconds that a visitor is asked to wait where the service has not said.
_WAIT = 30.0

_UNAVAILABLE = "The order status cannot be shown at the moment. Please try again shortly."
_UNCERTAIN = (
    "The service did not confirm the change. It may have been made: please look before you try "
    "again."
)
_NOT_FOUND = "There is no such order."

_logger = logging.getLogger("statuspro.contrib.django")


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
        failure = _cause_of(exception)
        if isinstance(failure, (RateLimitError, ServerError, APIConnectionError)):
            return _unavailable(request, exception, failure)
        return None


def _cause_of(error: Exception) -> BaseException:
    """Gives the failure of the service that ended a bulk update; of others, the error itself."""
    is_bulk = isinstance(error, BulkUpdateError)
    return error.__cause__ if is_bulk and error.__cause__ is not None else error


def _not_found(request: Any) -> HttpResponse:
    if not _wants_json(request):
        raise Http404(_NOT_FOUND) from None  # Django shows the project's own page
    response = JsonResponse({"message": _NOT_FOUND}, status=404)
    patch_vary_headers(response, ["Accept"])
    return response


def _unavailable(request: Any, error: Exception, failure: BaseException) -> HttpResponse:
    is_uncertain = _is_uncertain(error)
    seconds = _seconds_to_wait(failure)
    message = _UNCERTAIN if is_uncertain else _UNAVAILABLE
    told = {"message": message, "retry_after": seconds, "maybe_applied": is_uncertain}
    response = JsonResponse(told) if _wants_json(request) else _page(request, told)
    response.status_code = 503
    response.headers["Retry-After"] = str(seconds)
    patch_vary_headers(response, ["Accept"])
    add_never_cache_headers(response)
    _log(request, response, failure)
    return response


def _is_uncertain(error: Exception) -> bool:
    if isinstance(error, BulkUpdateError):  # a part of the change counts like the whole
        return bool(error.accepted or error.uncertain)
    return bool(getattr(error, "maybe_applied", False))


def _page(request: Any, told: dict[str, Any]) -> HttpResponse:
    try:
        return HttpResponse(render_to_string(TEMPLATE, told, request))
    except TemplateDoesNotExist:  # the project has no templates of apps
        return HttpResponse(told["message"], content_type="text/plain; charset=utf-8")


def _wants_json(request: Any) -> bool:
    return bool(request.get_preferred_type([_HTML, _JSON]) == _JSON)


def _seconds_to_wait(error: BaseException) -> int:
    """Whole seconds, and at least one."""
    wait = error.retry_after if isinstance(error, RateLimitError) else _told_by_service(error)
    return max(1, math.ceil(wait if wait is not None and math.isfinite(wait) else _WAIT))


def _told_by_service(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    return None if response is None else retry_after(response.headers)


def _log(request: Any, response: HttpResponse, error: BaseException) -> None:
    """Logs the route of the view and the kind of the error: neither tells of a customer.

    This takes the place of Django's own record, an error that names the path, and mails the
    query to the administrators.
    """
    route = request.resolver_match.route if request.resolver_match else "?"
    status = getattr(error, "status_code", None)
    kind = f"{type(error).__name__} ({status})" if status else type(error).__name__
    log_response(
        "503 for the route '%s': %s",
        route,
        kind,
        response=response,
        logger=_logger,
        level="warning",
    )
