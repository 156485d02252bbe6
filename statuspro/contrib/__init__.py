"""Integrations with frameworks, imported only where they are used."""
