"""Makes a release and checks it, all but the upload: `python -m tests.release PYTHON...`.

Both archives lie in `dist/` afterwards. Ends at the first fault, with a status that says so.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.version import Version

from tests.release.archives import build, digest, run
from tests.release.contents import faults_of_source, faults_of_wheel, package_files
from tests.release.environments import missing, try_everywhere
from tests.support.paths import ROOT


def main(*pythons: str) -> None:
    """Goes through every check, in the order of what they cost."""
    check_tree()
    version = check_version()
    check_changelog(version)
    refuse("this machine has no Python of these versions", missing(pythons))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        source, wheel = build_twice(folder, version)
        check_contents(source, wheel, folder / "first" / "tree")
        check_metadata(source, wheel)
        try_wheel(wheel, pythons, folder / "environments")
        shutil.rmtree(ROOT / "dist", ignore_errors=True)
        shutil.copytree(source.parent, ROOT / "dist")
    said("ready to be uploaded", f"dist/{source.name}, dist/{wheel.name}")


def said(check: str, what: str) -> None:
    """Prints the outcome of one check."""
    print(f"{check}: {what}", flush=True)


def refuse(check: str, faults: list[str]) -> None:
    """Ends the release where there are faults."""
    if faults:
        sys.exit("\n    ".join([f"{check}:", *faults]))


def git(*arguments: str) -> list[str]:
    """Runs git in the repository, and returns the lines that it prints."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def check_tree() -> None:
    """Refuses a tree with changes that are not committed, or files that git does not know."""
    refuse("the tree is not clean", git("status", "--porcelain"))
    said("tree", f"clean at {git('rev-parse', '--short', 'HEAD')[0]}")


def check_version() -> str:
    """Reads the version from its one place; a commit's tag must be of the same version."""
    text = (ROOT / "statuspro" / "_version.py").read_text(encoding="utf-8")
    version: str
    (version,) = re.findall(r'^__version__ = "(.+)"$', text, re.M)
    if str(Version(version)) != version:
        refuse("the version is not in its normal form", [f"{version}: {Version(version)}"])
    tags = tags_of_commit()
    if tags and f"v{version}" not in tags:
        refuse(f"the version is {version}, and the commit's tag another", tags)
    said("version", f"{version} ({', '.join(tags) or 'no tag yet'})")
    return version


def tags_of_commit() -> list[str]:
    """Finds the tags of releases that the newest commit has."""
    return git("tag", "--points-at", "HEAD", "v*")


def check_changelog(version: str) -> None:
    """Looks for the version's section; until the commit has its tag, fragments to make it of do."""
    written = (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")
    fragments = [path.name for path in sorted((ROOT / "changes").glob("*.*.rst"))]
    if re.search(rf"^{re.escape(version)} \(", written, re.M):
        refuse(f"the section of {version} in CHANGELOG.rst lacks these", fragments)
        said("changelog", f"has a section of {version}")
        return
    refuse(f"a tag, and no section of {version} in CHANGELOG.rst", tags_of_commit())
    refuse("changelog", [] if fragments else [f"no section of {version}, and nothing in changes/"])
    draft = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", version]
    told = subprocess.run(draft, cwd=ROOT, capture_output=True, text=True)
    good = told.returncode == 0 and f"{version} (" in told.stdout
    refuse("changelog", [] if good else [told.stdout + told.stderr])
    said("changelog", f"{len(fragments)} change(s) can be written: nox -s changelog -- --yes")


def build_twice(folder: Path, version: str) -> tuple[Path, Path]:
    """Builds both archives at two places; their bytes must not differ."""
    first, again = build(ROOT, folder / "first"), build(ROOT, folder / "again")
    names = [f"statuspro-{version}-py3-none-any.whl", f"statuspro-{version}.tar.gz"]
    refuse("archives", [] if [path.name for path in first] == names else [str(first)])
    for one, other in zip(first, again, strict=True):
        same = digest(one) == digest(other)
        refuse("two builds differ", [] if same else [one.name, digest(one), digest(other)])
        said(one.name, f"sha256 {digest(one)}, {one.stat().st_size:,} bytes, twice the same")
    wheel, source = first
    return source, wheel


def check_contents(source: Path, wheel: Path, tree: Path) -> None:
    """Compares the archives with what git knows."""
    refuse(wheel.name, faults_of_wheel(wheel, package_files(tree)))
    refuse(source.name, faults_of_source(source, git("ls-files")))
    said("contents", "the wheel has the package alone, the source archive the whole repository")


def check_metadata(source: Path, wheel: Path) -> None:
    """Has the checkers of packages look at the archives."""
    run("twine", "check", "--strict", str(source), str(wheel))
    run("check-wheel-contents", str(wheel), cwd=ROOT)  # where its settings are
    said("metadata", "twine check --strict and check-wheel-contents find nothing")


def try_wheel(wheel: Path, pythons: tuple[str, ...], folder: Path) -> None:
    """Installs the wheel into fresh environments, and tells of each one."""
    faults = []
    for outcome in try_everywhere(wheel, pythons, folder):
        said(outcome.name, f"{'FAILED' if outcome.fault else 'works'} ({outcome.seconds:.0f} s)")
        if outcome.fault:
            faults.append(f"{outcome.name}: {outcome.fault}")
    refuse("installed", faults)


if __name__ == "__main__":
    main(*sys.argv[1:])
