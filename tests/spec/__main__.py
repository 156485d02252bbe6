"""Compares the library with an interface description: `python -m tests.spec PATH`.

Needs PyYAML. The exit status is 1 where there is a difference that `KNOWN` does not list, or where
`KNOWN` lists one that there is no longer, and 2 where the file is no interface description.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tests.spec.compare import Difference, differences
from tests.spec.ours import operations

#: Differences that are as they should be, and why.
KNOWN = {
    Difference("surplus", "Status.color"): "the service sends it, though its schema leaves it out",
}

_TITLES = {
    "lacking": "The service has it, the library lacks it",
    "surplus": "The library has it, the service lacks it",
    "unlike": "The service says of it",
}


def main(path: str) -> int:
    """Prints what differs, by its kind; returns the exit status."""
    description = importlib.import_module("yaml").safe_load(Path(path).read_text(encoding="utf-8"))
    if not isinstance(description, dict) or not description.get("paths"):
        print(f"{path} is no interface description: it has no paths")
        return 2
    found = differences(description, operations())
    new = [each for each in found if each not in KNOWN]
    gone = [each for each in KNOWN if each not in found]
    for kind, title in _TITLES.items():
        _print(title, [each.what for each in new if each.kind == kind])
    known = [f"{each.what} ({why})" for each, why in KNOWN.items() if each in found]
    _print("Known, and as it should be", known)
    _print("Listed as known, and no difference any more", [each.what for each in gone])
    print(f"{len(new)} new differences")
    return 1 if new or gone else 0


def _print(title: str, lines: list[str]) -> None:
    if lines:
        print(f"{title}:", *sorted(lines), sep="\n    ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
