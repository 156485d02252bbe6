"""What a run found: medians, ratios, whether they are within their bounds; kept as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

PATH = Path(__file__).with_name("results.json")

#: What contestants took, in one turn.
Measure = Mapping[str, float]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        title: what was measured.
        value: the figure; None where it could not be measured.
        unit: of the figure.
        sense: "at most" or "at least".
        bound: what the figure must be; None where it only tells.
        medians: what each contestant took, as text.
        note: why there is no figure, or what else it means.
    """

    title: str
    value: float | None
    unit: str = "×"
    sense: str = "at most"
    bound: float | None = None
    medians: dict[str, str] = field(default_factory=dict[str, str])
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether the figure is out of its bound, or should be there and is not."""
        if self.bound is None:
            return False
        if self.value is None:
            return True
        shown = round(self.value, 2)
        return shown > self.bound if self.sense == "at most" else shown < self.bound


@dataclass(frozen=True)
class Result:
    """What one figure's measurement gave.

    Attributes:
        rows: for the table.
        points: for a chart.
        measured: when and where.
    """

    rows: list[Row]
    points: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    measured: dict[str, str] = field(default_factory=dict[str, str])


def take_turns(
    contestants: Mapping[str, Callable[[], Measure]], rounds: int
) -> dict[str, list[Measure]]:
    """Runs each contestant once a round, every other round in reverse.

    What else the machine does then meets all of them alike, and a round's ratios compare what ran
    at nearly the same time.
    """
    samples: dict[str, list[Measure]] = {name: [] for name in contestants}
    for number in range(rounds):
        names = list(contestants)
        for name in names if number % 2 == 0 else reversed(names):
            samples[name].append(contestants[name]())
    return samples


def median_of(samples: Sequence[Measure], field: str) -> float:
    """The median of one field."""
    return median(sample[field] for sample in samples)


def median_ratio(samples: Sequence[Measure], base: Sequence[Measure], field: str) -> float:
    """The median over the rounds of what one contestant took in terms of what another took."""
    return median(sample[field] / other[field] for sample, other in zip(samples, base, strict=True))


def load(path: Path = PATH) -> dict[str, Result]:
    """The results that were kept, by figure; none where there is no file."""
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: Result([Row(**row) for row in result["rows"]], result["points"], result["measured"])
        for name, result in kept.items()
    }


def save(results: Mapping[str, Result], path: Path = PATH) -> None:
    """Keeps the results; those of figures that were not measured this time stay as they are."""
    kept = {**load(path), **results}
    text = json.dumps({name: asdict(result) for name, result in kept.items()}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def circumstances() -> dict[str, str]:
    """When and where something is measured."""
    load = os.getloadavg()[0]
    extras = {name: version(name) for name in ("orjson",) if find_spec(name)}
    return {
        "day": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "requests": version("requests"),
        "urllib3": version("urllib3"),
        **extras,
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "environment": f"{len(os.environ)} variables",
        "load before": f"{load:.1f}",
    }
