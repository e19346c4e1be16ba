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

    When the block raises, the temporary file is removed and what stood there before stays.

    Parameters
    ----------
    path
        Where the result goes; its folder is made if needed.

    Raises
    ------
    OutputError
        When the folder can't be made or the file can't be written there.
    """
    temporary = partial_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror or error}") from error


def partial_path(path: Path) -> Path:
    """Name of a result that is not complete yet: hidden, beside it, with the same ending."""
    return path.with_name(f".partial-{path.name}")
