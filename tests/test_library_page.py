"""docs/library.md: every Python block of it runs, in order, and every public name is on it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import emocam
from emocam.training import recipes
from tests.conftest import SAMPLES
from tests.recognition.test_words_model import made_up_faces

PAGE = (SAMPLES.parent / "docs" / "library.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_runs(tmp_path: Path, monkeypatch, capsys):
    pytest.importorskip("pandas")
    (tmp_path / "samples").symlink_to(SAMPLES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recipes, "cache_folder", lambda: tmp_path / "cache")
    names: dict[str, object] = {}
    for prefix, seed in (("faces_gray labels", 0), ("more_faces more_labels", 900)):
        made = made_up_faces(60, seed)
        images, labels = prefix.split()
        names |= {images: made.images, labels: np.array(made.labels)[made.targets]}
    assert len(BLOCKS) > 8
    for block in BLOCKS:
        exec(compile(block, "docs/library.md", "exec"), names)
    assert (tmp_path / "drawn.png").exists()
    assert "there is no video file" in capsys.readouterr().out
    assert names["picture"]._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    assert "calm" in str(names["html"])


@pytest.mark.parametrize("name", sorted(set(emocam.__all__) - {"__version__"}))
def test_every_public_name_is_in_a_block(name: str):
    assert any(re.search(rf"\b{name}\b", block) for block in BLOCKS)
