"""A project on its server: what Django's own list for deployment says of it."""

from __future__ import annotations

import re

from tests.contrib.django.conftest import Manage

DEPLOYED = "tests.contrib.django.project.deployed"


def test_a_project_that_is_set_up_has_nothing_to_mend(manage: Manage) -> None:
    ran = manage("check", "--deploy", "--fail-level", "DEBUG", DJANGO_SETTINGS_MODULE=DEPLOYED)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "System check identified no issues (0 silenced).\n"


def test_a_project_that_is_not_hears_of_each_fault(manage: Manage) -> None:
    ran = manage("check", "--deploy", STATUSPRO_BASE_URL="http://127.0.0.1:8999")
    assert re.findall(r"\(statuspro\.(\w+)\)", ran.stderr) == ["W001", "W002", "W004", "W005"]
    assert "(security.W" in ran.stderr
