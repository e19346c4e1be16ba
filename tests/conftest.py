"""Made-up pictures that are told apart easily, in all the forms that a data set comes in."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from emocam.types import ImageU8

if TYPE_CHECKING:
    from emocam.label.pool import Results
    from emocam.label.tasks import PhotoTask, Work

SAMPLES = Path(__file__).parent.parent / "samples"
SIDE = 16
# CI runs the suite twice, the second time with all extras and the shared data: what has passed is
# noted in this file, and not run again. Elsewhere nothing names one.
_PASSED = os.environ.get("EMOCAM_PASSED")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not _PASSED or not Path(_PASSED).exists():
        return
    passed = set(Path(_PASSED).read_text(encoding="utf-8").splitlines())
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
    items[:] = [item for item in items if item.nodeid not in passed]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if _PASSED and report.when == "call" and report.passed:
        with Path(_PASSED).open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid}\n")


def made_up_picture(label_number: int, seed: int, side: int = SIDE) -> ImageU8:
    """A bright bar at a height that depends on the label, with noise."""
    image = np.random.default_rng(seed).integers(0, 60, (side, side)).astype(np.uint8)
    image[2 * label_number : 2 * label_number + 2] += 180
    return image


def write_dataset(
    folder: Path, labels: tuple[str, ...], per_class: int, *, parts: tuple[str, ...] = ()
) -> Path:
    """Write `<part>/<label>/<number>.png`, or `<label>/<number>.png` without parts."""
    seed = 0
    for part in parts or ("",):
        for number, label in enumerate(labels):
            place = folder / part / label
            place.mkdir(parents=True)
            for picture in range(per_class):
                seed += 1
                _, data = cv2.imencode(".png", made_up_picture(number, seed))
                (place / f"{picture}.png").write_bytes(data.tobytes())
    return folder


def zip_folder(folder: Path, target: Path, *, top: str = "") -> Path:
    """Pack a folder as a zip, below a folder named `top` if given."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(top) / file.relative_to(folder))
    return target


def write_fer_csv(path: Path, per_class: int, *, header: str = "emotion,pixels,Usage") -> Path:
    """FER2013's table with all seven emotions; the columns stand in the header's order."""
    fields = [name.strip() for name in header.split(",")]
    with path.open("w", newline="") as file:
        file.write(header + "\n")
        writer = csv.DictWriter(file, fields)
        for usage in ("Training", "PublicTest", "PrivateTest"):
            for number in range(7):
                for picture in range(per_class):
                    image = made_up_picture(number, picture)
                    pixels = " ".join(map(str, image.ravel()))
                    writer.writerow({"emotion": number, "pixels": pixels, "Usage": usage})
    return path


@pytest.fixture
def three_labels(tmp_path: Path) -> Path:
    """Folder with `train` (8 a label) and `test` (8 a label) of glad, grim and odd."""
    return write_dataset(tmp_path / "faces", ("glad", "grim", "odd"), 8, parts=("train", "test"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the data that is too large for the repository."""
    shared = os.environ.get("EMOCAM_SHARED")
    if not shared:
        pytest.skip("EMOCAM_SHARED does not name the folder of the large test data")
    return Path(shared) / "data"


def read_here(work: Work, tasks: Iterable[PhotoTask], *_: int) -> Results:
    """In the place of `emocam.label.pool.read_in_processes`: photos read in this process."""
    from emocam.label.pool import CHUNK
    from emocam.label.worker import label_tasks

    rest = iter(tasks)
    while chunk := list(islice(rest, CHUNK)):
        yield label_tasks(work, chunk)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """`emocam label` starts no processes."""
    monkeypatch.setattr("emocam.label.run.read_in_processes", read_here)
