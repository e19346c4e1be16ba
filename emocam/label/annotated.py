"""Copies of photos with boxes and labels drawn on them; what the camera noted stays."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import ExifTags, Image

from emocam.io.decode import decode_photo
from emocam.io.photos import is_remote
from emocam.output import complete_file
from emocam.render.overlay import draw
from emocam.types import Reading

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
_QUALITY = 92


def write_annotated(
    data: bytes, address: str, readings: Sequence[Reading], folder: Path, base: str
) -> Path:
    """Write a photo with its readings drawn on it, upright, with its EXIF data.

    Parameters
    ----------
    data
        The photo file's bytes.
    address
        Where it is; see `place_below`.
    readings
        What to draw, at full size.
    folder
        Where the copy goes. JPEG, PNG and WebP stay what they are, others become JPEG.
    base
        Folder that all photos lie below.

    Returns
    -------
    Path of the copy.
    """
    target = folder / place_below(address, base)
    if target.suffix.lower() not in _FORMATS:
        target = target.with_name(target.name + ".jpg")
    drawn_bgr = draw(decode_photo(data, address).image_bgr, readings)
    picture = Image.fromarray(drawn_bgr[:, :, ::-1])
    with complete_file(target) as temporary:
        picture.save(
            temporary,
            _FORMATS[target.suffix.lower()],
            quality=_QUALITY,
            **_kept_metadata(data),
        )
    return target


def _kept_metadata(data: bytes) -> dict[str, Any]:
    with Image.open(io.BytesIO(data)) as original:
        exif = original.getexif()
        kept: dict[str, Any] = {}
        if len(exif):
            exif[ExifTags.Base.Orientation] = 1  # the copy is upright
            kept["exif"] = exif.tobytes()
        profile = original.info.get("icc_profile")
        if profile and original.mode in ("RGB", "RGBA"):
            kept["icc_profile"] = profile
        return kept


def place_below(address: str, base: str) -> Path:
    """The part of an address below a base folder, as a relative path.

    Parameters
    ----------
    address
        A path, or an address such as `s3://bucket/a/b.jpg`, of which `bucket/a/b.jpg` is taken.
    base
        An absolute path that the path lies below.
    """
    if is_remote(address):
        rest = PurePosixPath(address.partition("://")[2].partition("?")[0])
        return Path(*(part for part in rest.parts if part not in ("/", "..")))
    return Path(os.path.relpath(Path(address).absolute(), base))


def common_base(inputs: Sequence[str]) -> str:
    """The deepest folder that all local inputs lie below, as an absolute path."""
    folders = []
    for given in (one for one in inputs if not is_remote(one)):
        path = Path(given).absolute()
        while not path.is_dir() and path != path.parent:  # a file, or a pattern such as a/*/b.jpg
            path = path.parent
        folders.append(os.path.normpath(path))
    return os.path.commonpath(folders) if folders else ""
