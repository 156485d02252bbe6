"""What gunicorn serves: with --preload, the workers are forked when a client is open already."""

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from statuspro.contrib.django import get_client

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.contrib.django.project.settings")
application = get_wsgi_application()
get_client().get_statuses()
Path(os.environ["SHOP_LOADED"]).joinpath(str(os.getpid())).touch()
