"""Files that appear under their name only when complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emocam.errors import OutputError, UsageError, reason_of

_MENDS = {
    errno.ENOSPC: "make room there, or name another place",
    errno.EDQUOT: "make room there, or name another place",
    errno.EFBIG: "name a place that takes larger files",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.EACCES: "name another place",
    errno.EPERM: "name another place",
    errno.EROFS: "name another place",
}


def check_free(*paths: Path | None, force: bool) -> None:
    """Raise UsageError when a result exists and may not be overwritten; None passes.

    Raises
    ------
    UsageError
        That one.
    OutputError
        When there can't be a file of that name.
    """
    for path in filter(None, paths):
        with writing(path):  # a name may be too long to ask for
            is_there = path.exists()
        if is_there and not force:
            raise UsageError(f"{path} exists: add --force to overwrite it, or name another")


def check_ending(path: Path, ending: str, *others: str, what: str) -> None:
    """Raise UsageError when a result's name promises something else than what is written.

    Parameters
    ----------
    path
        Where the result is to go.
    ending, others
        Endings that fit, small letters with the dot, the usual one first.
    what
        The result, such as `a film`.

    Raises
    ------
    UsageError
        That one.
    """
    check_no_dash(path)
    if path.suffix.lower() not in (ending, *others):
        endings = " or ".join((ending, *others))
        raise UsageError(f"{what} ends in {endings}; got '{path}': try {path.stem}{ending}")


def check_no_dash(path: Path) -> None:
    """Raise UsageError for `-`, which is standard output elsewhere.

    Raises
    ------
    UsageError
        That one.
    """
    if str(path) == "-":
        raise UsageError("results are files, never standard output: name one instead of '-'")


@contextmanager
def complete_file(path: Path, *, follow: bool = True) -> Iterator[Path]:
    """Temporary path beside the result, with the same ending; renamed when the block ends well.

    When the block raises, the temporary file is removed and what stood there before stays. The
    block must do nothing else: every OSError in it counts as one of this file.

    Parameters
    ----------
    path
        Where the result goes; its folder is made if needed.
    follow
        Whether a symbolic link of that name stays, and the file it leads to is replaced.

    Raises
    ------
    OutputError
        When the folder can't be made or the file can't be written there.
    """
    with growing_file(path, follow=follow) as temporary, writing(path):
        yield temporary


@contextmanager
def growing_file(path: Path, *, follow: bool = True) -> Iterator[Path]:
    """The same for a file that grows while the block does other work as well.

    An OSError of that work, such as of a camera, is not taken for one of the file.
    """
    with writing(path):
        target = Path(os.path.realpath(path)) if follow and path.is_symlink() else path
        # The ending is that of the name which was asked for.
        temporary = target.with_name(partial_path(path).name)
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        with writing(path):
            temporary.replace(target)
    finally:
        with writing(path):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError about a result into an OutputError."""
    try:
        yield
    except OSError as error:
        raise unwritten(path, error) from error


def unwritten(what: str | Path, error: Exception) -> OutputError:
    """The error that says why a result can't be written, and what mends it where that is known.

    Parameters
    ----------
    what
        Path of the result, or `the film clip.mp4`.
    error
        Of the system, or of the library that writes it.
    """
    number = _number_of(error)
    if number in _MENDS:  # libraries have many words for it
        return OutputError(f"can't write {what}: {os.strerror(number)}; {_MENDS[number]}")
    said = error.strerror if isinstance(error, OSError) else None
    return OutputError(f"can't write {what}: {said or reason_of(error)}")


def _number_of(error: Exception) -> int | None:
    """The system's number of an error, which SQLite tells in words."""
    if isinstance(error, OSError):
        return error.errno
    return errno.ENOSPC if "disk is full" in str(error) else None


def partial_path(path: Path) -> Path:
    """Temporary name of a result: hidden, in its folder, with the same ending."""
    return path.with_name(f".partial-{path.name}")
