"""How fast the library is, measured against bare requests: `python -m benchmarks`."""
