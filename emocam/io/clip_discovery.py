"""Which clips a command line means, and how times are written there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from emocam.errors import UsageError
from emocam.io.media_kind import VIDEO_ENDINGS, other_command

_UNITS_S = {"": 1.0, "s": 1.0, "ms": 0.001, "m": 60.0, "min": 60.0, "h": 3600.0}


def find_clips(paths: Iterable[Path], *, leave_out: Path | None = None) -> list[Path]:
    """Video files that are named, match a pattern, or lie in a folder or below it, each once.

    Parameters
    ----------
    paths
        Files (of any ending, even missing ones), folders, or patterns such as `*.mov` for shells
        that don't resolve them.
    leave_out
        A folder whose files are not taken from a folder or a pattern: that of the results.

    Raises
    ------
    UsageError
        When a folder or a pattern holds no video file, or all that is named is for another command.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if _is_clip(file, leave_out)]
        elif not path.exists() and any(sign in str(path) for sign in "*?["):
            folder = Path(path.anchor)
            matches = sorted(folder.glob(str(path.relative_to(folder) if path.anchor else path)))
            files = [file for file in matches if _is_clip(file, leave_out)]
        else:
            files = [path]
        if not files:
            known = " ".join(sorted(VIDEO_ENDINGS))
            raise UsageError(f"no video file in {path}; known endings: {known}")
        found.update(dict.fromkeys(files))
    hints = [other_command(_as_given(path), "video") for path in found]
    if all(hints):
        raise UsageError(hints[0])
    return list(found)


def _as_given(path: Path) -> str:
    """The path, or the address that was taken for one and so lost a stroke."""
    return re.sub(r"^(\w{2,}):/(?!/)", r"\1://", str(path))


def _is_clip(file: Path, leave_out: Path | None) -> bool:
    # Unlike Path.resolve, realpath has an answer for links that lead in a circle.
    place = Path(os.path.realpath(file))
    if leave_out is not None and Path(os.path.realpath(leave_out)) in place.parents:
        return False
    hidden = file.name.startswith(".")
    return file.suffix.lower() in VIDEO_ENDINGS and file.is_file() and not hidden


def parse_time(text: str) -> float:
    """Seconds of `83`, `83.5s`, `200ms`, `2m`, `1:23` or `1:02:03.5`.

    Raises
    ------
    UsageError
        When it is none of these.
    """
    # Nine digits are thirty years; more would not fit a number.
    clock = re.fullmatch(r"(?:(\d{1,9}):)?(\d{1,9}):(\d{1,9}(?:\.\d*)?)", text.strip())
    if clock:
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    number = re.fullmatch(r"(\d{1,9}(?:\.\d*)?|\.\d+)\s*([a-z]*)", text.strip())
    if not number or number[2] not in _UNITS_S:
        raise UsageError(f"a time is written as 83.5, 83.5s, 200ms or 1:23.5, got '{text}'")
    return float(number[1]) * _UNITS_S[number[2]]
