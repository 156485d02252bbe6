"""Bring a mirror into step with the service, with a bar."""
