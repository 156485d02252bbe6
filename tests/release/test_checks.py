"""A release is refused where its tree, its version or its changelog is not ready."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.release import __main__ as release
from tests.release import first_use
from tests.support.paths import ROOT

SETTINGS = """
[tool.towncrier]
package = "statuspro"
directory = "changes"
filename = "CHANGELOG.rst"
title_format = "{version} ({project_date})"
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, with a version, a changelog and a fragment of it."""
    monkeypatch.setattr(release, "ROOT", tmp_path)
    for name, value in {"AUTHOR": "Ann", "COMMITTER": "Ann"}.items():
        monkeypatch.setenv(f"GIT_{name}_NAME", value)
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@example.com")
    (tmp_path / "statuspro").mkdir()
    (tmp_path / "changes").mkdir()
    (tmp_path / "statuspro" / "_version.py").write_text('__version__ = "1.0.0rc1"\n')
    (tmp_path / "statuspro" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "CHANGELOG.rst").write_text(".. towncrier release notes start\n")
    (tmp_path / "changes" / "+doors.feature.rst").write_text("Doors open.\n")
    release.git("init", "-q")
    release.git("add", "-A")
    release.git("commit", "-q", "-m", "Begin")
    return tmp_path


def refusal(check: Any, *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        check(*arguments)
    return str(ended.value.code)


def test_a_tree_that_is_clean_is_taken(tree: Path) -> None:
    release.check_tree()


@pytest.mark.parametrize("name", ["new.py", "CHANGELOG.rst"])
def test_a_tree_that_is_not_clean_is_refused(name: str, tree: Path) -> None:
    (tree / name).write_text("something else\n")
    assert name in refusal(release.check_tree)


def test_the_version_goes_with_the_commit_s_tag(tree: Path) -> None:
    assert release.check_version() == "1.0.0rc1"
    release.git("tag", "v1.0.0rc1")
    assert release.check_version() == "1.0.0rc1"


def test_a_tag_of_another_version_is_refused(tree: Path) -> None:
    release.git("tag", "v1.0.0")
    assert "the version is 1.0.0rc1" in refusal(release.check_version)


def test_a_version_that_installers_would_write_otherwise_is_refused(tree: Path) -> None:
    (tree / "statuspro" / "_version.py").write_text('__version__ = "1.0.0-rc1"\n')
    assert "1.0.0-rc1: 1.0.0rc1" in refusal(release.check_version)


def test_fragments_make_a_changelog(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release.check_changelog("1.0.0rc1")
    assert "1 change(s) can be written" in capsys.readouterr().out


def test_a_changelog_without_section_and_fragments_is_refused(tree: Path) -> None:
    (tree / "changes" / "+doors.feature.rst").unlink()
    assert "no section of 1.0.0rc1" in refusal(release.check_changelog, "1.0.0rc1")


def test_a_tagged_commit_without_the_section_is_refused(tree: Path) -> None:
    release.git("tag", "v1.0.0rc1")
    assert "no section of 1.0.0rc1" in refusal(release.check_changelog, "1.0.0rc1")


def test_a_section_is_taken_where_no_fragment_is_left(tree: Path) -> None:
    (tree / "CHANGELOG.rst").write_text("1.0.0rc1 (2026-03-15)\n---------------------\n")
    assert "+doors.feature.rst" in refusal(release.check_changelog, "1.0.0rc1")
    (tree / "changes" / "+doors.feature.rst").unlink()
    release.check_changelog("1.0.0rc1")


@pytest.mark.parametrize("extra", ["redis", "django"])
def test_the_first_use_of_an_extra_works_here_too(extra: str) -> None:
    code = f"from tests.release.first_use import USES; USES[{extra!r}]()"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_every_extra_that_users_install_is_tried() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    of_contributors = {"benchmarks", "company", "dev", "docs", "lint", "test"}
    extras = {*config["options.extras_require"]} - of_contributors
    assert extras == first_use.USES.keys()
    assert first_use.PACKAGES.keys() == first_use.USES.keys()


def test_a_missing_extra_is_told_in_one_sentence_or_the_check_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = iter(['It needs Django: pip install "statuspro[django]"', "No module named 'django'"])

    def ask() -> None:
        raise ModuleNotFoundError(next(told))

    monkeypatch.setitem(first_use.ASKS, "django", ask)
    first_use.miss("django")
    with pytest.raises(AssertionError, match="No module named"):
        first_use.miss("django")
    monkeypatch.setitem(first_use.ASKS, "django", lambda: None)
    with pytest.raises(AssertionError, match="was not installed"):
        first_use.miss("django")


@pytest.mark.parametrize(
    ("extra", "package"), [("redis", "redis"), ("django", "django"), ("notebook", "pandas")]
)
def test_what_the_library_says_of_a_missing_extra_passes_the_check(
    extra: str, package: str
) -> None:
    code = f"import sys; sys.modules[{package!r}] = None\n"
    code += f"from tests.release import first_use; first_use.miss({extra!r})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
