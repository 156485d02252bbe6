"""The endpoint functions: each takes the client first and returns plain JSON."""
