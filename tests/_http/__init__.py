"""Tests of `statuspro._http`."""
