"""Says how many mutants the tests have killed, and fails where it is too few or one is unknown.

Run after `mutmut run`. Those that live are to stand in SURVIVORS.rst beside this file, by the line
as the mutant has it, with a reason.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

#: The share of a module's mutants that the tests must kill.
LEAST = 0.9

KNOWN = Path(__file__).parent / "SURVIVORS.rst"


def main() -> int:
    """Prints a line a module and the unknown survivors."""
    known = KNOWN.read_text(encoding="utf-8")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    unknown: list[str] = []
    for mutant, verdict in verdicts():
        is_killed = verdict in ("killed", "timeout", "segfault")
        counts[mutant.rpartition(".")[0]]["killed" if is_killed else "alive"] += 1
        if not is_killed and (change := changed_lines(mutant)) not in known:
            unknown.append(f"{mutant}: {verdict}\n{change}")
    for module, count in sorted(counts.items()):
        print(f"{module}: {count['killed']} of {count.total()} killed ({share(count):.1%})")
    print("\n".join(["", "Not in SURVIVORS.rst:", *unknown] if unknown else []))
    return int(bool(unknown) or not counts or any(share(c) < LEAST for c in counts.values()))


def verdicts() -> list[tuple[str, str]]:
    """Each mutant that was tried, and what became of it."""
    lines = [line.strip().partition(": ") for line in mutmut("results", "--all", "true")]
    return [(mutant, said) for mutant, _, said in lines if said and said != "not checked"]


def mutmut(*arguments: str) -> list[str]:
    """The lines that mutmut prints."""
    done = subprocess.run(["mutmut", *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def changed_lines(mutant: str) -> str:
    """What the mutant has in place of the code, as SURVIVORS.rst has it."""
    signs = ("+", "-")
    changes = [line for line in mutmut("show", mutant) if line.startswith(signs)]
    return "\n".join(f"    {line[0]} {line[1:].strip()}" for line in changes[2:])


def share(count: Counter[str]) -> float:
    """How much of a module's mutants was killed."""
    return count["killed"] / count.total()


if __name__ == "__main__":
    sys.exit(main())
