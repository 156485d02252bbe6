"""The mixin for the test cases of unittest and Django."""

from __future__ import annotations

import os
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest import mock

from statuspro.client import StatusProClient
from statuspro.sandbox import Sandbox

from .isolation import environment_of, isolated


class SandboxTestCase(unittest.TestCase):
    """A test case, or a mixin for one: each test has a sandbox of its own.

    While a test runs, `setUp` and `tearDown` included, each client that is made without arguments
    talks to the sandbox, unpaced unless the sandbox has a `rate_limit`, and no client of this
    package reaches any other origin. `setUpClass` and Django's `setUpTestData` run before.

    Attributes:
        sandbox_options: keywords of :class:`statuspro.sandbox.Sandbox`, for each test of the class.
        sandbox: the test's sandbox.
        statuspro: a client of the sandbox, closed when the test ends.
    """

    sandbox_options: ClassVar[dict[str, Any]] = {}
    sandbox: Sandbox
    statuspro: StatusProClient

    # Not setUp: a test case whose own setUp forgets `super().setUp()` would reach the service.

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Runs the test in its sandbox."""
        with self._in_a_sandbox():
            return super().run(result)

    def debug(self) -> None:
        """Runs the test in its sandbox without collecting its errors."""
        with self._in_a_sandbox():
            super().debug()

    @contextmanager
    def _in_a_sandbox(self) -> Iterator[None]:
        with Sandbox(**self.sandbox_options) as sandbox, sandbox.client() as client:
            self.sandbox, self.statuspro = sandbox, client
            environment = environment_of(sandbox)
            with mock.patch.dict(os.environ, environment, clear=True), isolated():
                yield
        del self.sandbox, self.statuspro
