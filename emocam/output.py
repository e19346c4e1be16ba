"""Files that appear under their name only when complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emocam.errors import OutputError, UsageError


def check_free(*paths: Path | None, force: bool) -> None:
    """Raise UsageError when a result exists and may not be overwritten; None passes."""
    for path in paths:
        if path is not None and path.exists() and not force:
            raise UsageError(
                f"{path} exists: add --force to overwrite it, or choose another --output"
            )


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """Temporary path beside the result, with the same ending; renamed when the block ends well.

    When the block raises, the temporary file is removed and what stood there before stays. The
    block must do nothing else: every OSError in it counts as one of this file.

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
    """The same for a file that grows while the block does other work as well.

    An OSError of that work, such as of a camera, is not taken for one of the file.
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
    """Turn an OSError about a result into an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror or error}") from error


def partial_path(path: Path) -> Path:
    """Temporary name of a result: hidden, in its folder, with the same ending."""
    return path.with_name(f".partial-{path.name}")
