"""How the tables came to be, in the steps that Django takes."""
