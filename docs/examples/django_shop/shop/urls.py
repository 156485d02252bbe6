"""The page of the customers, and the board of the staff."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="statuspro:lookup")),
    path("order/", include("statuspro.contrib.django.urls")),
    path("admin/", admin.site.urls),
]
