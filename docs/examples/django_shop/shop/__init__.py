"""A shop that shows its customers and its staff how far their orders are."""
