"""Photos with their readings, one after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from emocam.errors import PictureError
from emocam.io.photo_discovery import find_photos
from emocam.io.photos import read_photo
from emocam.readings import FrameReadings
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Frame


def read_photos(
    paths: str | Path | Iterable[str | Path], recognizer: EmotionRecognizer | None = None
) -> Iterator[tuple[Frame, FrameReadings]]:
    """Photos, upright and at full size, with the readings of their faces.

    Parameters
    ----------
    paths
        Photo files, folders with all below them, patterns or addresses, as for `emocam label`;
        one or several. `index` of the frames counts the photos from 0.
    recognizer
        What reads the faces; the default model when None.

    Yields
    ------
    tuple of Frame and FrameReadings
        A photo and the readings of its faces.

    Raises
    ------
    PictureError
        When a photo can't be read; it tells the photo, the status and the reason.
    UsageError
        When there is nothing of a name.

    Examples
    --------
    >>> from emocam import read_photos
    >>> for frame, readings in read_photos(["samples/photos/obama.jpg"]):
    ...     print(frame.source, len(readings))
    samples/photos/obama.jpg 1
    """
    recognizer = EmotionRecognizer.load() if recognizer is None else recognizer
    several = [paths] if isinstance(paths, str | Path) else paths
    for index, found in enumerate(find_photos(map(str, several))):
        try:
            frame = Frame(read_photo(found.address), index, source=found.address)
        except PictureError as error:
            raise PictureError(error.status, f"{found.address}: {error}") from error
        readings = recognizer.read(frame.image_bgr)
        yield frame, replace(readings, index=index, source=frame.source)
