"""What is checked of a release before it is uploaded: `nox -s release`."""
