"""Type-checks the Python of README, documentation and docstrings: mypy, then pyright.

``python -m tests.snippets``; a finding shows the page and its line. A page is checked as its
readers paste it, block under block, with the gaps filled in. The examples in a module's docstrings
are one page, and so are the cells of a notebook. Functions that are the readers' own
may be without types: what they call in the library is checked all the same.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.pages import NOTEBOOKS, blocks_of, modules_with_examples, name_of, pages_with
from tests.support.paths import ROOT
from tests.test_docs import ELSEWHERE, Gaps

MYPY = """
[mypy]
strict = true
python_version = 3.10
disallow_untyped_defs = false
disallow_incomplete_defs = false
disallow_untyped_calls = false
# Django's bases and decorators have no types that mypy could read.
disallow_subclassing_any = false
disallow_untyped_decorators = false
ignore_missing_imports = true
[mypy-django.*]
follow_imports = skip
[mypy-statuspro.*]
follow_imports = silent
"""
#: Blocks of Django's pages show lines of a file that has more: names may come from there.
OF_A_FILE = """
[mypy-{module}]
disable_error_code = name-defined
"""

PYRIGHT = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.10",
    "extraPaths": [str(ROOT)],
    "reportMissingImports": False,
    "reportMissingModuleSource": False,
    "reportMissingParameterType": False,
    "reportMissingTypeArgument": False,
    "reportMissingTypeStubs": False,
    "reportUnknownArgumentType": False,
    "reportUnknownLambdaType": False,
    "reportUnknownMemberType": False,
    "reportUnknownParameterType": False,
    "reportUnknownVariableType": False,
    # Names that a file of Django's has and a block does not show; mypy looks at the others.
    "reportUndefinedVariable": False,
    # A page shows a value as Python's prompt does.
    "reportUnusedExpression": False,
    # Celery has no types.
    "reportUntypedFunctionDecorator": False,
}
#: What pyright does not ask on a page: of pandas' own code it guesses wrongly what comes of an
#: index, and an import may be for what the module does.
OF_PANDAS = "reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false"
UNASKED = {
    **dict.fromkeys(["notebook", *(notebook.stem for notebook in NOTEBOOKS)], OF_PANDAS),
    **dict.fromkeys(ELSEWHERE, "reportUnusedImport=false"),
}


def programs() -> Iterator[tuple[str, Path, str]]:
    """Yields the name of a module, its page, and its code on the lines where the page has it."""
    gaps = Gaps(7, [7, 8])
    for page in [*pages_with("python"), *modules_with_examples(), *NOTEBOOKS]:
        blocks = [gaps.fill(block.in_place) for block in blocks_of(page, "python")]
        # Not the stem alone: there is a page of types, and Python has a module of that name.
        stem = f"page_{re.sub(r'[^a-z]', '_', name_of(page).lower())}"
        if page.stem in ELSEWHERE:
            for number, block in enumerate(blocks, 1):
                yield f"{stem}_{number}", page, block
        else:
            yield stem, page, joined(blocks)


def joined(blocks: list[str]) -> str:
    """One text of blocks that are filled up with empty lines, each block on its own lines."""
    lines: list[str] = []
    for block in blocks:
        lines += block.splitlines()[len(lines) :]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Writes the modules into a folder of their own and runs both checkers over them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = MYPY
        for module, page, code in programs():
            if page.stem in UNASKED:
                code += f"# pyright: {UNASKED[page.stem]}\n"
            (folder / f"{module}.py").write_text(code, encoding="utf-8")
            if page.stem in ELSEWHERE:
                config += OF_A_FILE.format(module=module)
        (folder / "mypy.ini").write_text(config, encoding="utf-8")
        (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
        environment = {**os.environ, "MYPYPATH": str(ROOT)}
        mypy = ["mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "snippets"), "."]
        pyright = ["pyright", "--pythonpath", sys.executable]
        commands = ([sys.executable, "-m", *command] for command in (mypy, pyright))
        ran = [subprocess.run(each, cwd=folder, env=environment) for each in commands]
    return max(each.returncode for each in ran)


if __name__ == "__main__":
    sys.exit(main())
