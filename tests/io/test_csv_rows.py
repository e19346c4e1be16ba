"""Small tables that people write by hand, also as a spreadsheet leaves them."""

from __future__ import annotations

from pathlib import Path

import pytest

from emocam.errors import UsageError
from emocam.io.csv_rows import read_rows


@pytest.mark.parametrize(
    "data",
    [
        "file;name\nmüller.mp4;x\n".encode("cp1252"),
        "file,name\n".encode("utf-16"),
        b"PK\x03\x04\x14\0\0",
    ],
    ids=["Excel's plain CSV", "Unicode text", "a zip, as .xlsx is"],
)
def test_what_is_no_utf_8_says_what_to_save_it_as(tmp_path: Path, data: bytes):
    table = tmp_path / "plan.csv"
    table.write_bytes(data)
    with pytest.raises(UsageError, match=r"plan\.csv is no table in UTF-8: .* 'CSV UTF-8'"):
        read_rows(table)


def test_semicolons_a_mark_of_utf_8_and_capitals_are_read(tmp_path: Path):
    table = tmp_path / "plan.csv"
    table.write_text("\ufeffFile; Name \nmüller.mp4; Ann\n", encoding="utf-8")
    assert read_rows(table) == [{"file": "müller.mp4", "name": "Ann"}]
