"""Tests of `statuspro.pagination.walk`."""
