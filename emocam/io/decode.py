"""Safe decoding of photo files: an upright picture, or a status and reason."""

from __future__ import annotations

import importlib.util
import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NoReturn

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError, features

from emocam.errors import PictureError, reason_of
from emocam.io.media_kind import RAW_ENDINGS, VIDEO_ENDINGS
from emocam.types import ImageU8

_MAX_SIDE = 65_535
_MAX_PIXELS = 100_000_000  # Pillow holds such a picture two or three times
_MAX_JPEG_PIXELS = 256_000_000  # decoded at a reduced size
_CUT = "the file ends before the picture does"
_ODD_TIFF = "a kind of TIFF that is not read, such as floating-point pixels; save it as PNG"
_WHITE = (255, 255, 255, 255)

_TIFF_ORDERS = {b"II*\0": "<I", b"MM\0*": ">I"}
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo."""

    # Shape (height, width, 3), uint8, blue first, upright; smaller than the file's picture when it
    # was decoded at a reduced size
    image_bgr: ImageU8
    size_wh: tuple[int, int]  # width and height of the upright picture at its full size
    remark: str = ""  # that the file holds further pictures


@dataclass(frozen=True, eq=False)
class GrayPhoto:
    """A photo decoded to grey."""

    # Shape (height, width), uint8, upright; smaller than the file's picture as in `Photo`
    image_gray: ImageU8
    size_wh: tuple[int, int]  # width and height of the upright picture at its full size
    remark: str = ""  # as in `Photo`


def decode_photo(data: bytes, name: str = "", *, min_side: int | None = None) -> Photo:
    """Decode a photo file.

    Parameters
    ----------
    data
        The file's bytes.
    name
        Its name; only the ending counts, which is what tells camera-raw files apart.
    min_side
        A JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as its shorter side keeps this
        many pixels. None decodes at full size.

    Raises
    ------
    PictureError
        With the status and the reason for the table.
    """
    return Photo(*_decoded(data, name, color=True, min_side=min_side))


def decode_gray(data: bytes, name: str = "", *, min_side: int | None = None) -> GrayPhoto:
    """Decode a photo file to grey, which takes a third of the time for a JPEG.

    Parameters and errors as for `decode_photo`.
    """
    decoded, size_wh, remark = _decoded(data, name, color=False, min_side=min_side)
    if decoded.ndim == 3:
        decoded = cv2.cvtColor(decoded, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    return GrayPhoto(decoded, size_wh, remark)


def _decoded(
    data: bytes, name: str, *, color: bool, min_side: int | None
) -> tuple[ImageU8, tuple[int, int], str]:
    """Picture, full width and height, and remark; without `color`, a JPEG's picture is grey."""
    if not data:
        raise PictureError("unreadable", "the file is empty")
    if PurePath(name).suffix.lower() in RAW_ENDINGS:
        raise PictureError("unsupported", "a camera's raw picture; export it as JPEG")
    if PurePath(name).suffix.lower() in VIDEO_ENDINGS:
        raise PictureError("unsupported", "a video; 'emocam video' reads clips")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata
        with _open(data) as header:
            _check_size(header)
            try:
                if header.format in ("JPEG", "MPO") and header.mode in ("L", "RGB"):
                    return *_decode_jpeg(data, header, color=color, min_side=min_side), ""
                remark = _remark(header)
                image_bgr = _decode_with_pillow(header)
            except PictureError:
                raise
            except Exception as error:  # noqa: BLE001 - a decoder fed with damaged bytes raises anything
                _give_up(data, error)
    return image_bgr, (image_bgr.shape[1], image_bgr.shape[0]), remark


def _remark(header: Image.Image) -> str:
    """What to say of a moving picture, or a file of several pages, whose first is read."""
    try:
        count = getattr(header, "n_frames", 1)
    except Exception:  # noqa: BLE001 - what is damaged behind the first picture is left alone
        header.seek(0)
        return ""
    return f"the first of its {count} pictures" if count > 1 else ""


def _open(data: bytes) -> Image.Image:
    """Read the header only."""
    heif = data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS
    if heif:
        _register_heif()
    try:
        return Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise PictureError("too_large", str(error).split(", could")[0]) from error
    except UnidentifiedImageError as error:
        if data[8:12] in (b"avif", b"avis") and not features.check("avif"):
            raise PictureError("unsupported", "AVIF needs: pip install 'pillow>=11.3'") from error
        if data[:4] in _TIFF_ORDERS and not is_cut(data):
            raise PictureError("unsupported", _ODD_TIFF) from error
        _give_up(data, error)
    except Exception as error:  # noqa: BLE001 - see decode_photo
        _give_up(data, error)


def _register_heif() -> None:
    if importlib.util.find_spec("pillow_heif") is None:
        raise PictureError("unsupported", 'HEIC needs: pip install "emocam[heic]"')
    import pillow_heif

    pillow_heif.register_heif_opener()


