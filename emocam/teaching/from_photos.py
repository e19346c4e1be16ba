"""Examples from a folder of photos: `<label>/*.jpg`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emocam.errors import PictureError, UsageError
from emocam.io.media_kind import PHOTO_ENDINGS
from emocam.io.photos import read_photo
from emocam.recognition.labels import known_label
from emocam.recognition.profile import MOST_EXAMPLES, Example, check_label
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Face, ImageU8

_CROP_SIDE = 2.5  # of the training format: a square picture that small is a face already


@dataclass(frozen=True)
class Lesson:
    """Examples, and what could not be one and why."""

    examples: list[Example] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def photos_by_label(folder: Path) -> dict[str, list[Path]]:
    """The photos of each label in a folder, sorted.

    Raises
    ------
    UsageError
        When there is no such folder, or no photo in it lies in a folder of a label.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}: give one with <label>/*.jpg")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_photo = path.suffix.lower() in PHOTO_ENDINGS and path.is_file()
        if is_photo and len(parts) > 1 and not any(part.startswith(".") for part in parts):
            found.setdefault(parts[0], []).append(path)
    if not found:
        raise UsageError(
            f"no photos to learn from in {folder}: they belong in folders named by what they "
            f"show, such as {folder}/happy/1.jpg"
        )
    return found


def learn_photos(folder: Path, recognizer: EmotionRecognizer) -> Lesson:
    """Examples of the largest face of each photo below a folder.

    Parameters
    ----------
    folder
        With a folder for each label; labels may be missing, and others be new.
    recognizer
        Whose model is to be used with the profile later.

    Raises
    ------
    UsageError
        As for `photos_by_label`.
    """
    lesson = Lesson()
    for name, paths in photos_by_label(folder).items():
        label = known_label(name, recognizer.model.labels)
        check_label(label)
        for path in paths[:MOST_EXAMPLES]:
            try:
                lesson.examples.append(_learn_photo(path, label, folder, recognizer))
            except PictureError as error:
                lesson.left_out.append((str(path), str(error)))
        lesson.left_out.extend(
            (str(path), f"{label} has {MOST_EXAMPLES} examples already")
            for path in paths[MOST_EXAMPLES:]
        )
    return lesson


def _learn_photo(path: Path, label: str, folder: Path, recognizer: EmotionRecognizer) -> Example:
    picture = read_photo(path)
    faces = recognizer.detector.detect(picture) or list(_face_already(picture, recognizer))
    if not faces:
        raise PictureError("no_face", "no face found; it should be upright and frontal")
    largest = max(faces, key=lambda face: face.size_wh[0])
    points = recognizer.predict(picture, [largest]).points
    assert points is not None  # of a model that can be taught
    return Example(label, points[0], path.relative_to(folder).as_posix())


def _face_already(picture: ImageU8, recognizer: EmotionRecognizer) -> Iterator[Face]:
    height, width = picture.shape[:2]
    if height == width <= _CROP_SIDE * recognizer.model.size:
        yield Face((0, 0, width, height))
