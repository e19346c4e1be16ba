"""FER2013's table: a row a picture, its pixels as numbers in one cell."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from emocam.errors import DatasetError
from emocam.recognition.labels import EMOTIONS
from emocam.types import ImageU8

_NUMBERED = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_MIN_SIDE = 8


@dataclass(frozen=True)
class CsvRow:
    """One picture: `usage` is the cell as written, `pixels` the numbers, still as text."""

    name: str
    label: str
    usage: str
    pixels: str


def read_rows(lines: Iterable[str], source: str) -> Iterator[CsvRow]:
    """Rows of `fer2013.csv` or `icml_face_data.csv`, whose headers are padded with blanks.

    Parameters
    ----------
    lines
        The table's text.
    source
        What to call it in messages.

    Raises
    ------
    DatasetError
        When it lacks a column, an emotion is none of FER2013's, or it is no CSV.
    """
    rows = csv.DictReader(lines, skipinitialspace=True)
    try:
        fields = {name.strip().lower(): name for name in rows.fieldnames or []}
        if not {"emotion", "pixels"} <= set(fields):
            raise DatasetError(
                f"{source} should have the columns emotion, pixels and Usage; "
                f"it has: {', '.join(fields)[:200] or 'none'}"
            )
        for row in rows:
            name = f"line {rows.line_num}"
            yield CsvRow(
                name,
                _label(source, name, (row[fields["emotion"]] or "").strip()),
                (row.get(fields.get("usage", "")) or "").strip(),
                row[fields["pixels"]] or "",
            )
    except csv.Error as error:
        raise DatasetError(f"{source}, line {rows.line_num}: {error}") from error


def _label(source: str, name: str, text: str) -> str:
    if text in {str(number) for number in range(len(_NUMBERED))}:
        return _NUMBERED[int(text)]
    if text.lower() in EMOTIONS:
        return text.lower()
    raise DatasetError(f"{source}, {name}: emotion should be 0 to 6, it is {text[:40]!r}")


def parse_pixels(text: str) -> ImageU8:
    """Square grey picture, uint8, of numbers from 0 to 255 with blanks between.

    Raises
    ------
    OSError
        When they are not such numbers, or not a square of them.
    """
    try:
        values = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise OSError("pixels should be numbers from 0 to 255") from error
    if len(values) and not 0 <= values.min() <= values.max() <= 255:
        raise OSError("pixels should be numbers from 0 to 255")
    side = round(len(values) ** 0.5)
    if side < _MIN_SIDE or side * side != len(values):
        raise OSError(f"{len(values)} pixels make no square picture")
    return values.reshape(side, side).astype(np.uint8)
