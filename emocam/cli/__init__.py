"""The commands: parse, call one function, print. Nothing else is decided here.

This is the only place where an error becomes a line on standard error and an exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from emocam import __version__
from emocam.cli import compare, dataset, doctor, evaluate, explain, label, live, study, train, video
from emocam.cli.options import INTERRUPTED
from emocam.errors import EmocamError

_WRONG_USAGE = 2
# Click's exception, wherever this version of Typer keeps its Click.
_CommandLineError = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="emocam",
    help="Read the apparent expression of faces with K-Means: live, in videos, in photos.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("live")(live.live)
app.command("video")(video.video)
app.command("label")(label.label)
app.command("study")(study.study)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("dataset")(dataset.dataset)
app.command("compare")(compare.compare)
app.command("explain")(explain.explain)
app.command("doctor")(doctor.doctor)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"emocam {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show it.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    pass  # both act before any command: the one in its callback, the other in main


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given  # wherever it stands
    given = [argument for argument in given if argument != "--debug"]
    try:
        code = app(args=given or ["--help"], prog_name="emocam", standalone_mode=False)
    except EmocamError as error:
        if debug:
            raise
        _end(str(error), error.exit_code)
    except KeyboardInterrupt:
        _end("stopped", INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe has left; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if isinstance(error, _CommandLineError):
            _end(_other_command(given) or _usage_line(error), _WRONG_USAGE)
        if debug:
            raise
        _end(f"unexpected {type(error).__name__}: {error} (--debug shows where)", 1)
    else:
        sys.exit((code or 0) if given else _WRONG_USAGE)


def _other_command(given: list[str]) -> str:
    """The command that was meant where a photo, a clip or a camera stands in its place."""
    from emocam.io.media_kind import other_command

    known = {command.name for command in app.registered_commands}
    return "" if not given or given[0] in known else other_command(given[0])


def _usage_line(error: Any) -> str:
    command = error.ctx.command_path if error.ctx else "emocam"
    return f"{error.format_message().rstrip('.')} ('{command} --help' shows how)"


def _end(message: str, code: int) -> NoReturn:
    print(f"emocam: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
