"""Orders as a data frame."""
