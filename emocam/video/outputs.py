"""Paths of the results of clips, checked so that nothing is overwritten by mistake."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from emocam.errors import UsageError
from emocam.io.media_kind import PHOTO_ENDINGS, VIDEO_ENDINGS
from emocam.io.table_formats import TABLE_FORMATS
from emocam.io.tables import check_table
from emocam.output import check_free, check_no_dash, writing

_FILM, _REPORT = ".mp4", ".html"
_OTHER_FILES = {".db", ".htm", ".json", ".ods", ".pdf", ".tsv", ".txt", ".xls", ".xlsx", ".xml"}
_NOTHING_NAMED = False, False, False


@dataclass(frozen=True)
class ClipOutputs:
    """Where a clip's film, table and report go; None for what is not wanted."""

    film: Path | None
    table: Path | None
    report: Path | None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those that are wanted."""
        return tuple(path for path in (self.film, self.table, self.report) if path is not None)

    @property
    def wanted(self) -> tuple[bool, bool, bool]:
        """Whether the film, the table, the report is wanted."""
        return self.film is not None, self.table is not None, self.report is not None

    @property
    def is_drawn(self) -> bool:
        """Whether the clip's pictures are needed, not only their readings."""
        return self.film is not None or self.report is not None

    @property
    def folder(self) -> Path:
        """The folder of all of them."""
        return self.paths[0].parent

    def inside(self, folder: Path) -> ClipOutputs:
        """The same names in another folder."""
        return _changed(self, lambda path: folder / path.name)

    def partial(self) -> ClipOutputs:
        """Names of the results of a stopped run, such as `clip.partial.mp4`."""
        return _changed(self, lambda path: path.with_name(f"{path.stem}.partial{path.suffix}"))

    def move_to(self, final: ClipOutputs) -> ClipOutputs:
        """Give the results their final names; those that were never begun are None."""
        for path, to in zip(self.paths, final.paths, strict=True):
            if path.exists():
                path.replace(to)
        return _changed(final, lambda path: path if path.exists() else None)


def _changed(outputs: ClipOutputs, change: Callable[[Path], Path | None]) -> ClipOutputs:
    film, table, report = (
        None if path is None else change(path)
        for path in (outputs.film, outputs.table, outputs.report)
    )
    return ClipOutputs(film, table, report)


def plan_outputs(
    clips: Sequence[Path],
    output: Path,
    *,
    film: bool,
    table: bool,
    report: bool,
    table_ending: str = ".csv",
    force: bool = False,
) -> list[ClipOutputs]:
    """The results of each clip, checked before any work begins.

    Parameters
    ----------
    clips
        Video files.
    output
        A folder; or, for one clip, a file whose ending says what is wanted.
    film, table, report
        What is wanted; all three when none is.
    table_ending
        Kind of the table in a folder, such as `.csv`.
    force
        Whether results that exist may be replaced.

    Raises
    ------
    UsageError
        When a result exists already, would replace a clip, or can't be of this kind.
    """
    _check_output(output)
    if _is_file(output):
        one = _one_file(output)
        wanted = film, table, report
        if len(clips) > 1 or wanted not in (_NOTHING_NAMED, one.wanted):
            raise UsageError(f"{output} is a file: for other results name a folder as --output")
        planned = [one]
    else:
        all_three = not (film or table or report)
        planned = [
            ClipOutputs(
                output / f"{name}{_FILM}" if film or all_three else None,
                output / f"{name}{table_ending}" if table or all_three else None,
                output / f"{name}{_REPORT}" if report or all_three else None,
            )
            for name in _names(clips)
        ]
    originals = {os.path.realpath(clip) for clip in clips}
    for path in (path for outputs in planned for path in outputs.paths):
        if os.path.realpath(path) in originals:
            raise UsageError(f"{path} is a clip itself: choose another --output")
        if path.suffix.lower() not in (_FILM, _REPORT):
            check_table(path)
        check_free(path, force=force)
    return planned


def _check_output(output: Path) -> None:
    """A name such as `film.mov` means a file, not a folder, but of a kind that is not written."""
    check_no_dash(output)
    ending = output.suffix.lower()
    others = (VIDEO_ENDINGS | PHOTO_ENDINGS | _OTHER_FILES) - {_FILM}
    with writing(output):
        if ending in others and not output.is_dir():
            raise UsageError(
                f"a film ends in {_FILM}, a report in {_REPORT}, a table in "
                f"{', '.join(TABLE_FORMATS)}; got '{output}'"
            )


def _is_file(output: Path) -> bool:
    known = {_FILM, _REPORT, *TABLE_FORMATS}
    with writing(output):
        return output.suffix.lower() in known and not output.is_dir()


def _one_file(output: Path) -> ClipOutputs:
    ending = output.suffix.lower()
    output = Path(os.path.realpath(output)) if output.is_symlink() else output
    return ClipOutputs(
        output if ending == _FILM else None,
        output if ending in TABLE_FORMATS else None,
        output if ending == _REPORT else None,
    )


def _names(clips: Sequence[Path]) -> list[str]:
    """A name for each clip's results: its own without the ending, where that is enough."""
    same = Counter(clip.stem.lower() for clip in clips)
    names = [clip.stem if same[clip.stem.lower()] == 1 else clip.name for clip in clips]
    seen: Counter[str] = Counter()
    for number, name in enumerate(names):
        seen[name.lower()] += 1
        if seen[name.lower()] > 1:
            names[number] = f"{name}-{seen[name.lower()]}"
    return names
