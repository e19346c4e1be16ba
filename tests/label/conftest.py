"""An album with everything that happens in one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "photos"


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Two photos with a face, one without, a cut one, one that is none, and a raw one."""
    folder = tmp_path / "album"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(SAMPLES / "obama.jpg", folder / "b.jpg")
    shutil.copy(SAMPLES / "astronaut.jpg", folder / "sub" / "ä.jpg")
    Image.fromarray(np.full((60, 80), 99, np.uint8)).save(folder / "a.png")
    (folder / "cut.jpg").write_bytes((SAMPLES / "biden.jpg").read_bytes()[:20_000])
    (folder / "no.jpg").write_text("not a picture")
    (folder / "raw.nef").write_text("raw")
    return folder
