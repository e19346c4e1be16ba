"""What has been read, on disk, a file a unit: an interrupted study goes on with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emocam.label.tasks import Work
from emocam.output import complete_file, writing
from emocam.study.frames import SessionFrames, read_frames
from emocam.study.plan import photos_in
from emocam.study.reading import Unit

FOLDER = ".progress"


@dataclass(frozen=True)
class UnitAbout:
    """What is known of a unit besides its readings."""

    size_wh: tuple[int, int]  # width and height of the picture in pixels
    remark: str  # what is wrong with the file, else empty


class ReadingStore:
    """Finished units in a folder of the results.

    Parameters
    ----------
    results
        Folder of the results.
    work
        How files are read: what was read otherwise does not count.
    """

    def __init__(self, results: Path, work: Work) -> None:
        self._folder = results / FOLDER
        self._work = work

    def begin(self) -> None:
        """Mark the folder as a study's before anything else is put there."""
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, unit: Unit) -> Path:
        """Where the readings of a unit are, or would be: its name changes with the file."""
        told = (
            self._work.key,
            str(unit.file.absolute()),
            _stamp(unit.file),
            [face.text for face in unit.faces],
            (unit.start_s, unit.end_s, unit.every_s),
        )
        digest = hashlib.sha256(json.dumps(told).encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{digest[:24]}.parquet"

    def has(self, unit: Unit) -> bool:
        """Whether a unit is finished, with its film if one is wanted."""
        film_there = unit.film is None or unit.film.exists()
        return film_there and self.path(unit).exists()

    def keep(self, unit: Unit, parquet: bytes) -> None:
        """Keep what came of a unit.

        Raises
        ------
        OutputError
            When it can't be written.
        """
        with complete_file(self.path(unit)) as temporary:
            temporary.write_bytes(parquet)

    def about(self, unit: Unit) -> UnitAbout:
        """What is known of a finished unit."""
        import pyarrow.parquet as pq

        metadata = pq.read_schema(self.path(unit)).metadata[b"emocam"]
        told: dict[str, Any] = json.loads(metadata)
        return UnitAbout((int(told["size_wh"][0]), int(told["size_wh"][1])), str(told["remark"]))

    def frames(self, unit: Unit) -> dict[str, SessionFrames]:
        """The readings of a finished unit, by the mark of the participant's face."""
        return read_frames(self.path(unit))


def _stamp(file: Path) -> list[str]:
    files = photos_in(file) if file.is_dir() else [file]
    stamps = []
    for one in files:
        try:
            status = one.stat()
        except OSError:
            continue
        stamps.append(f"{one.name}:{status.st_size}:{status.st_mtime_ns}")
    return stamps
