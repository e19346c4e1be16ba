"""Every command that writes something, with what it needs, for suites about where it writes to.

Results go to the folder `out` below the working folder.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import write_dataset
from tests.robustness.bad_photos import PHOTO
from tests.robustness.clips import make_clip

_LABEL = "label photos --jobs 1 --model pixels"
_VIDEO = "video a.mp4 --model pixels"
_LIVE = "live a.mp4 --realtime --no-window --model pixels"

COMMANDS = {
    "label: table": f"{_LABEL} -o out/t.csv",
    "label: SQLite": f"{_LABEL} -o out/t.sqlite",
    "label: annotated": f"{_LABEL} -o t.csv --annotated out/drawn",
    "label: gallery": f"{_LABEL} -o t.csv --gallery out/g.html",
    "label: sorted": f"{_LABEL} -o t.csv --sort-into out/sorted --copies",
    "video: all": f"{_VIDEO} -o out",
    "video: JSON lines": f"{_VIDEO} -o out/t.jsonl",
    "video: Parquet": f"{_VIDEO} -o out/t.parquet",
    "video: SQLite": f"{_VIDEO} -o out/t.sqlite",
    "live: log": f"{_LIVE} --log out/l.csv",
    "live: SQLite": f"{_LIVE} --log out/l.sqlite",
    "live: film": f"{_LIVE} --record out/r.mp4",
    "teach": "teach a.mp4 --marks marks.csv -o out/me.json",
    "train": "train set --recipe pixels -o out/m.safetensors",
    "evaluate": "evaluate set --model pixels --figure out/f.png --report out/r.html",
    "compare": "compare set --model pixels --figure out/f.png --report out/r.html",
    "dataset": "dataset set --figure out/f.png --report out/r.html",
    "dataset: copy": "dataset set --balance-to out/balanced",
    "explain": "explain a.jpg -o out/e.png",
    "study": "study plan.csv --jobs 1 --model pixels --films -o out/results",
}  # by what it writes


def write_inputs(folder: Path) -> Path:
    """What the commands read."""
    (folder / "photos").mkdir()
    for number in range(4):
        shutil.copy(PHOTO, folder / "photos" / f"{number}.jpg")
    shutil.copy(PHOTO, folder / "a.jpg")
    make_clip(folder / "a.mp4", 12)
    # With a test part, so that nothing is fitted five times over.
    write_dataset(folder / "set", ("happy", "sad", "angry"), 12, parts=("train", "test"))
    (folder / "plan.csv").write_text("file,participant\na.mp4,ann\n")
    (folder / "marks.csv").write_text("label,start,end\nhappy,0,0.4\n")
    return folder
