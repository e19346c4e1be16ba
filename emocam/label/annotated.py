"""Copies of photos with boxes and labels drawn on them, EXIF data kept."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from emocam.io.decode import decode_photo
from emocam.label.places import place_below
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
    # Not into the file: where the disk has room for a part, Pillow writes that part and no error.
    encoded = io.BytesIO()
    kind = _FORMATS[target.suffix.lower()]
    picture.save(encoded, kind, quality=_QUALITY, **_kept_metadata(data))
    with complete_file(target, follow=False) as temporary:  # a link may lead to a photo
        temporary.write_bytes(encoded.getvalue())
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
