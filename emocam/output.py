"""Results appear under their name only when they are complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emocam.errors import OutputError, UsageError


def check_free(*paths: Path | None, force: bool) -> None:
    """Raise UsageError when a result exists and may not be overwritten; None is none asked for."""
    for path in paths:
        if path is not None and path.exists() and not force:
            raise UsageError(
                f"{path} exists: add --force to overwrite it, or choose another --output"
            )


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """Temporary path beside the result, with the same ending; renamed when the block ends well.

    When the block raises, the temporary file is removed and what stood there before stays. The
    block does nothing but write it: every system error in it is taken for one of this file.

    Parameters
    ----------
    path
        Where the result goes; its folder is made if needed.

    Raises
    ------
    OutputError
        When the folder can't be made or the file can't be written there.
    """
    with growing_file(path) as temporary, writing(path):
        yield temporary


@contextmanager
def growing_file(path: Path) -> Iterator[Path]:
    """The same for a result that grows while its block does other work as well.

    What goes wrong with that work keeps its own error: a camera that is gone is no full disk.
    """
    temporary = partial_path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        with writing(path):
            temporary.replace(path)
    finally:
        with writing(path):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says about a result into the one error that callers know."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror or error}") from error


def partial_path(path: Path) -> Path:
    """Name of a result that is not complete yet: hidden, beside it, with the same ending."""
    return path.with_name(f".partial-{path.name}")
