"""Tests of `statuspro.pacing`."""
