"""The workflows of a hosted CI call what contributors call, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SESSIONS = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.M))
COMMANDS = r"\.ci/run( programs)?|python -m pip install nox|nox -s (?P<session>[\w.-]+)"
#: By its version or commit; a branch such as `main` may hold anything tomorrow.
PINNED = r"\./\.github/workflows/\w+\.yml|[\w.-]+/[\w.-]+@((release/)?v\d+|[0-9a-f]{40})"

Json = dict[str, Any]


def read(text: str) -> Json:
    workflow: Json = yaml.safe_load(text)
    return workflow


def jobs_of(workflow: Json) -> Iterator[Json]:
    """The jobs, one for each row of a matrix, with its values filled in."""
    for job in workflow["jobs"].values():
        for row in job.get("strategy", {}).get("matrix", {}).get("include", [{}]):
            text = yaml.safe_dump(job)
            for name, value in row.items():
                text = text.replace(f"${{{{ matrix.{name} }}}}", value)
            yield yaml.safe_load(text)


def faults(workflow: Json) -> list[str]:
    """What the workflow does beside its share."""
    jobs = list(jobs_of(workflow))
    steps = [step for job in jobs for step in job.get("steps", [])]
    commands = [step["run"] for step in steps if "run" in step]
    used = [each["uses"] for each in [*jobs, *steps] if "uses" in each]
    matches = [(command, re.fullmatch(COMMANDS, command)) for command in commands]
    sessions = [match["session"] for _, match in matches if match and match["session"]]
    return [
        *(f"runs {command}" for command, match in matches if match is None),
        *(f"no session {name}" for name in sessions if name.partition("-3.")[0] not in SESSIONS),
        *(f"{name} is not pinned" for name in used if not re.fullmatch(PINNED, name)),
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_nox_and_the_checks_alone(path: Any) -> None:
    workflow = read(path.read_text(encoding="utf-8"))
    assert faults(workflow) == []
    assert workflow["permissions"] == {"contents": "read"}


def test_what_a_workflow_does_beside_is_found() -> None:
    workflow = read(
        """
        jobs:
          one:
            strategy: {matrix: {include: [{session: tests-3.10}, {session: tset}]}}
            steps:
              - uses: actions/checkout@main
              - run: nox -s ${{ matrix.session }}
          two:
            steps:
              - uses: actions/checkout@v5
              - run: nox -s lint; curl https://example.com
        """
    )
    assert set(faults(workflow)) == {
        "actions/checkout@main is not pinned",
        "no session tset",
        "runs nox -s lint; curl https://example.com",
    }


def test_every_python_is_tested_and_released() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    (listed,) = re.findall(r"^PYTHONS = (\[.+\])$", (ROOT / "noxfile.py").read_text(), re.M)
    pythons = set(yaml.safe_load(listed))
    tested = {job.get("container", "") for job in jobs_of(read(texts["tests.yml"]))}
    assert {f"python:{python}-bookworm" for python in pythons} <= tested
    assert set(re.findall(r"^ +(3\.\d+)$", texts["release.yml"], re.M)) == pythons


def test_the_archives_are_uploaded_without_a_token_and_after_the_tests() -> None:
    jobs = read((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))[
        "jobs"
    ]
    assert (jobs["upload"]["needs"], jobs["archives"]["needs"]) == ("archives", "tests")
    assert jobs["upload"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in str(jobs)
