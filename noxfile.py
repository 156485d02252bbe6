"""Every check of the project, each in an environment of its own: ``nox -l`` lists them.

``nox`` alone runs the tests and every quick check, on nox's own Python. ``.ci/run`` runs the demo
and the tests itself and then, in the environment that it has made for them, the sessions with the
tag ``check``.
"""

import configparser
import os
import re
import shutil
import tempfile
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "imports", "docs", "demo", "coverage"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
# The long-term release on the ends of its Pythons, and the newest release on those that it takes.
DJANGO = [
    nox.param(python, django, id=f"{name}-{python}")
    for name, django, pythons in [("5.2", "~=5.2.0", PYTHONS[::3]), ("new", ">=6.1", PYTHONS[2:])]
    for python in pythons
]
# The service's interface description is not ours to ship: say where yours is.
OPENAPI = Path(os.environ.get("STATUSPRO_OPENAPI", "../shared/api/statuspro-openapi.yaml"))

RELEASE_TOOLS = "build check-wheel-contents packaging towncrier twine uv".split()

VERSIONS = "import requests, urllib3; print(requests.__version__, urllib3.__version__)"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(python="3.10")
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest version that is allowed of every dependency."""
    session.install("-e", ".[test]", *lowest_versions("test"))
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
@nox.parametrize("python,django", DJANGO)
def django(session: nox.Session, django: str) -> None:
    """Run the tests of the Django app; they check a project for its server, and the migrations."""
    session.install("-e", ".[test]", f"Django{django}")
    session.run("python", "-m", "django", "--version")
    folders = ("tests/contrib/django", "tests/testing")
    session.run("pytest", "-n", "auto", *folders, *session.posargs)


@nox.session
def upstream(session: nox.Session) -> None:
    """Run the tests on the newest requests and urllib3, pre-releases included."""
    session.install("-e", ".[test]")
    session.install("--pre", "--upgrade", "requests", "urllib3")
    session.run("python", "-c", VERSIONS)
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests and fail when too few lines or branches were reached."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", "--cov", *session.posargs)


@nox.session
def company(session: nox.Session) -> None:
    """Run the tests beside what users put around requests; each of it is installed."""
    session.install("-e", ".[test,company]")
    # urllib3-future overwrites urllib3: it is installed where only its own test looks.
    apart = Path(session.create_tmp()).resolve() / "urllib3-future"
    session.install("--target", str(apart), "--upgrade", "urllib3-future")
    folder = ROOT / "tests" / "company"
    modules = sorted([*folder.glob("test_*.py"), *folder.glob("with_*.py")])
    environment = {"STATUSPRO_URLLIB3_FUTURE": str(apart)}
    session.run("pytest", "-n", "auto", *map(str, modules), *session.posargs, env=environment)


@nox.session(tags=["check"])
def lint(session: nox.Session) -> None:
    """Run ruff's rules, compare with ruff's format, check the names of the changes' files."""
    session.install("-e", ".[lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("towncrier", "build", "--draft", silent=True)


@nox.session(tags=["check"])
def types(session: nox.Session) -> None:
    """Run both type checkers, over the documentation too; compare with what is at run time."""
    session.install("-e", ".[test,lint]")
    session.run("mypy")
    session.run("pyright")
    session.run("python", "-m", "tests.snippets")
    session.run("python", "-m", "tests.stubtest")


@nox.session(python=PYTHONS[::3])
def wheel_types(session: nox.Session) -> None:
    """Hold the public types on the installed wheel, away from the sources, by both checkers."""
    # Not in the repository: there pyright finds settings that leave out .nox, and checks no file.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        session.install("build")
        session.run("python", "-m", "build", "--outdir", str(folder), silent=True)
        (wheel,) = folder.glob("*.whl")
        session.run("pip", "uninstall", "-q", "-y", "statuspro")
        session.install(f"{wheel}[django,notebook]", "mypy", "pyright[nodejs]", "pytest")
        shutil.copy(ROOT / "tests" / "test_typing.py", folder)
        session.chdir(folder)
        mark_installed(session, folder)
        # pandas and Django have no types that mypy could read.
        session.run(
            "mypy", "--strict", "--ignore-missing-imports", "test_typing.py", "test_mark.py"
        )
        session.run("pyright", "test_typing.py", "test_mark.py")
        session.chdir(ROOT)


def mark_installed(session: nox.Session, folder: Path) -> None:
    """Adds a name to the installed package, and a module that imports it.

    A checker that read the sources instead would find that the name is missing.
    """
    find = "import statuspro; print(statuspro.__path__[0])"
    found = session.run("python", "-I", "-c", find, silent=True)
    assert isinstance(found, str)
    with (Path(found.strip()) / "_version.py").open("a", encoding="utf-8") as file:
        file.write("INSTALLED: bool = True\n")
    text = "from statuspro._version import INSTALLED\n\nprint(INSTALLED)\n"
    (folder / "test_mark.py").write_text(text, encoding="utf-8")


@nox.session(tags=["check"])
def imports(session: nox.Session) -> None:
    """Check that no room of the package imports a higher one."""
    session.install("-e", ".[lint]")
    session.run("lint-imports")


@nox.session(tags=["check"])
def docs(session: nox.Session) -> None:
    """Build the documentation, where a warning is an error, and look at it in a browser."""
    session.install("-e", ".[docs,test]")
    shutil.rmtree(ROOT / "docs" / "_build" / "html", ignore_errors=True)
    session.run("sphinx-build", "-W", "-n", "-q", "-b", "html", "docs", "docs/_build/html")
    session.run("pytest", "-q", "tests/pages_in_browser.py")


@nox.session
def demo(session: nox.Session) -> None:
    """Show the library's main job in a terminal."""
    session.install("-e", ".[cli]")
    session.run("statuspro", "demo")


@nox.session
def lab(session: nox.Session) -> None:
    """Run the example notebooks in JupyterLab and write pictures of it, to be looked at."""
    session.install("-e", ".[notebook]", "jupyterlab", "ipywidgets", "pytest", "selenium")
    session.run("python", "-m", "tests.contrib.notebook.lab_run", "docs/_build/lab")


@nox.session
def schemathesis(session: nox.Session) -> None:
    """Try the sandbox against the service's interface description."""
    if not OPENAPI.exists():
        session.skip("no interface description: set STATUSPRO_OPENAPI to its path")
    session.install("-e", ".", "schemathesis>=4")
    session.run("python", "-m", "tests.sandbox.schemathesis_run", str(OPENAPI), *session.posargs)


@nox.session
def spec(session: nox.Session) -> None:
    """Say where the library and the service's interface description differ."""
    if not OPENAPI.exists():
        session.skip("no interface description: set STATUSPRO_OPENAPI to its path")
    session.install("-e", ".", "pyyaml")
    session.run("python", "-m", "tests.spec", str(OPENAPI))


@nox.session
def limits(session: nox.Session) -> None:
    """Run the tests that take minutes, such as those that wait through real windows of 60 s."""
    session.install("-e", ".[test]")
    # Some take three minutes: longer than a test that hangs is otherwise left alone.
    patience = ("-o", "faulthandler_timeout=900")
    session.run("pytest", "-n", "8", "-m", "limits", *patience, *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Run for minutes under random faults; STATUSPRO_SOAK_SECONDS says for how long."""
    session.install("-e", ".[test]")
    patience = ("-o", "faulthandler_timeout=900")
    session.run("pytest", "-m", "soak", *patience, "tests/soak", *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Change the code in small ways and see that the tests notice: an hour or so."""
    session.install("-e", ".[test]", "mutmut>=3.8")
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    session.run("mutmut", "run", *session.posargs)
    session.run("python", "-m", "tests.mutation.check")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure the library against bare requests, on a quiet machine; draw the documentation's."""
    session.install("-e", ".[benchmarks]")
    session.run("python", "-m", "benchmarks", *session.posargs)
    session.run("python", "-m", "benchmarks.report")


@nox.session
def changelog(session: nox.Session) -> None:
    """Show what the next release will say; ``-- --yes`` writes it and removes the fragments."""
    session.install("-e", ".[lint]")
    session.run("towncrier", "build", *(session.posargs or ["--draft"]))


@nox.session
def release(session: nox.Session) -> None:
    """Make the source archive and the wheel in dist/, and check all of a release but the upload."""
    session.install("-e", ".[cli]", *RELEASE_TOOLS)
    session.run("python", "-m", "tests.release", *(session.posargs or PYTHONS))


def lowest_versions(*extras: str) -> list[str]:
    """Return ``name==version`` for the lower bound of each dependency in setup.cfg."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lists = [config["options"]["install_requires"]]
    lists += [config["options.extras_require"][extra] for extra in extras]
    return re.sub(r">=([\w.]+)\S*", r"==\1", "\n".join(lists)).split()
