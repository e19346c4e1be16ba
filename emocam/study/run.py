"""A study from its plan to its results: what is there already is not read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emocam.errors import InputError, UsageError
from emocam.label.pool import Results, read_in_processes, read_on_cluster
from emocam.label.tasks import PhotoTask, Work
from emocam.recognition.model_file import find_model, load_model_file, model_hash
from emocam.runtime import give_back_memory
from emocam.study.analysis import Analysis, analyse
from emocam.study.data import ReadSession, Study
from emocam.study.datapackage import PACKAGE
from emocam.study.from_tables import read_tables, tables_folder
from emocam.study.participant_face import LARGEST, ParticipantFace
from emocam.study.plan import Session, read_plan
from emocam.study.reading import Unit
from emocam.study.result_tables import FRAMES, write_tables
from emocam.study.segments import SegmentSources
from emocam.study.store import FOLDER, ReadingStore
from emocam.study.table_sessions import read_table_session
from emocam.study.timelines import condition_bands
from emocam.study.units import units_of
from emocam.study.worker import packed, read_tasks

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class StudyOptions:
    """What to make of a study, and how."""

    output: Path  # folder of the results
    sources: SegmentSources  # where segments come from besides the plan
    # Names of segments; None for none
    baseline: str | None = None
    align: str | None = None
    # Which face is the participant's where the plan doesn't say it
    face: ParticipantFace | None = None
    # Whether sessions of which neither plan nor `face` marks the participant are left out
    only_marked: bool = False
    every_s: float = 0.0  # seconds from one analysed frame to the next; 0 analyses all
    films: bool = False  # whether to write a film of each clip
    from_tables: bool = False  # whether to read no picture, only the tables of an earlier run
    # As for every command
    model: str | None = None
    certainty: float | None = None
    # Processes on this machine, or the address of a Dask scheduler
    jobs: int = 1
    scheduler: str | None = None
    force: bool = False  # whether a folder of something else may be written into


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What came of it."""

    # Its readings and its numbers
    study: Study
    analysis: Analysis
    made: tuple[Path, ...]  # what was written, in the order in which one would open it


def run_study(plan: Path, options: StudyOptions, progress: Progress) -> StudyResult:
    """Read a study and write its results; what was finished before is not read again.

    Parameters
    ----------
    plan
        A folder or a table; see `read_plan`. With `from_tables` also a folder of results.
    options
        What to make of it.
    progress
        Called with the units that are finished, and how many there are.

    Raises
    ------
    UsageError
        When there is nothing to do, or a segment that is asked for is nowhere.
    InputError
        When no session could be read.
    OutputError
        When a result can't be written.
    """
    if options.from_tables:
        study = _from_tables(plan, options)
    else:
        _check_output(options)
        study = read_study(plan, options, progress)
    return _finish(study, options)


def _finish(study: Study, options: StudyOptions) -> StudyResult:
    from emocam.study.figures import write_figures
    from emocam.study.study_page import write_page

    for name in filter(None, (options.baseline, options.align)):
        _check_segment(study, name)
    analysis = analyse(study, options.baseline)
    output, align = options.output, options.align
    bands = condition_bands(analysis, align)
    page = write_page(output / "study.html", study, analysis, bands, align=align)
    tables = write_tables(output, study, analysis, frames_from=_frames_from(study, options))
    figures = write_figures(output / "figures", study, analysis, bands, align=align)
    films = output / "films"
    made = (page, *tables, figures, *([films] if options.films and films.is_dir() else []))
    return StudyResult(study, analysis, made)


def _frames_from(study: Study, options: StudyOptions) -> Path | None:
    """The table that all frames were read from, where it can be taken over as it is."""
    frames = Path(str(study.settings.get("tables"))) / FRAMES
    return frames if options.from_tables and frames.is_file() else None


def _check_segment(study: Study, name: str) -> None:
    known = dict.fromkeys(segment.name for one in study.sessions for segment in one.segments)
    if name not in known:
        names = ", ".join(list(known)[:8])
        raise UsageError(f"no session has a segment '{name}'; there are: {names}")


def _check_output(options: StudyOptions) -> None:
    output = options.output
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file: the results of a study are a folder")
    ours = any((output / name).exists() for name in (FOLDER, PACKAGE))
    if output.is_dir() and any(output.iterdir()) and not ours and not options.force:
        raise UsageError(f"{output} holds something else: choose another --output, or add --force")


def _from_tables(plan: Path, options: StudyOptions) -> Study:
    folder = tables_folder(plan, options.output)
    sessions = None if plan == folder else read_plan(plan, leave_out=options.output)
    study = read_tables(folder, sessions)
    give_back_memory()
    asked = options.sources != SegmentSources()
    read = tuple(
        _segmented(one, options.sources) if asked or not one.segments else one
        for one in study.sessions
    )
    if folder != options.output:
        read = tuple(_film_from(one, folder, options.output) for one in read)
    settings = study.settings | {"tables": str(folder.absolute())}
    settings |= {"baseline": options.baseline, "align": options.align}
    return replace(study, sessions=read, settings=settings)


def _film_from(one: ReadSession, folder: Path, output: Path) -> ReadSession:
    """The session with its film's address from another folder of results."""
    if not one.film:
        return one
    return replace(one, film=_relative(folder / one.film, output))


