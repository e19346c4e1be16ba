"""Photos as they should not be: name, how to make it, status in the table, words of the reason."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tests.conftest import SAMPLES

PHOTO = SAMPLES / "photos" / "obama.jpg"


class BadPhoto(NamedTuple):
    name: str | bytes
    make: Callable[[Path], object]
    status: str
    reason: str = ""


def face(size: int = 320) -> Image.Image:
    return Image.open(PHOTO).convert("RGB").resize((size, size * 5 // 4))


def encoded(kind: str, picture: Image.Image | None = None) -> bytes:
    out = io.BytesIO()
    (picture or face()).save(out, kind)
    return out.getvalue()


def holding(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def saved(
    kind: str, make: Callable[[], Image.Image], **options: object
) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(encoded(kind, make(), **options))


def cut(kind: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(encoded(kind)[:3000])


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nearly nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + body


def deep(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)


def flipped(path: Path) -> None:
    data = bytearray(PHOTO.read_bytes())
    for at in np.random.default_rng(3).integers(600, len(data), 40):
        data[at] ^= 1 << int(at) % 8
    path.write_bytes(bytes(data))


def huge_file(path: Path) -> None:
    path.write_bytes(PHOTO.read_bytes())
    os.truncate(path, 300 << 20)  # with a hole: it takes no room


def animated(path: Path) -> None:
    gray = Image.new("RGB", face().size, "gray")
    face().save(path, "GIF", save_all=True, append_images=[gray, gray], duration=100)


BAD_PHOTOS = [
    BadPhoto("empty.jpg", holding(b""), "unreadable", "empty"),
    BadPhoto("text.jpg", holding(b"a letter\n" * 99), "unreadable", "not a picture"),
    BadPhoto("header.jpg", holding(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "truncated", "ends"),
    BadPhoto("header.png", holding(b"\x89PNG\r\n\x1a\n"), "truncated", "ends"),
    BadPhoto("cut.jpg", cut("JPEG"), "truncated", "ends before"),
    BadPhoto("cut.png", cut("PNG"), "truncated", "ends before"),
    BadPhoto("cut.webp", cut("WEBP"), "truncated", "ends before"),
    BadPhoto("cut.avif", cut("AVIF"), "truncated", "ends before"),
    BadPhoto("cut.gif", cut("GIF"), "truncated", ""),
    BadPhoto("cut.tif", cut("TIFF"), "truncated", ""),
    BadPhoto("cut.bmp", cut("BMP"), "truncated", ""),
    BadPhoto("flipped.jpg", flipped, "ok no_face unreadable truncated"),
    BadPhoto("bomb.png", holding(png_header(60_000, 60_000)), "too_large", "60000"),
    BadPhoto("long.png", holding(png_header(2_000_000, 10)), "too_large", "2000000×10"),
    BadPhoto("claims.png", holding(png_header(4000, 4000)), "truncated unreadable"),
    BadPhoto("heavy.jpg", huge_file, "too_large", "over 256 MB"),
    BadPhoto("raw.nef", holding(b"raw"), "unsupported", "export it as JPEG"),
    BadPhoto("clip.mp4.jpg", lambda path: path.write_bytes(
        (SAMPLES / "webcam.mp4").read_bytes()[:9000]), "unreadable truncated"),
    BadPhoto("float.tif", saved("TIFF", lambda: face().convert("F")), "unsupported", "PNG"),
    BadPhoto("dot.png", saved("PNG", lambda: Image.new("RGB", (1, 1))), "no_face"),
    BadPhoto("line.png", saved("PNG", lambda: Image.new("RGB", (3000, 1))), "no_face"),
    BadPhoto("cmyk.jpg", saved("JPEG", lambda: face().convert("CMYK")), "ok"),
    BadPhoto("gray.jpg", saved("JPEG", lambda: face().convert("L")), "ok"),
    BadPhoto("deep.png", saved("PNG", lambda: deep(face())), "ok"),
    BadPhoto("alpha.png", saved("PNG", lambda: face().convert("RGBA")), "ok"),
    BadPhoto("palette.png", saved("PNG", lambda: face().convert("P")), "ok"),
    BadPhoto("one-bit.png", saved("PNG", lambda: face().convert("1")), "ok no_face"),
    BadPhoto("moves.gif", animated, "ok"),
    BadPhoto("wrong-ending.png", saved("JPEG", face), "ok"),
    BadPhoto("лицо 顔 😀.jpg", saved("JPEG", face), "ok"),
    BadPhoto(b"\xff\xfe.jpg", saved("JPEG", face), "ok"),
    BadPhoto("=1+1.jpg", saved("JPEG", face), "ok"),
    BadPhoto("a\nb.jpg", saved("JPEG", face), "ok"),
    BadPhoto("circle.jpg", lambda path: path.symlink_to(path), "unreadable vanished"),
    BadPhoto("nowhere.jpg", lambda path: path.symlink_to("gone.jpg"), "vanished", "no longer"),
    BadPhoto("pipe.jpg", os.mkfifo, "unreadable", "not an ordinary file"),
    BadPhoto("zero.jpg", lambda path: path.symlink_to("/dev/zero"), "unreadable", "ordinary"),
]  # fmt: skip
