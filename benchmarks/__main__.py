"""The command line: `python -m benchmarks [--quick] [FIGURE ...]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import FIGURES
from benchmarks.processes import Bench, service
from benchmarks.report import plain_table
from benchmarks.results import PATH, circumstances, save


def main(arguments: list[str] | None = None) -> int:
    """Measures, prints, keeps; 1 when a figure is out of its bound."""
    given = _parser().parse_args(arguments)
    output = given.output or (None if given.quick else PATH)
    is_missed = False
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder, service() as port:
        bench = Bench(port, Path(folder), is_quick=given.quick)
        for name in given.figures or FIGURES:
            began, measured = time.perf_counter(), circumstances()
            result = replace(FIGURES[name](bench), measured=measured)
            print(f"{name} ({time.perf_counter() - began:.0f} s)", flush=True)
            print(plain_table(result), flush=True)
            is_missed |= any(row.is_missed for row in result.rows)
            if output is not None:
                save({name: result}, output)
    return int(is_missed and not given.quick)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures the library against bare requests, each in processes of their own.",
        epilog="; ".join(f"{name}: {figure.__doc__}" for name, figure in FIGURES.items()),
    )
    parser.add_argument(
        "figures", nargs="*", metavar="FIGURE", choices=[*FIGURES, []], help="all by default"
    )
    parser.add_argument("--quick", action="store_true", help="rough figures; keeps no results")
    parser.add_argument(
        "--output", type=Path, help=f"where the results are kept; by default {PATH.name}"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
