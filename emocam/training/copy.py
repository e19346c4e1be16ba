"""A balanced copy of a data set, as folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import cv2

from emocam.errors import UsageError
from emocam.output import partial_path, writing
from emocam.training.dataset import Dataset, Picture, is_picture


def check_folder_free(folder: Path, *, force: bool) -> None:
    """Raise UsageError when a folder has something in it that may not be overwritten.

    With `force` a former copy may be replaced, but never a folder that holds anything else than
    pictures.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder for the balanced copy")
    held = [file for file in folder.rglob("*") if file.is_file()]
    if held and not force:
        raise UsageError(f"{folder} is not empty: add --force to replace it, or name another")
    others = [file for file in held if not is_picture(file.relative_to(folder).as_posix())]
    if others:
        raise UsageError(f"{folder} holds other files, such as {others[0].name}: name another one")


def write_copy(dataset: Dataset, pictures: Iterable[Picture], folder: Path) -> int:
    """Write pictures as `<part>/<label>/<name>`, or `<label>/<name>` for a set without parts.

    The folder appears when it is complete; a former one is replaced.

    Parameters
    ----------
    dataset
        Where the pictures are from.
    pictures
        What to write: files are copied as they are, rows of a table become PNG.
    folder
        Where to; see `check_folder_free`.

    Returns
    -------
    How many pictures were written.

    Raises
    ------
    OutputError
        When it can't be written there.
    """
    temporary = partial_path(folder)
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        taken: set[Path] = set()
        for picture in pictures:
            name, data = _as_file(dataset, picture)
            place = temporary / (picture.part if picture.part != "all" else "") / picture.label
            target = place / name
            while target in taken:
                target = target.with_name(f"{target.stem}-again{target.suffix}")
            taken.add(target)
            with writing(folder):
                place.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        with writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return len(taken)


def _as_file(dataset: Dataset, picture: Picture) -> tuple[str, bytes]:
    content = dataset.read(picture.name)
    if isinstance(content, bytes):
        return PurePosixPath(picture.name).name, content
    _, data = cv2.imencode(".png", content)
    return f"{picture.name.replace(' ', '-')}.png", data.tobytes()
