"""HTML for a notebook's output: escaped, readable in dark and light, without a script."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from statuspro._contrast import contrast, ink_on
from statuspro.contrib.notebook._colors import EDGE, PAGES
from statuspro.contrib.notebook._texts import cells

#: With less than this between them, a shape needs an edge.
_LEAST = 1.5

#: Columns of text that a chip has in one line.
_ONE_LINE = 40

#: JupyterLab's own colours, else those of VS Code, else by what the browser prefers. The class
#: stands three times where JupyterLab has rules of its own for lists and tables.
_STYLE = """
.statuspro{
--sp-ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#1f2328));
--sp-faint:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#57606a));
--sp-ground:var(--jp-layout-color0,var(--vscode-editor-background,#ffffff));
--sp-line:var(--jp-border-color2,var(--vscode-panel-border,#d0d7de));
color:var(--sp-ink);background:var(--sp-ground);padding:.6em .8em;max-width:52em;
font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;overflow-x:auto}
@media(prefers-color-scheme:dark){.statuspro{
--sp-ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#e6edf3));
--sp-faint:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#9da7b1));
--sp-ground:var(--jp-layout-color0,var(--vscode-editor-background,#111111));
--sp-line:var(--jp-border-color2,var(--vscode-panel-border,#3d444d))}}
.statuspro .sp-title{font-size:16px;font-weight:600;margin:0 .5em 0 0}
.statuspro .sp-faint{color:var(--sp-faint)}
.statuspro .sp-chip{display:inline-block;border:1px solid;border-radius:1em;padding:0 .7em;
font-weight:600;min-width:18em;box-sizing:border-box}
.statuspro .sp-one,.statuspro code{white-space:nowrap;min-width:0}
.statuspro.statuspro.statuspro ol{list-style:none;margin:.8em 0 .4em .4em;padding:0;
border-left:2px solid var(--sp-line)}
.statuspro.statuspro.statuspro li{position:relative;margin:0;padding:0 0 .6em 1.3em}
.statuspro.statuspro.statuspro li:last-child{padding-bottom:0}
.statuspro .sp-dot{position:absolute;left:-8px;top:.3em;width:12px;height:12px;
border:1px solid;border-radius:50%}
.statuspro .sp-small{left:-6px;width:8px;height:8px;top:.45em}
.statuspro time{color:var(--sp-faint);font-variant-numeric:tabular-nums;margin-right:.6em}
.statuspro .sp-comment{border-left:3px solid var(--sp-line);padding-left:.7em;margin:.2em 0;
white-space:pre-line}
.statuspro .sp-internal{border-left-color:#d946ef}
.statuspro.statuspro.statuspro p{margin:.5em 0 0}
.statuspro.statuspro.statuspro table{border-collapse:collapse;border:0;margin:.3em 0 0;
font-size:14px;color:inherit;width:auto}
.statuspro.statuspro.statuspro tr,
.statuspro.statuspro.statuspro td{background:none;border:0;text-align:left;
vertical-align:baseline;padding:.15em .8em .15em 0;line-height:1.6;max-width:none;
white-space:normal}
.statuspro.statuspro.statuspro td:first-child{min-width:7em}
.statuspro.statuspro.statuspro td.sp-faint{min-width:5em}
.statuspro.statuspro.statuspro td.sp-count{text-align:right;font-variant-numeric:tabular-nums;
white-space:nowrap}
.statuspro.statuspro.statuspro td.sp-track{width:22em}
.statuspro.statuspro.statuspro td.sp-part{padding-top:.7em;font-weight:600}
.statuspro .sp-bar{height:1em;margin-top:.25em;border:1px solid;border-radius:2px;
box-sizing:border-box}
""".replace("\n", "")


class Html(str):
    """Markup that is written already: it is not escaped again."""

    __slots__ = ()


def element(name: str, *children: str, cls: str = "", style: str = "", **attributes: str) -> Html:
    """Makes an element.

    Args:
        name: of the tag.
        children: markup, or text that is escaped.
        cls: its class.
        style: what of its style is its own.
        attributes: others.
    """
    given = {"class": cls, "style": style, **attributes}
    written = "".join(f' {key}="{escape(value)}"' for key, value in given.items() if value)
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(parts: Iterable[str], between: str = "") -> Html:
    """Joins markup and text; what is no markup is escaped."""
    written = (part if isinstance(part, Html) else escape(part) for part in parts)
    return Html(escape(between).join(written))


def page(*children: str) -> Html:
    """Makes the whole output; `$` in it is no formula."""
    style = element("style", Html(_STYLE))
    return element("div", style, *children, cls="statuspro tex2jax_ignore mathjax_ignore")


def name_of(text: str) -> Html:
    """Makes a text that a person wrote: in its own direction of writing."""
    return element("bdi", text)


def chip(text: str, color: str) -> Html:
    """Makes a status in its colour, written in black or white, whichever is read better."""
    cls = "sp-chip sp-one" if cells(text) <= _ONE_LINE else "sp-chip"
    return element("span", name_of(text), cls=cls, style=f"{filled(color)};color:{ink_on(color)}")


def filled(color: str) -> str:
    """The style of a shape in a colour, with an edge where a page may have that colour too."""
    is_seen = min(contrast(color, ground) for ground in PAGES) >= _LEAST
    return f"background:{color};border-color:{color if is_seen else EDGE}"
