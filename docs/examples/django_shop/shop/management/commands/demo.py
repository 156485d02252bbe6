"""`manage.py demo`: the shop on a StatusPro of its own, with orders and a member of staff."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.management.base import BaseCommand

from statuspro.sandbox import Sandbox

STAFF = "staff"


class Command(BaseCommand):
    """Shows the shop to a reader who has no key."""

    help = "Starts the shop on an embedded StatusPro: no key, nothing kept. Ctrl-C ends it."
    requires_system_checks = ()  # those of the project ask for a key

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Takes the port."""
        parser.add_argument("--port", type=int, default=8000, help="of the site (8000)")

    def handle(self, *, port: int, **options: object) -> None:
        """Runs the commands of a real shop, one after another, and serves until Ctrl-C."""
        signal.signal(signal.SIGTERM, end)  # as Ctrl-C, so that nothing is left
        with (
            suppress(KeyboardInterrupt),
            tempfile.TemporaryDirectory() as folder,
            Sandbox(orders=60, seed=29) as sandbox,
        ):
            number, email = choose_example(sandbox)
            password = secrets.token_urlsafe(8)
            os.environ.update(sandbox.environment)  # the key, and where the service is
            os.environ.update(SHOP_DATA_DIR=folder, DJANGO_SUPERUSER_PASSWORD=password)
            os.environ["DJANGO_RUNSERVER_HIDE_WARNING"] = "true"
            self.run("migrate --verbosity 0")
            self.run("createcachetable")
            self.run(f"createsuperuser --noinput --username {STAFF} --email staff@example.com")
            self.run("statuspro_sync")
            with self.running("statuspro_sync --watch 1 --verbosity 0"):
                site = f"http://127.0.0.1:{port}"
                self.stdout.write(f"\nCustomers  {site}/order/  number {number}, e-mail {email}")
                self.stdout.write(f"Staff      {site}/admin/  user {STAFF}, password {password}\n")
                self.run(f"runserver --noreload --skip-checks 127.0.0.1:{port}")

    def run(self, command: str) -> None:
        """Runs a command of Django's to its end."""
        with self.running(command) as process:
            if process.wait():
                sys.exit(process.returncode)

    @contextmanager
    def running(self, command: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Starts a command of Django's in a process that has the demo's settings, and ends it."""
        self.stdout.write(f"$ python manage.py {command}")
        self.stdout.flush()
        process = subprocess.Popen(
            [sys.executable, settings.BASE_DIR / "manage.py", *command.split()]
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def end(*_: object) -> None:
    """Ends the process by way of what is to be tidied up."""
    sys.exit()


def choose_example(sandbox: Sandbox) -> tuple[str, str]:
    """Chooses an order that is under way, for the reader to look up: its number, and its e-mail."""
    with sandbox.client() as client:
        order = client.list_orders(status_code="st000002", per_page=1, page=1)["data"][0]
        client.add_order_comment(order["id"], "The oak has arrived, and it is lovely.", public=True)
        client.add_order_comment(order["id"], "One board has a knot: ask Jan.")  # for the staff
    return order["order_number"], order["customer"]["email"]
