"""The library of template tags: `{% load statuspro %}`."""
