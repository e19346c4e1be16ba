"""A contact sheet: all faces, by emotion and certainty, each linked to its photo."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import cv2

from emocam.detection.crop import cut_square, resized
from emocam.io.photos import is_remote
from emocam.io.table_formats import readable
from emocam.output import complete_file
from emocam.recognition.labels import color_hex
from emocam.render.page import page
from emocam.types import Box, ImageU8

_SIDE = 96
_MARGIN = 0.15  # shown around the box, as a share of its side
_QUALITY = 80
_ON_A_PAGE = 10_000
_EMBEDDED = 1_000  # more faces would make a file that opens slowly
_IN_A_BLOCK = 120  # a multiple of every number of columns
_NAME = re.compile(r"[0-9a-f]{20}\.jpg")

_STYLE = """
body { max-width: none }
.filter { position: absolute; opacity: 0 }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; position: sticky; top: 0; z-index: 1;
  padding: .5rem 0; background: var(--paper) }
.chips label { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .8rem;
  cursor: pointer }
.chips label::before, h2::before { content: ""; display: inline-block; width: .7em; height: .7em;
  margin-right: .4em; border-radius: 50%; border: 1px solid var(--soft); background: var(--c) }
.faces { display: grid; grid-template-columns: repeat(var(--n), 1fr); gap: .5rem; --n: 3;
  list-style: none; padding: 0; margin: 0 0 .5rem; text-align: center;
  content-visibility: auto; contain-intrinsic-height: auto calc(8000px / var(--n)) }
.faces img { width: 96px; height: 96px; border-radius: .4rem; border: 3px solid var(--c);
  background: var(--line) }
.faces a { color: inherit; text-decoration: none; font-size: .85rem; display: block }
.faces a:hover img, .faces a:focus img { outline: 3px solid var(--ink) }
@media (min-width: 40rem) { .faces { --n: 5 } }
@media (min-width: 56rem) { .faces { --n: 8 } }
@media (min-width: 70rem) { .faces { --n: 10 } }
@media (min-width: 84rem) { .faces { --n: 12 } }
@media (min-width: 108rem) { .faces { --n: 15 } }
@media print { .faces { content-visibility: visible } .chips, .filter { display: none } }
"""


class GalleryFace(NamedTuple):
    """A face of the contact sheet: what it shows, where, how certain, and its JPEG."""

    emotion: str
    address: str
    certainty: float
    jpeg: bytes


def cut_face(image_bgr: ImageU8, xyxy: Box) -> bytes:
    """A face with a little around it as a JPEG of 96×96 pixels.

    Parameters
    ----------
    image_bgr
        Shape (height, width, 3), uint8, blue first.
    xyxy
        The face's box.
    """
    x1, y1, x2, y2 = xyxy
    side = max(1, round(max(x2 - x1, y2 - y1) * (1 + 2 * _MARGIN)))
    left, top = (x1 + x2 - side) // 2, (y1 + y2 - side) // 2
    cut = resized(cut_square(image_bgr, left, top, side), _SIDE)
    return bytes(cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])


def write_gallery(
    path: Path, faces: Iterable[GalleryFace], count: int, labels: Sequence[str]
) -> list[Path]:
    """Write the contact sheet, which fetches nothing from the network.

    Up to 1,000 faces are one file. More have their pictures in the folder `<name>-faces` beside
    it, so that the page opens at once and loads what is looked at; over 10,000 go on in
    `<name>-2.html` and so on.

    Parameters
    ----------
    path
        The first page.
    faces
        In the order in which they are shown, those of one emotion together.
    count
        How many there are.
    labels
        The model's labels, which say the colours.

    Returns
    -------
    The pages written, and the folder of pictures if there is one.

    Raises
    ------
    OutputError
        When a page can't be written.
    """
    pages = max(1, -(-count // _ON_A_PAGE))
    names = [path, *(path.with_stem(f"{path.stem}-{n}") for n in range(2, pages + 1))]
    rest = iter(faces)
    pictures = _Embedded() if count <= _EMBEDDED else _Folder(path.with_name(f"{path.stem}-faces"))
    for number, name in enumerate(names):
        body = _body(islice(rest, _ON_A_PAGE), path.parent, tuple(labels), pictures)
        turn = _turn_page(names, number) if pages > 1 else ""
        title = f"{count} faces by apparent expression"
        with complete_file(name) as temporary:
            html = page(title, turn + body + turn, style=_STYLE)
            temporary.write_text(html, encoding="utf-8")
    return [*names, *pictures.finish()]


class _Embedded:
    """Pictures that stand in the page."""

    def address(self, jpeg: bytes) -> str:
        return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")

    def finish(self) -> list[Path]:
        return []


class _Folder:
    """Pictures in a folder beside the page, named by what they hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._used: set[str] = set()

    def address(self, jpeg: bytes) -> str:
        name = f"{hashlib.sha256(jpeg).hexdigest()[:20]}.jpg"
        if name not in self._used:
            self._used.add(name)
            with complete_file(self.path / name) as temporary:
                temporary.write_bytes(jpeg)
        return f"./{quote(os.fsencode(self.path.name))}/{name}"

    def finish(self) -> list[Path]:
        """Take away the pictures of an earlier run."""
        for old in self.path.iterdir():
            if _NAME.fullmatch(old.name) and old.name not in self._used:
                old.unlink()
        return [self.path]


