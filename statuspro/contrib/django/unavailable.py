"""The page that a visitor gets where the service gave no response."""

from __future__ import annotations

import logging
import math
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.log import log_response
from django.utils.translation import gettext_lazy

from statuspro._http.headers import retry_after
from statuspro.errors import APIConnectionError, BulkUpdateError, RateLimitError, ServerError

#: A project may put a template of its own in the place of this one, or override its blocks.
_TEMPLATE = "statuspro/unavailable.html"

_HTML, _JSON = "text/html", "application/json"

#: Seconds that a visitor is asked to wait where the service has not said.
_WAIT = 30.0

_UNAVAILABLE = gettext_lazy(
    "The order status cannot be shown at the moment. Please try again shortly."
)
_UNCERTAIN = gettext_lazy(
    "The service did not confirm the change. It may have been made: please look before you try "
    "again."
)

_logger = logging.getLogger("statuspro.contrib.django")


def is_passing(error: Exception) -> bool:
    """Tells whether an error passes by itself; every other one asks for the site's staff."""
    return isinstance(_cause_of(error), (RateLimitError, ServerError, APIConnectionError))


def unavailable(request: Any, error: Exception) -> HttpResponse:
    """Makes the 503: a page, or JSON where the visitor prefers that.

    Args:
        request: the visitor's.
        error: what kept the view from a response. The failure that it is or that has caused it
            says how long to wait, if it knows.
    """
    failure = _cause_of(error)
    is_uncertain, seconds = _is_uncertain(error), _seconds_to_wait(failure)
    message = str(_UNCERTAIN if is_uncertain else _UNAVAILABLE)
    told = {"message": message, "retry_after": seconds, "maybe_applied": is_uncertain}
    response = JsonResponse(told) if wants_json(request) else _page(request, told)
    response.status_code = 503
    response.headers["Retry-After"] = str(seconds)
    patch_vary_headers(response, ["Accept"])
    add_never_cache_headers(response)
    status = getattr(failure, "status_code", None)
    kind = f"{type(failure).__name__} ({status})" if status else type(failure).__name__
    log(request, response, kind, "warning" if is_passing(error) else "error")
    return response


def wants_json(request: Any) -> bool:
    """Tells whether the visitor prefers JSON to a page."""
    return bool(request.get_preferred_type([_HTML, _JSON]) == _JSON)


def log(request: Any, response: HttpResponse, kind: str, level: str) -> None:
    """Logs the route of the view and what happened: neither tells of a customer.

    This takes the place of Django's own record, which names the path, and which for a 503 mails
    the request to the administrators.
    """
    route = request.resolver_match.route if request.resolver_match else "?"
    log_response(
        "%d for the route '%s': %s",
        response.status_code,
        route,
        kind,
        response=response,
        logger=_logger,
        level=level,
    )


def _cause_of(error: Exception) -> BaseException:
    """Gives the failure of the service that ended a bulk update; of others, the error itself."""
    is_bulk = isinstance(error, BulkUpdateError)
    return error.__cause__ if is_bulk and error.__cause__ is not None else error


def _is_uncertain(error: Exception) -> bool:
    if isinstance(error, BulkUpdateError):  # a part of the change counts like the whole
        return bool(error.accepted or error.uncertain)
    return bool(getattr(error, "maybe_applied", False))


def _page(request: Any, told: dict[str, Any]) -> HttpResponse:
    try:
        return HttpResponse(render_to_string(_TEMPLATE, told, request))
    except (TemplateDoesNotExist, ValueError):
        # The project has no templates of apps, or has not collected the style sheet.
        return HttpResponse(told["message"], content_type="text/plain; charset=utf-8")


def _seconds_to_wait(error: BaseException) -> int:
    """Whole seconds, and at least one."""
    wait = error.retry_after if isinstance(error, RateLimitError) else _told_by_service(error)
    return max(1, math.ceil(wait if wait is not None and math.isfinite(wait) else _WAIT))


def _told_by_service(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    return None if response is None else retry_after(response.headers)
