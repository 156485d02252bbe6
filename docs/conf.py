"""Sphinx settings of the documentation."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

from statuspro._version import __version__

sys.path.insert(0, str(Path(__file__).parent))

from rooms import rooms

project = "statuspro"
author = "The statuspro authors"
copyright = "The statuspro authors"
release = version = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]
root_doc = "index"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
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

html_theme = "furo"
html_title = "statuspro"
html_static_path: list[str] = []


def setup(app: Sphinx) -> None:
    """Puts the tables of rooms into the page that asks for them."""
    app.connect("source-read", _draw_rooms)


def _draw_rooms(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = source[0].replace(".. The tables of docs/rooms.py come here.", rooms())
