"""Compares the library with the service's interface description: `nox -s spec`."""
