"""The first use of `statuspro` where one extra is installed, or none.

    python -I first_use.py [EXTRA]

The Python of a fresh environment runs this file itself: it imports nothing but what that
environment has. `-I` keeps the repository out of its way.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

#: The packages that each extra brings, by the names under which they are imported.
PACKAGES = {
    "redis": {"redis"},
    "speed": {"orjson"},
    "cli": {"click", "platformdirs", "rich"},
    "django": {"asgiref", "django", "sqlparse"},
    "notebook": {"matplotlib", "numpy", "pandas", "tqdm"},
}

#: Nothing listens there. A client connects when it first asks for a slot.
STORAGE = "redis://127.0.0.1:1/0"


def use_package() -> None:
    """Imports every public name, loads the plugin as pytest does, and reads a list."""
    import statuspro

    assert "site-packages" in statuspro.__file__, f"not the installed package: {statuspro.__file__}"
    for name in statuspro.__all__:
        getattr(statuspro, name)
    (plugin,) = (point for point in entry_points(group="pytest11") if "statuspro" in point.name)
    plugin.load()
    from_an_extra = set.union(*PACKAGES.values()) & {name.partition(".")[0] for name in sys.modules}
    assert not from_an_extra, f"imported: {from_an_extra}"
    from statuspro.sandbox import Sandbox

    with Sandbox(orders=3) as sandbox, sandbox.client() as client:
        assert len(list(client.iter_orders())) == 3
    # What the first pages tell readers to run who have no key.
    subprocess.run([sys.executable, "-I", "-m", "statuspro.sandbox", "--help"], check=True)


def use_redis() -> None:
    """Makes a client whose budget is in Redis."""
    from statuspro import StatusProClient

    StatusProClient("a-key", "http://127.0.0.1:1/", rate_limit_storage=STORAGE).close()
    assert "redis" in sys.modules


def use_speed() -> None:
    """Reads a page that is large enough for orjson."""
    from statuspro.sandbox import Sandbox

    with Sandbox(orders=100) as sandbox, sandbox.client() as client:
        assert len(list(client.iter_orders())) == 100
    assert "orjson" in sys.modules


def use_cli() -> None:
    """Runs the demo by the command, and the module."""
    command = Path(sys.executable).with_name("statuspro")
    for start in ([str(command), "demo"], [sys.executable, "-I", "-m", "statuspro", "--version"]):
        told = subprocess.run(start, capture_output=True, text=True)
        assert told.returncode == 0, told.stdout + told.stderr
        assert told.stdout


def use_django() -> None:
    """Sets a project up: its checks, its tables, a page, the style sheet, German."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    apps = "admin auth contenttypes messages sessions staticfiles".split()
    processors = ["django.contrib.auth.context_processors.auth"]
    processors += ["django.contrib.messages.context_processors.messages"]
    processors += ["django.template.context_processors.request"]
    middleware = ["django.contrib.sessions.middleware.SessionMiddleware"]
    middleware += ["django.contrib.auth.middleware.AuthenticationMiddleware"]
    middleware += ["django.contrib.messages.middleware.MessageMiddleware"]
    settings.configure(
        SECRET_KEY="of no other project",
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in apps), "statuspro.contrib.django"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        MIDDLEWARE=middleware,
        ROOT_URLCONF="statuspro.contrib.django.urls",
        STATIC_URL="static/",
        STATUSPRO={"API_KEY": "a-key", "WORKERS": 1},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": processors},
            }
        ],
    )
    django.setup()
    call_command("check", verbosity=0)
    call_command("migrate", verbosity=0)
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    from django.contrib.staticfiles import finders
    from django.template.loader import get_template
    from django.test import Client
    from django.utils.translation import gettext, override

    assert finders.find("statuspro/order.css")
    get_template("admin/statuspro/order/confirm.html")
    assert Client(headers={"host": "localhost"}).get("/").status_code == 200
    with override("de"):
        assert gettext("Order number") == "Bestellnummer"


def use_notebook() -> None:
    """Makes a frame of a shop's orders, and a picture."""
    import matplotlib

    matplotlib.use("agg")
    from statuspro.contrib.notebook import orders_frame, plot_by_status
    from statuspro.sandbox import Sandbox

    with Sandbox(orders=20) as sandbox, sandbox.client() as client:
        frame = orders_frame(client)
        assert len(frame) == 20
        assert plot_by_status(frame).get_title() is not None


def ask_for_redis() -> None:
    """Asks for a budget in Redis where its package is missing."""
    from statuspro import StatusProClient

    StatusProClient("a-key", "http://127.0.0.1:1/", rate_limit_storage=STORAGE)


USES: dict[str, Callable[[], None]] = {
    "redis": use_redis,
    "speed": use_speed,
    "cli": use_cli,
    "django": use_django,
    "notebook": use_notebook,
}

#: What asks for an extra in Python; without orjson the library works just as well.
ASKS: dict[str, Callable[[], object]] = {
    "redis": ask_for_redis,
    "django": lambda: import_module("statuspro.contrib.django"),
    "notebook": lambda: import_module("statuspro.contrib.notebook"),
}


def miss(extra: str) -> None:
    """Asks for an extra that is not installed: one sentence says how to install it."""
    try:
        ASKS[extra]()
    except Exception as error:
        told = str(error)
    else:
        raise AssertionError(f"the extra {extra} is there, though it was not installed")
    check_sentence(told, extra)


def miss_cli() -> None:
    """Runs the command where its packages are missing."""
    command = Path(sys.executable).with_name("statuspro")
    told = subprocess.run([str(command), "demo"], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (2, ""), told
    check_sentence(told.stderr.strip(), "cli")


def check_sentence(told: str, extra: str) -> None:
    """Checks that a text is one line that names the extra, and at most a page on it."""
    wanted = rf'.* pip install "statuspro\[{extra}\]"( \(docs: \S+\))?'
    assert re.fullmatch(wanted, told), told


def main(extra: str | None = None) -> None:
    """Uses the package and what is installed with it, and asks for each extra that is not."""
    use_package()
    for other in ASKS.keys() - {extra}:
        miss(other)
    if extra != "cli":
        miss_cli()
    if extra is not None:
        USES[extra]()


if __name__ == "__main__":
    main(*sys.argv[1:])
