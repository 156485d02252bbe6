"""What becomes of the tests' verdict when the code is changed in small ways (nox -s mutation)."""
