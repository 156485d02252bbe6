"""The tests of statuspro.storage."""
