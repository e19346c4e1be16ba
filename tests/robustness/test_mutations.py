from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.robustness import mutations
from tests.robustness.mutations import CLIPS, PHOTOS, Outcome, try_all, try_batch

pytest.importorskip("resource")


def test_two_thousand_damaged_files_all_end_in_a_table() -> None:
    assert len(PHOTOS) + len(CLIPS) == 9
    outcome = try_all(2000, seed=0)
    assert outcome.files == 2000
    assert outcome.faults == []
    assert outcome.hangs == []
    assert outcome.statuses.total() == 2000
    # The damage is neither none nor all.
    assert all(outcome.statuses[status] > 50 for status in ("ok", "unreadable", "truncated"))


def test_one_file_that_hangs_is_found_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def run(is_clip: bool, batch: mutations.Batch, folder: Path) -> Outcome | None:
        runs.append(len(batch))
        names = [name for name, _ in batch]
        seconds = 12.0 if "7.jpg" in names else 1.0
        if "30.jpg" in names:
            return None
        return Outcome(len(batch), Counter({"ok": len(batch)}), [], [], 100.0, seconds)

    monkeypatch.setattr(mutations, "_run", run)
    outcome = try_batch(False, [(f"{number}.jpg", b"") for number in range(40)])
    assert outcome.files == 40
    assert outcome.hangs == outcome.faults == ["7.jpg: hangs", "30.jpg: hangs"]
    assert outcome.statuses == {"ok": 39, "hangs": 1}  # the other ended at last, with a status
    assert len(runs) < 30
