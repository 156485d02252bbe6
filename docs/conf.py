"""Sphinx settings of the documentation."""

import sys
from pathlib import Path

import django
from django.conf import settings
from sphinx.application import Sphinx

from statuspro._version import __version__

sys.path.insert(0, str(Path(__file__).parent))

import looks
from fields import fields
from rooms import rooms

# A module with Django's models can be imported in a project only.
apps = ("contenttypes", "auth")
settings.configure(
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in apps), "statuspro.contrib.django"]
)
django.setup()

project = "statuspro"
author = "The statuspro authors"
copyright = "The statuspro authors"
release = version = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
exclude_patterns = ["_build", "examples/django_shop"]
root_doc = "index"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
# By their names, which are on the page of types: written out they fill half a page.
autodoc_type_aliases = {
    name: f"statuspro.types.{name}"
    for name in ("Strings", "FinancialStatuses", "FulfillmentStatuses")
}
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

# What docstrings put into single backticks is code.
default_role = "code"

# In signatures stand the names of other projects and our own short ones; they have no target here.
# A reference that is written out, such as `statuspro.APIError`, must have one.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!statuspro\.).*"),
    (
        r"py:.*",
        r"statuspro\.(_\w+|responses|sandbox|session|contrib\.notebook\.(sources|syncing))\..*",
    ),
]

# The notebooks have no outputs of their own: each build runs them, in a folder that goes away.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 120
# Their bar would be a line for each of its steps. A test holds that nothing else is told there.
nb_output_stderr = "remove"
# No notebook has widgets, whose script comes from another host.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

html_theme = "furo"
html_title = "statuspro"
html_static_path = ["_static"]
html_css_files = ["notebooks.css", "pages.css"]
html_js_files = ["scrolling.js"]
# It would name one module: functions and classes are documented by their public names.
html_domain_indices = False


def setup(app: Sphinx) -> None:
    """Puts the tables that are made into the pages that ask for them, and mends what is written."""
    app.connect("source-read", _draw_tables)
    looks.setup(app)


def _draw_tables(app: Sphinx, page: str, source: list[str]) -> None:
    for name, made in (("rooms", rooms), ("fields", fields)):
        if (place := f".. The tables of docs/{name}.py come here.") in source[0]:
            source[0] = source[0].replace(place, made())
