"""Registers the app and its system checks with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from statuspro.contrib.django.checks import TAG, check_lookup, check_settings


class StatusProConfig(AppConfig):
    """The app `statuspro`."""

    name = "statuspro.contrib.django"
    label = "statuspro"
    verbose_name = "StatusPro"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers the system checks."""
        checks.register(check_settings, TAG)
        checks.register(check_lookup, TAG)
