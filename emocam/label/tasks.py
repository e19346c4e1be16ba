"""Messages between the run and its workers: paths and rows, never pixels of photos."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from emocam import __version__
from emocam.io.table_formats import Row
from emocam.io.tables import status_row


@dataclass(frozen=True)
class Work:
    """How photos are to be read; the same for all photos and workers."""

    model: str  # path of the model file
    model_hash: str  # SHA-256 of that file
    # Below this certainty a face is `unsure`; None takes the model's threshold
    certainty: float | None = None
    # One person's profile as JSON; empty for none. It travels along: workers elsewhere don't see
    # the file
    profile: str = ""
    pictures: bool = False  # whether to cut the faces out
    annotated: str = ""  # folder for photos with boxes; empty for none
    base: str = ""  # folder that all photos lie below; the part below it is kept in `annotated`

    @property
    def key(self) -> str:
        """Differs between runs whose rows may differ."""
        key = f"{__version__} {self.model_hash} {self.certainty}"
        if not self.profile:
            return key
        return f"{key} {hashlib.sha256(self.profile.encode()).hexdigest()}"


class PhotoTask(NamedTuple):
    """A photo to read: its number in the journal and its address."""

    id: int
    address: str


class PhotoResult(NamedTuple):
    """Result of a photo: its rows of the table and, if wanted, a JPEG of each row's face."""

    id: int
    rows: list[Row]
    pictures: list[bytes]


def failed(task: PhotoTask, status: str, reason: str) -> PhotoResult:
    """The result of a photo without a face to read."""
    return PhotoResult(task.id, [status_row(task.address, status, reason)], [])
