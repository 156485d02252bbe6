"""The settings of the site; what differs from run to run stands in the environment."""

import os

SECRET_KEY = "the benchmark's"
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "statuspro.contrib.django",
]
MIDDLEWARE = ["statuspro.contrib.django.middleware.StatusProMiddleware"]
STATIC_URL = "/static/"
ROOT_URLCONF = "benchmarks.site.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SITE_DATABASE", ":memory:"),
        # A page is read while the sync writes.
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL", "transaction_mode": "IMMEDIATE"},
    }
}
# One that the workers share, where visitors' tries are counted: Redis, or a table of the database.
_REDIS = os.environ.get("SITE_REDIS")
_KIND = "redis.RedisCache" if _REDIS else "db.DatabaseCache"
CACHES = {
    "default": {"BACKEND": f"django.core.cache.backends.{_KIND}", "LOCATION": _REDIS or "cache"}
}
SILENCED_SYSTEM_CHECKS = ["statuspro.W004"]  # that the service is a sandbox
STATUSPRO = {
    "DEADLINE": 5,
    # By this the service tells the pages' requests from those of the sync.
    "HEADERS": {"X-Sent-By": os.environ.get("SITE_PROCESS", "page")},
    "MIRROR": None if os.environ.get("SITE_IS_LIVE") != "1" else False,
}