def _check_size(header: Image.Image) -> None:
    width, height = header.size
    most = _MAX_JPEG_PIXELS if header.format in ("JPEG", "MPO") else _MAX_PIXELS
    if max(width, height) > _MAX_SIDE or width * height > most:
        raise PictureError(
            "too_large", f"{width}×{height} pixels; at most {most // 10**6} million are read"
        )


def _decode_jpeg(
    data: bytes, header: Image.Image, *, color: bool, min_side: int | None
) -> tuple[ImageU8, tuple[int, int]]:
    """OpenCV is twice as fast as Pillow here, but silent about a cut file."""
    if is_cut(data):
        raise PictureError("truncated", _CUT)
    orientation = header.getexif().get(ExifTags.Base.Orientation, 1)
    flags = _jpeg_flags(min(header.size), color=color, min_side=min_side)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if decoded is None:
        raise PictureError("unreadable", "a JPEG that can't be decoded")
    image = upright(np.asarray(decoded, dtype=np.uint8), orientation)
    size_wh = header.size if orientation not in (5, 6, 7, 8) else header.size[::-1]
    return image, size_wh


def _jpeg_flags(side: int, *, color: bool, min_side: int | None) -> int:
    plain = cv2.IMREAD_COLOR if color else cv2.IMREAD_GRAYSCALE
    reduced = {
        8: cv2.IMREAD_REDUCED_COLOR_8 if color else cv2.IMREAD_REDUCED_GRAYSCALE_8,
        4: cv2.IMREAD_REDUCED_COLOR_4 if color else cv2.IMREAD_REDUCED_GRAYSCALE_4,
        2: cv2.IMREAD_REDUCED_COLOR_2 if color else cv2.IMREAD_REDUCED_GRAYSCALE_2,
    }
    fitting = (flag for factor, flag in reduced.items() if min_side and side // factor >= min_side)
    # Turned upright by one rule for all kinds of file, not by OpenCV, which leaves some out.
    return int(next(fitting, plain)) | int(cv2.IMREAD_IGNORE_ORIENTATION)


def _decode_with_pillow(header: Image.Image) -> ImageU8:
    header.load()
    picture = ImageOps.exif_transpose(header)
    if picture.mode.startswith("I;16"):
        return _from_16_bits(np.asarray(picture).astype(np.uint16))
    if picture.mode == "I":
        return _from_16_bits(np.clip(np.asarray(picture), 0, 65_535).astype(np.uint16))
    if picture.mode == "F":
        raise PictureError("unsupported", _ODD_TIFF)
    if picture.has_transparency_data:
        # What viewers show behind a cut-out person is white.
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, _WHITE), picture)
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])


def _from_16_bits(gray: np.ndarray[Any, np.dtype[np.uint16]]) -> ImageU8:
    bright = (gray >> 8).astype(np.uint8)  # Pillow's own conversion would clip
    return np.ascontiguousarray(np.repeat(bright[:, :, None], 3, axis=2))


def upright(image: ImageU8, orientation: int) -> ImageU8:
    """Undo an EXIF orientation, 1 to 8 (CIPA DC-008, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def _give_up(data: bytes, error: Exception) -> NoReturn:
    if is_cut(data) or "truncat" in str(error).lower():
        raise PictureError("truncated", _CUT) from error
    if isinstance(error, UnidentifiedImageError):
        raise PictureError("unreadable", "not a picture that can be decoded") from error
    if isinstance(error, MemoryError):
        raise PictureError("too_large", "not enough memory to decode it") from error
    raise PictureError("unreadable", f"damaged: {reason_of(error)}") from error


def is_cut(data: bytes) -> bool:
    """Whether a file lacks its end, as JPEG, PNG, WebP, TIFF and AVIF or HEIC tell it."""
    if data[:3] == b"\xff\xd8\xff":
        return data.find(b"\xff\xd9", _start_of_scan(data)) < 0
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return data.rfind(b"IEND") < 0
    if data[:4] == b"RIFF" and len(data) >= 8:
        return int(struct.unpack_from("<I", data, 4)[0]) + 8 > len(data)
    if data[:4] in _TIFF_ORDERS:
        # Where its directory stands, often behind the pixels.
        return len(data) < 8 or struct.unpack_from(_TIFF_ORDERS[data[:4]], data, 4)[0] >= len(data)
    return data[4:8] == b"ftyp" and _boxes_end(data) > len(data)


def _start_of_scan(data: bytes) -> int:
    """Where a JPEG's picture data starts; the thumbnail before it has an end marker of its own."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return at


def _boxes_end(data: bytes) -> int:
    """Where the boxes of an ISO base media file say that it ends (ISO/IEC 14496-12)."""
    at = 0
    while at + 16 <= len(data):
        size = int(struct.unpack_from(">I", data, at)[0])
        if size == 1:
            size = int(struct.unpack_from(">Q", data, at + 8)[0])
        if size < 8:  # 0: reaches to the end of the file
            return len(data)
        at += size
    return at
