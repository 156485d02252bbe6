"""Tests of `statuspro.cli`."""
