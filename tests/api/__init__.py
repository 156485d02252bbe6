"""The tests of the endpoint functions."""