def _body(
    faces: Iterable[GalleryFace],
    folder: Path,
    labels: tuple[str, ...],
    pictures: _Embedded | _Folder,
) -> str:
    filters, chips, rules, sections = [], [], [], []
    groups = (
        (emotion, list(some)) for emotion, some in groupby(faces, key=lambda face: face.emotion)
    )
    for number, (emotion, some) in enumerate(groups):
        color = f"--c: {color_hex(emotion, labels)}"
        name = escape(emotion)
        filters.append(f'<input class="filter" type="radio" name="f" id="f{number}">')
        chips.append(f'<label for="f{number}" style="{color}">{name} {len(some)}</label>')
        rules.append(
            f"#f{number}:checked ~ section:not(#s{number}) {{ display: none }}"
            f"#f{number}:checked ~ .chips [for=f{number}],"
            f"#f{number}:focus-visible ~ .chips [for=f{number}] {{ outline: 2px solid var(--ink) }}"
        )
        blocks = "".join(_blocks(_items(some, folder, pictures)))
        sections.append(
            f'<section id="s{number}" style="{color}"><h2>{name} <span class="soft">{len(some)}'
            f"</span></h2>{blocks}</section>"
        )
    if not sections:
        return "<p>No faces were found.</p>"
    everything = '<input class="filter" type="radio" name="f" id="fall" checked>'
    row = f'<div class="chips"><label for="fall">all</label>{"".join(chips)}</div>'
    rules.append("#fall:checked ~ .chips [for=fall] { outline: 2px solid var(--ink) }")
    style = f"<style>{''.join(rules)}</style>"
    return style + everything + "".join(filters) + row + "\n".join(sections)


def _blocks(items: Iterator[str]) -> Iterator[str]:
    """Lists that a browser can leave alone until they come into view."""
    while block := "".join(islice(items, _IN_A_BLOCK)):
        yield f'<ul class="faces">{block}</ul>'


def _items(
    faces: Iterable[GalleryFace], folder: Path, pictures: _Embedded | _Folder
) -> Iterator[str]:
    for face in faces:
        name = escape(readable(Path(face.address).name))
        link = _link(face.address, folder)
        yield (
            f'<li><a{link} title="{escape(readable(face.address))}">'
            f'<img loading="lazy" alt="a face in {name}" '
            f'src="{pictures.address(face.jpeg)}">{face.certainty:.0%}</a></li>\n'
        )


def _link(address: str, folder: Path) -> str:
    if is_remote(address):
        return f' href="{escape(address)}"' if address.startswith(("http://", "https://")) else ""
    try:
        target = os.path.relpath(Path(address).absolute(), folder.absolute())
    except ValueError:  # on another drive, which Windows can't reach by a relative path
        return f' href="{escape(Path(address).absolute().as_uri())}"'
    # A name such as `javascript:x.jpg` would be taken for an address without the dot.
    return f' href="./{escape(quote(os.fsencode(Path(target).as_posix())))}"'


def _turn_page(names: Sequence[Path], number: int) -> str:
    links = [
        f"<b>{n + 1}</b>" if n == number else f'<a href="./{quote(name.name)}">{n + 1}</a>'
        for n, name in enumerate(names)
    ]
    return f"<nav>Page {' '.join(links)}</nav>"
