"""Small tables that people write by hand: plans and marks."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from emocam.errors import UsageError, reason_of


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV table, its columns in small letters; separated by `,` or `;`.

    Raises
    ------
    UsageError
        When it can't be read as such a table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"can't read {path}: {reason_of(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(_no_table(path)) from error
    if "\0" in text:
        raise UsageError(_no_table(path))
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    # Not lines: a field in quotes may hold line breaks.
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, restval="")
    try:
        return [_row(row) for row in rows]
    except csv.Error as error:
        raise UsageError(f"can't read {path} as a table: {error}") from error


def _no_table(path: Path) -> str:
    return f"{path} is no table in UTF-8: expected .csv, which Excel saves as 'CSV UTF-8'"


def _row(row: dict[str, str]) -> dict[str, str]:
    return {
        (key or "").strip().lower(): value.strip()
        for key, value in row.items()
        if isinstance(value, str)  # what stands beyond the last column has no name
    }
