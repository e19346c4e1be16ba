"""Readings and pictures as a notebook shows them."""

from __future__ import annotations

from html import escape

import cv2

from emocam.errors import OutputError
from emocam.recognition.labels import color_hex
from emocam.types import ImageU8, Reading

_BAR_PX = 160
_NO_FACE = "<div>no face</div>"


def reading_html(reading: Reading) -> str:
    """What is said of a face, and a bar for each label."""
    x1, y1, x2, y2 = reading.face.xyxy
    said = f"<b>face {reading.face.id}: {escape(reading.emotion)}</b> {reading.certainty:.0%}"
    place = f"<span style='opacity:.65'>in {x1}, {y1} – {x2}, {y2}</span>"
    bars = "".join(
        _bar(label, share, reading.labels)
        for label, share in zip(reading.labels, reading.probabilities, strict=True)
    )
    return (
        "<div style='display:inline-block;margin:0 1.5em .8em 0;vertical-align:top'>"
        f"<div>{said} {place}</div><div style='display:grid;align-items:center;"
        f"grid-template-columns:auto {_BAR_PX}px auto;gap:1px 8px'>{bars}</div></div>"
    )


def readings_html(readings: tuple[Reading, ...]) -> str:
    """The same of all faces of a frame."""
    return "".join(map(reading_html, readings)) or _NO_FACE


def picture_png(image_bgr: ImageU8) -> bytes:
    """A picture as a PNG file.

    Raises
    ------
    OutputError
        When it is too large for one.
    """
    ok, data = cv2.imencode(".png", image_bgr)
    if not ok:
        raise OutputError(f"can't make a PNG of {image_bgr.shape[1]}×{image_bgr.shape[0]}")
    return data.tobytes()


def _bar(label: str, share: float, labels: tuple[str, ...]) -> str:
    width = max(1, round(share * _BAR_PX))
    return (
        f"<span>{escape(label)}</span>"
        f"<span style='width:{width}px;height:.8em;background:{color_hex(label, labels)};"
        "border:1px solid #8888;box-sizing:border-box'></span>"
        f"<span style='text-align:right'>{share:.0%}</span>"
    )
