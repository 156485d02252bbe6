"""A shop's site on the Django app and its service: see :mod:`benchmarks.django_site`."""
