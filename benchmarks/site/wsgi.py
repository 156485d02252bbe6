"""What gunicorn serves: with --preload, the workers are forked when a client is made already."""

import os

from django.core.wsgi import get_wsgi_application

from statuspro.contrib.django import get_client

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.site.settings")
application = get_wsgi_application()
get_client()
