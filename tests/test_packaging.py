"""What `pip install statuspro` brings: the package, its types and three dependencies."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import statuspro
from tests.release.contents import faults_of_wheel, package_files

ROOT = Path(__file__).parent.parent
EXAMPLE = "docs/examples/django_shop"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both archives, built from a copy of the tree: nothing is left behind in it."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("setup.cfg", "pyproject.toml", "README.rst", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, tree)
    for folder in ("statuspro", "docs/examples"):
        ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3*")
        shutil.copytree(ROOT / folder, tree / folder, ignore=ignored)
    for left in ("shop.sqlite3", "shop.sqlite3-wal", "shop/urls.pyc"):
        (tree / EXAMPLE / left).touch()
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    build += "; build_meta.build_sdist('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=tree, check=True, capture_output=True)
    return tree / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(dist.glob("*.whl")))


def metadata(wheel: zipfile.ZipFile) -> Message:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


def test_wheel_has_every_file_of_the_package_its_entry_points_and_no_more(dist: Path) -> None:
    package = package_files(ROOT)
    folder = "statuspro/contrib/django"
    assert package >= {
        "statuspro/py.typed",
        f"{folder}/locale/de/LC_MESSAGES/django.mo",
        f"{folder}/migrations/0001_initial.py",
        f"{folder}/static/statuspro/order.css",
        f"{folder}/templates/statuspro/order.html",
    }
    assert faults_of_wheel(next(dist.glob("*.whl")), package) == []


def test_the_source_archive_has_the_example_and_nothing_that_it_kept(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    packed = {name for name in names if name.startswith(EXAMPLE) and Path(name).suffix}
    files = [path for path in (ROOT / EXAMPLE).rglob("*.*") if path.suffix != ".pyc"]
    kept = {path.relative_to(ROOT).as_posix() for path in files if ".sqlite3" not in path.name}
    assert packed == kept
    assert f"{EXAMPLE}/manage.py" in packed


def test_wheel_requires_three_packages_and_no_more(wheel: zipfile.ZipFile) -> None:
    required = [line.replace(" ", "") for line in metadata(wheel).get_all("Requires-Dist", [])]
    unconditional = [line for line in required if "extra==" not in line]
    assert [re.split("[<>=]", line)[0] for line in unconditional] == [
        "requests",
        "urllib3",
        "python-dotenv",
    ]
    assert unconditional[0] == "requests<3,>=2.32.2"
    assert unconditional[1] == "urllib3<3,>=2.6.3"


def test_wheel_is_of_the_version_that_the_package_says(wheel: zipfile.ZipFile) -> None:
    assert metadata(wheel)["Version"] == statuspro.__version__
    assert metadata(wheel)["Requires-Python"] == ">=3.10"
    assert metadata(wheel)["Author"] == "The statuspro authors"


def test_the_stage_of_development_goes_with_the_version(wheel: zipfile.ZipFile) -> None:
    (stage,) = [
        value
        for value in metadata(wheel).get_all("Classifier", [])
        if value.startswith("Development Status")
    ]
    final = re.fullmatch(r"[\d.]+", statuspro.__version__)
    assert stage.endswith("5 - Production/Stable" if final else "4 - Beta")
