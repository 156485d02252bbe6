"""Minutes under random faults (nox -s soak)."""
