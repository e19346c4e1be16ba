"""Decoding: every kind of file, upright, and a name for whatever is wrong."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, features

from emocam.errors import PictureError
from emocam.io.decode import decode_gray, decode_photo, is_cut, upright

WIDTH, HEIGHT = 96, 64


def corner_picture(mode: str = "RGB") -> Image.Image:
    """Dark, with a bright red square in the top left corner."""
    pixels = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
    pixels[:32, :32] = (230, 30, 30)
    return Image.fromarray(pixels).convert(mode)


def coded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("TIFF", {}),
    ("BMP", {}),
    ("GIF", {}),
]
HAS_AVIF = "avif" in features.modules | features.features  # older Pillows warn when asked
if HAS_AVIF:
    KINDS.append(("AVIF", {}))


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_kinds_decode_to_blue_green_red(kind: str, options: dict[str, Any]) -> None:
    photo = decode_photo(coded(corner_picture(), kind, **options))
    assert photo.size_wh == (WIDTH, HEIGHT)
    assert photo.image_bgr.shape == (HEIGHT, WIDTH, 3)
    assert photo.image_bgr.flags.c_contiguous
    blue, _, red = photo.image_bgr[10, 10].astype(int)
    assert (blue < 70, red > 190) == (True, True)
    assert photo.image_bgr[50, 80].max() < 50


EXIF_KINDS = ["JPEG", "PNG", "WEBP", "TIFF", *(["AVIF"] if HAS_AVIF else [])]


@pytest.mark.parametrize("kind", EXIF_KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_turn_is_undone(kind: str, orientation: int) -> None:
    undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that makes the file
    picture = corner_picture()
    if orientation > 1:
        picture = picture.transpose(Image.Transpose(undone[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode_photo(coded(picture, kind, exif=exif))
    assert photo.size_wh == (WIDTH, HEIGHT)
    assert photo.image_bgr.shape == (HEIGHT, WIDTH, 3)
    assert photo.image_bgr[10, 10, 2] > 180
    assert photo.image_bgr[50, 80].max() < 60


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_agree_with_pillow(orientation: int) -> None:
    from PIL import ImageOps

    picture = Image.fromarray(np.arange(60, dtype=np.uint8).reshape(5, 4, 3))
    picture.getexif()[0x0112] = orientation
    turned = np.asarray(ImageOps.exif_transpose(picture))
    assert np.array_equal(upright(np.asarray(picture), orientation), turned)


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize("part", [0.4, 0.8, 0.98])
def test_a_cut_file_is_named_truncated(kind: str, options: dict[str, Any], part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    data = coded(Image.fromarray(noise), kind, **options)
    assert not is_cut(data)
    with pytest.raises(PictureError) as caught:
        decode_photo(data[: int(len(data) * part)])
    assert caught.value.status == "truncated"


def test_the_thumbnails_end_marker_does_not_hide_that_the_photo_is_cut() -> None:
    thumbnail = coded(corner_picture(), "JPEG")
    data = coded(corner_picture(), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    data = data[:2] + segment + data[2:]
    assert not is_cut(data)
    assert is_cut(data[:-40])


def test_sixteen_bits_keep_their_brightness() -> None:
    gray = np.linspace(0, 65_535, WIDTH, dtype=np.uint16)[None].repeat(HEIGHT, axis=0)
    for kind in ("PNG", "TIFF"):
        image = decode_photo(coded(Image.fromarray(gray), kind)).image_bgr
        assert np.abs(image[0, :, 0].astype(int) - (gray[0] >> 8)).max() <= 1
    colored = cv2.imencode(".png", gray[:, :, None].repeat(3, axis=2))[1].tobytes()
    image = decode_photo(colored).image_bgr
    assert np.abs(image[0, :, 0].astype(int) - (gray[0] >> 8)).max() <= 1


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_grey_and_palettes(mode: str) -> None:
    image = decode_photo(coded(corner_picture(mode), "PNG")).image_bgr
    assert image[:32, :32].mean() > image[32:, 32:].mean() + 30


def test_what_is_transparent_becomes_white() -> None:
    picture = corner_picture("RGBA")
    picture.putalpha(Image.fromarray(np.eye(HEIGHT, WIDTH, dtype=np.uint8) * 255))
    for kind in ("PNG", "WEBP"):
        image = decode_photo(coded(picture, kind, lossless=True)).image_bgr
        assert image[0, 50].tolist() == [255, 255, 255]
        assert image[40, 40].max() < 30


def test_cmyk_jpeg() -> None:
    image = decode_photo(coded(corner_picture("CMYK"), "JPEG")).image_bgr
    assert image[10, 10, 2] > 180
    assert image[50, 80].max() < 60


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_give_their_first_picture(kind: str) -> None:
    second = Image.new("RGB", (WIDTH, HEIGHT), (0, 255, 0))
    data = coded(corner_picture(), kind, save_all=True, append_images=[second])
    assert decode_photo(data).image_bgr[10, 10, 2] > 150


def test_grey_decoding_is_nearly_the_colours_brightness() -> None:
    data = coded(corner_picture(), "JPEG", quality=95)
    gray = decode_gray(data).image_gray
    brightness = cv2.cvtColor(decode_photo(data).image_bgr, cv2.COLOR_BGR2GRAY)
    assert np.abs(gray.astype(int) - brightness).max() <= 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_grey_and_coloured_files_are_decoded_both_ways(kind: str) -> None:
    for mode in ("L", "RGB"):
        data = coded(corner_picture().convert(mode), kind)
        assert decode_photo(data).image_bgr.shape == (HEIGHT, WIDTH, 3)
        assert decode_gray(data).image_gray.shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize(("min_side", "height"), [(None, 480), (480, 480), (240, 240), (70, 120)])
def test_jpegs_are_decoded_as_small_as_is_allowed(min_side: int | None, height: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = coded(corner_picture().resize((480, 720)), "JPEG", exif=exif)
    photo, gray = decode_photo(data, min_side=min_side), decode_gray(data, min_side=min_side)
    assert photo.size_wh == gray.size_wh == (720, 480)
    assert photo.image_bgr.shape == (height, height * 3 // 2, 3)
    assert gray.image_gray.shape == (height, height * 3 // 2)


def _huge_png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        end = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + end

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "size", [(40_000, 40_000), (12_000, 10_000), (2_097_152, 10), (1, 70_000), (60_000, 60_000)]
)
def test_bombs_are_too_large(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError) as caught:
        decode_photo(_huge_png(*size))
    assert caught.value.status == "too_large"


@pytest.mark.parametrize(
    ("data", "name", "status"),
    [
        (b"", "x.jpg", "unreadable"),
        (b"hello", "x.jpg", "unreadable"),
        (b"\xff\xd8\xff", "x.jpg", "truncated"),
        (b"II*\0rubbish", "x.NEF", "unsupported"),
        (b"GIF89a", "x.gif", "unreadable"),
    ],
)
def test_what_is_no_picture_has_a_status(data: bytes, name: str, status: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode_photo(data, name)
    assert caught.value.status == status
    assert "\n" not in str(caught.value)


def test_floating_point_pixels_are_unsupported() -> None:
    with pytest.raises(PictureError) as caught:
        decode_photo(coded(Image.new("F", (20, 20)), "TIFF"))
    assert caught.value.status == "unsupported"


def test_a_tiff_that_pillow_does_not_know_is_no_damaged_file() -> None:
    colors = np.zeros((20, 20, 3), np.float32)
    data = cv2.imencode(".tif", colors)[1].tobytes()
    with pytest.raises(PictureError, match=r"TIFF .* save it as PNG") as caught:
        decode_photo(data)
    assert caught.value.status == "unsupported"
    with pytest.raises(PictureError) as caught:
        decode_photo(data[: struct.unpack_from("<I", data, 4)[0]])  # up to its directory
    assert caught.value.status == "truncated"


def test_heic_with_and_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    with monkeypatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(PictureError, match=r"emocam\[heic\]") as caught:
            decode_photo(head)
    assert caught.value.status == "unsupported"
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    turned = corner_picture().transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.info["exif"] = exif.tobytes()  # which pillow-heif makes a turn of the container
    for picture in (corner_picture(), turned):
        photo = decode_photo(coded(picture, "HEIF"))
        assert photo.size_wh == (WIDTH, HEIGHT)
        assert photo.image_bgr[10, 10, 2] > 180


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_damage_gives_a_picture_or_a_status_and_nothing_else(
    kind: str, options: dict[str, Any]
) -> None:
    data = coded(corner_picture(), kind, **options)
    random = np.random.default_rng(7)
    outcomes = set()
    for _ in range(60):
        damaged = bytearray(data)
        for at in random.integers(0, len(data), 4):
            damaged[at] = random.integers(0, 256)
        outcomes.add(_outcome(bytes(damaged)))
    assert outcomes <= {"ok", "unreadable", "truncated", "too_large", "unsupported"}


def _outcome(data: bytes) -> str:
    try:
        decode_photo(data)
    except PictureError as error:
        return error.status
    return "ok"
