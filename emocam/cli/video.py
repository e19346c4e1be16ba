from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, nullcontext
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emocam.cli.options import (
    Certainty,
    Force,
    Model,
    ProfileFile,
    Send,
    is_given,
    progress_bar,
)
from emocam.cli.terminal import Terminal

if TYPE_CHECKING:
    from emocam.signals import Ending
    from emocam.video.outputs import ClipOutputs
    from emocam.video.pipeline import ClipResult, Progress

    Annotate = Callable[[Path, ClipOutputs, Progress, Ending], ClipResult]


class TableKind(str, Enum):
    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"
    sqlite = "sqlite"


class Faces(str, Enum):
    all = "all"
    largest = "largest"


def video(
    context: typer.Context,
    clips: Annotated[
        list[Path],
        typer.Argument(metavar="CLIP...", help="Video files, folders of them, or patterns."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Folder for the results, made if needed; or one file, by its ending.",
        ),
    ] = Path("emocam-output"),
    film: Annotated[
        bool, typer.Option("--film", help="Make only what is named: a film (.mp4).")
    ] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Make only what is named: a table.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Make only what is named: a report (.html).")
    ] = False,
    table_kind: Annotated[
        TableKind, typer.Option("--table-kind", help="Format of the tables in a folder.")
    ] = TableKind.csv,
    start: Annotated[
        str, typer.Option("--start", metavar="TIME", help="Start at this time: 83.5 or 1:23.5.")
    ] = "0",
    end: Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="End at this time.")
    ] = None,
    every: Annotated[
        str, typer.Option("--every", metavar="TIME", help="Analyse less often, such as 0.2s.")
    ] = "0",
    faces: Annotated[Faces, typer.Option("--faces", help="Which faces to read.")] = Faces.all,
    blur: Annotated[
        bool, typer.Option("--blur", help="Make heads unrecognisable in film and report.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Show each frame's reading as it is, without smoothing.")
    ] = False,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Play at the clip's own pace, for --send.")
    ] = False,
    send: Send = None,
    model: Model = None,
    profile: ProfileFile = None,
    certainty: Certainty = None,
    force: Force = False,
) -> None:
    """Annotate recorded videos: an annotated film, a table and a report for each."""
    from emocam.errors import UsageError
    from emocam.io.clip_discovery import find_clips, parse_time
    from emocam.live.senders.addresses import parse_receivers
    from emocam.processes import is_one_core
    from emocam.video.clip_process import ClipProcess
    from emocam.video.model_process import ModelArguments
    from emocam.video.outputs import plan_outputs
    from emocam.video.reading_process import ReadingProcess

    start_s, end_s = parse_time(start), None if end is None else parse_time(end)
    every_s = parse_time(every)
    if end_s is not None and end_s <= start_s:
        raise UsageError(f"--end {end} is not after --start {start}")
    receivers = parse_receivers(send or ())
    if bool(receivers) != realtime:
        raise UsageError("--send and --realtime go together: readings go out as the clip plays")
    found = find_clips(clips, leave_out=output)
    if realtime and len(found) > 1:
        raise UsageError(f"--realtime plays one clip, got {len(found)}")
    planned = plan_outputs(
        found,
        output,
        film=film,
        table=table,
        report=report,
        table_ending=f".{table_kind.value}",
        force=force,
    )
    if is_given(context, "table_kind"):
        _check_kind(planned[0].table, table_kind)
    is_alone = realtime or is_one_core()
    process = ClipProcess if any(one.is_drawn for one in planned) else ReadingProcess
    arguments = ModelArguments(model, profile, certainty)
    # It starts and loads the model while this process imports what it needs.
    with nullcontext() if is_alone else process(arguments) as beside:
        from emocam.recognition.recognizer import EmotionRecognizer
        from emocam.video.pipeline import VideoOptions, annotate_clip

        options = VideoOptions(
            start_s=start_s,
            end_s=end_s,
            every_s=every_s,
            largest=faces is Faces.largest,
            blur=blur,
            raw=raw,
        )
        recognizer = EmotionRecognizer.load(model, certainty=certainty, profile=profile)
        # Standard output belongs to the messages where they go there.
        terminal = Terminal(results_to_stderr="jsonl:-" in (send or ()))

        def annotate(
            clip: Path, results: ClipOutputs, progress: Progress, stop: Ending
        ) -> ClipResult:
            with ExitStack() as sending:
                senders = None
                if receivers:
                    from emocam.live.senders.clip_pace import ClipSenders  # rarely needed

                    senders = ClipSenders(
                        receivers, recognizer.labels, clip, start_s, stop, terminal.note
                    )
                    sending.enter_context(senders)
                return annotate_clip(
                    clip,
                    results,
                    recognizer,
                    options,
                    progress=progress,
                    stop=stop,
                    listener=None if senders is None else senders.send,
                    beside=beside,
                )

        failed = _annotate_all(zip(found, planned, strict=True), annotate, terminal)
    if failed:
        raise typer.Exit(1)


def _check_kind(table: Path | None, kind: TableKind) -> None:
    from emocam.errors import UsageError

    if table is None:
        raise UsageError(f"--table-kind {kind.value} needs a table: add --table")
    if table.suffix.lower() != f".{kind.value}":
        raise UsageError(
            f"--table-kind {kind.value} is for tables in a folder: {table} says its kind itself"
        )


def _annotate_all(
    clips: Iterable[tuple[Path, ClipOutputs]], annotate: Annotate, terminal: Terminal
) -> int:
    """Go through the clips one by one, and say what came of each; how many failed."""
    from emocam.errors import InputError, OutputError
    from emocam.signals import end_on_signals

    failed = 0
    with end_on_signals() as stop:
        for clip, outputs in clips:
            try:
                with progress_bar() as bar:
                    task = bar.add_task(clip.name, total=None)
                    result = annotate(
                        clip,
                        outputs,
                        lambda done, total: bar.update(task, completed=done, total=total),  # noqa: B023
                        stop,
                    )
            except (InputError, OutputError) as error:
                failed += 1
                terminal.note(str(error))
                continue
            _tell(clip, result, terminal)
            if stop.is_set():
                what = (
                    "what is done has .partial in its name" if result.stopped else "clips are left"
                )
                terminal.note(f"stopped; {what}")
                raise typer.Exit(stop.exit_code)
    return failed


def _tell(clip: Path, result: ClipResult, terminal: Terminal) -> None:
    terminal.line(
        f"{clip}: a face in {result.frames_with_face} of {result.analysed_frames} analysed frames"
    )
    if not result.frames_with_face:
        terminal.line(f"  faces less than {result.smallest_face} pixels wide are not looked for")
    if result.personal_looks is not None:
        terminal.line(
            f"  the profile's face in {result.personal_looks} of them; else read as without it"
        )
    for path in result.outputs.paths:
        terminal.line(f"  {path}")
    if result.shortfall:
        terminal.note(f"{clip} is damaged: {result.shortfall} could be read")
    if result.lacks:
        terminal.note(f"{result.outputs.film} {result.lacks}")
