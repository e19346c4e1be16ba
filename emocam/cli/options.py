"""Options that commands share, under the same names everywhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer


def a_number(value: float | None) -> float | None:
    """For options that take one: `nan` lies neither below nor above any limit."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("'nan' is not a number")
    return value


def is_given(context: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line itself, not in an `emocam.toml`."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def a_figure(path: Path | None) -> Path | None:
    """For options that name one."""
    return _ending(path, ".png", what="a figure")


def a_page(path: Path | None) -> Path | None:
    """For options that name one."""
    return _ending(path, ".html", ".htm", what="a page")


def a_profile(path: Path) -> Path:
    """For options that name one to be written."""
    _ending(path, ".json", what="a profile")
    return path


def _ending(path: Path | None, *endings: str, what: str) -> Path | None:
    from emocam.output import check_ending

    if path is not None:
        check_ending(path, *endings, what=what)
    return path


Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="A model file, or the name of a model that comes with emocam.",
    ),
]
Certainty = Annotated[
    float | None,
    typer.Option(
        "--certainty",
        min=0.0,
        max=1.0,
        callback=a_number,
        metavar="NUMBER",
        help="Below this certainty a face is 'unsure'; the model's own threshold by default.",
    ),
]
ProfileFile = Annotated[
    Path | None,
    typer.Option(
        "--profile",
        metavar="JSON",
        help="Read one person's face with a profile that 'emocam teach' made.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing results.")]
DatasetPath = Annotated[
    Path,
    typer.Argument(metavar="DATASET", help="A zip, a folder of <label>/*.jpg, or fer2013.csv."),
]
PerClass = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="NUMBER",
        help="Pictures per label; as many as the rarest has by default.",
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, metavar="NUMBER", help="The same seed draws the same pictures.")
]
Figure = Annotated[
    Path | None,
    typer.Option(callback=a_figure, metavar="PNG", help="Write the figure there."),
]
Report = Annotated[
    Path | None,
    typer.Option(
        callback=a_page,
        metavar="HTML",
        help="Write one self-contained page with all figures.",
    ),
]
Votes = Annotated[
    Path | None,
    typer.Option(
        metavar="CSV",
        help="What several people called each picture: a table with a column of the picture's "
        "name and one of counts for each label.",
    ),
]
Send = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHERE",
        help="Send readings to another program (may be repeated): osc://HOST:PORT, lsl, "
        "udp://HOST:PORT, jsonl:- (standard output), ws://127.0.0.1:PORT, mqtt://HOST/TOPIC.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, metavar="NUMBER", help="Parallel processes; one per core by default."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Use the workers of a Dask cluster: tcp://host:8786"),
]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

_NAMED = 10
_quiet = False


def print_left_out(skipped: Sequence[tuple[str, str]]) -> None:
    """Warn of pictures that could not be read: the first ten by name, then their number."""
    for name, reason in skipped[:_NAMED]:
        print(f"emocam: left out {name}: {reason}", file=sys.stderr)
    if skipped:
        of_these = "" if len(skipped) <= _NAMED else f", {_NAMED} of them named above"
        print(f"emocam: {len(skipped)} left out{of_these}", file=sys.stderr)


def be_quiet(quiet: bool) -> None:
    """Whether remarks and progress bars are left out from now on (`--quiet`)."""
    global _quiet
    _quiet = quiet


def print_remarks(remarks: Sequence[str]) -> None:
    """Tell on standard error what does not stop the work."""
    for remark in () if _quiet else remarks:
        print(f"emocam: {remark}", file=sys.stderr, flush=True)


def print_columns(head: list[str], rows: list[list[str]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())


class _NoBar:
    """What stands for a bar where nobody is looking."""

    def add_task(self, *_: object, **__: object) -> None:
        pass

    update = advance = remove_task = add_task


def number_of(count: int, name: str) -> str:
    """A number and what it counts, in the plural but for one."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def progress_bar(*columns: str) -> AbstractContextManager[Any]:
    """rich's bar on standard error, with texts of its own, only when somebody is looking."""
    if _quiet or not sys.stderr.isatty():
        return nullcontext(_NoBar())
    from rich.console import Console  # slow to import
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(20 if columns else 40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        # In a narrow terminal these are cut off, not the numbers before them.
        *(TextColumn(text, table_column=Column(ratio=1, no_wrap=True)) for text in columns),
        console=console,
        expand=bool(columns),
        transient=True,
        disable=not console.is_terminal,
    )
