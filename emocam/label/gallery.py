"""A contact sheet: all faces, by emotion and certainty, each linked to its photo."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import cv2

from emocam.detection.crop import cut_square, resized
from emocam.io.photos import is_remote
from emocam.io.table_formats import readable
from emocam.output import complete_file
from emocam.recognition.labels import color_hex
from emocam.render.page import data_address, render_page
from emocam.types import Box, ImageU8

_SIDE = 96
_MARGIN = 0.15  # shown around the box, as a share of its side
_QUALITY = 80
_ON_A_PAGE = 10_000
_EMBEDDED = 1_000  # more faces would make a file that opens slowly
_IN_A_LIST = 120  # a multiple of every number of columns
_NAME = re.compile(r"[0-9a-f]{20}\.jpg")


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
        html = render_page(
            "label/templates/gallery.html",
            title=f"{count} faces by apparent expression",
            groups=_groups(islice(rest, _ON_A_PAGE), path.parent, tuple(labels), pictures),
            in_a_list=_IN_A_LIST,
            pages=[f"./{quote(os.fsencode(one.name))}" for one in names],
            number=number,
        )
        with complete_file(name) as temporary:
            temporary.write_text(html, encoding="utf-8")
    return [*names, *pictures.finish()]


class _Embedded:
    """Pictures that stand in the page."""

    def address(self, jpeg: bytes) -> str:
        return data_address(jpeg, "jpeg")

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


def _groups(
    faces: Iterable[GalleryFace],
    folder: Path,
    labels: tuple[str, ...],
    pictures: _Embedded | _Folder,
) -> list[dict[str, Any]]:
    """What the template shows of each emotion."""
    return [
        {
            "emotion": emotion,
            "color": color_hex(emotion, labels),
            "faces": [_entry(face, folder, pictures) for face in some],
        }
        for emotion, some in groupby(faces, key=lambda face: face.emotion)
    ]


def _entry(face: GalleryFace, folder: Path, pictures: _Embedded | _Folder) -> dict[str, str]:
    return {
        "link": _link(face.address, folder),
        "address": readable(face.address),
        "name": readable(Path(face.address).name),
        "picture": pictures.address(face.jpeg),
        "certainty": f"{face.certainty:.0%}",
    }


def _link(address: str, folder: Path) -> str:
    """Address of a photo as seen from the page's folder; empty where a browser can't open it."""
    if is_remote(address):
        return address if address.startswith(("http://", "https://")) else ""
    try:
        target = os.path.relpath(Path(address).absolute(), folder.absolute())
    except ValueError:  # on another drive, which Windows can't reach by a relative path
        return Path(address).absolute().as_uri()
    # A name such as `javascript:x.jpg` would be taken for an address without the dot.
    return f"./{quote(os.fsencode(Path(target).as_posix()))}"
