"""Makes the database of the site, with every order of the service: `python -m benchmarks.site`."""

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.site.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    call_command("statuspro_sync")
