from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emocam.cli.options import (
    Certainty,
    Force,
    Jobs,
    JsonOutput,
    Model,
    Scheduler,
    is_given,
    number_of,
    progress_bar,
)

if TYPE_CHECKING:
    from emocam.study.run import StudyResult

_FAILED_SHOWN = 5
_OF_PICTURES = ("face", "every", "films", "model", "certainty")


def study(
    context: typer.Context,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN",
            help="A folder (each subfolder a condition, each clip or folder of photos in it a "
            "session), or a table: file, participant, condition, start, end, segment, face, …",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Folder for the results, made if needed."
        ),
    ] = Path("study-results"),
    marks: Annotated[
        list[Path] | None,
        typer.Option(
            "--marks",
            metavar="FILE",
            help="Segments: a table (file, time_s or start and end, name), .srt or .vtt; or "
            "'beside' for the files beside each clip.",
        ),
    ] = None,
    segment_length: Annotated[
        str | None,
        typer.Option(
            "--segment-length",
            metavar="TIME",
            help="Cut sessions into segments of this length, such as 30s.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="Segment of the face at rest, the reference for others.",
        ),
    ] = None,
    align: Annotated[
        str | None,
        typer.Option("--align", metavar="NAME", help="Segment whose start is time 0."),
    ] = None,
    face: Annotated[
        str | None,
        typer.Option(
            "--face",
            metavar="WHICH",
            help="The participant's face where the plan doesn't say it: largest (the default), "
            "left, right, centre, or a region such as '0 0 0.5 1'.",
        ),
    ] = None,
    only_participant_marked: Annotated[
        bool,
        typer.Option(
            "--only-participant-marked",
            help="Read only people marked by the plan's column 'face' or by --face.",
        ),
    ] = False,
    every: Annotated[
        str, typer.Option("--every", metavar="TIME", help="Analyse less often, such as 0.2s.")
    ] = "0",
    films: Annotated[
        bool,
        typer.Option(
            "--films",
            help="Make films with everybody but participants unrecognisable.",
        ),
    ] = False,
    from_tables: Annotated[
        bool,
        typer.Option("--from-tables", help="Rebuild the results from their tables alone."),
    ] = False,
    model: Model = None,
    certainty: Certainty = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Evaluate a study: many clips and photos, by participant and condition, on one page.

    Run an interrupted command again, and it resumes where it stopped and reads only what is new.
    """
    import joblib

    from emocam.errors import UsageError
    from emocam.io.clip_discovery import parse_time
    from emocam.study.participant_face import parse_face
    from emocam.study.run import StudyOptions, run_study
    from emocam.study.segments import SegmentSources, read_marks

    if from_tables:
        for name in _OF_PICTURES:
            if is_given(context, name):
                raise UsageError(f"--{name} is for reading pictures, which --from-tables does not")
    files = [path for path in marks or [] if str(path) != "beside"]
    length_s = None if segment_length is None else parse_time(segment_length)
    if length_s is not None and length_s <= 0:
        raise UsageError(f"--segment-length is longer than nothing, got {segment_length}")
    options = StudyOptions(
        output=output,
        sources=SegmentSources(
            marks=tuple(read_marks(path) for path in files),
            beside=len(files) < len(marks or []),
            length_s=length_s,
        ),
        baseline=baseline,
        align=align,
        face=None if face is None else parse_face(face),
        only_marked=only_participant_marked,
        every_s=parse_time(every),
        films=films,
        from_tables=from_tables,
        model=model,
        certainty=certainty,
        jobs=jobs or joblib.cpu_count(),
        scheduler=scheduler,
        force=force,
    )
    state = (0, 0)
    with progress_bar() as bar:
        task = bar.add_task("files", total=None)

        def show(finished: int, total: int) -> None:
            nonlocal state
            state = finished, total
            bar.update(task, completed=finished, total=total)

        try:
            result = run_study(plan, options, show)
        except KeyboardInterrupt:
            finished, total = state
            print(
                f"emocam: {finished} of {total} files are finished; the same command goes on",
                file=sys.stderr,
            )
            raise
    _print(result, as_json=as_json)
    if result.study.failed:
        raise typer.Exit(1)


def _print(result: StudyResult, *, as_json: bool) -> None:
    read, analysis = result.study, result.analysis
    seconds = sum(
        row.values["duration_s"] for row in analysis.rows if row.segment == analysis.segments[0]
    )
    if as_json:
        shown = {
            "sessions": len(read.sessions),
            "failed": [list(one) for one in read.failed],
            "participants": len(analysis.participants),
            "conditions": list(analysis.conditions),
            "segments": list(analysis.segments),
            "seconds": round(seconds, 3),
            "made": [str(path) for path in result.made],
        }
        print(json.dumps(shown))
        return
    print(
        f"{number_of(len(read.sessions), 'session')}, "
        f"{number_of(len(analysis.participants), 'participant')}, "
        f"{number_of(len(analysis.conditions), 'condition')}, {seconds / 60:.1f} minutes"
    )
    for path in result.made:
        print(f"  {path}")
    for one in read.sessions:
        if one.remark:
            print(f"emocam: {one.session.name} is damaged: {one.remark}", file=sys.stderr)
    for name, reason in read.failed[:_FAILED_SHOWN]:
        print(f"emocam: {name}: {reason}", file=sys.stderr)
    if len(read.failed) > _FAILED_SHOWN:
        left = len(read.failed) - _FAILED_SHOWN
        print(f"emocam: {left} more; the page's part 'Quality' names them", file=sys.stderr)
