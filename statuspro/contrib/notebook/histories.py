"""Histories as a data frame, and how long orders stayed in each status."""
