"""The commands: parse, call one function, print. Nothing else is decided here.

This is the only place where an error becomes a line on standard error and an exit code, where
`emocam.toml` gives defaults, and where `--debug` and `--quiet` act.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from emocam import __version__
from emocam.cli.commands import CommandGroup, load_commands, markup
from emocam.cli.options import be_quiet, print_remarks
from emocam.cli.settings import Settings, load_settings
from emocam.cli.shortcuts import choose_command
from emocam.cli.welcome import WELCOME
from emocam.errors import EmocamError, UsageError
from emocam.limits import check_limits, shortage
from emocam.output import unwritten
from emocam.signals import interrupt_on_kill

_WRONG_USAGE = 2
# Click's exception, wherever this version of Typer keeps its Click.
_CommandLineError = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="emocam",
    cls=CommandGroup,
    help="Read the apparent expression of faces with K-Means: live, in videos, in photos.",
    rich_markup_mode=markup(),
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"emocam {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print errors only, and what --json asks for.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    pass  # all act before any command: the first in its callback, the others in main


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    given, debug = _take(given, "--debug")
    given, quiet = _take(given, "--quiet")
    _print_any_name()
    try:
        with interrupt_on_kill() as killed, _quietly(quiet, keep_output="--json" in given):
            code = _run(given)
        with _printing():
            sys.stdout.flush()
        if killed.is_set():
            code = killed.exit_code
    except EmocamError as error:
        if debug:
            raise
        _end(str(error), error.exit_code)
    except KeyboardInterrupt:
        _end("stopped", killed.exit_code)
    except BrokenPipeError:
        _drop_output()  # the reader of a pipe has left
        sys.exit(1)
    except Exception as error:
        if killed.is_interrupted:
            _end_amid_an_import(killed.exit_code)
        if isinstance(error, _CommandLineError):
            _end(_usage_line(error), _WRONG_USAGE)
        if debug:
            raise
        unexpected = f"unexpected {type(error).__name__}: {error} (--debug shows where)"
        _end(shortage(error) or unexpected, 1)
    else:
        sys.exit(code)


def _print_any_name() -> None:
    """Print what standard output has no letters for, as of some file names, in escaped form."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _run(given: list[str]) -> int:
    """Run a command line whose command may be left to its sources; gives back the exit code."""
    group = typer.main.get_command(app)
    if "_EMOCAM_COMPLETE" in os.environ:  # a shell asks how a line can go on
        return group(args=given, prog_name="emocam", standalone_mode=False) or 0
    if not given:
        print(WELCOME)
        return _WRONG_USAGE
    check_limits()
    chosen = choose_command(given, group.commands)  # type: ignore[attr-defined]
    if chosen != given:
        print_remarks([f"running: emocam {shlex.join(chosen)}"])
    settings = Settings() if chosen[0].startswith("-") else load_settings(Path.cwd(), load_commands)
    if settings.fault and chosen[0] != "doctor":  # which tells it among what it finds
        raise UsageError(settings.fault)
    told = settings.told(chosen[0])
    print_remarks([told] if told else [])
    return (
        group(
            args=chosen,
            prog_name="emocam",
            standalone_mode=False,
            default_map=settings.defaults,
            obj=settings,
        )
        or 0
    )


def _take(given: list[str], flag: str) -> tuple[list[str], bool]:
    """The arguments without a flag that may stand anywhere, and whether it was there."""
    return [argument for argument in given if argument != flag], flag in given


@contextmanager
def _quietly(quiet: bool, *, keep_output: bool) -> Iterator[None]:
    be_quiet(quiet)
    if not quiet or keep_output:
        yield
        return
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        yield


@contextmanager
def _printing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritten("standard output", error) from error


def _usage_line(error: Any) -> str:
    command = error.ctx.command_path if error.ctx else "emocam"
    # Click names the kind of value by its class.
    message = re.sub(
        r"a valid (int|float)(eger)?( range)?$", "a number", error.format_message().rstrip(".")
    )
    return f"{message}{_origin(error)} ('{command} --help' shows how)"


def _origin(error: Any) -> str:
    """Where a bad value comes from, when that is not the command line."""
    name = getattr(getattr(error, "param", None), "name", None)
    if name is None or error.ctx is None:
        return ""
    source = error.ctx.get_parameter_source(name)
    is_default = source is not None and source.name == "DEFAULT_MAP"
    return f", from {error.ctx.find_root().obj.path}" if is_default else ""


def _drop_output() -> None:
    """What waits to be printed can't be, and Python would complain once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end_amid_an_import(code: int) -> NoReturn:
    """A module in C makes an error of its own of an interrupt that falls into its import.

    Python crashes when it takes down what such a module has left half made: it must not get there.
    """
    _tell("stopped")
    sys.stderr.flush()
    os._exit(code)


def _end(message: str, code: int) -> NoReturn:
    _tell(message)
    sys.exit(code)


def _tell(message: str) -> None:
    """A line on standard error, after all that was printed."""
    print(f"emocam: {' '.join(message.split())}", file=sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
