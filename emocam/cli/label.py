from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emocam.cli.options import (
    Certainty,
    Force,
    Jobs,
    JsonOutput,
    Model,
    ProfileFile,
    Scheduler,
    a_page,
    is_given,
    number_of,
    print_remarks,
    progress_bar,
)

if TYPE_CHECKING:
    from emocam.label.run import LabelProgress, LabelResult


def label(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="FOLDER|FILE|GLOB...",
            help="Folders (searched at any depth), photos, patterns such as '**/*.jpg', or "
            "addresses such as s3://bucket/folder.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The table: .csv, .jsonl, .parquet or .sqlite."
        ),
    ] = Path("labels.csv"),
    model: Model = None,
    profile: ProfileFile = None,
    certainty: Certainty = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    gallery: Annotated[
        Path | None,
        typer.Option(
            callback=a_page, metavar="HTML", help="Write a contact sheet of all faces (.html)."
        ),
    ] = None,
    annotated: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for copies of the photos with boxes."),
    ] = None,
    sort_into: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for one folder per emotion, with links."),
    ] = None,
    copies: Annotated[
        bool, typer.Option("--copies", help="Copies instead of links in --sort-into.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over instead of resuming.")] = False,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Label the faces in photos: a table with one row per face.

    Run an interrupted command again, and it resumes where it stopped.
    """
    from emocam.errors import UsageError
    from emocam.label.pool import WORKER
    from emocam.processes import prepare_processes

    if sort_into is None and is_given(context, "copies"):
        raise UsageError("--copies needs --sort-into")
    if scheduler is None:
        prepare_processes(WORKER)
    from emocam.label.run import LabelOptions, label_photos

    options = LabelOptions(
        output=output,
        model=model,
        profile=profile,
        certainty=certainty,
        jobs=jobs,
        scheduler=scheduler,
        fresh=fresh,
        force=force,
        gallery=gallery,
        annotated=annotated,
        sort_into=sort_into,
        copies=copies,
    )
    with _progress() as progress:
        result = label_photos(inputs, options, progress)
    _print(result, as_json=as_json)
    if result.failures:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[LabelProgress], None]]:
    with progress_bar("{task.fields[rate]} {task.fields[counts]}") as bar:
        task = bar.add_task("photos", total=None, rate="", counts="")
        state: LabelProgress | None = None
        began_s = time.monotonic()

        def show(now: LabelProgress) -> None:
            nonlocal state
            state = now
            elapsed_s = time.monotonic() - began_s
            bar.update(
                task,
                total=now.photos,
                completed=now.finished,
                rate=f"{now.read / elapsed_s:.1f}/s",
                counts=_counted(now.statuses.most_common()),
            )

        try:
            yield show
        except KeyboardInterrupt:
            if state is not None:
                print(
                    f"emocam: {state.finished} of {state.photos} photos are finished; "
                    "the same command goes on",
                    file=sys.stderr,
                )
            raise


def _print(result: LabelResult, *, as_json: bool) -> None:
    rate = result.read / result.seconds if result.read else 0.0
    if as_json:
        shown = {
            "photos": result.photos,
            "read": result.read,
            "statuses": result.statuses,
            "faces": sum(result.emotions.values()),
            "emotions": result.emotions,
            **({} if result.personal is None else {"personal": result.personal}),
            "seconds": round(result.seconds, 3),
            "photos_per_second": round(rate, 2),
            "made": [os.fsencode(path).decode("utf-8", "backslashreplace") for path in result.made],
        }
        print(json.dumps(shown))
        return
    before = result.photos - result.read
    print(
        f"{number_of(result.photos, 'photo')}: {_counted(list(result.statuses.items()))}"
        + (f"; {before} were finished before" if before else f"; {rate:.1f} photos a second")
    )
    all_faces = sum(result.emotions.values())
    faces = number_of(all_faces, "face")
    print(": ".join(filter(None, [faces, _counted(list(result.emotions.items()))])))
    if result.personal is not None:
        others = "" if result.personal == all_faces else "; the others are not near enough to it"
        print(f"{result.personal} of {faces} read with the profile{others}")
    for path in result.made:
        print(f"  {path}")
    if result.several:
        print_remarks(
            [
                f"{number_of(result.several, 'file')} with several pictures: the first was read "
                "('emocam video' reads a moving GIF)"
            ]
        )
    for row in result.failed:
        print(f"emocam: {row['source']}: {row['status']}, {row['reason']}", file=sys.stderr)
    if more := result.failures - len(result.failed):
        print(f"emocam: {more} more; the table says why", file=sys.stderr)


def _counted(counts: list[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts)
