"""The page of the site."""

from typing import Any

from django.urls import include, path

urlpatterns: list[Any] = [path("order/", include("statuspro.contrib.django.urls"))]
