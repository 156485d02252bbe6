"""What stands for pip in a page's shell: `python -m tests.support.pip_install install …`.

It fetches nothing. It ends with 0 where what it is to install is installed already: a version that
the page allows, with extras that the package has.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import PackageNotFoundError, metadata

from packaging.requirements import Requirement


def fault_of(text: str, takes_candidates: bool) -> str | None:
    """Says what is wrong with a requirement."""
    wanted = Requirement(f"statuspro{text[1:]}" if text.startswith(".") else text)  # of a clone
    try:
        known = metadata(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name}: no such package"
    unknown = wanted.extras - set(known.get_all("Provides-Extra", ()))
    if unknown:
        return f"{wanted.name} has no extra {unknown}"
    version = known["Version"]
    if not wanted.specifier.contains(version, prereleases=takes_candidates or None):
        return f"{wanted.name} {version} is not {wanted.specifier}"
    return None


def main() -> int:
    """Reads the arguments as pip does, and looks at each requirement."""
    parser = argparse.ArgumentParser("pip")
    parser.add_argument("command", choices=["install"])
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("-e", "--editable", action="store_true")
    parser.add_argument("--pre", action="store_true")
    parser.add_argument("requirements", nargs="+")
    given = parser.parse_args()
    faults = [fault_of(each, given.pre) for each in given.requirements]
    print(*filter(None, faults), sep="\n", file=sys.stderr)
    return 1 if any(faults) else 0


if __name__ == "__main__":
    sys.exit(main())
