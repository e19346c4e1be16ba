from __future__ import annotations

import pytest

from tests.robustness.mutations import CLIPS, PHOTOS, try_all

pytest.importorskip("resource")


def test_two_thousand_damaged_files_all_end_in_a_table() -> None:
    assert len(PHOTOS) + len(CLIPS) == 9
    outcome = try_all(2000, seed=0)
    assert outcome.files == 2000
    assert outcome.faults == []
    assert outcome.statuses.total() == 2000
    # The damage is neither none nor all.
    assert all(outcome.statuses[status] > 50 for status in ("ok", "unreadable", "truncated"))