def _relative(path: Path, output: Path) -> str:
    try:
        return Path(os.path.relpath(path.absolute(), output.absolute())).as_posix()
    except ValueError:  # on another drive, which Windows can't reach by a relative path
        return path.absolute().as_uri()


def _segmented(one: ReadSession, sources: SegmentSources) -> ReadSession:
    """The session with its segments, between its first frame and the end of its last."""
    times = one.frames.time_s
    usual_s = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    last_s = float(times[-1]) + usual_s
    if one.session.end_s is not None:
        last_s = min(last_s, one.session.end_s)
    found = sources.of(one.session, (float(times[0]), last_s), list(one.own_segments))
    return replace(one, segments=tuple(found))


def read_study(plan: Path, options: StudyOptions, progress: Progress) -> Study:
    """All sessions of a plan with their readings and segments."""
    sessions = read_plan(plan, leave_out=options.output)
    sessions = [replace(one, face=one.face or options.face) for one in sessions]
    left_out = [one.name for one in sessions if options.only_marked and one.face is None]
    sessions = [one for one in sessions if one.name not in left_out]
    if not sessions:
        raise UsageError(
            "--only-participant-marked reads nobody: no session's participant is marked, "
            "neither by a plan's column 'face' nor by --face"
        )
    model = find_model(options.model)
    file = load_model_file(model)
    work = Work(str(model.absolute()), model_hash(model), options.certainty)
    store = ReadingStore(options.output, work)
    films = options.output / "films" if options.films else None
    if films is not None:
        store.begin()
    units = units_of(sessions, every_s=options.every_s, films=films)
    failures = _read_units(store, list(dict.fromkeys(units.values())), work, options, progress)
    read: list[ReadSession] = []
    failed: list[tuple[str, str]] = []
    for one in sessions:
        unit = units.get(one.name)
        try:
            if unit is not None and unit in failures:
                raise InputError(failures[unit])
            read.append(_read_session(one, unit, store, options))
        except InputError as error:
            failed.append((one.name, str(error)))
    if not read:
        raise InputError(f"no session could be read; {failed[0][0]}: {failed[0][1]}")
    _check_labels(read)
    threshold = file.card.get("certainty", 0.0) if options.certainty is None else options.certainty
    settings = {
        "model": model.name,
        "model_date": str(file.card.get("date", "")),
        "model_hash": work.model_hash[:12],
        "every_s": options.every_s,
        "baseline": options.baseline,
        "align": options.align,
        "films": options.films,
        "only_marked": options.only_marked,
    }
    labels = read[0].frames.labels
    return Study(tuple(read), labels, float(threshold), settings, tuple(failed), tuple(left_out))


def _check_labels(read: Sequence[ReadSession]) -> None:
    """Tables of another model can't be measured together with this one's readings."""
    labels = read[0].frames.labels
    for one in read:
        if one.frames.labels != labels:
            raise InputError(
                f"{one.session.file} has the labels {', '.join(one.frames.labels)}, "
                f"{read[0].session.file} {', '.join(labels)}: read all with one model"
            )


def _read_units(
    store: ReadingStore,
    units: Sequence[Unit],
    work: Work,
    options: StudyOptions,
    progress: Progress,
) -> dict[Unit, str]:
    """Read what is not finished; returns why units failed."""
    left = [(number, unit) for number, unit in enumerate(units) if not store.has(unit)]
    finished = len(units) - len(left)
    progress(finished, len(units))
    failures: dict[Unit, str] = {}
    if not left:
        return failures
    tasks = [PhotoTask(number, packed(unit)) for number, unit in left]
    for results in _results(work, tasks, options):
        for result in results:
            unit = units[result.id]
            if result.pictures:
                store.keep(unit, result.pictures[0])
            else:
                failures[unit] = str(result.rows[0]["reason"])
            finished += 1
            progress(finished, len(units))
    return failures


def _results(work: Work, tasks: list[PhotoTask], options: StudyOptions) -> Results:
    if options.scheduler is not None:
        return read_on_cluster(work, tasks, options.scheduler, 1, read_tasks)
    jobs = min(options.jobs, len(tasks))
    return read_in_processes(work, tasks, jobs, 1, read_tasks)


def _read_session(
    session: Session, unit: Unit | None, store: ReadingStore, options: StudyOptions
) -> ReadSession:
    if unit is None:
        frames, live = read_table_session(session.file, session.face)
        one = ReadSession(session, frames)
    else:
        face = session.face or LARGEST
        about = store.about(unit)
        frames, live = store.frames(unit)[face.text], []
        one = ReadSession(session, frames, size_wh=about.size_wh, remark=about.remark)
    frames = frames.between(session.start_s, session.end_s)
    if not len(frames):
        raise InputError(f"{session.file} has no frame in this part")
    film = _film_address(session, unit, options)
    own = (*session.segments, *live)
    plain = replace(one, session=replace(session, segments=()), frames=frames, own_segments=own)
    segmented = _segmented(plain, options.sources)
    film_start_s = unit.start_s if unit is not None and unit.film is not None else 0.0
    return replace(segmented, session=session, film=film, film_start_s=film_start_s)


def _film_address(session: Session, unit: Unit | None, options: StudyOptions) -> str:
    """The film of a session from the page: its own, or the clip itself if others may be seen."""
    if unit is not None and unit.film is not None:
        return f"films/{unit.film.name}"
    if session.is_table or session.is_photos or options.only_marked:
        return ""
    return _relative(session.file, options.output)
