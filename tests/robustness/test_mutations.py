from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.robustness import mutations
from tests.robustness.bad_photos import PHOTO
from tests.robustness.mutations import CLIPS, PHOTOS, try_all, try_batch

pytest.importorskip("resource")


def test_two_thousand_damaged_files_all_end_in_a_table() -> None:
    assert len(PHOTOS) + len(CLIPS) == 9
    outcome = try_all(2000, seed=0)
    assert outcome.faults == []  # also none that took longer than ten seconds
    assert len(outcome.seconds) == 2000
    assert outcome.statuses.total() == 2000
    # The damage is neither none nor all.
    assert all(outcome.statuses[status] > 50 for status in ("ok", "unreadable", "truncated"))


def test_one_file_that_hangs_is_found_among_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and the others are read."""
    monkeypatch.setattr(mutations, "_BATCH_ENDS_S", 15.0)
    monkeypatch.setattr(mutations, "_TIMED", hanging(tmp_path))
    photos = [(f"{number}.jpg", PHOTO.read_bytes()) for number in range(9)]
    began_s = time.monotonic()
    outcome = try_batch(False, photos)
    assert outcome.faults == ["7.jpg: hangs"]
    assert outcome.statuses == {"ok": 8, "hangs": 1}
    assert len(outcome.seconds) == 9
    assert time.monotonic() - began_s > 15


def test_a_file_that_takes_too_long_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "HANG_S", 0.0)
    outcome = try_batch(False, [("a.jpg", PHOTO.read_bytes())])
    assert outcome.faults == [f"a.jpg: took {outcome.seconds['a.jpg']:.1f} s"]


def hanging(folder: Path) -> Path:
    """The timed run, with a reader that never comes back from one file."""
    changed = folder / "timed.py"
    text = mutations._TIMED.read_text()
    assert "return read(" in text
    stuck = "while name == '7.jpg': time.sleep(1)\n            return read("
    changed.write_text(text.replace("return read(", stuck))
    return changed
