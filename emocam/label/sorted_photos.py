"""One folder an emotion, with links to the photos or copies of them."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from emocam.errors import OutputError, UsageError
from emocam.io.photos import is_remote, read_bytes
from emocam.label.places import place_below
from emocam.output import complete_file, unwritten

_LIST = ".emocam-sorted"  # what an earlier run made, and only that is taken away again


def sort_photos(
    folder: Path, photos: Iterable[tuple[str, set[str]]], base: str, *, copies: bool
) -> int:
    """Put each photo into the folder of each emotion that one of its faces bears.

    What an earlier run put there is taken away first, and nothing else.

    Parameters
    ----------
    folder
        Gets a folder an emotion.
    photos
        Address of each photo, and its emotions.
    base
        Folder that all photos lie below; the part below it is kept.
    copies
        Whether to copy the photos; otherwise there are symbolic links, and copies of those that
        come from a remote address.

    Returns
    -------
    How many links or copies were made.

    Raises
    ------
    OutputError
        When one can't be made.
    """
    check_sorting(folder)
    made = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take_away(folder)
        with (folder / _LIST).open("w", encoding="utf-8", errors="surrogateescape") as noted:
            for address, emotions in photos:
                for emotion in sorted(emotions):
                    place = Path(_folder_name(emotion)) / place_below(address, base)
                    # Noted before it is made: an interrupted run leaves nothing unknown behind.
                    noted.write(f"{place.as_posix()}\0")
                    noted.flush()
                    _put(address, folder / place, copies=copies)
                    made += 1
    except OSError as error:
        if copies or error.errno == errno.ENOSPC:
            raise unwritten(folder, error) from error
        raise OutputError(
            f"can't sort into {folder}: {error.strerror or error}; where links are not allowed, "
            "add --copies"
        ) from error
    return made


def check_sorting(folder: Path) -> None:
    """Raise UsageError when a folder holds something that is not from an earlier run."""
    if folder.is_dir() and not (folder / _LIST).exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: choose another folder to sort into")


def _take_away(folder: Path) -> None:
    listed = folder / _LIST
    if not listed.exists():
        return
    text = listed.read_text(encoding="utf-8", errors="surrogateescape")
    for place in (folder / line for line in text.split("\0") if line):
        place.unlink(missing_ok=True)
        for parent in place.parents:
            if parent == folder or not parent.is_dir() or any(parent.iterdir()):
                break
            parent.rmdir()


def _put(address: str, target: Path, *, copies: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_remote(address):
        with complete_file(target, follow=False) as temporary:
            temporary.write_bytes(read_bytes(address))
    elif copies:
        with complete_file(target, follow=False) as temporary:
            shutil.copy2(address, temporary)
    else:
        source = os.path.relpath(Path(address).resolve(), target.parent.resolve())
        target.symlink_to(source)


def _folder_name(emotion: str) -> str:
    """A label as the name of a folder; labels of a user's own may hold anything."""
    kept = "".join("_" if letter in '<>:"/\\|?*' or letter < " " else letter for letter in emotion)
    return kept.strip(". ") or "_"
