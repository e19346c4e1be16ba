"""Runs over photos: every photo gets its row, and an interrupted run is resumed."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from emocam.errors import UsageError
from emocam.io.media_kind import other_command
from emocam.io.photo_discovery import find_photos
from emocam.io.photos import is_remote
from emocam.io.table_formats import Row, SqliteTable, Table, readable, remove_database
from emocam.io.tables import check_table, columns, open_table
from emocam.label.journal import READ, Journal
from emocam.label.places import common_base
from emocam.label.pool import Results, read_in_processes, read_on_cluster
from emocam.label.sorted_photos import check_sorting, sort_photos
from emocam.label.tasks import PhotoResult, Work
from emocam.output import check_free, writing
from emocam.processes import usable_cores
from emocam.recognition.labels import UNSURE
from emocam.recognition.model_file import find_model, load_model_card, model_hash

if TYPE_CHECKING:
    from emocam.label.gallery import GalleryFace
    from emocam.recognition.profile import Profile

_COMMIT_S = 0.5  # interval of commits; after a crash, later photos are read again
_FAILED_SHOWN = 5
_FEW = 16  # photos that one process has read before a second one would be ready


@dataclass(frozen=True)
class LabelOptions:
    """What to make of the photos, and how."""

    output: Path  # the table: .csv, .jsonl, .parquet or .sqlite
    model: str | None = None  # path or name of a model; None for the default one
    # Below this certainty a face is `unsure`; None takes the model's threshold
    certainty: float | None = None
    profile: Path | None = None  # file of one person's profile
    # Processes on this machine; None for one a core, and a single one for a few photos
    jobs: int | None = None
    scheduler: str | None = None  # address of a Dask scheduler, whose workers then read the photos
    fresh: bool = False  # start over instead of going on where an earlier run stopped
    force: bool = False  # replace results that are not from an earlier run of the same kind
    gallery: Path | None = None  # a contact sheet to write, .html
    annotated: Path | None = None  # folder for copies with boxes
    sort_into: Path | None = None  # folder to get one folder an emotion
    copies: bool = False  # whether `sort_into` holds copies instead of links


@dataclass(frozen=True)
class LabelProgress:
    """How far a run is: photos in all, finished, finished by this run, and how these ended."""

    photos: int
    finished: int
    read: int
    statuses: Counter[str]


Progress = Callable[[LabelProgress], None]


@dataclass(frozen=True)
class LabelResult:
    """What a run gave."""

    photos: int  # how many there are
    read: int  # how many of them this run read; the others were finished before
    statuses: dict[str, int]  # how many photos have each status
    emotions: dict[str, int]  # how many faces bear each emotion
    personal: int | None  # how many of them were read with the profile; None without one
    failed: list[Row]  # the rows of the first photos that could not be read; the table has all
    several: int  # how many photos hold further pictures, of which the first was read
    seconds: float  # how long the reading took
    made: list[Path] = field(default_factory=list)  # the files and folders written

    @property
    def failures(self) -> int:
        """How many photos could not be read."""
        return sum(n for status, n in self.statuses.items() if status not in READ)


def label_photos(inputs: Sequence[str], options: LabelOptions, progress: Progress) -> LabelResult:
    """Read photos and write the table; resumes an earlier run of the same.

    Beside the table, `<table>.progress` remembers what is finished. The result does not depend on
    how often the run was interrupted, nor on the number of processes.

    Parameters
    ----------
    inputs
        Folders, files, patterns and addresses.
    options
        What to make of them.
    progress
        Called now and then.

    Raises
    ------
    UsageError
        When there is no photo, or a result is in the way.
    """
    check_table(options.output)
    hints = ["" if is_remote(given) else other_command(given, "label") for given in inputs]
    if inputs and all(hints):
        raise UsageError(hints[0])
    model = find_model(options.model)
    labels = tuple(load_model_card(model)["labels"])
    profile, first_cluster = None, None
    if options.profile is not None:
        profile, labels, first_cluster = _personal(options.profile, model)
    work = _work(inputs, options, model, profile)
    journal = options.output.with_name(f"{options.output.name}.progress")
    with writing(journal):
        goes_on = journal.exists() and not options.fresh
    _check_outputs(options, work, goes_on=goes_on)
    with Journal(journal, fresh=not goes_on) as opened:
        return _Run(opened, work, labels, options, first_cluster).label(inputs, progress)


def _personal(path: Path, model: Path) -> tuple[Profile, tuple[str, ...], int]:
    """A profile, and the labels and the first cluster of what is read with it."""
    # Most runs need neither these nor NumPy here.
    from emocam.recognition.personal import PersonalModel
    from emocam.recognition.profile import Profile
    from emocam.recognition.recognizer import EmotionRecognizer

    profile = Profile.load(path)
    # Whether they fit is said here once, not by each worker.
    personal = PersonalModel.fit(EmotionRecognizer.load(model).model, profile)
    return profile, personal.labels, personal.first_cluster


def _work(
    inputs: Sequence[str], options: LabelOptions, model: Path, profile: Profile | None
) -> Work:
    return Work(
        model=str(model.absolute()),
        model_hash=model_hash(model),
        certainty=options.certainty,
        profile="" if profile is None else profile.to_json(),
        pictures=options.gallery is not None,
        annotated="" if options.annotated is None else str(options.annotated.absolute()),
        base=common_base(inputs),
    )


def _check_outputs(options: LabelOptions, work: Work, *, goes_on: bool) -> None:
    if not goes_on:
        # A table without its journal can't be resumed.
        check_free(options.output, force=options.force or options.fresh)
    if options.sort_into is not None:
        check_sorting(options.sort_into)
    base = os.path.realpath(work.base)
    if options.annotated is not None and os.path.realpath(options.annotated) == base:
        raise UsageError(f"{options.annotated} holds the photos: choose another folder for copies")


class _Run:
    """One run over the photos of a table, with its journal open."""

    def __init__(
        self,
        journal: Journal,
        work: Work,
        labels: tuple[str, ...],
        options: LabelOptions,
        first_cluster: int | None,
    ) -> None:
        self.journal = journal
        self.work = work
        self.labels = labels
        self.options = options
        self.emotions: Counter[str] = Counter()
        self.personal = 0
        self.several = 0
        self._first_cluster = first_cluster

    def label(self, inputs: Sequence[str], progress: Progress) -> LabelResult:
        photos = self._list(inputs)
        self._claim("gallery", self.options.gallery)
        self._claim("annotated", self.options.annotated)
        start, finished = time.monotonic(), self.journal.finished(self.work)
        with self._growing_table() as growing:
            self._read(photos, finished, growing, progress)
            seconds = time.monotonic() - start
            if growing is None:
                with open_table(self.options.output, self.labels, force=True) as table:
                    table.write(self._rows())
            else:
                _refill(growing, self._rows())
        made = [self.options.output, *self._views()]
        self.journal.forget_unlisted()
        return LabelResult(
            photos=photos,
            read=photos - finished,
            statuses=self.journal.statuses(self.work),
            emotions=dict(self.emotions),
            personal=None if self._first_cluster is None else self.personal,
            failed=self.journal.failed(self.work, _FAILED_SHOWN),
            several=self.several,
            seconds=seconds,
            made=made,
        )

    def _list(self, inputs: Sequence[str]) -> int:
        options, journal = self.options, self.journal
        results = [folder for folder in (options.annotated, options.sort_into) if folder]
        photos = journal.list_photos(find_photos(inputs, results))
        if not photos:
            raise UsageError(f"no photos in {', '.join(inputs)}")
        given = readable("\n".join(sorted(set(inputs))))
        others = journal.unlisted()
        if others and journal.about("inputs", given) != given and not options.force:
            raise UsageError(
                f"{options.output} holds {others} photos that this command does not name: choose "
                "another --output, or leave them out with --force"
            )
        journal.remember("inputs", given)
        return photos

    def _claim(self, what: str, path: Path | None) -> None:
        """Claim the path of a result, unless a file of another origin is there."""
        if path is None:
            return
        name = readable(str(path.absolute()))
        own = self.journal.about(what) == name
        empty = path.is_dir() and not any(path.iterdir())
        if not own and not empty:
            check_free(path, force=self.options.force)
        if what == "annotated" and not path.exists():
            self.journal.forget_annotated()
        self.journal.remember(what, name)

    @contextmanager
    def _growing_table(self) -> Iterator[SqliteTable | None]:
        """A table that others read while it grows, where its kind can do that safely."""
        path = self.options.output
        if path.suffix.lower() != ".sqlite":
            yield None
            return
        if self.journal.about("table") != "made":
            remove_database(path)
            self.journal.remember("table", "made")
        table = SqliteTable(path, columns(self.labels), live=True, append=True)
        with table:
            _refill(table, self._rows())
            yield table

    def _read(self, photos: int, finished: int, growing: Table | None, progress: Progress) -> None:
        left = photos - finished
        if not left:
            return
        statuses: Counter[str] = Counter()
        waiting: list[PhotoResult] = []
        kept = time.monotonic()
        results = self._results(left)
        try:
            for some in results:
                waiting += some
                statuses.update(str(one.rows[0]["status"]) for one in some)
                read = statuses.total()
                progress(LabelProgress(photos, finished + read, read, statuses))
                if time.monotonic() - kept > _COMMIT_S:
                    self._keep(waiting, growing)
                    kept = time.monotonic()
        finally:  # also when interrupted
            self._keep(waiting, growing)

    def _results(self, left: int) -> Results:
        tasks = self.journal.unfinished(self.work)
        if self.options.scheduler is not None:
            return read_on_cluster(self.work, tasks, self.options.scheduler)
        jobs = min(self.options.jobs or (1 if left < _FEW else usable_cores()), left)
        return read_in_processes(self.work, tasks, jobs)

    def _keep(self, waiting: list[PhotoResult], growing: Table | None) -> None:
        self.journal.finish(waiting, self.work)
        if growing is not None:
            growing.write(row for result in waiting for row in result.rows)
            growing.flush()
        waiting.clear()

    def _rows(self) -> Iterator[Row]:
        """All rows that are known, by photo, and the emotions counted on the way."""
        self.emotions.clear()
        self.personal = self.several = 0
        for _, rows in self.journal.photos(self.work):
            self.several += rows[0]["status"] in READ and bool(rows[0].get("reason"))
            read = [row for row in rows if row.get("emotion")]
            self.emotions.update(str(row["emotion"]) for row in read)
            if self._first_cluster is not None:
                self.personal += sum(int(row["cluster"]) >= self._first_cluster for row in read)
            yield from rows

    def _views(self) -> list[Path]:
        options, made = self.options, []
        if options.annotated is not None:
            made.append(options.annotated)
        if options.gallery is not None:
            from emocam.label.gallery import write_gallery  # needs OpenCV, as only this does here

            faces = self._gallery_faces()
            made += write_gallery(options.gallery, faces, self.emotions.total(), self.labels)
        if options.sort_into is not None:
            photos = (
                (address, {str(row["emotion"]) for row in rows if row.get("emotion")})
                for address, rows in self.journal.photos(self.work)
            )
            sort_photos(options.sort_into, photos, self.work.base, copies=options.copies)
            made.append(options.sort_into)
        return made

    def _gallery_faces(self) -> Iterator[GalleryFace]:
        from emocam.label.gallery import GalleryFace

        for emotion in (*self.labels, UNSURE):
            for address, certainty, jpeg in self.journal.faces(self.work, emotion):
                yield GalleryFace(emotion, address, certainty, jpeg)


def _refill(table: SqliteTable, rows: Iterator[Row]) -> None:
    table.restart()
    table.write(rows)
    table.flush()
