"""Readings as a DataFrame of pandas or polars, whichever is there."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from emocam.errors import SetupError, UsageError
from emocam.io.table_formats import INTEGER_COLUMNS, TEXT_COLUMNS
from emocam.io.tables import HEAD_COLUMNS
from emocam.readings import FrameReadings, rows
from emocam.types import Frame

Kind = Literal["integer", "text", "number"]
_LIBRARIES = ("pandas", "polars")


def to_frame(
    readings: FrameReadings | Iterable[FrameReadings | tuple[Frame, FrameReadings]],
    library: str | None = None,
) -> Any:
    """A DataFrame with the table's columns: a row a face, or one that says that there is none.

    Parameters
    ----------
    readings
        Results of frames, or what `read_video`, `read_live` and `read_photos` give.
    library
        `pandas` or `polars`; by default the one that is imported already, else the one that is
        installed.

    Returns
    -------
    pandas.DataFrame or polars.DataFrame
        What a row lacks is missing (NaN or NA, null); numbers of frames, faces,
        pixels and clusters are integers that may be missing.

    Raises
    ------
    UsageError
        When the library is neither.
    SetupError
        When it is not installed.

    Examples
    --------
    >>> from emocam import read_photos, to_frame
    >>> table = to_frame(read_photos(["samples/photos/obama.jpg"]), "pandas")
    >>> table[["face", "status"]].values.tolist()
    [[0, 'ok']]
    """
    name = _library(library)
    given = rows(readings)
    names = dict.fromkeys(HEAD_COLUMNS) | dict.fromkeys(key for row in given for key in row)
    columns = {column: [row.get(column) for row in given] for column in names}
    return _pandas(columns) if name == "pandas" else _polars(columns)


def _library(wanted: str | None) -> str:
    if wanted is not None and wanted not in _LIBRARIES:
        raise UsageError(f"a DataFrame of {' or '.join(_LIBRARIES)}; got '{wanted}'")
    names: Sequence[str] = _LIBRARIES if wanted is None else (wanted,)
    imported = [name for name in names if name in sys.modules]
    for name in (*imported, *names):
        if importlib.util.find_spec(name) is not None:
            return name
    raise SetupError(f"a DataFrame needs {' or '.join(names)}: pip install {names[0]}")


def _pandas(columns: dict[str, list[Any]]) -> Any:
    import pandas

    kinds = {"integer": "Int64", "text": "string", "number": "float64"}
    return pandas.DataFrame(
        {name: pandas.Series(column, dtype=kinds[_kind(name)]) for name, column in columns.items()}
    )


def _polars(columns: dict[str, list[Any]]) -> Any:
    import polars

    kinds = {"integer": polars.Int64, "text": polars.String, "number": polars.Float64}
    schema = {name: kinds[_kind(name)] for name in columns}
    return polars.DataFrame(columns, schema=schema)


def _kind(column: str) -> Kind:
    if column in INTEGER_COLUMNS:
        return "integer"
    return "text" if column in TEXT_COLUMNS else "number"
