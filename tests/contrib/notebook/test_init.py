"""The package needs its extra, and says so in a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import statuspro.contrib.notebook
"""


def without(name: str) -> str:
    """The last line that Python writes where the package is imported without another one."""
    code = WITHOUT.format(name=name)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return run.stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize("name", ["pandas", "matplotlib"])
def test_a_missing_extra_is_one_sentence_that_names_it(name: str) -> None:
    assert without(name) == (
        f"ModuleNotFoundError: statuspro.contrib.notebook needs {name}: "
        'pip install "statuspro[notebook]"'
    )


def test_what_pandas_itself_lacks_is_named_as_it_is() -> None:
    said = without("numpy")
    assert "numpy" in said
    assert "statuspro[notebook]" not in said
