"""The shop's settings. What differs from machine to machine comes from the environment."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).parents[1]

# Where the shop keeps its database, and the budget that its processes share.
DATA_DIR = Path(os.environ.get("SHOP_DATA_DIR", BASE_DIR))

# The name under which customers reach the shop. Without one, this is a developer's machine.
HOST = os.environ.get("SHOP_HOST")
DEBUG = HOST is None

if HOST:
    SECRET_KEY = os.environ["SHOP_SECRET_KEY"]
    ALLOWED_HOSTS = [HOST]
    CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 3600  # a year, once every name of the domain has a certificate
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
else:
    SECRET_KEY = "for a developer's machine alone"

INSTALLED_APPS = [
    "shop",
    "statuspro.contrib.django",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "statuspro.contrib.django.middleware.StatusProMiddleware",
]

# The key comes from the environment: STATUSPRO_API_KEY.
STATUSPRO = {
    "DEADLINE": 5,
    "RATE_LIMIT_STORAGE": f"sqlite:///{DATA_DIR / 'budget.sqlite3'}",
    "WORKER_TIMEOUT": 30,
}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "shop.sqlite3",
        # A page is read while a sync writes.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The workers count the guesses at orders together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
    }
}

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
