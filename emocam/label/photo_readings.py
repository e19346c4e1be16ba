"""Photos with their readings, one after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from emocam.io.photos import read_photo
from emocam.readings import FrameReadings
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Frame


def read_photos(
    paths: Iterable[str | Path], recognizer: EmotionRecognizer | None = None
) -> Iterator[tuple[Frame, FrameReadings]]:
    """Photos, upright and at full size, with the readings of their faces.

    Parameters
    ----------
    paths
        Photo files. `index` of the frames counts them from 0.
    recognizer
        What reads the faces; the default model when None.

    Yields
    ------
    tuple of Frame and FrameReadings
        A photo and the readings of its faces.

    Raises
    ------
    PictureError
        When a photo can't be read; it tells the status and the reason.

    Examples
    --------
    >>> from emocam import read_photos
    >>> for frame, readings in read_photos(["samples/photos/obama.jpg"]):
    ...     print(frame.source, len(readings))
    samples/photos/obama.jpg 1
    """
    recognizer = EmotionRecognizer.load() if recognizer is None else recognizer
    for index, path in enumerate(paths):
        frame = Frame(read_photo(Path(path)), index, source=str(path))
        readings = recognizer.read(frame.image_bgr)
        yield frame, replace(readings, index=index, source=frame.source)
