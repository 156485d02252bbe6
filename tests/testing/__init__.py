"""Tests of `statuspro.testing`."""
