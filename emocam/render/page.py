"""One self-contained HTML page: nothing in it is fetched from anywhere."""

from __future__ import annotations

import base64
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff;
  --line: #d0d7de; --soft: #57606a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d; --soft: #9aa4af }
}
@media print { :root { --ink: #000; --paper: #fff; --line: #bbb; --soft: #444 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif }
h1, h2, h3 { line-height: 1.2 }
figure { margin: 1.5rem 0; break-inside: avoid }
figure img { max-width: 100%; height: auto; background: #fff }
figcaption, footer, .soft { color: var(--soft); font-size: .9rem }
.scroll { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right }
th:first-child, td:first-child { text-align: left }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .5rem }
"""


def page(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """A whole HTML document.

    Parameters
    ----------
    title
        Plain text; shown as the heading too.
    body
        HTML. Text from outside must have gone through `html.escape`.
    style, script
        CSS and JavaScript of this page's own, added to the common ones.
    """
    code = f"<script>{script}</script>" if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n{code}</body></html>\n"
    )


def picture(data: bytes, alt: str, *, kind: str = "png") -> str:
    """An `<img>` that holds its picture.

    Parameters
    ----------
    data
        The picture file's bytes.
    alt
        What it shows, for those who can't see it.
    kind
        `png` or `jpeg`.
    """
    coded = base64.b64encode(data).decode("ascii")
    return f'<img src="data:image/{kind};base64,{coded}" alt="{escape(alt)}">'


def figure(png: bytes, alt: str, caption: str) -> str:
    """A picture with its caption (plain text)."""
    return f"<figure>{picture(png, alt)}<figcaption>{escape(caption)}</figcaption></figure>"


def table(head: list[str], rows: list[list[str]], caption: str = "") -> str:
    """A table of plain text that scrolls sideways on a narrow screen."""
    heading = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{title}<thead><tr>{heading}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
