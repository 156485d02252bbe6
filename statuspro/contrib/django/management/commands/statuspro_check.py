"""`manage.py statuspro_check`: checks the settings, and with --connect asks the service."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from statuspro.contrib.django.checks import TAG
from statuspro.contrib.django.client import get_client
from statuspro.errors import StatusProError

#: Seconds that the command waits for the service.
_DEADLINE = 10.0


class Command(BaseCommand):
    """Runs the system checks of this app alone."""

    help = "Checks the settings of StatusPro. Nothing is changed at the service."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Adds the option --connect."""
        parser.add_argument(
            "--connect", action="store_true", help="ask the service too, with one request"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs the checks, and asks the service where --connect is given.

        Raises:
            CommandError: a check found an error, or the service did not do as asked.
        """
        self.check(tags=[TAG], display_num_errors=True)
        if options["connect"]:
            self._connect()

    def _connect(self) -> None:
        try:
            client = get_client()
            statuses = client.with_options(deadline=_DEADLINE).get_statuses()
        except (ImproperlyConfigured, StatusProError) as error:
            raise CommandError(str(error)) from error
        said = f"{client.base_url} accepts the key. The catalogue has {len(statuses)} statuses."
        self.stdout.write(said)
