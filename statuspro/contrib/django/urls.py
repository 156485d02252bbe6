"""The address of the look-up: `path("order/", include("statuspro.contrib.django.urls"))`."""

from __future__ import annotations

from django.urls import path

from statuspro.contrib.django.views import LookupView

app_name = "statuspro"
urlpatterns = [path("", LookupView.as_view(), name="lookup")]
