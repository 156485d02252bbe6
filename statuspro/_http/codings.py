"""The content codings that are asked for: those that urllib3 decodes within bounds."""

from __future__ import annotations

import importlib

from urllib3.util import make_headers


def boundless_codings() -> frozenset[str]:
    """Finds the content codings that urllib3 decodes whole, however much that is.

    Brotli before 1.2 can only do that: 800 bytes can stand for 2 GiB. The others stop where they
    are told to (and Zstandard's window is at most 128 MiB).
    """
    for name in ("brotlicffi", "brotli"):  # as urllib3 looks for it
        try:
            brotli = importlib.import_module(name)
        except ImportError:
            continue
        decompressor = brotli.Decompressor()
        decompress = getattr(decompressor, "decompress", None) or decompressor.process
        try:
            decompress(b"", output_buffer_limit=1)
        except TypeError:
            return frozenset({"br"})
        break
    return frozenset()


BOUNDLESS = boundless_codings()


def accepted_codings(boundless: frozenset[str] = BOUNDLESS) -> str:
    """Writes the value of `Accept-Encoding`: what urllib3 decodes within bounds."""
    known = make_headers(accept_encoding=True)["accept-encoding"].split(",")
    return ", ".join(coding for coding in known if coding not in boundless)


def is_bounded(content_encoding: str) -> bool:
    """Tells whether a body of this `Content-Encoding` is decoded within bounds."""
    given = content_encoding.lower().split(",")
    return BOUNDLESS.isdisjoint(coding.strip() for coding in given)
