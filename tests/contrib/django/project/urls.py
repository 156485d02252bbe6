"""The pages of the project: each asks the service."""

from __future__ import annotations

import os
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import include, path

from statuspro.contrib.django import aget_order, alookup_order, get_client


def asked(request: HttpRequest) -> dict[str, Any]:
    """What the visitor gave: number and e-mail."""
    given: dict[str, Any] = request.GET.dict()
    return given


def order(request: HttpRequest, order_id: int) -> HttpResponseBase:
    return JsonResponse({"name": get_client().get_order(order_id)["name"], "worker": os.getpid()})


def lookup(request: HttpRequest) -> HttpResponseBase:
    found = get_client().lookup_order(**asked(request))
    return JsonResponse({"name": found["name"]})


def move(request: HttpRequest, order_id: int) -> HttpResponseBase:
    get_client().update_order_status(order_id, "st000003", notify=False)
    return JsonResponse({})


def move_all(request: HttpRequest) -> HttpResponseBase:
    ids = [int(part) for part in request.POST["ids"].split()]
    for _ in get_client().iter_bulk_update_order_status(ids, "st000003", notify=False):
        pass
    return JsonResponse({})


def broken(request: HttpRequest) -> HttpResponseBase:
    raise LookupError("a fault of the view")


async def async_order(request: HttpRequest, order_id: int) -> HttpResponseBase:
    return JsonResponse({"name": (await aget_order(order_id))["name"]})


async def async_lookup(request: HttpRequest) -> HttpResponseBase:
    found = await alookup_order(**asked(request))
    return JsonResponse({"name": found["name"]})


async def blocking(request: HttpRequest, order_id: int) -> HttpResponseBase:
    return JsonResponse({"name": get_client().get_order(order_id)["name"]})


urlpatterns: list[Any] = [
    path("orders/<int:order_id>", order),
    path("orders/<int:order_id>/move", move),
    path("orders/move", move_all),
    path("order/", include("statuspro.contrib.django.urls")),
    path("lookup", lookup),
    path("broken", broken),
    path("async/orders/<int:order_id>", async_order),
    path("async/lookup", async_lookup),
    path("blocking/<int:order_id>", blocking),
    *([path("admin/", admin.site.urls)] if apps.is_installed("django.contrib.admin") else []),
]
