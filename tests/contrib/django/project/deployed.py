"""The project's settings on a server, as Django's list for deployment wants them."""

from tests.contrib.django.project.settings import *  # noqa: F403
from tests.contrib.django.project.settings import MIDDLEWARE as OF_THE_PROJECT

SECRET_KEY = "a-key-of-the-tests-that-is-long-and-has-many-different-characters-0123456789"
DEBUG = False
ALLOWED_HOSTS = ["shop.test"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    *OF_THE_PROJECT,
]
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STATUSPRO = {
    "API_KEY": "a-key",
    "DEADLINE": 5,
    "RATE_LIMIT_STORAGE": "redis://budget.test",
    "WORKERS": 4,
    "WORKER_TIMEOUT": 30,
}
# One for all workers: it counts the look-ups of customers.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cached"}
}
