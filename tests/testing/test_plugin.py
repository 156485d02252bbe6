"""The pytest plugin as a user's project has it, of which no line names it."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

from statuspro import testing

ROOT = Path(__file__).parents[2]

pytest_plugins = ["pytester"]

#: What the plugin may take at the start of every pytest run, of the package itself.
AT_START = {
    "statuspro",
    "statuspro._version",
    "statuspro.testing",
    "statuspro.testing.plugin",
}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project in whose environment the package is installed, by the metadata of setup.cfg."""
    metadata = pytester.mkdir("installed") / "statuspro_of_tests-1.dist-info"
    metadata.mkdir()
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    points = config["options.entry_points"]["pytest11"]
    (metadata / "entry_points.txt").write_text(f"[pytest11]\n{points}\n")
    (metadata / "METADATA").write_text("Name: statuspro-of-tests\nVersion: 1\n")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{metadata.parent}")
    return pytester


def run(project: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    project.makepyfile(code)
    return project.runpytest_subprocess(
        "-p", "no:cacheprovider", "-W", "error", "--strict-markers", *arguments
    )


def test_fixtures_need_no_line(project: pytest.Pytester) -> None:
    code = """
        import statuspro

        def test_it(statuspro_sandbox, statuspro_client):
            assert statuspro_client.get_statuses()
            assert statuspro.StatusProClient().base_url == statuspro_sandbox.base_url
    """
    run(project, code).assert_outcomes(passed=1)


def test_lines_that_name_the_plugin_do_no_harm(project: pytest.Pytester) -> None:
    project.makeconftest('pytest_plugins = ["statuspro.testing"]')
    code = """
        pytest_plugins = ["statuspro.testing"]

        def test_it(statuspro_client):
            assert statuspro_client.get_statuses()
    """
    run(project, code, "-p", "statuspro.testing").assert_outcomes(passed=1)


def test_the_plugin_can_be_left_out(project: pytest.Pytester) -> None:
    shown = run(project, "def test_it(statuspro_client): ...", "-p", "no:statuspro.testing")
    shown.assert_outcomes(errors=1)
    assert "fixture 'statuspro_client' not found" in shown.stdout.str()


def test_a_project_that_does_not_use_it_pays_nothing(project: pytest.Pytester) -> None:
    code = f"""
        import sys

        def test_it():
            ours = {{name for name in sys.modules if name.partition(".")[0] == "statuspro"}}
            assert ours == {AT_START}
            assert "requests" not in sys.modules
            assert "urllib3" not in sys.modules
    """
    # requests-mock is a plugin too, and imports requests.
    run(project, code, "-p", "no:requests_mock").assert_outcomes(passed=1)


def test_the_mixin_needs_no_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; from statuspro.testing import SandboxTestCase"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_marker_is_registered_and_says_what_the_sandbox_is_like(project: pytest.Pytester) -> None:
    code = """
        import pytest, statuspro

        CUT = {"code": "cut00001", "name": "Cut"}

        @pytest.mark.statuspro(orders=3, statuses=[CUT])
        def test_keywords(statuspro_client):
            assert statuspro_client.list_orders()["meta"]["total"] == 3
            assert [each["code"] for each in statuspro_client.get_statuses()] == ["cut00001"]

        @pytest.mark.statuspro(orders=7)
        def test_without_the_fixture_too():
            assert statuspro.StatusProClient().list_orders()["meta"]["total"] == 7

        @pytest.fixture
        def total():
            return statuspro.StatusProClient().list_orders()["meta"]["total"]

        @pytest.fixture(autouse=True)
        def key_of_all_tests(monkeypatch):
            monkeypatch.setenv("STATUSPRO_API_KEY", "no key")

        @pytest.mark.statuspro(orders=5, seed=2)
        class TestClass:
            def test_of_the_class(self, total):
                assert total == 5

            @pytest.mark.statuspro(orders=6)
            def test_the_nearest_decides(self, total):
                assert total == 6
    """
    run(project, code).assert_outcomes(passed=4)
    assert "@pytest.mark.statuspro(orders=..." in run(project, "", "--markers").stdout.str()


def test_a_marker_that_makes_no_sense_is_an_error(project: pytest.Pytester) -> None:
    code = """
        import pytest

        @pytest.mark.statuspro(5)
        def test_position(): ...

        @pytest.mark.statuspro(order=5)
        def test_name(): ...
    """
    shown = run(project, code)
    shown.assert_outcomes(errors=2)
    assert "@pytest.mark.statuspro takes keywords only, not (5,)" in shown.stdout.str()
    assert "unexpected keyword argument 'order'" in shown.stdout.str()


def test_rate_limit_paces_the_sandbox_and_the_clients(project: pytest.Pytester) -> None:
    code = """
        import pytest, statuspro

        @pytest.mark.statuspro(orders=1, rate_limit=2, period=0.3)
        def test_paced(statuspro_sandbox, statuspro_client):
            with statuspro.StatusProClient() as own:
                assert own.rate_limit == statuspro_client.rate_limit
                assert own.rate_limit == statuspro.RateLimit(2, 2, 0.3)
                for _ in range(3):
                    own.get_statuses()
            times = [request.time for request in statuspro_sandbox.requests]
            assert len(times) == 3 and times[-1] - times[0] >= 0.3
            assert statuspro_sandbox.refused == 0
    """
    run(project, code).assert_outcomes(passed=1)


def test_coverage_of_the_package_can_be_measured(project: pytest.Pytester) -> None:
    code = """
        def test_it(statuspro_client):
            statuspro_client.get_statuses()
    """
    shown = run(project, code, "--cov", str(ROOT / "statuspro"), "--cov-report=term")
    shown.assert_outcomes(passed=1)
    assert "statuspro/api/statuses.py" in shown.stdout.str()


def test_the_package_has_no_other_names() -> None:
    assert not hasattr(testing, "nothing")
    assert {name for name in testing.__all__ if hasattr(testing, name)} == set(testing.__all__)
