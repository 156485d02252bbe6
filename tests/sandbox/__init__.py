"""The tests of statuspro.sandbox."""
