"""A small Django shop whose only page asks the service, as gunicorn serves it in the tests."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path

from statuspro import RateLimit, StatusProClient

# One for the whole process. With `gunicorn --preload` it is made before the workers are forked, and
# the request below leaves it with an open connection, and an open storage where there is one.
client = StatusProClient(
    rate_limit=RateLimit(period=float(os.environ["SHOP_PERIOD"])),
    max_wait=float(os.environ["SHOP_MAX_WAIT"]),
)
client.get_statuses()


def order_page(request: HttpRequest, order_id: int) -> HttpResponseBase:
    order = client.get_order(order_id)
    return JsonResponse({"order_id": order["id"], "worker": os.getpid()})


urlpatterns = [path("orders/<int:order_id>", order_page)]

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="the tests'")
application = get_wsgi_application()
