"""The library beside what users put around requests: recorders, mocks, tracers, other sockets.

Modules named `test_*.py` need only what the test extra installs. Those named `with_*.py` need more:
`nox -s company` installs it and names them.
"""
