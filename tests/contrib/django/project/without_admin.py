"""The project without Django's admin, and without the sessions that it needs."""

from tests.contrib.django.project.settings import *  # noqa: F403

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "statuspro.contrib.django",
]
MIDDLEWARE = ["statuspro.contrib.django.middleware.StatusProMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
